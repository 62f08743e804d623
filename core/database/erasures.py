"""Erasures: notes what was deleted in the transaction that deletes it, and ends it once no file holds a byte of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.database.db import Database
from core.database.rewriting import empty_journal, rewrite_tables, size_of_database
from core.errors import NotFound
from core.models import Erasure
from core.school_day import on_school_clock
from core.storage.base import Storage

log = logging.getLogger(__name__)

# A larger database is rewritten at night: others' writes wait for as long as that takes.
AT_ONCE_BYTES = 128 * 1024**2  # for what somebody deleted for good, and is told of when it is gone
OVERWRITTEN_BYTES = 16 * 1024**2  # for words that were overwritten
NIGHT = range(1, 5)  # hours of the school's clock
TOLD_FOR = timedelta(days=30)  # how long the page still says that it is gone


def record_erasure(session: Session, what: str, keys: Iterable[str] = (), uploads: Iterable[str] = ()) -> Erasure:
    """Note, in the transaction that deletes rows, that their bytes and these files are to go."""
    made = Erasure(what=what, keys=list(keys), uploads=list(uploads), asked_at=utc_now())
    session.add(made)
    session.flush()
    session.info["erasure_recorded"] = True
    return made


def finish_erasures(
    database: Database,
    storage: Storage,
    uploads_dir: Path,
    *,
    overwritten: bool = True,
    at_once: bool = False,
    erase_upload: Callable[[str], bool] | None = None,
) -> int:
    """Make what was deleted gone from every file, and return how many erasures that ended; waits for nobody.

    `erase_upload`: removes what was sent of an upload; says no while somebody is sending it, and its erasure waits.
    `overwritten`: rewrite the tables also when nothing waits but words that somebody overwrote. `at_once`: whatever the
    size and the hour.
    """
    with database.read() as session:
        pending = session.scalars(select(Erasure).where(Erasure.done_at.is_(None))).all()
    if not pending:
        return 0
    erase = erase_upload or partial(_remove_partial, uploads_dir)
    pending = [one for one in pending if _delete_files(one, storage, erase)]
    rewritten = [one.id for one in pending if one.rewritten_at is not None]
    waiting = [one.id for one in pending if one.rewritten_at is None]
    deleted = any(one.what for one in pending if one.rewritten_at is None)
    wanted = waiting and (deleted or overwritten)
    if wanted and (at_once or may_rewrite(size_of_database(database), deleted)) and rewrite_tables(database):
        with database.write() as session:
            session.execute(update(Erasure).where(Erasure.id.in_(waiting)).values(rewritten_at=utc_now()))
        rewritten += waiting
    if not empty_journal(database) or not rewritten:
        return 0
    with database.write() as session:
        done = update(Erasure).where(Erasure.id.in_(rewritten))
        session.execute(done.values(done_at=utc_now(), keys=[], uploads=[]))
        told = Erasure.done_at < utc_now() - TOLD_FOR
        session.execute(delete(Erasure).where(Erasure.done_at.is_not(None), told | (Erasure.what == "")))
    log.info("%s erasures ended", len(rewritten))
    return len(rewritten)


def may_rewrite(size: int, deleted: bool) -> bool:
    """Say whether a database of this size is rewritten now; `deleted`: somebody waits to be told that it is gone."""
    return size <= (AT_ONCE_BYTES if deleted else OVERWRITTEN_BYTES) or on_school_clock(utc_now()).hour in NIGHT


def _delete_files(erasure: Erasure, storage: Storage, erase_upload: Callable[[str], bool]) -> bool:
    for key in erasure.keys:
        storage.delete(key)
    erased = [erase_upload(name) for name in erasure.uploads]
    return all(erased)


def _remove_partial(uploads_dir: Path, name: str) -> bool:
    (uploads_dir / name).unlink(missing_ok=True)
    return True


def get_erasure(session: Session, erasure_id: str) -> Erasure:
    """Return an erasure to whoever has its id; raises NotFound."""
    found = session.get(Erasure, erasure_id)
    if found is None:
        raise NotFound
    return found
