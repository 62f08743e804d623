"""Backup and restore, on both databases and from one to the other; what is deleted leaves the next backup."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from annotation.lessons import delete_for_good
from core.backup import ABOUT, FILES, ROWS, BackupUnusable, NotEmpty, back_up, restore, tables_of
from core.clock import utc_now
from core.db import Database
from core.migrate import migrate_database
from core.models import Comment, Lesson, Person
from core.storage import LocalStorage, get_storage
from tests.factories import make_file, make_lesson, make_partnership, make_person, make_share
from tests.heard import evidence_of, keep_evidence

MARK = "a word that shall leave the backup"


def furnish(database: Database, files: Path) -> str:
    """Make a school with rows that refer to each other in every way, and files; return the lesson's id."""
    with database.write() as session:
        lead = make_person(session, "Lea Lead", is_lead=True)
        ada = make_person(session, "Ada Ünver", manager_id=lead.id)
        session.get_one(Person, lead.id).manager_id = ada.id  # a circle, as real staff lists have them
        lesson = make_lesson(session, ada, MARK, taught_on=utc_now().date())
        keep_evidence(session, lesson, evidence_of())
        pair = make_partnership(session, make_person(session, "Priya"), ada)
        make_share(session, lesson, pair, until=utc_now() + timedelta(days=3))
        said = {"lesson_id": lesson.id, "author_id": ada.id, "start_ms": 5, "created_at": utc_now(), "text": MARK}
        first = Comment(partnership_id=pair.id, **said)
        session.add(first)
        session.flush()
        session.add(Comment(partnership_id=pair.id, parent_id=first.id, **said))
        for kind in ("original", "rendition"):
            key = f"lessons/{lesson.id}/{kind}-1.mp4"
            path = files / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"{MARK} {kind}".encode())
            make_file(session, lesson, kind, key, bytes=path.stat().st_size)
        return lesson.id


def text_of(folder: Path) -> str:
    with gzip.open(folder / ROWS, "rt", encoding="utf-8") as rows:
        return rows.read()


def rows_of(database: Database) -> dict[str, list[str]]:
    """Return every row of every table, to compare."""
    with database.engine.connect() as connection:
        return {
            table.name: sorted(
                str(sorted(row.items(), key=str)) for row in connection.execute(select(table)).mappings()
            )
            for table in tables_of(connection)
        }


def test_what_is_restored_is_what_was_backed_up(any_database: Database, data_dir: Path, tmp_path: Path) -> None:
    furnish(any_database, data_dir / "files")
    folder = tmp_path / "backup"
    done = back_up(any_database, get_storage(), folder)
    assert (done.files, done.removed) == (2, 0)
    address = f"sqlite:///{tmp_path / 'new' / 'school.sqlite3'}"
    new, storage = Database(address), LocalStorage(tmp_path / "new" / "files")
    counts = restore(new, address, storage, folder, tmp_path / "new" / "scratch")
    assert (counts.rows, counts.files) == (done.rows, 2)
    if any_database.engine.dialect.name == "sqlite":
        assert rows_of(new) == rows_of(any_database)
    with new.read() as session:
        lead = session.scalars(select(Person).where(Person.is_lead)).one()
        ada = session.get_one(Person, lead.manager_id or "")
        assert (ada.name, ada.manager_id, ada.created_at.tzinfo is not None) == ("Ada Ünver", lead.id, True)
    for key in list(get_storage().keys()):
        assert storage.path(key).read_bytes() == (data_dir / "files" / key).read_bytes()
    with pytest.raises(NotEmpty):
        restore(new, address, storage, folder, tmp_path / "new" / "scratch")
    new.dispose()


def test_a_school_moves_from_sqlite_to_postgresql_and_goes_on(
    any_database: Database, data_dir: Path, tmp_path: Path
) -> None:
    source = Database(f"sqlite:///{tmp_path / 'source.sqlite3'}")
    migrate_database(f"sqlite:///{tmp_path / 'source.sqlite3'}")
    furnish(source, tmp_path / "source-files")
    back_up(source, LocalStorage(tmp_path / "source-files"), tmp_path / "backup")
    address = any_database.engine.url.render_as_string(hide_password=False)
    restore(any_database, address, get_storage(), tmp_path / "backup", data_dir / "scratch")
    with any_database.write() as session:
        lesson = session.scalars(select(Lesson)).one()
        keep_evidence(session, lesson, evidence_of())  # writes rows, and an event with a number of its own
        assert len(session.scalars(select(Comment)).all()) == 2
    source.dispose()


def test_a_deleted_lesson_is_in_no_byte_of_the_next_backup(database: Database, data_dir: Path, tmp_path: Path) -> None:
    lesson_id = furnish(database, data_dir / "files")
    folder = tmp_path / "backup"
    back_up(database, get_storage(), folder)
    assert MARK in text_of(folder)
    with database.write() as session:
        keys = delete_for_good(session, lesson_id)
    for key in keys:
        get_storage().delete(key)
    assert back_up(database, get_storage(), folder).removed == 2
    assert MARK not in text_of(folder)
    assert [path for path in folder.rglob("*") if path.is_file() and MARK.encode() in path.read_bytes()] == []


def test_a_second_backup_copies_only_what_is_new(database: Database, data_dir: Path, tmp_path: Path) -> None:
    furnish(database, data_dir / "files")
    assert back_up(database, get_storage(), tmp_path / "backup").files == 2
    assert back_up(database, get_storage(), tmp_path / "backup").files == 0


@pytest.mark.parametrize("damage", ["no folder", "no rows", "cut rows", "no file", "no about"])
def test_a_backup_that_is_not_whole_is_refused_before_anything_is_written(
    database: Database, data_dir: Path, tmp_path: Path, damage: str
) -> None:
    furnish(database, data_dir / "files")
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
