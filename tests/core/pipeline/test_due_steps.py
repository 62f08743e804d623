"""Which steps may start: the same whether all of them are looked at, or only those whose turn it can be."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from core.clock import utc_now
from core.database.db import Database
from core.models import Lesson, Step
from core.pipeline.due_steps import SENT_AHEAD, Due, due_steps, fair_order
from core.pipeline.steps import new_step
from tests.support.factories import make_lesson, make_person

MINUTE = timedelta(minutes=1)


def fill(database: Database, dice: random.Random) -> None:
    """Write steps of five owners and twelve lessons in every state, some sent, some paused, some deleted."""
    with database.write() as session:
        session.execute(text("DELETE FROM step"))
        session.execute(text("DELETE FROM lesson"))
        owners = [make_person(session, f"T{n} Teacher", email=f"{new_number(dice)}@school.example") for n in range(5)]
        for number in range(12):
            lesson = make_lesson(session, dice.choice(owners))
            lesson.deleted_at = utc_now() if number == 11 else None
            for chunk in range(dice.randrange(9)):
                step = new_step(lesson.id, dice.choice(("transcribe_chunk", "find_speakers")), chunk, "ready")
                step.state = dice.choices(("ready", "running", "done"), (8, 1, 1))[0]
                step.next_at = utc_now() + timedelta(
                    seconds=dice.choice((-30, -20, -10, 30)), milliseconds=dice.random()
                )
                step.dispatched_at = dice.choice((None, None, None, utc_now(), utc_now() - 2 * MINUTE))
                session.add(step)


def new_number(dice: random.Random) -> str:
    return f"t{dice.randrange(10**12)}"


def looked_at_all(database: Database, queue: str, limit: int) -> list[str]:
    """Return the ids of the due steps of one queue, by a look at every row."""
    now = utc_now()
    with database.read() as session:
        rows = session.execute(
            select(Step, Lesson).join(Lesson, Lesson.id == Step.lesson_id).where(Step.queue == queue)
        )
        found = [(row[0], row[1]) for row in rows]
    sent = [one for one in found if one[0].state == "ready" and (at := one[0].dispatched_at) and at > now - MINUTE]
    running = [one for one in found if one[0].state == "running"]
    turns = Counter(lesson.owner_id for _, lesson in sent + running)
    due = [one for one in found if one[0].state == "ready" and one not in sent and one[0].next_at <= now]
    due = [one for one in due if one[1].deleted_at is None]
    due.sort(key=lambda one: (one[0].next_at, one[0].chunk_no, one[0].id))
    space = max(0, min(limit, max(SENT_AHEAD, 2 * len(running)) - len(sent)))
    fair = fair_order([Due(step.id, queue, lesson.owner_id) for step, lesson in due], turns)
    return [one.step_id for one in fair[:space]]


def test_what_may_start_is_what_a_look_at_every_row_says(any_database: Database) -> None:
    dice = random.Random(4)
    chosen = 0
    for _ in range(25):
        fill(any_database, dice)
        for queue in ("asr", "analysis"):
            with any_database.read() as session:
                due = [one.step_id for one in due_steps(session, [queue], MINUTE, 3)]
            assert due == looked_at_all(any_database, queue, 3)
            chosen += len(due)
    assert chosen > 50


@pytest.mark.embedded
def test_lessons_are_counted_from_the_index_alone(database: Database) -> None:
    fill(database, random.Random(1))
    counted = "SELECT queue, lesson_id, count(dispatched_at), min(next_at) FROM step WHERE state = 'ready'"
    with database.read() as session:
        plan = session.execute(text(f"EXPLAIN QUERY PLAN {counted} AND queue IN ('asr') GROUP BY queue, lesson_id"))
        assert "COVERING INDEX ix_step_ready" in " ".join(str(row) for row in plan)
