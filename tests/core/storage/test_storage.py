"""The two stores: a folder, and a bucket of a real S3-compatible server; what holds for one holds for the other."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from obstore.exceptions import GenericError

from core.clock import utc_now
from core.errors import StorageAway
from core.storage.base import Storage
from core.storage.local import LocalStorage
from core.storage.object_store import KEPT_SECONDS, PART_BYTES, ObjectStorage
from web.transfer.media_response import range_of


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return LocalStorage(tmp_path / "files")
    made: Storage = request.getfixturevalue("bucket")
    return made


def a_file(folder: Path, content: bytes = b"film") -> Path:
    path = folder / "finished"
    path.write_bytes(content)
    return path


def test_on_macos_what_is_kept_is_on_the_disk_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def order(handle: int, what: int) -> None:
        asked.append(what)
        if len(asked) > 2:
            raise OSError(errno.ENOTSUP, "a network disk")

    plain: list[int] = []
    monkeypatch.setattr("fcntl.F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr("fcntl.fcntl", order)
    monkeypatch.setattr("os.fsync", plain.append)
    LocalStorage(tmp_path / "files").keep(a_file(tmp_path), "lessons/a/film.mp4")
    assert (asked, plain) == ([51, 51], [])  # the file, and its folder
    LocalStorage(tmp_path / "files").keep(a_file(tmp_path), "lessons/b/film.mp4")
    assert len(plain) == 2


def test_every_act_on_a_bucket_that_is_away_says_so(
    bucket: ObjectStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise GenericError("no route to host")

    for name in ("put", "head", "get_range", "delete", "list"):
        monkeypatch.setattr(f"obstore.{name}", fail)
    key = "lessons/a/rendition-1.mp4"
    acts: dict[str, Callable[[], object]] = {
        "keep": lambda: bucket.keep(a_file(tmp_path), key),
        "local": lambda: bucket.local(key).__enter__(),
        "read": lambda: list(bucket.read(key, 0, 4)),
        "size": lambda: bucket.size(key),
        "modified_at": lambda: bucket.modified_at(key),
        "delete": lambda: bucket.delete(key),
        "keys": lambda: list(bucket.keys("lessons")),
        "keys_after": lambda: bucket.keys_after("lessons", "", 10),
    }
    assert set(acts) == {name for name in vars(Storage) if not name.startswith("_")} - {"path_of"}  # which asks nobody
    for act in acts.values():
        with pytest.raises(StorageAway):
            act()


def test_a_kept_file_is_moved_and_can_be_read_whole_and_in_parts(store: Storage, tmp_path: Path) -> None:
    source = a_file(tmp_path)
    store.keep(source, "lessons/a/rendition-1.mp4")
    assert not source.exists()
    assert store.size("lessons/a/rendition-1.mp4") == 4
    assert utc_now() - store.modified_at("lessons/a/rendition-1.mp4") < timedelta(minutes=1)
    with store.local("lessons/a/rendition-1.mp4") as path:
        assert path.read_bytes() == b"film"
        assert path.suffix == ".mp4"
    assert b"".join(store.read("lessons/a/rendition-1.mp4", 1, 3)) == b"il"


def test_a_large_file_goes_up_and_comes_back_whole(store: Storage, tmp_path: Path) -> None:
    content = os.urandom(PART_BYTES * 2 + 12_345)
    store.keep(a_file(tmp_path, content), "lessons/a/original.mkv")
    assert b"".join(store.read("lessons/a/original.mkv", 0, len(content))) == content
    with store.local("lessons/a/original.mkv") as path:
        assert path.read_bytes() == content


@pytest.mark.parametrize("key", ["../outside", "/etc/passwd", "lessons/../../outside", ""])
def test_a_key_never_leaves_the_store(store: Storage, key: str) -> None:
    with pytest.raises(ValueError, match="not a storage key"):
        store.path_of(key)


def test_deleting_may_be_repeated_and_leaves_nothing(store: Storage, tmp_path: Path) -> None:
    store.keep(a_file(tmp_path), "lessons/a/poster.jpg")
    with store.local("lessons/a/poster.jpg"):
        store.delete("lessons/a/poster.jpg")
    store.delete("lessons/a/poster.jpg")
    assert list(store.keys()) == []
    for look in (store.size, store.modified_at):
        with pytest.raises(FileNotFoundError):
            look("lessons/a/poster.jpg")
    if isinstance(store, LocalStorage):
        assert not (store.root / "lessons" / "a").exists()
    if isinstance(store, ObjectStorage):
        assert list(store.copies.iterdir()) == []


def test_keys_are_listed_by_folder(store: Storage, tmp_path: Path) -> None:
    for key in ("lessons/b/x", "lessons/a/x", "other"):
        store.keep(a_file(tmp_path), key)
    assert list(store.keys("lessons")) == ["lessons/a/x", "lessons/b/x"]
    assert list(store.keys("nothing")) == []


def test_keys_are_listed_in_slices_in_the_same_order(store: Storage, tmp_path: Path) -> None:
    kept = ["lessons/a/x", "lessons/a/y", "lessons/b/x", "lessons/c/a/x", "lessons/c/x"]
    for key in (*kept, "other/a"):
        store.keep(a_file(tmp_path), key)
    assert store.keys_after("lessons", "", 2) == kept[:2]
    assert store.keys_after("lessons", kept[1], 2) == kept[2:4]
    assert store.keys_after("lessons", kept[3], 2) == kept[4:]
    assert store.keys_after("lessons", "lessons/aa", 9) == kept[2:]  # nothing lies there
    assert store.keys_after("lessons", kept[4], 9) == []


def test_a_missing_file_says_so(store: Storage) -> None:
    with pytest.raises(FileNotFoundError), store.local("lessons/a/none"):
        pytest.fail("there is no such file")
    with pytest.raises(FileNotFoundError):
        list(store.read("lessons/a/none", 0, 5))


def test_copies_of_a_bucket_go_when_nobody_asks_for_them(bucket: ObjectStorage, tmp_path: Path) -> None:
    bucket.keep(a_file(tmp_path), "lessons/a/x.mp4")
    with bucket.local("lessons/a/x.mp4") as copy:
        bucket.delete_stale_copies()
        assert copy.is_file()
    long_ago = time.time() - KEPT_SECONDS - 1
    os.utime(copy, (long_ago, long_ago))
    (bucket.copies / "cut-off.part").write_bytes(b"half")
    os.utime(bucket.copies / "cut-off.part", (long_ago, long_ago))
    bucket.delete_stale_copies()
    assert list(bucket.copies.iterdir()) == []
    with bucket.local("lessons/a/x.mp4") as again:
        assert again.read_bytes() == b"film"


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-", (0, 10)),
        ("bytes=2-4", (2, 5)),
        ("bytes=5-99", (5, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=10-", None),
        ("bytes=4-2", None),
        ("bytes=-0", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("lines=1-2", None),
    ],
)
def test_a_range_is_what_a_player_means(header: str, span: tuple[int, int] | None) -> None:
    assert range_of(header, 10) == span
