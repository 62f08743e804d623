"""Names of recordings, and what the sweeper makes of uploads that nobody came back to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import utc_now
from core.database.db import Database
from core.database.erasures import record_erasure
from core.errors import NotFound
from core.models import Erasure, Upload
from core.settings import get_settings
from core.storage.base import Storage
from ingest.upload.partial_file import UploadLock
from ingest.upload.uploads import (
    UploadRequest,
    begin_upload,
    complete_upload,
    display_name,
    find_upload,
    finish_left_behind,
    original_key,
    remove_upload,
    sweep_uploads,
)
from tests.support.factories import make_person
from workers.queue.sweeper import erase


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("C:\\Users\\ada\\Year 9.mp4", "Year 9.mp4"),
        ("../../etc/passwd.mp4", "passwd.mp4"),
        ("les\x00son\n2.mp4", "lesson 2.mp4"),
        ("lesson\u202e4pm.exe", "lesson4pm.exe"),
        ("", "recording"),
        ("..", "recording"),
        ("a" * 300 + ".MP4", "a" * 196 + ".MP4"),
        ("数学の授業 🎥.mov", "数学の授業 🎥.mov"),
    ],
)
def test_an_odd_name_is_shown_without_what_deceives(name: str, shown: str) -> None:
    assert display_name(name) == shown


@given(st.text(max_size=400))
def test_a_shown_name_is_short_has_no_folder_and_stays_as_it_is(name: str) -> None:
    shown = display_name(name)
    assert 0 < len(shown) <= 200
    assert "/" not in shown
    assert "\\" not in shown
    assert display_name(shown) == shown


def test_the_sweeper_removes_what_waited_too_long_and_finishes_what_is_complete(
    database: Database, storage: Storage
) -> None:
    folder = get_settings().uploads_dir
    folder.mkdir(parents=True)
    with database.write() as session:
        person = make_person(session)
        part, full, sent = (begin_upload(session, person.id, UploadRequest("a.mp4", 4), 48) for _ in range(3))
    (folder / part.id).write_bytes(b"12")
    (folder / full.id).write_bytes(b"1234")
    lock = UploadLock.take(folder, sent.id)
    with database.write() as session:
        assert sweep_uploads(session, folder, utc_now()) == []
        assert sweep_uploads(session, folder, utc_now() + timedelta(hours=49)) == [part.id]
    lock.release()
    assert finish_left_behind(database, storage, folder) == [full.id]
    assert finish_left_behind(database, storage, folder) == []
    assert not list(folder.iterdir())
    with database.read() as session:
        assert find_upload(session, person.id, full.id).lesson_id == full.id
        with pytest.raises(NotFound):
            find_upload(session, person.id, part.id)


def test_an_upload_is_removed_only_by_who_holds_its_lock(database: Database, storage: Storage) -> None:
    folder = get_settings().uploads_dir
    with database.write() as session:
        person = make_person(session)
        mine, other = (begin_upload(session, person.id, UploadRequest("a.mp4", 4), 48) for _ in range(2))
    lock = UploadLock.take(folder, other.id)
    with pytest.raises(ValueError, match="another upload"), database.write() as session:
        remove_upload(session, storage, folder, mine, lock)
    with database.write() as session:
        remove_upload(session, storage, folder, other, lock)
    lock.release()
    with database.read() as session:
        assert [one.id for one in session.query(Upload)] == [mine.id]


def test_an_upload_that_is_sent_while_its_owner_deletes_her_account_is_erased_once_nobody_sends_it(
    database: Database, storage: Storage
) -> None:
    folder = get_settings().uploads_dir
    with database.write() as session:
        person = make_person(session)
        upload = begin_upload(session, person.id, UploadRequest("a.mp4", 4), 48)
    lock = UploadLock.take(folder, upload.id)
    (folder / upload.id).write_bytes(b"1234")
    with database.write() as session:
        session.delete(session.get_one(Upload, upload.id))
        erasure = record_erasure(session, "account", [], [upload.id]).id
    erase(database, storage, get_settings())
    with database.read() as session:
        assert session.get_one(Erasure, erasure).done_at is None
    with pytest.raises(NotFound):  # the last bytes came, and what they made has gone into the store
        complete_upload(database, storage, folder, upload)
    assert storage.size(original_key(upload)) == 4
    lock.release()
    erase(database, storage, get_settings())
    with database.read() as session:
        assert session.get_one(Erasure, erasure).done_at is not None
    assert list(storage.keys()) == []
    assert not (folder / upload.id).exists()
