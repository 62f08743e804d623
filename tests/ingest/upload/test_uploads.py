"""Names of recordings, and what the sweeper makes of uploads that nobody came back to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import utc_now
from core.database.db import Database
from core.errors import NotFound
from core.settings import get_settings
from core.storage.base import Storage
from ingest.upload.partial_file import UploadLock
from ingest.upload.uploads import Order, begin_upload, display_name, find_upload, finish_left_behind, sweep_uploads
from tests.support.factories import make_person


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
        part, full, sent = (begin_upload(session, person.id, Order("a.mp4", 4), 48) for _ in range(3))
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
