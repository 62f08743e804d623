"""What the sweeper looks at in one round is bounded, however much there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from math import ceil
from typing import Any, cast

import pytest
from obstore.store import MemoryStore, S3Store
from sqlalchemy import event, func, insert, select

from core.clock import utc_now
from core.database.db import Database
from core.database.events import KEPT, TRIMMED_AT_ONCE, events_missed, last_event_number
from core.models import Event, Mail, StoredFile, new_id
from core.settings import get_settings
from core.storage.base import Storage
from core.storage.local import LocalStorage
from core.storage.object_store import ObjectStorage
from tests.support.factories import make_lesson, make_person
from workers.queue.sweeper import FILES_AT_ONCE, FileCursor, delete_old_events, sweep_files

OBJECTS = 10_000
ORPHANS = 7


class Counted:
    """A store that notes how many keys it was made to name, and never lists all of them."""

    def __init__(self, inner: Storage) -> None:
        self.inner, self.named = inner, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def keys(self, prefix: str = "") -> Iterator[str]:
        raise AssertionError(f"every key below {prefix!r} was listed")

    def keys_after(self, prefix: str, after: str, most: int) -> list[str]:
        found = self.inner.keys_after(prefix, after, most)
        self.named += len(found)
        return found


@pytest.fixture(params=["folder", "bucket"])
def large_store(request: pytest.FixtureRequest, storage: Storage) -> tuple[Counted, list[str]]:
    """Return a store of ten thousand objects, and their keys."""
    keys = [f"lessons/{new_id()}/rendition-{new_id()}.mp4" for _ in range(OBJECTS)]
    if request.param == "bucket":
        settings = get_settings().model_copy(update={"s3_bucket": "school", "s3_region": "here"})
        bucket = ObjectStorage(settings)
        inner = MemoryStore()
        bucket.store = cast("S3Store", inner)  # it answers as a bucket does
        for key in keys:
            inner.put(key, b"film")
        return Counted(bucket), keys
    folder = LocalStorage(get_settings().data_dir / "many")
    for key in keys:
        path = folder.path(key)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"film")
    return Counted(folder), keys


def test_a_round_names_a_slice_of_ten_thousand_objects_and_some_rounds_remove_every_file_of_nobody(
    database: Database, large_store: tuple[Counted, list[str]]
) -> None:
    store, keys = large_store
    orphans = set(keys[:: OBJECTS // ORPHANS][:ORPHANS])
    with database.write() as session:
        lesson = make_lesson(session, make_person(session))
        row = {"lesson_id": lesson.id, "kind": "rendition", "mime": "video/mp4", "bytes": 4, "created_at": utc_now()}
        session.execute(insert(StoredFile), [row | {"key": key} for key in keys if key not in orphans])
    cursor = FileCursor.anywhere()
    for _ in range(ceil(OBJECTS / FILES_AT_ONCE) + 1):
        before = store.named
        sweep_files(database, store, cursor)
        assert store.named - before <= 2 * FILES_AT_ONCE  # after the last comes the first
    assert set(store.inner.keys("lessons")) == set(keys) - orphans


def test_old_events_and_mails_leave_in_short_transactions(any_database: Database) -> None:
    old, young = utc_now() - KEPT - timedelta(minutes=1), utc_now()
    with any_database.write() as session:
        person = make_person(session)
        session.execute(insert(Event), [{"kind": "step", "at": at} for at in [old] * 2500 + [young] * 3])
        for at in (utc_now() - timedelta(days=365), young):
            session.add(Mail(person_id=person.id, subject="Hello", text="", made_at=at, next_at=at, sent_at=at))
    removed: list[int] = []

    def note(_connection: object, cursor: Any, statement: str, *_more: object) -> None:
        if statement.startswith("DELETE FROM event"):
            removed.append(cursor.rowcount)

    event.listen(any_database.writer, "after_cursor_execute", note)
    delete_old_events(any_database)
    assert sum(removed) == 2500
    assert max(removed) <= TRIMMED_AT_ONCE
    with any_database.read() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 3
        assert session.scalar(select(func.count()).select_from(Mail)) == 1
        newest = last_event_number(session)
        assert events_missed(session, newest, []) == []
        assert events_missed(session, newest - 2000, []) is None  # trimmed: the page asks for everything anew
