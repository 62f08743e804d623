"""The key that seals secrets: made once, for this account of the machine alone, and carried by a backup."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.sealing import NAME, SealBroken, copy_key, key_file, seal, unseal
from core.settings import get_settings


def test_what_is_sealed_at_once_in_many_places_is_opened_by_one_key(data_dir: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(seal, [f"secret {number}" for number in range(16)]))
    assert [unseal(one) for one in sealed] == [f"secret {number}" for number in range(16)]
    assert stat.S_IMODE(key_file(get_settings()).stat().st_mode) == 0o600
    assert not list(data_dir.glob(f"{NAME}.*"))


def test_without_its_key_or_with_another_nothing_is_opened(data_dir: Path) -> None:
    sealed, path = seal("a secret"), key_file(get_settings())
    for content in (None, b"", b"no key", b"A" * 43 + b"="):
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(SealBroken):
            unseal(sealed)


def test_a_backup_carries_the_key_and_a_restore_puts_it_back_for_this_account_alone(
    data_dir: Path, tmp_path: Path
) -> None:
    sealed, key, carried = seal("a secret"), key_file(get_settings()), tmp_path / NAME
    for _ in range(2):
        copy_key(key, carried)
        assert stat.S_IMODE(carried.stat().st_mode) == 0o600
    key.unlink()
    copy_key(carried, key)
    assert unseal(sealed) == "a secret"
    assert not list(tmp_path.glob(f"{NAME}.*"))
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_what_lies_in_a_backup_under_the_key_s_name_and_is_none_stays_there(data_dir: Path, tmp_path: Path) -> None:
    sealed, key, carried = seal("a secret"), key_file(get_settings()), tmp_path / NAME
    other = tmp_path / "other.key"
    copy_key(key, other)
    for put in (
        lambda: carried.write_bytes(b"no key"),
        lambda: carried.write_bytes(b"A" * 10**6),
        lambda: carried.symlink_to(other),
        lambda: os.mkfifo(carried),
        carried.mkdir,
    ):
        put()
        copy_key(carried, key)
        assert unseal(sealed) == "a secret"
        carried.rmdir() if carried.is_dir() else carried.unlink()


def test_with_a_damaged_key_nothing_is_sealed_and_the_reason_is_said(data_dir: Path) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    key_file(get_settings()).write_bytes(b"no key")
    with pytest.raises(SealBroken):
        seal("a secret")
