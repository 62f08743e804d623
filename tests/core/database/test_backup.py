"""Backup and restore, on both databases and from one to the other; what is deleted leaves the next backup."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from annotation.errors import LinkUnusable
from annotation.lessons.lessons import delete_for_good
from annotation.people.account_links import find_link, make_link
from annotation.people.sign_in import Browser, admit, find_sign_in
from core.clock import utc_now
from core.database.backup import WAYS_IN, AnotherSchool, NotABackup, NotEmpty, back_up, restore, row_as_line, tables_of
from core.database.backup_reading import ABOUT, FILES, ROWS, BackupUnusable
from core.database.db import Database
from core.database.migrate import migrate_database
from core.models import Comment, Lesson, Person, StoredFile
from core.storage.base import Storage
from core.storage.configured import get_storage
from core.storage.local import LocalStorage
from core.storage.object_store import ObjectStorage
from tests.faults.watching import wait_until
from tests.support.analysed_lesson import evidence_of, save_evidence
from tests.support.factories import keep_bytes, make_file, make_lesson, make_partnership, make_person, make_share

MARK = "a word that shall leave the backup"


def create_demo_school(database: Database, storage: Storage) -> str:
    """Make a school with rows that refer to each other in every way, and files; return the lesson's id."""
    with database.write() as session:
        lead = make_person(session, "Lea Lead", is_lead=True)
        ada = make_person(session, "Ada Ünver", manager_id=lead.id)
        session.get_one(Person, lead.id).manager_id = ada.id  # a circle, as real staff lists have them
        lesson = make_lesson(session, ada, MARK, taught_on=utc_now().date())
        save_evidence(session, lesson, evidence_of())
        pair = make_partnership(session, make_person(session, "Priya"), ada)
        make_share(session, lesson, pair, until=utc_now() + timedelta(days=3))
        said = {"lesson_id": lesson.id, "author_id": ada.id, "start_ms": 5, "created_at": utc_now(), "text": MARK}
        first = Comment(partnership_id=pair.id, **said)
        session.add(first)
        session.flush()
        session.add(Comment(partnership_id=pair.id, parent_id=first.id, **said))
        for kind in ("original", "rendition"):
            key = f"lessons/{lesson.id}/{kind}-1.mp4"
            content = f"{MARK} {kind}".encode()
            keep_bytes(storage, key, content)
            make_file(session, lesson, kind, key, bytes=len(content))
        return lesson.id


def text_of(folder: Path) -> str:
    with gzip.open(folder / ROWS, "rt", encoding="utf-8") as rows:
        return rows.read()


def rows_of(database: Database) -> dict[str, list[str]]:
    """Return every row of every table as a backup keeps it, to compare; SQLite's times say no zone, and are UTC."""
    with database.engine.connect() as connection:
        return {
            table.name: sorted(
                row_as_line(table, row).replace("+00:00", "") for row in connection.execute(select(table)).mappings()
            )
            for table in tables_of(connection)
        }


def contents_of(storage: Storage) -> dict[str, bytes]:
    """Return every file of a store, to compare."""
    return {key: b"".join(storage.read(key, 0, storage.size(key))) for key in list(storage.keys())}


def test_what_is_restored_is_what_was_backed_up(any_database: Database, data_dir: Path, tmp_path: Path) -> None:
    create_demo_school(any_database, get_storage())
    folder = tmp_path / "backup"
    done = back_up(any_database, get_storage(), folder)
    assert (done.files, done.removed) == (2, 0)
    address = f"sqlite:///{tmp_path / 'new' / 'school.sqlite3'}"
    new, storage = Database(address), LocalStorage(tmp_path / "new" / "files")
    counts = restore(new, address, storage, folder, tmp_path / "new" / "scratch")
    assert (counts.rows, counts.files) == (done.rows, 2)
    assert rows_of(new) == rows_of(any_database)
    with new.read() as session:
        lead = session.scalars(select(Person).where(Person.is_lead)).one()
        ada = session.get_one(Person, lead.manager_id or "")
        assert (ada.name, ada.manager_id, ada.created_at.tzinfo is not None) == ("Ada Ünver", lead.id, True)
    assert contents_of(storage) == contents_of(get_storage())
    with pytest.raises(NotEmpty):
        restore(new, address, storage, folder, tmp_path / "new" / "scratch")
    new.dispose()


def test_a_restore_brings_back_no_device_and_no_link_that_may_have_been_ended_since(
    any_database: Database, data_dir: Path, tmp_path: Path
) -> None:
    create_demo_school(any_database, get_storage())
    with any_database.write() as session:
        ada = session.scalars(select(Person).where(Person.name == "Ada Ünver")).one()
        secret, _ = admit(session, ada, Browser("a browser"), "password")
        link = make_link(session, ada, "reset")
        assert find_sign_in(session, secret) is not None
    back_up(any_database, get_storage(), tmp_path / "backup")
    address = f"sqlite:///{tmp_path / 'new' / 'school.sqlite3'}"
    new = Database(address)
    restore(new, address, LocalStorage(tmp_path / "new" / "files"), tmp_path / "backup", tmp_path / "new" / "scratch")
    there = rows_of(new)
    assert [there[name] for name in sorted(WAYS_IN)] == [[]] * len(WAYS_IN)
    with new.read() as session:
        assert find_sign_in(session, secret) is None
        with pytest.raises(LinkUnusable):
            find_link(session, link, "reset")
    new.dispose()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[tuple[Database, Storage]]:
    """Yield a school in a folder, whatever the run is on."""
    address = f"sqlite:///{tmp_path / 'embedded' / 'school.sqlite3'}"
    migrate_database(address)
    database = Database(address)
    yield database, LocalStorage(tmp_path / "embedded" / "files")
    database.dispose()


@pytest.mark.parametrize("any_database", ["postgres"], indirect=True)
def test_a_school_moves_from_one_folder_to_postgresql_and_a_bucket_goes_on_there_and_moves_back(
    any_database: Database, bucket: ObjectStorage, embedded: tuple[Database, Storage], data_dir: Path, tmp_path: Path
) -> None:
    source, folder = embedded
    create_demo_school(source, folder)
    before = rows_of(source), contents_of(folder)
    back_up(source, folder, tmp_path / "there")
    restore(any_database, address_of(any_database), bucket, tmp_path / "there", data_dir / "scratch")
    assert (rows_of(any_database), contents_of(bucket)) == before
    with any_database.write() as session:
        save_evidence(
            session, session.scalars(select(Lesson)).one(), evidence_of()
        )  # an event with a number of its own
    after = rows_of(any_database)
    back_up(any_database, bucket, tmp_path / "back")
    home = Database(f"sqlite:///{tmp_path / 'home' / 'school.sqlite3'}")
    files = LocalStorage(tmp_path / "home" / "files")
    restore(home, address_of(home), files, tmp_path / "back", tmp_path / "home" / "scratch")
    assert (rows_of(home), contents_of(files)) == (after, before[1])
    home.dispose()


def address_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def test_a_backup_that_is_taken_while_people_write_is_of_one_moment(
    database: Database, embedded: tuple[Database, Storage], data_dir: Path, tmp_path: Path
) -> None:
    lesson_id = create_demo_school(database, get_storage())
    ended, failures = threading.Event(), list[Exception]()

    def write() -> None:
        """Write a comment, its answer and a film in one transaction, over and over."""
        number = 0
        try:
            while not ended.is_set():
                number += 1
                with database.write() as session:
                    lesson = session.get_one(Lesson, lesson_id)
                    said = {"lesson_id": lesson_id, "author_id": lesson.owner_id, "created_at": utc_now()}
                    first = Comment(start_ms=number, text="asked", **said)
                    session.add(first)
                    session.flush()
                    session.add(Comment(start_ms=number, text="answered", parent_id=first.id, **said))
                    key = f"lessons/{lesson_id}/clip-{number}.mp4"
                    keep_bytes(get_storage(), key, b"film")
                    make_file(session, lesson, f"clip-{number}", key, bytes=4)
        except Exception as error:
            failures.append(error)

    writing = threading.Thread(target=write)
    writing.start()
    try:
        wait_until(lambda: "clip-3" in str(list(get_storage().keys())), "somebody writes")
        backups = [back_up(database, get_storage(), tmp_path / "backup") for _ in range(3)]
    finally:
        ended.set()
        writing.join()
    assert failures == []
    assert backups[0].rows < backups[-1].rows  # they did write meanwhile
    home = Database(f"sqlite:///{tmp_path / 'home' / 'school.sqlite3'}")
    files = LocalStorage(tmp_path / "home" / "files")
    restore(home, address_of(home), files, tmp_path / "backup", tmp_path / "home" / "scratch")
    with home.read() as session:
        comments = session.scalars(select(Comment)).all()
        keys = set(session.scalars(select(StoredFile.key)))
    home.dispose()
    asked = {comment.id for comment in comments if comment.text == "asked"}
    assert asked == {comment.parent_id for comment in comments if comment.text == "answered"}
    assert keys == set(contents_of(files))


def test_a_deleted_lesson_is_in_no_byte_of_the_next_backup(database: Database, data_dir: Path, tmp_path: Path) -> None:
    lesson_id = create_demo_school(database, get_storage())
    folder = tmp_path / "backup"
    back_up(database, get_storage(), folder)
    assert MARK in text_of(folder)
    with database.write() as session:
        keys = delete_for_good(session, lesson_id).keys
    for key in keys:
        get_storage().delete(key)
    assert back_up(database, get_storage(), folder).removed == 2
    assert MARK not in text_of(folder)
    assert [path for path in folder.rglob("*") if path.is_file() and MARK.encode() in path.read_bytes()] == []


def test_a_second_backup_copies_only_what_is_new(database: Database, data_dir: Path, tmp_path: Path) -> None:
    create_demo_school(database, get_storage())
    assert back_up(database, get_storage(), tmp_path / "backup").files == 2
    assert back_up(database, get_storage(), tmp_path / "backup").files == 0


@pytest.mark.parametrize("damage", ["no folder", "no rows", "cut rows", "no file", "no about"])
def test_a_backup_that_is_not_whole_is_refused_before_anything_is_written(
    database: Database, data_dir: Path, tmp_path: Path, damage: str
) -> None:
    create_demo_school(database, get_storage())
    folder = tmp_path / "backup"
    back_up(database, get_storage(), folder)
    if damage == "no folder":
        folder = tmp_path / "elsewhere"
    elif damage == "no rows":
        (folder / ROWS).unlink()
    elif damage == "cut rows":
        lines = text_of(folder).splitlines(keepends=True)
        with gzip.open(folder / ROWS, "wt") as out:
            out.writelines(lines[:-2])
    elif damage == "no file":
        next(path for path in (folder / FILES).rglob("*") if path.is_file()).unlink()
    else:
        (folder / ABOUT).write_text(json.dumps({}))
    address = f"sqlite:///{tmp_path / 'new' / 'school.sqlite3'}"
    new = Database(address)
    with pytest.raises(BackupUnusable, match="no whole backup"):
        restore(new, address, LocalStorage(tmp_path / "new" / "files"), folder, tmp_path / "scratch")
    assert not (tmp_path / "new" / "files").exists()
    new.dispose()


def test_a_backup_touches_no_file_of_other_people(database: Database, data_dir: Path, tmp_path: Path) -> None:
    create_demo_school(database, get_storage())
    theirs = tmp_path / "theirs" / FILES / "thesis.part"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    with pytest.raises(NotABackup):
        back_up(database, get_storage(), tmp_path / "theirs")
    assert [path for path in (tmp_path / "theirs").rglob("*") if path.is_file()] == [theirs]
    beside = tmp_path / "backup" / "beside" / "film.part"
    back_up(database, get_storage(), tmp_path / "backup")
    beside.parent.mkdir()
    beside.write_text("mine")
    back_up(database, get_storage(), tmp_path / "backup")
    assert beside.read_text() == "mine"


@pytest.mark.parametrize("says_whose", [True, False])
def test_an_empty_school_does_not_replace_a_good_backup(
    database: Database, embedded: tuple[Database, Storage], data_dir: Path, tmp_path: Path, says_whose: bool
) -> None:
    create_demo_school(database, get_storage())
    folder = tmp_path / "backup"
    back_up(database, get_storage(), folder)
    if not says_whose:
        about = json.loads((folder / ABOUT).read_text())
        del about["school"]
        (folder / ABOUT).write_text(json.dumps(about))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(AnotherSchool):
        back_up(*embedded, folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_another_school_does_not_replace_a_good_backup(
    database: Database, embedded: tuple[Database, Storage], data_dir: Path, tmp_path: Path
) -> None:
    create_demo_school(database, get_storage())
    create_demo_school(*embedded)
    back_up(database, get_storage(), tmp_path / "backup")
    before = text_of(tmp_path / "backup")
    with pytest.raises(AnotherSchool):
        back_up(*embedded, tmp_path / "backup")
    assert text_of(tmp_path / "backup") == before
