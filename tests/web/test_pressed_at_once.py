"""Every form and call is pressed ten times at the same moment: no failure, and one outcome."""

from __future__ import annotations

import threading
from collections import Counter

import httpx2 as httpx
import pytest
from sqlalchemy import func, select

from core.database.db import Database
from core.models import Base, DailyUse
from tests.access.test_every_route import TABLE, address, filled_request
from tests.support.web_school import School

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


def press(school: School, kind: str, method: str, path: str) -> list[httpx.Response]:
    """Send the same ten times at the same moment."""
    _, body, form = EVERY[(method, path)]
    body, form, files = filled_request(school, path, body, form)
    headers = TUS if path == "/api/uploads" else {}
    content = "any sound" if body == "any sound" else None
    presses = 2 if path in IN_A_CHILD else PRESSES
    barrier, answers = threading.Barrier(presses), list[httpx.Response]()

    def send() -> None:
        client = school.browser(kind)
        barrier.wait()
        sent = {"json": body} if content is None else {"content": content}
        answers.append(client.request(method, address(school, path), data=form, files=files, headers=headers, **sent))

    threads = [threading.Thread(target=send) for _ in range(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize(("method", "path"), sorted(EVERY))
def test_ten_presses_at_once_have_one_outcome(school: School, method: str, path: str) -> None:
    kind = next(one for one in ("owner", "coach", "lead") if one in EVERY[(method, path)][0])
    before = rows(school.database)
    answers = press(school, kind, method, path)
    statuses = Counter(one.status_code for one in answers)
    assert len(answers) == (2 if path in IN_A_CHILD else PRESSES)
    assert not [status for status in statuses if status >= 500], statuses
    assert min(statuses) < 400, answers[0].text
    several = SEVERAL | dict.fromkeys(MADE_EACH_TIME.get(path, ()), PRESSES)
    more = {name: count for name, count in (rows(school.database) - before).items() if count > several.get(name, 1)}
    assert more == {}, (statuses, more)
    places = {one.headers["location"] for one in answers if one.status_code == 303}
    assert len(places) <= 1, places
