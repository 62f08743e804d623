"""Every form and call is pressed ten times at the same moment: no failure, and one outcome."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

import httpx2 as httpx
import pytest
from sqlalchemy import func, select

from core.database.db import Database
from core.models import Base, DailyUse, Step
from tests.access.test_every_route import TABLE, address, filled_request
from tests.support.web_school import School
from tests.web.routes.lessons.test_uploads import RECORDING, begin, patch_headers

PRESSES = 10
IN_A_CHILD = ("/programme/staff", "/programme/staff/apply", "/lessons/{lesson_id}/transcript")  # a process each
TUS = {"tus-resumable": "1.0.0", "upload-length": "10", "upload-metadata": "filename YS5tcDQ="}
UPLOADS = {("POST", "/api/uploads"): (frozenset({"owner"}), None, None)}
EVERY = {
    at: row for at, row in (TABLE | UPLOADS).items() if at[0] not in ("GET", "HEAD") and row[0] - {"nobody", "leaver"}
}
# What ten presses leave that are not one: each of these is meant to be there as often as it is sent.
SEVERAL = {
    "erasure": PRESSES,  # words that were overwritten: what they were before is gone each time
    "account_link": PRESSES,  # the last link works, the ones before it no longer
    "mail": PRESSES,
    "account_notice": PRESSES,  # each is told
}
# Sounds have no name of their own, and an upload is a place to send bytes to: each that is asked for is made.
MADE_EACH_TIME = {
    "/api/lessons/{lesson_id}/said": {"dictation", "step", "stored_file"},
    "/api/uploads": {"upload"},
}
OF_BOTH = sorted(at for at, row in EVERY.items() if {"owner", "coach"} <= row[0])
OF_NOBODY = sorted(at for at, row in TABLE.items() if at[0] not in ("GET", "HEAD") and at not in EVERY)
COUNTED = {
    table.name: table for table in Base.metadata.sorted_tables if table.name not in ("daily_use", "sign_in", "event")
}
assert DailyUse.__tablename__ not in COUNTED


def rows(database: Database) -> Counter[str]:
    """Return how many rows each table has."""
    with database.read() as session:
        return Counter(
            {name: session.scalar(select(func.count()).select_from(one)) or 0 for name, one in COUNTED.items()}
        )


def press(school: School, kinds: Sequence[str], method: str, path: str) -> list[httpx.Response]:
    """Send the same at the same moment, once as each of these."""
    _, body, form = (TABLE | UPLOADS)[(method, path)]
    body, form, files = filled_request(school, path, body, form)
    headers = TUS if path == "/api/uploads" else {}
    content = "any sound" if body == "any sound" else None
    barrier, answers = threading.Barrier(len(kinds)), list[httpx.Response]()

    def send(kind: str) -> None:
        client = school.browser(kind)
        barrier.wait()
        sent = {"json": body} if content is None else {"content": content}
        answers.append(client.request(method, address(school, path), data=form, files=files, headers=headers, **sent))

    threads = [threading.Thread(target=send, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize(("method", "path"), sorted(EVERY))
def test_ten_presses_at_once_have_one_outcome(school: School, method: str, path: str) -> None:
    kind = next(one for one in ("owner", "coach", "lead") if one in EVERY[(method, path)][0])
    before = rows(school.database)
    presses = 2 if path in IN_A_CHILD else PRESSES
    answers = press(school, [kind] * presses, method, path)
    statuses = Counter(one.status_code for one in answers)
    assert len(answers) == presses
    assert not [status for status in statuses if status >= 500], statuses
    assert min(statuses) < 400, answers[0].text
    several = SEVERAL | dict.fromkeys(MADE_EACH_TIME.get(path, ()), PRESSES)
    more = {name: count for name, count in (rows(school.database) - before).items() if count > several.get(name, 1)}
    assert more == {}, (statuses, more)
    places = {one.headers["location"] for one in answers if one.status_code == 303}
    assert len(places) <= 1, places


@pytest.mark.parametrize(("method", "path"), OF_BOTH)
def test_two_people_who_press_the_same_at_the_same_moment_break_nothing(school: School, method: str, path: str) -> None:
    before = rows(school.database)
    answers = press(school, ["owner", "coach"] * 3, method, path)
    statuses = sorted(one.status_code for one in answers)
    assert len(statuses) == 6
    assert statuses[-1] < 500, statuses
    assert statuses[0] < 400, answers[0].text
    several = dict.fromkeys(SEVERAL, 6) | dict.fromkeys(MADE_EACH_TIME.get(path, ()), 6)
    more = {name: count for name, count in (rows(school.database) - before).items() if count > several.get(name, 2)}
    assert more == {}, (statuses, more)  # at most one of each of the two


@pytest.mark.parametrize(("method", "path"), OF_NOBODY)
@pytest.mark.usefixtures("quick_hashes")
def test_what_nobody_may_is_refused_ten_times_at_once_too(school: School, method: str, path: str) -> None:
    answers = press(school, ["owner", "nobody"] * 5, method, path)
    assert [one.status_code for one in answers if one.status_code >= 500] == []


def test_of_two_pieces_of_an_upload_for_the_same_place_one_is_taken(school: School) -> None:
    where, barrier, statuses = begin(school.browser("owner")), threading.Barrier(4), list[int]()

    def send() -> None:
        owner = school.browser("owner")
        barrier.wait()
        statuses.append(owner.patch(where, content=RECORDING, headers=patch_headers(0)).status_code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    head = school.browser("owner").head(where, headers=patch_headers(0))
    assert head.headers["upload-offset"] == str(len(RECORDING))
    assert (min(statuses), max(statuses) < 500) == (204, True), statuses
    with school.database.read() as session:
        recordings = select(func.count()).select_from(Step).where(Step.stage == "probe_media")
        assert session.scalar(recordings) == 1
