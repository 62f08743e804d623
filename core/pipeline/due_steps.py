"""Due steps: which steps may start now, in an order that is fair between owners."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.models import Lesson, Step
from core.pipeline.steps import is_due

SENT_AHEAD = 4  # steps of a queue that may wait where messages wait; more when more are being done


@dataclass(frozen=True, slots=True)
class Due:
    """A step that may start now."""

    step_id: str
    queue: str
    owner_id: str


@dataclass(frozen=True, slots=True)
class ReadyLesson:
    """What is ready of a lesson in a queue: how many steps were sent lately, and since when one is due (None: none)."""

    queue: str
    lesson_id: str
    owner_id: str
    sent: int
    due_since: datetime | None


def due_steps(session: Session, queues: Sequence[str], sent_before: timedelta, limit: int) -> list[Due]:
    """Return steps that may start and were not sent lately, in an order that is fair between owners.

    What has been sent is taken in the order of sending, whoever comes later: so only a little is sent ahead of the
    workers. Lessons are counted first, from an index alone; steps are read of those lessons whose turn it can be.
    """
    now = utc_now()
    lately = Step.dispatched_at.between(now - sent_before, now)  # later than now: the clock was set back
    may_start = and_(is_due(now), Step.dispatched_at.is_(None) | ~lately)
    ready = _ready_lessons(session, queues, lately, may_start)
    turns: Counter[str] = Counter()
    running: Counter[str] = Counter()
    for queue, owner_id, count in _running(session, queues):
        turns[owner_id] += count
        running[queue] += count
    space = {queue: max(SENT_AHEAD, 2 * running[queue]) for queue in queues}
    for one in ready:
        turns[one.owner_id] += one.sent
        space[one.queue] -= one.sent
    wanted = min(limit, sum(max(0, there) for there in space.values()))
    lessons = lessons_in_turn([one for one in ready if space[one.queue] > 0], turns, wanted)
    chosen: list[Due] = []
    for step in fair_order(_first_steps(session, lessons, may_start, wanted), turns):
        if space[step.queue] > 0 and len(chosen) < limit:
            space[step.queue] -= 1
            chosen.append(step)
    return chosen


def _ready_lessons(
    session: Session, queues: Sequence[str], lately: ColumnElement[bool], may_start: ColumnElement[bool]
) -> list[ReadyLesson]:
    counted = (
        select(
            Step.queue,
            Step.lesson_id,
            func.count().filter(lately).label("sent"),
            func.min(Step.next_at).filter(may_start).label("due_since"),
        )
        .where(Step.state == "ready", Step.queue.in_(queues))
        .group_by(Step.queue, Step.lesson_id)
        .subquery()
    )
    due_since = case((Lesson.deleted_at.is_(None), counted.c.due_since))
    rows = select(counted.c.queue, counted.c.lesson_id, Lesson.owner_id, counted.c.sent, due_since)
    return [ReadyLesson(*row) for row in session.execute(rows.join(Lesson, Lesson.id == counted.c.lesson_id))]


def _running(session: Session, queues: Sequence[str]) -> Iterable[tuple[str, str, int]]:
    its = select(Step.queue, Lesson.owner_id, func.count()).join(Lesson, Lesson.id == Step.lesson_id)
    rows = its.where(Step.state == "running", Step.queue.in_(queues)).group_by(Step.queue, Lesson.owner_id)
    return [(row[0], row[1], row[2]) for row in session.execute(rows)]


def lessons_in_turn(ready: Iterable[ReadyLesson], turns: Mapping[str, int], most: int) -> list[ReadyLesson]:
    """Return the lessons among which the next `most` steps of a fair order are.

    Of each queue the `most` owners whose turn is first, and of each of them as many lessons, the longest waiting first.
    """
    by_owner: dict[tuple[str, str], list[tuple[datetime, ReadyLesson]]] = {}
    for one in ready:
        if one.due_since is not None:
            by_owner.setdefault((one.queue, one.owner_id), []).append((one.due_since, one))
    owners: dict[str, list[tuple[int, datetime, list[ReadyLesson]]]] = {}
    for (queue, owner_id), lessons in by_owner.items():
        lessons.sort(key=lambda each: each[0])
        first = [one for _, one in lessons[:most]]
        owners.setdefault(queue, []).append((turns.get(owner_id, 0), lessons[0][0], first))
    chosen: list[ReadyLesson] = []
    for waiting in owners.values():
        for _, _, first in sorted(waiting, key=lambda each: each[:2])[:most]:
            chosen += first
    return chosen


def _first_steps(
    session: Session, lessons: Sequence[ReadyLesson], may_start: ColumnElement[bool], most: int
) -> list[Due]:
    """Return the first `most` steps of each lesson and queue, in the order of waiting."""
    owners = {one.lesson_id: one.owner_id for one in lessons}
    queues = {one.queue for one in lessons}
    order = (Step.next_at, Step.chunk_no, Step.id)
    place = func.row_number().over(partition_by=(Step.queue, Step.lesson_id), order_by=order).label("place")
    ranked = select(Step.id, Step.queue, Step.lesson_id, *order[:2], place).where(
        may_start, Step.queue.in_(queues), Step.lesson_id.in_(owners)
    )
    of = ranked.subquery().c
    rows = select(of.id, of.queue, of.lesson_id).where(of.place <= most).order_by(of.next_at, of.chunk_no, of.id)
    return [Due(row.id, row.queue, owners[row.lesson_id]) for row in session.execute(rows)]


def fair_order(due: Sequence[Due], running: Mapping[str, int]) -> list[Due]:
    """Return the steps so that owners take turns; who has work running already stands behind."""
    turn = dict(running)
    placed: list[tuple[int, int, Due]] = []
    for number, step in enumerate(due):
        placed.append((turn.get(step.owner_id, 0), number, step))
        turn[step.owner_id] = turn.get(step.owner_id, 0) + 1
    return [step for _, _, step in sorted(placed, key=lambda each: each[:2])]
