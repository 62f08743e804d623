"""Encrypts short secrets for the database with a key in a file, so that a copy of the rows reveals none.

Fernet (AES-128-CBC and HMAC-SHA256) of the `cryptography` package. The key is made when the first secret is sealed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from cryptography.fernet import Fernet, InvalidToken

from core.errors import HindsightError, saying_disk_full
from core.settings import Settings, get_settings

NAME = "secret.key"
LONGEST = 100  # a key has 44 letters
PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


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
    """Return a secret in the form in which it may be stored; raises SealBroken."""
    try:
        return Fernet(_key_or_new(key_file(get_settings()))).encrypt(plain.encode()).decode()
    except (OSError, ValueError) as error:
        raise SealBroken from error


def unseal(sealed: str) -> str:
    """Return the secret; raises SealBroken."""
    try:
        return Fernet(key_file(get_settings()).read_bytes()).decrypt(sealed.encode()).decode()
    except (OSError, ValueError, InvalidToken) as error:
        raise SealBroken from error


def copy_key(source: Path, target: Path) -> None:
    """Put the key into a backup, or back from one: without it no code could be checked after a restore.

    A backup may have lain anywhere: what is no key, or a link to something else, is left where it is.
    """
    try:
        with os.fdopen(os.open(source, PLAIN), "rb") as file:
            key = file.read(LONGEST + 1) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else b""
        Fernet(key)
    except (OSError, ValueError):
        return
    with _written(key, target) as partial:
        partial.replace(target)


def _key_or_new(path: Path) -> bytes:
    """Return the key; of two that are made in one moment the first stays."""
    if not path.exists():
        with _written(Fernet.generate_key(), path) as partial:
            try:
                os.link(partial, path)
            except FileExistsError:
                pass  # another process made one in the same moment
            except OSError:  # a disk that knows no links
                partial.replace(path)
    return path.read_bytes()


@contextmanager
def _written(key: bytes, path: Path) -> Iterator[Path]:
    """Yield a key in a file beside its place, whole and readable for this account of the machine alone."""
    partial = path.with_name(f"{path.name}.{uuid4().hex}")
    with saying_disk_full():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(key)
                out.flush()
                os.fsync(out.fileno())
            yield partial
        finally:
            partial.unlink(missing_ok=True)
