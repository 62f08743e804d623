"""Encrypts short secrets for the database with a key in a file, so that a copy of the rows reveals none.

Fernet (AES-128-CBC and HMAC-SHA256) of the `cryptography` package. The key is made when the first secret is sealed.
"""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

from cryptography.fernet import Fernet, InvalidToken

from core.errors import HindsightError, saying_disk_full
from core.settings import Settings, get_settings

NAME = "secret.key"


class SealBroken(HindsightError):
    """The key is missing, or another one than the secret was sealed with."""

    code = "seal_broken"
    status = 503
    sentence = (
        "Codes of an app cannot be checked: the key for them is missing on your school's machine. "
        "Please use a recovery code, or ask your IT person to run “hindsight doctor”."
    )


def key_file(settings: Settings) -> Path:
    """Return where the key lies."""
    return settings.data_dir / NAME


def seal(plain: str) -> str:
    """Return a secret in the form in which it may be stored."""
    return Fernet(_key_or_new(key_file(get_settings()))).encrypt(plain.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the secret; raises SealBroken."""
    try:
        return Fernet(key_file(get_settings()).read_bytes()).decrypt(sealed.encode()).decode()
    except (OSError, ValueError, InvalidToken) as error:
        raise SealBroken from error


def keep_key(key: bytes, path: Path) -> None:
    """Write a key that only this account of the machine can read; one that is there stays, whole or not at all."""
    partial = path.with_name(f"{path.name}.{uuid4().hex}")
    with saying_disk_full():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(key)
                out.flush()
                os.fsync(out.fileno())
            try:
                os.link(partial, path)
            except FileExistsError:
                return  # another process made one in the same moment
            except OSError:  # a disk that knows no links, such as one to carry backups on
                partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def copy_key(source: Path, target: Path) -> None:
    """Put the key into a backup, or back from one: without it no code could be checked after a restore."""
    if source.is_file() and not source.is_symlink():
        target.unlink(missing_ok=True)
        keep_key(source.read_bytes(), target)


def _key_or_new(path: Path) -> bytes:
    if not path.exists():
        keep_key(Fernet.generate_key(), path)
    return path.read_bytes()
