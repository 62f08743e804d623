"""The key that seals secrets: made once, for this account of the machine alone, and carried by a backup."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.database.backup import KEY, back_up, restore
from core.database.db import Database
from core.sealing import SealBroken, key_file, seal, unseal
from core.settings import get_settings
from core.storage.local import LocalStorage, get_storage
from tests.support.factories import make_person


def test_what_is_sealed_at_once_in_many_places_is_opened_by_one_key(data_dir: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(seal, [f"secret {number}" for number in range(16)]))
    assert [unseal(one) for one in sealed] == [f"secret {number}" for number in range(16)]
    assert stat.S_IMODE(key_file(get_settings()).stat().st_mode) == 0o600
    assert not list(data_dir.glob(f"{KEY}.*"))


def test_without_its_key_or_with_another_nothing_is_opened(data_dir: Path) -> None:
    sealed, path = seal("a secret"), key_file(get_settings())
    for content in (None, b"", b"no key", b"A" * 43 + b"="):
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(SealBroken):
            unseal(sealed)


def test_a_backup_carries_the_key_and_a_restore_puts_it_back_for_this_account_alone(
    database: Database, data_dir: Path, tmp_path: Path
) -> None:
    with database.write() as session:
        make_person(session)
    sealed, key = seal("a secret"), key_file(get_settings())
    folder = tmp_path / "backup"
    for _ in range(2):
        back_up(database, get_storage(), folder, key)
        assert stat.S_IMODE((folder / KEY).stat().st_mode) == 0o600
    key.unlink()
    address = f"sqlite:///{tmp_path / 'back.sqlite3'}"
    back = Database(address)
    restore(back, address, LocalStorage(tmp_path / "files"), folder, tmp_path / "scratch", key)
    back.dispose()
    assert unseal(sealed) == "a secret"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
