"""Erasures: what is deleted is gone from the database's files on both databases, and nobody waits for it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text

from core.clock import stopped_at
from core.database import erasures
from core.database.content import NO_CONTENT, content_columns
from core.database.db import Database
from core.database.erasures import finish_erasures, may_rewrite, record_erasure
from core.models import Base, Comment, Erasure, Lesson, ModuleAnswer
from core.settings import get_settings
from core.storage.base import Storage
from tests.support.factories import keep_bytes, make_lesson, make_person

MARK = "a-word-that-nobody-shall-find-again"


def bytes_of(database: Database) -> bytes:
    """Return every byte of the files of a database: tables, and SQLite's journal with its index."""
    if database.engine.dialect.name == "sqlite":
        path = Path(str(database.engine.url.database))
        return b"".join(one.read_bytes() for one in sorted(path.parent.glob(f"{path.name}*")))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))  # what is in the server's memory goes to its files
        folder = Path(str(connection.scalar(text("SHOW data_directory"))))
        number = connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    return b"".join(one.read_bytes() for one in sorted((folder / "base" / str(number)).iterdir()))


def write_much(database: Database) -> str:
    """Write marked words of a lesson among those of another, so that pages are split and stay; return the lesson."""
    with database.write() as session:
        owner = make_person(session)
        lesson, other = make_lesson(session, owner, title=MARK), make_lesson(session, owner)
        for number in range(600):
            words = f"{MARK} {number} " if number % 3 else "other words "
            session.add(
                Comment(
                    lesson_id=lesson.id if number % 3 else other.id,
                    author_id=owner.id,
                    start_ms=number,
                    text=words * (1 + number * 7 % 40),
                    created_at=datetime.now(UTC),
                )
            )
            if number % 10 == 0:
                session.flush()
        lesson_id: str = lesson.id
    return lesson_id


def finish(database: Database, storage: Storage) -> int:
    return finish_erasures(database, storage, get_settings().uploads_dir)


def test_not_one_byte_is_left_in_the_files_of_the_database(any_database: Database, storage: Storage) -> None:
    lesson_id = write_much(any_database)
    assert MARK.encode() in bytes_of(any_database)
    keep_bytes(storage, "lessons/film.mp4", MARK.encode())
    with any_database.write() as session:
        session.execute(delete(Lesson).where(Lesson.id == lesson_id))
        record_erasure(session, "lesson", ["lessons/film.mp4"])
    assert finish(any_database, storage) == 1
    assert MARK.encode() not in bytes_of(any_database)
    if any_database.engine.dialect.name == "sqlite":  # a split page may hold a copy of a row: all are written anew
        with any_database.engine.connect() as connection:
            assert connection.scalar(text("PRAGMA freelist_count")) == 0
    assert list(storage.keys()) == []
    with any_database.read() as session:
        erasure = session.scalars(select(Erasure)).one()
        assert erasure.done_at is not None
        assert erasure.keys == []
    assert finish(any_database, storage) == 0


def test_words_that_are_overwritten_or_removed_are_gone_from_the_files_too(
    any_database: Database, storage: Storage
) -> None:
    with any_database.write() as session:
        person = make_person(session)
        answer = ModuleAnswer(person_id=person.id, module="grow", text=MARK * 50, written_at=datetime.now(UTC))
        session.add(answer)
    with any_database.write() as session:
        session.get_one(ModuleAnswer, (person.id, "grow")).text = "better words"
    with any_database.read() as session:
        assert [one.what for one in session.scalars(select(Erasure))] == [""]
    finish(any_database, storage)
    assert MARK.encode() not in bytes_of(any_database)
    with any_database.write() as session:
        assert session.scalars(select(Erasure)).all() == []
        session.get_one(ModuleAnswer, (person.id, "grow")).written_at = datetime.now(UTC)
    with any_database.write() as session:
        assert session.scalars(select(Erasure)).all() == [], "a time is no content"
        session.delete(session.get_one(ModuleAnswer, (person.id, "grow")))
    with any_database.read() as session:
        assert len(session.scalars(select(Erasure)).all()) == 1


def test_nobody_waits_for_a_deletion_while_somebody_reads_and_it_is_not_called_gone_before_it_is(
    any_database: Database, storage: Storage
) -> None:
    lesson_id = write_much(any_database)
    with any_database.read() as reader:
        assert reader.get(Lesson, lesson_id) is not None  # its snapshot holds the words
        if any_database.engine.dialect.name == "postgresql":
            reader.rollback()
            reader.connection().exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            assert reader.scalar(select(Lesson.title)) == MARK
        began = time.monotonic()
        with any_database.write() as session:
            session.execute(delete(Lesson).where(Lesson.id == lesson_id))
            erasure = record_erasure(session, "lesson")
        assert finish(any_database, storage) == 0
        with any_database.write() as session:
            make_person(session, "Somebody Else")
        assert time.monotonic() - began < 5
        with any_database.read() as session:
            assert session.get_one(Erasure, erasure.id).done_at is None
    assert finish(any_database, storage) == 1
    assert MARK.encode() not in bytes_of(any_database)


def test_a_deletion_ends_while_one_after_another_goes_on_reading(database: Database, storage: Storage) -> None:
    if database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has no journal that a reader holds")
    lesson_id = write_much(database)
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            with database.read() as session:
                session.scalars(select(Comment.text)).all()

    readers = [threading.Thread(target=read) for _ in range(3)]
    for one in readers:
        one.start()
    try:
        with database.write() as session:
            session.execute(delete(Lesson).where(Lesson.id == lesson_id))
            record_erasure(session, "lesson")
        until = time.monotonic() + 30
        while not finish(database, storage):
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        stop.set()
        for one in readers:
            one.join()
    assert MARK.encode() not in bytes_of(database)


@pytest.mark.parametrize(
    ("size", "deleted", "hour", "now"),
    [
        (erasures.OVERWRITTEN_BYTES, False, 12, True),
        (erasures.OVERWRITTEN_BYTES + 1, False, 12, False),
        (erasures.OVERWRITTEN_BYTES + 1, True, 12, True),
        (erasures.AT_ONCE_BYTES + 1, True, 12, False),
        (erasures.AT_ONCE_BYTES + 1, True, 2, True),
        (erasures.AT_ONCE_BYTES + 1, False, 2, True),
    ],
)
def test_a_large_database_is_rewritten_at_night(size: int, deleted: bool, hour: int, now: bool) -> None:
    with stopped_at(datetime(2026, 11, 2, hour, 30, tzinfo=UTC)):
        assert may_rewrite(size, deleted) is now


def test_a_large_database_loses_its_journal_at_once_and_is_called_gone_once_it_is_rewritten(
    database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson_id = write_much(database)
    with database.write() as session:
        session.execute(delete(Lesson).where(Lesson.id == lesson_id))
        record_erasure(session, "lesson")
    monkeypatch.setattr(erasures, "may_rewrite", lambda *_: False)
    assert finish(database, storage) == 0
    if database.engine.dialect.name == "sqlite":
        assert Path(f"{database.engine.url.database}-wal").stat().st_size == 0
    assert finish_erasures(database, storage, get_settings().uploads_dir, at_once=True) == 1


def test_every_column_that_is_called_no_content_is_there() -> None:
    tables = Base.metadata.tables
    for name, columns in NO_CONTENT.items():
        assert columns <= set(tables[name].columns.keys()) | {"agreed"}, name
    assert {"comment", "turn", "lesson", "mail"} <= set(content_columns())
