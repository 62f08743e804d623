"""Makes recordings and lessons for pipeline tests."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.database.db import Database
from core.models import Lesson, Step, StoredFile, new_id
from core.pipeline import steps
from core.pipeline.steps import add_first_step
from core.storage.base import Storage
from tests.support.factories import make_lesson, make_person

LEASE = timedelta(seconds=60)


def make_video(
    path: Path, seconds: int = 2, *, sound: bool = True, codec: str = "libx264", size: str = "160x120"
) -> Path:
    """Write a test picture, with a tone or silent."""
    tone = ["-f", "lavfi", "-i", f"sine=frequency=300:duration={seconds}"] if sound else []
    picture = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={seconds}"]
    coding = ["-c:v", codec, "-pix_fmt", "yuv420p", *(["-preset", "ultrafast"] if codec == "libx264" else [])]
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-y", *picture, *tone, *coding, str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def upload_recording(session: Session, storage: Storage, recording: Path, owner_id: str = "") -> Lesson:
    """Add a lesson as the end of an upload does: recording in the store, first step ready. `recording` is moved."""
    owner = owner_id or make_person(session).id
    lesson = Lesson(id=new_id(), owner_id=owner, title=recording.stem, created_at=utc_now())
    session.add(lesson)
    session.flush()
    key = f"lessons/{lesson.id}/original-{lesson.id}{recording.suffix}"
    size = recording.stat().st_size
    storage.keep(recording, key)
    file = StoredFile(lesson_id=lesson.id, kind="original", key=key, mime="video/mp4", bytes=size, created_at=utc_now())
    session.add(file)
    add_first_step(session, lesson.id)
    return lesson


def make_ready_lesson(session: Session) -> Lesson:
    """Add a lesson with nothing but its first step."""
    lesson = make_lesson(session, make_person(session))
    add_first_step(session, lesson.id)
    return lesson


def ready_step(database: Database) -> str:
    """Add a lesson and return the id of its first step."""
    with database.write() as session:
        lesson = make_ready_lesson(session)
        return session.scalars(select(Step.id).where(Step.lesson_id == lesson.id)).one()


def claim(database: Database, step_id: str) -> steps.Claim | None:
    """Claim in a transaction of its own."""
    with database.write() as session:
        return steps.claim_step(session, step_id, LEASE)
