"""Puts right what was left behind: lost steps, files of nobody, deleted lessons, old events and uploads."""

from __future__ import annotations

import logging
import shutil
import time
from datetime import timedelta

from sqlalchemy import select

from annotation.lessons import delete_for_good
from core import steps
from core.clock import utc_now
from core.db import Database
from core.events import record_event, trim_events
from core.models import Lesson, StoredFile, Upload
from core.settings import Settings
from core.storage import Storage

log = logging.getLogger(__name__)

UNDO = timedelta(days=7)  # how long a deleted lesson can be brought back
YOUNG_SECONDS = 3600  # a file of no row may belong to a step that is just ending


def reopen_steps(database: Database, settings: Settings, *, everything: bool = False) -> None:
    """Open again what a lost worker held."""
    with database.write() as session:
        for lesson_id in steps.reopen_lost(session, settings.max_attempts, everything=everything):
            record_event(session, lesson_id, "step")


def sweep(database: Database, storage: Storage, settings: Settings) -> None:
    """Do everything else that the sweeper does; each part by itself, so that one cannot hold up another."""
    with database.write() as session:
        trim_events(session)
    delete_lessons(database, storage)
    sweep_scratch(database, settings)
    sweep_files(database, storage)
    sweep_uploads(database, settings)


def delete_lessons(database: Database, storage: Storage) -> None:
    """Delete for good what was deleted longer ago than it can be undone."""
    with database.read() as session:
        gone = session.scalars(select(Lesson.id).where(Lesson.deleted_at < utc_now() - UNDO)).all()
    for lesson_id in gone:
        with database.write() as session:
            keys = delete_for_good(session, lesson_id)
        for key in keys:
            storage.delete(key)
        log.info("lesson %s deleted for good", lesson_id)


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


def sweep_files(database: Database, storage: Storage) -> None:
    """Remove files that no row names: a worker was killed between keeping one and ending its step."""
    keys = list(storage.keys("lessons"))
    with database.read() as session:
        known = set(session.scalars(select(StoredFile.key)))
        known_uploads = set(session.scalars(select(Upload.id).where(Upload.lesson_id.is_(None))))
    for key in keys:
        if key in known or any(upload in key for upload in known_uploads):
            continue
        with storage.local(key) as path:
            old = time.time() - path.stat().st_mtime > YOUNG_SECONDS
        if old:
            storage.delete(key)
            log.info("file %s of nobody removed", key)


def sweep_uploads(database: Database, settings: Settings) -> None:
    """Remove unfinished uploads that nobody came back to."""
    from ingest.uploads import sweep_uploads as sweep_expired

    with database.write() as session:
        sweep_expired(session, settings.uploads_dir, utc_now())
