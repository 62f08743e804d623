"""What is deleted is gone: from the pages, from the disk, and from every byte of the database."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from annotation.lessons.retention import lessons_due
from annotation.people.people import find_by_email
from core.clock import utc_now
from core.database.backup import tables_of
from core.database.db import Database
from core.database.erasures import finish_erasures
from core.models import (
    Base,
    Comment,
    Lesson,
    Mail,
    MeasuresRow,
    Partnership,
    Person,
    PortfolioItem,
    StoredFile,
    Upload,
    Walk,
)
from core.settings import get_settings
from core.storage.base import Storage
from core.storage.configured import get_storage
from tests.support.analysed_lesson import evidence_of, save_evidence
from tests.support.factories import keep_bytes, make_file, make_lesson, make_person
from tests.support.web_school import BYTES, School
from workers.queue import sweeper
from workers.queue.sweeper import apply_retention, delete_leavers, delete_lessons, sweep

MARK = b"a-byte-that-nobody-shall-find-again"


def everything_kept(database: Database, folder: Path) -> bytes:
    """Let the sweeper end what was deleted; return every byte of the data folder and the store, and every row."""
    finish_erasures(database, get_storage(), get_settings().uploads_dir)
    kept = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    storage = get_storage()
    keys = list(storage.keys())
    kept += [piece for key in keys for piece in storage.read(key, 0, storage.size(key))]
    with database.engine.connect() as connection:
        for table in tables_of(connection):
            kept += [str(row).encode() for row in connection.execute(select(table))]
    database.dispose()
    return b"".join(kept)


def add_upload(school: School, lesson_id: str | None) -> None:
    """Add an upload of the owner's that bears the mark in its name and title."""
    text = MARK.decode()
    row = Upload(owner_id=school.ids["person_owner"], name=f"{text}.mp4", length=100, title=text, lesson_id=lesson_id)
    row.created_at, row.expires_at = utc_now(), utc_now() + timedelta(days=1)
    with school.database.write() as session:
        session.add(row)


def fill(school: School) -> None:
    """Write one distinct mark into everything that belongs to the lesson."""
    text = MARK.decode()
    with school.database.write() as session:
        lesson = session.get_one(Lesson, school.ids["lesson"])
        lesson.title = text
        save_evidence(session, lesson, evidence_of([(0, 4000, "S1", f"{text} said"), (5000, 9000, "S2", text)]))
        comment = session.get_one(Comment, school.ids["comment"])
        comment.text = text
        for number in range(50):  # enough for pages of their own in the database file
            session.add(
                Comment(
                    lesson_id=lesson.id,
                    author_id=school.ids["person_coach"],
                    partnership_id=school.ids["partnership_coach"],
                    parent_id=comment.id,
                    start_ms=number,
                    text=f"{text} " * 40,
                    created_at=utc_now(),
                )
            )
        for file in session.scalars(select(StoredFile).where(StoredFile.lesson_id == lesson.id)):
            keep_bytes(get_storage(), file.key, MARK + BYTES)
    add_upload(school, school.ids["lesson"])


def test_a_lesson_deleted_for_good_leaves_not_one_byte(school: School, data_dir: Path) -> None:
    fill(school)
    assert MARK in everything_kept(school.database, data_dir)
    owner = school.browser("owner")
    address = f"/lessons/{school.ids['lesson']}/delete-for-good"
    assert owner.post(address, data={"title": "something else"}).status_code == 422
    assert owner.get(f"/lessons/{school.ids['lesson']}").status_code == 200
    assert owner.post(address, data={"title": MARK.decode()}).status_code == 303
    assert MARK not in everything_kept(school.database, data_dir)
    assert BYTES not in everything_kept(school.database, data_dir)
    assert "Not finished yet" not in owner.get("/upload").text
    for kind in ("owner", "coach"):
        assert MARK.decode() not in school.browser(kind).get("/").text
        assert school.browser(kind).get(f"/lessons/{school.ids['lesson']}").status_code == 404
    with school.database.read() as session:
        for table in Base.metadata.sorted_tables:
            if "lesson_id" in table.columns:
                left = select(func.count()).select_from(table).where(table.c.lesson_id == school.ids["lesson"])
                assert session.scalar(left) == 0, table.name


def test_a_lesson_deleted_with_undo_is_gone_to_the_last_byte_when_its_week_is_over(
    school: School, data_dir: Path
) -> None:
    fill(school)
    owner = school.browser("owner")
    owner.request("DELETE", f"/api/lessons/{school.ids['lesson']}", json={"title": MARK.decode()})
    with school.database.write() as session:
        session.get_one(Lesson, school.ids["lesson"]).deleted_at = utc_now() - timedelta(days=8)
    delete_lessons(school.database)
    assert MARK not in everything_kept(school.database, data_dir)


def test_an_account_that_is_deleted_takes_all_that_is_hers_and_leaves_what_she_gave_without_her_name(
    school: School, data_dir: Path
) -> None:
    fill(school)
    add_upload(school, None)  # one that is still on its way
    owner = school.browser("owner")
    with school.database.read() as session:
        email = session.get_one(Person, school.ids["person_owner"]).email
    assert owner.post("/me/delete", data={"email": "wrong@school.example"}).status_code == 422
    assert owner.get("/me").status_code == 200
    gone = owner.post("/me/delete", data={"email": email})
    deletion = gone.headers["location"]
    assert "Being deleted" in owner.get(deletion).text
    assert owner.get("/me").headers["location"] == "/sign-in?next=/me"
    disk = everything_kept(school.database, data_dir)
    assert "Your account is gone" in owner.get(deletion).text
    for trace in (MARK, b"Ada Owner", email.encode()):
        assert trace not in disk, trace
    log = school.browser("coach").get(f"/sessions/{school.ids['met']}").text
    assert "A former colleague" in log
    assert "Secret words of a log" in log  # what the two wrote together is still the coach's
    with school.database.read() as session:
        assert set(session.scalars(select(Partnership.state))) == {"ended"}
        assert session.scalars(select(PortfolioItem.consent)).all() == ["withdrawn"]
        assert session.scalars(select(Walk)).all() == []
        with pytest.raises(Exception, match="Nobody has joined"):
            find_by_email(session, email)


def test_a_coach_who_goes_leaves_her_words_to_the_coachee(school: School) -> None:
    with school.database.read() as session:
        email = session.get_one(Person, school.ids["person_coach"]).email
    assert school.browser("coach").post("/me/delete", data={"email": email}).status_code == 303
    page = school.browser("owner").get(f"/lessons/{school.ids['lesson']}").text
    assert "A quiet word" in page
    assert "A former colleague" in page
    assert "<strong>Coach Person</strong>" not in page


def test_the_last_lead_cannot_delete_herself(school: School) -> None:
    with school.database.read() as session:
        email = session.get_one(Person, school.ids["person_lead"]).email
    refused = school.browser("lead").post("/me/delete", data={"email": email})
    assert refused.status_code == 409
    assert "make someone else the lead" in refused.text


def test_a_leavers_account_is_deleted_when_the_time_is_over(school: School) -> None:
    delete_leavers(school.database)
    with school.database.write() as session:
        leaver = session.get_one(Person, school.ids["person_leaver"])
        assert leaver.name == "Lou Leaver"
        leaver.deactivated_at = utc_now() - timedelta(days=31)
    delete_leavers(school.database)
    delete_leavers(school.database)
    with school.database.read() as session:
        assert session.get_one(Person, school.ids["person_leaver"]).name == "A former colleague"


def test_a_recorded_conversation_is_gone_at_a_word_of_whoever_was_recorded(school: School, data_dir: Path) -> None:
    talk = school.ids["talk"]
    with school.database.write() as session:
        lesson = session.get_one(Lesson, talk)
        lesson.title = MARK.decode()
        key = f"lessons/{talk}/original-x.webm"
        keep_bytes(get_storage(), key, MARK)
        make_file(session, lesson, "original", key)
    partnership = f"/partnerships/{school.ids['partnership_coach']}"
    assert "Recorded conversations with you" in school.browser("owner").get(partnership).text
    assert MARK.decode() not in school.browser("owner").get(partnership).text  # that it exists, nothing of it
    assert school.browser("owner").get(f"/lessons/{talk}").status_code == 404
    assert school.browser("owner").post(f"/conversations/{talk}/forget").status_code == 303
    assert MARK not in everything_kept(school.database, data_dir)
    assert school.browser("coach").get(f"/coaches/mirror/{talk}").status_code == 404


def test_films_and_words_go_each_by_its_own_setting_and_the_owner_reads_it_a_week_before(
    database: Database, storage: Storage, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HINDSIGHT_KEEP_MEDIA_DAYS", "30")
    monkeypatch.setenv("HINDSIGHT_KEEP_WORDS_DAYS", "60")
    monkeypatch.setenv("HINDSIGHT_SMTP_HOST", "mail.school.example")
    get_settings.cache_clear()
    with database.write() as session:
        lesson = make_lesson(session, make_person(session), created_at=utc_now() - timedelta(days=25))
        save_evidence(session, lesson, evidence_of([(0, 4000, "S1", MARK.decode())]))
        keep_bytes(storage, "lessons/film.mp4", MARK)
        make_file(session, lesson, "rendition", "lessons/film.mp4")
    sweep(database, storage, get_settings())
    with database.write() as session:
        row = session.get_one(Lesson, lesson.id)
        assert (row.media_warned_at is not None, row.words_warned_at) == (True, None)
        assert [mail.subject for mail in session.scalars(select(Mail))] == [
            "The film of a lesson will be removed in a week"
        ]
        row.media_warned_at = utc_now() - timedelta(days=8)
        row.created_at = utc_now() - timedelta(days=61)
    apply_retention(database)
    finish_erasures(database, storage, get_settings().uploads_dir)
    with database.write() as session:
        row = session.get_one(Lesson, lesson.id)
        assert row.media_gone_at is not None
        assert list(storage.keys()) == []
        assert row.words_warned_at is not None
        assert row.words_gone_at is None
        row.words_warned_at = utc_now() - timedelta(days=8)
    apply_retention(database)
    with database.write() as session:
        assert lessons_due(session) == []
        assert session.get(MeasuresRow, lesson.id) is not None  # figures are no words
    assert MARK not in everything_kept(database, data_dir)


def test_a_leaver_who_comes_back_while_the_sweeper_looks_keeps_all_that_is_hers(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    with school.database.read() as session:
        owner = session.get_one(Person, school.ids["person_owner"])  # as she was read: a leaver; by now she is none
        lessons = session.scalar(select(func.count()).select_from(Lesson))
    monkeypatch.setattr(sweeper, "overdue_leavers", lambda _session: [owner])
    delete_leavers(school.database)
    with school.database.read() as session:
        assert session.get_one(Person, owner.id).name == owner.name
        assert session.scalar(select(func.count()).select_from(Lesson)) == lessons
