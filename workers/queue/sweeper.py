"""Reconciles rows and files: reopens lost steps; deletes orphaned files, expired uploads, old events and lessons."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.coaching.reminders import remind_of_sessions
from annotation.coaching.sessions import move_missed
from annotation.lessons.discarded import remove_discarded
from annotation.lessons.lessons import delete_for_good
from annotation.lessons.retention import apply_retention_rules, lessons_due
from annotation.lessons.sharing import close_expired, has_expired
from annotation.lessons.undo import UNDO_LESSON
from annotation.mail_queue import delete_old_mails
from annotation.people.account_deletion import erase_account, overdue_leavers
from core.allowances import forget_old_uses
from core.clock import utc_now
from core.database.db import Database
from core.database.erasures import finish_erasures, record_erasure
from core.database.events import record_event, trim_events
from core.database.receipts import forget_old_receipts
from core.errors import DoneAtOnce
from core.models import Lesson, StoredFile, Upload, new_id
from core.pipeline import steps
from core.settings import Settings
from core.storage.base import Storage
from core.storage.object_store import ObjectStorage
from ingest.upload.uploads import erase_upload, finish_left_behind
from ingest.upload.uploads import sweep_uploads as sweep_expired
from workers.pipeline.graph import LESSON_LOCK, advance, redo_outdated

log = logging.getLogger(__name__)

FILES_AT_ONCE = 2000  # of a sweep: half a million files a day, a sweep each five minutes
LESSONS_AT_ONCE = 5  # whose words or film go in one transaction
PAUSE_SECONDS = 0.02
YOUNG_SECONDS = 3600  # what came from a browser may be on its way to its row


def reopen_steps(database: Database, settings: Settings, *, everything: bool = False) -> None:
    """Open again what a lost worker held; what waits for a stage that may fail goes on when it has."""
    lease = timedelta(seconds=settings.lease_seconds)
    with database.read() as session:
        lost = steps.lost_lessons(session, everything=everything)
        long = steps.has_long_leases(session, lease)
    if long:
        with database.write() as session:
            steps.shorten_leases(session, lease)
    for lesson_id in lost:
        with database.write() as session:
            lesson = session.get(Lesson, lesson_id, with_for_update=LESSON_LOCK)
            if lesson is not None:
                steps.reopen_lost(session, lesson_id, settings.max_attempts, everything=everything)
                advance(session, lesson)
                record_event(session, lesson_id, "step")


def close_shares(database: Database) -> None:
    """Close the shares whose last day is over."""
    with database.read() as session:
        found = has_expired(session)
    if found:
        closed = in_slices(database, close_expired)
        log.info("%s shares closed: their last day is over", closed)


def in_slices(database: Database, do_some: Callable[[Session], int]) -> int:
    """Do a job in one short transaction after the other until nothing is left; return how many it was done to.

    `do_some` does some of it and returns how many.
    """
    done = 0
    while True:
        with database.write() as session:
            count = do_some(session)
        if not count:
            return done
        done += count
        time.sleep(PAUSE_SECONDS)  # whoever waits to write comes first


def redo_stages(database: Database) -> None:
    """Do again what was done by an older version of a stage, and what builds on it."""
    with database.read() as session:
        outdated = steps.lessons_to_redo(session)
    for lesson_id in outdated:
        with database.write() as session:
            lesson = session.get(Lesson, lesson_id, with_for_update=LESSON_LOCK)
            if lesson is not None:
                redo_outdated(session, lesson)
                record_event(session, lesson_id, "step")
        log.info("worked on again: a stage has a new version", extra={"lesson": lesson_id})


@dataclass
class FileCursor:
    """Up to which key the files of the store were looked at; the next sweep goes on there."""

    after: str = ""

    @classmethod
    def anywhere(cls) -> FileCursor:
        """Return a place to begin at: workers that are often restarted would never come to the last files."""
        return cls(f"lessons/{new_id()}")

    def next_keys(self, storage: Storage) -> list[str]:
        """Return the keys of one slice and go on behind it; after the last key comes the first."""
        keys = storage.keys_after("lessons", self.after, FILES_AT_ONCE)
        if rest := FILES_AT_ONCE - len(keys):
            keys += [key for key in storage.keys_after("lessons", "", rest) if key <= self.after]
        self.after = keys[-1] if keys else ""
        return keys


def sweep(database: Database, storage: Storage, settings: Settings, cursor: FileCursor | None = None) -> None:
    """Do everything else that the sweeper does; each part by itself, so that one cannot hold up another.

    `cursor`: where the last sweep stopped looking at files.
    """
    for part in (
        partial(redo_stages, database),
        partial(delete_old_events, database),
        partial(delete_lessons, database),
        partial(delete_discarded, database),
        partial(apply_retention, database),
        partial(delete_leavers, database),
        partial(maintain_sessions, database),
        partial(delete_stale_copies, storage),
        partial(sweep_files, database, storage, cursor or FileCursor()),
        partial(sweep_uploads, database, storage, settings),
        partial(erase, database, storage, settings),
    ):
        try:
            part()
        except Exception:  # tried again at the next sweep
            log.exception("the sweeper stumbled at %s and goes on", part.func.__name__)


def erase(database: Database, storage: Storage, settings: Settings, *, overwritten: bool = True) -> None:
    """Make what was deleted gone from scratch, files, tables and journal; what somebody still reads waits."""
    sweep_scratch(database, settings)
    remove = partial(erase_upload, database, storage, settings.uploads_dir)
    finish_erasures(database, storage, settings.uploads_dir, overwritten=overwritten, erase_upload=remove)


def delete_old_events(database: Database) -> None:
    """Drop old events, some at a time, mails sent long ago, counts of days that are over, and old receipts."""
    in_slices(database, trim_events)
    with database.write() as session:
        delete_old_mails(session)
        forget_old_uses(session)
        forget_old_receipts(session)


def delete_lessons(database: Database) -> None:
    """Delete for good what was deleted longer ago than it can be undone."""
    with database.read() as session:
        gone = session.scalars(select(Lesson.id).where(Lesson.deleted_at < utc_now() - UNDO_LESSON)).all()
    for lesson_id in gone:
        with database.write() as session:
            delete_for_good(session, lesson_id)
        log.info("lesson deleted for good", extra={"lesson": lesson_id})


def delete_discarded(database: Database) -> None:
    """Delete comments, clips and spoken comments that can't be brought back any more."""
    in_slices(database, _delete_some_discarded)


def _delete_some_discarded(session: Session) -> int:
    count, keys = remove_discarded(session)
    if keys:
        record_erasure(session, "", keys)
    return count


def apply_retention(database: Database) -> None:
    """Warn of what the school's settings let go in a week, and remove what is due, some lessons at a time."""
    with database.read() as session:
        due, removed = lessons_due(session), 0
    for start in range(0, len(due), LESSONS_AT_ONCE):
        with database.write() as session:
            keys = apply_retention_rules(session, due[start : start + LESSONS_AT_ONCE])
            if keys:
                record_erasure(session, "retention", keys)
        removed += len(keys)
        time.sleep(PAUSE_SECONDS)
    if removed:
        log.info("%s files removed: the school keeps recordings for a limited time", removed)


def delete_leavers(database: Database) -> None:
    """Delete the accounts of leavers whose time to take away what is theirs is over."""
    with database.read() as session:
        overdue = overdue_leavers(session)
    for person in overdue:
        try:
            erase_account(database, person, None)
        except DoneAtOnce:
            log.info("the account %s is not deleted: its person is back", person.id)
        else:
            log.info("the account %s of a leaver is deleted", person.id)


def maintain_sessions(database: Database) -> None:
    """Remind both of what is planned, and move weekly meetings that nobody opened."""
    with database.write() as session:
        move_missed(session)
        remind_of_sessions(session)


def sweep_scratch(database: Database, settings: Settings) -> None:
    """Remove what claims that are over left in the scratch folder."""
    if not settings.scratch_dir.is_dir():
        return
    present = list(settings.scratch_dir.iterdir())
    with database.read() as session:
        held = steps.held_tokens(session)
    for folder in present:
        if folder.name not in held:
            shutil.rmtree(folder, ignore_errors=True)


def sweep_files(database: Database, storage: Storage, cursor: FileCursor) -> None:
    """Remove files of the next slice that no row names: a worker was killed between keeping one and ending its step."""
    keys = cursor.next_keys(storage)
    with database.read() as session:  # who may be about to write a row is read first: afterwards, the row is there
        held = steps.held_tokens(session) | set(session.scalars(select(Upload.id).where(Upload.lesson_id.is_(None))))
        known = set(session.scalars(select(StoredFile.key).where(StoredFile.key.in_(keys))))
    for key in keys:
        name = PurePosixPath(key).stem
        if key in known or name.rpartition("-")[2] in held:
            continue
        if name.startswith(("original-", "said-")) and is_young(storage, key):
            continue
        storage.delete(key)
        log.info("file %s of nobody removed", key)


def is_young(storage: Storage, key: str) -> bool:
    """Say whether a file was written lately; one that is gone already is left alone too."""
    try:
        return (utc_now() - storage.modified_at(key)).total_seconds() < YOUNG_SECONDS
    except FileNotFoundError:
        return True


def delete_stale_copies(storage: Storage) -> None:
    """Remove copies of what lies in a bucket."""
    if isinstance(storage, ObjectStorage):
        storage.delete_stale_copies()


def sweep_uploads(database: Database, storage: Storage, settings: Settings) -> None:
    """Make lessons of uploads whose server was killed after the last byte; remove those nobody came back to."""
    for lesson_id in finish_left_behind(database, storage, settings.uploads_dir):
        log.info("an upload has become a lesson after all", extra={"lesson": lesson_id})
    with database.write() as session:
        sweep_expired(session, settings.uploads_dir, utc_now())
