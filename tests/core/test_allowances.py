"""What takes disk is begun by one person so often on a day and no more, however many ask at once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core import allowances
from core.allowances import TooManyToday, Use, count_use, forget_old_uses
from core.database.db import Database
from core.errors import HindsightError
from core.models import DailyUse, Upload
from core.school_day import SchoolDay
from core.settings import get_settings
from ingest.upload.errors import TooManyOpen
from ingest.upload.uploads import UploadRequest, begin_upload
from tests.support.factories import make_person
from tests.support.web_school import School
from workers.queue.sweeper import delete_old_events

TUS = {"tus-resumable": "1.0.0", "upload-length": "10", "upload-metadata": "filename YS5tcDQ="}


def begin_at_once(database: Database, person_id: str, times: int) -> list[HindsightError]:
    """Begin uploads in as many threads; return the refusals."""
    refused: list[HindsightError] = []

    def begin() -> None:
        try:
            with database.write() as session:
                begin_upload(session, person_id, UploadRequest("a.mp4", 10), 48)
        except HindsightError as error:
            refused.append(error)

    threads = [threading.Thread(target=begin) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


@pytest.mark.parametrize(("setting", "error"), [("OPEN", TooManyOpen), ("A_DAY", TooManyToday)])
def test_of_twenty_uploads_at_once_as_many_are_begun_as_one_person_may_have(
    any_database: Database, monkeypatch: pytest.MonkeyPatch, setting: str, error: type[HindsightError]
) -> None:
    monkeypatch.setenv(f"HINDSIGHT_UPLOADS_{setting}", "5")
    get_settings.cache_clear()
    with any_database.write() as session:
        ada, ben = make_person(session, "Ada").id, make_person(session, "Ben").id
    refused = begin_at_once(any_database, ada, 20)
    assert [type(one) for one in refused] == [error] * 15
    assert begin_at_once(any_database, ben, 1) == []
    with any_database.read() as session:
        assert session.scalar(select(func.count()).select_from(Upload).where(Upload.owner_id == ada)) == 5


def test_removing_what_was_begun_gives_no_room_for_more_on_the_same_day(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(allowances.MOST_A_DAY, "clip", 2)
    with database.write() as session:
        ada = make_person(session, "Ada").id
        for _ in range(2):
            count_use(session, ada, "clip")
        with pytest.raises(TooManyToday, match="2 times today"):
            count_use(session, ada, "clip")
        count_use(session, ada, "transcript")  # each kind is counted by itself


def test_a_new_day_begins_anew_and_old_counts_are_swept(database: Database) -> None:
    with database.write() as session:
        ada = make_person(session, "Ada").id
        for days in range(4):
            session.add(DailyUse(person_id=ada, day=SchoolDay.today() - timedelta(days=days), kind="clip", used=10_000))
        session.get_one(DailyUse, (ada, SchoolDay.today(), "clip")).used = 0
        count_use(session, ada, "clip")
        forget_old_uses(session)
    delete_old_events(database)
    with database.read() as session:
        assert len(session.scalars(select(DailyUse)).all()) == 2


@pytest.mark.parametrize("kind", ["upload", "walk_sound", "spoken_comment", "transcript", "clip"])
def test_each_door_to_the_disk_is_counted_and_says_so_in_a_sentence(
    school: School, monkeypatch: pytest.MonkeyPatch, kind: Use
) -> None:
    monkeypatch.setitem(allowances.MOST_A_DAY, kind, 1)
    ids, owner, coach = school.ids, school.browser("owner"), school.browser("coach")
    vtt = b"WEBVTT\n\n00:00.000 --> 00:00.900\nOther words\n"

    def press(number: int) -> tuple[int, str]:
        if kind == "upload":
            answer = owner.post("/api/uploads", headers=TUS)
        elif kind == "walk_sound":
            form = {"observed_id": ids["person_owner"], "title": "Year 9"}
            walk = coach.post("/walks", data=form).headers["location"]
            answer = coach.post(f"/api{walk}/sound", content=b"sound")
            coach.post(f"{walk}/discard")
        elif kind == "spoken_comment":
            answer = coach.post(f"/api/lessons/{ids['lesson']}/said", content=b"sound")
        elif kind == "clip":
            range_of_it = {"title": "A", "start_ms": 0, "end_ms": 9000 + number}  # another one, not a second press
            answer = owner.post(f"/api/lessons/{ids['lesson']}/clips", json=range_of_it)
        else:
            answer = owner.post(f"/lessons/{ids['lesson']}/transcript", files={"file": ("a.vtt", vtt)})
        return answer.status_code, answer.text

    assert press(1)[0] < 400
    status, text = press(2)
    assert status == 429
    assert "as often as one person can" in text
