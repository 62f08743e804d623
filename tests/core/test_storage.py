"""The store of local files."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.storage import LocalStorage


@pytest.fixture
def store(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files")


def a_file(folder: Path, content: bytes = b"film") -> Path:
    path = folder / "finished"
    path.write_bytes(content)
    return path


def test_a_kept_file_is_moved_and_can_be_read(store: LocalStorage, tmp_path: Path) -> None:
    source = a_file(tmp_path)
    store.keep(source, "lessons/a/rendition-1.mp4")
    assert not source.exists()
    assert store.size("lessons/a/rendition-1.mp4") == 4
    with store.local("lessons/a/rendition-1.mp4") as path:
        assert path.read_bytes() == b"film"


@pytest.mark.parametrize("key", ["../outside", "/etc/passwd", "lessons/../../outside", ""])
def test_a_key_never_leaves_the_folder(store: LocalStorage, key: str) -> None:
    with pytest.raises(ValueError, match="not a storage key"):
        store.path(key)


def test_deleting_takes_the_empty_folder_along_and_may_be_repeated(store: LocalStorage, tmp_path: Path) -> None:
    store.keep(a_file(tmp_path), "lessons/a/poster.jpg")
    store.delete("lessons/a/poster.jpg")
    store.delete("lessons/a/poster.jpg")
    assert not (store.root / "lessons" / "a").exists()


def test_keys_are_listed_by_folder(store: LocalStorage, tmp_path: Path) -> None:
    for key in ("lessons/b/x", "lessons/a/x", "other"):
        store.keep(a_file(tmp_path), key)
    assert list(store.keys("lessons")) == ["lessons/a/x", "lessons/b/x"]
    assert list(store.keys("nothing")) == []


def test_a_missing_file_says_so(store: LocalStorage) -> None:
    with pytest.raises(FileNotFoundError), store.local("lessons/a/none"):
        pytest.fail("there is no such file")
