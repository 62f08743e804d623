"""Pipeline metrics: steps by stage and state, and their ages. Contains no lesson content."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Lesson, Mail, Step, Upload
from core.pipeline.stages import STAGES

WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long the steps of a stage took lately, in seconds."""

    stage: str
    count: int
    seconds: float
    longest: float


@dataclass(frozen=True, slots=True)
class Work:
    """Counts of steps by (queue, state), failures by code, and what waits; seconds since the oldest due step."""

    steps: Mapping[tuple[str, str], int]
    failures: Mapping[str, int]
    oldest_due_seconds: float
    times: tuple[StageTime, ...]
    lessons_under_way: int
    uploads_open: int
    mails_waiting: int


def read_pipeline_status(session: Session, now: datetime) -> Work:
    """Return how the work stands."""
    counted = select(Step.queue, Step.state, func.count()).group_by(Step.queue, Step.state)
    failed = select(Step.error_code, func.count()).where(Step.state == "failed").group_by(Step.error_code)
    due = select(func.min(Step.next_at)).where(Step.state == "ready", Step.next_at <= now)
    oldest = session.scalar(due)
    ended = select(Step.stage, Step.started_at, Step.finished_at).where(
        Step.state == "done", Step.finished_at > now - WINDOW
    )
    times: dict[str, list[float]] = {}
    for stage, started_at, finished_at in session.execute(ended):
        if started_at is not None and finished_at is not None:
            times.setdefault(stage, []).append((finished_at - started_at).total_seconds())
    busy = select(func.count(func.distinct(Step.lesson_id))).where(Step.state.in_(("ready", "running", "waiting")))
    return Work(
        steps={(row[0], row[1]): row[2] for row in session.execute(counted)},
        failures={row[0]: row[1] for row in session.execute(failed)},
        oldest_due_seconds=0.0 if oldest is None else (now - oldest).total_seconds(),
        times=tuple(
            StageTime(stage, len(took), sum(took), max(took)) for stage in STAGES if (took := times.get(stage, []))
        ),
        lessons_under_way=session.scalar(busy.join(Lesson).where(Lesson.deleted_at.is_(None))) or 0,
        uploads_open=session.scalar(select(func.count()).where(Upload.lesson_id.is_(None))) or 0,
        mails_waiting=session.scalar(select(func.count()).where(Mail.sent_at.is_(None))) or 0,
    )


def waiting_queues(session: Session, now: datetime, patience: timedelta) -> list[str]:
    """Return the queues whose steps have been due for longer than `patience` while nobody worked on any."""
    due = select(Step.queue).join(Lesson).where(Step.state == "ready", Step.next_at < now - patience)
    worked = select(Step.queue).where(
        ((Step.state == "running") & (Step.lease_until > now)) | (Step.finished_at > now - patience)
    )
    return sorted(set(session.scalars(due.where(Lesson.deleted_at.is_(None)))) - set(session.scalars(worked)))


def free_bytes(folder: Path) -> int:
    """Return the room left where recordings arrive."""
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    return shutil.disk_usage(there).free
