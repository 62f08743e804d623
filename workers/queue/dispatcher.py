"""Dispatcher: sends due steps to the queue every half second, so that lost messages are sent again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from core.database.db import Database
from core.pipeline.due_steps import due_steps
from core.pipeline.steps import mark_sent
from workers.queue.broker import Actors, Running

SENT_LATELY = timedelta(seconds=60)  # a message that has done nothing for so long is taken for lost
MOST_AT_ONCE = 100


def dispatch(
    database: Database,
    actors: Actors,
    queues: Sequence[str],
    space: int,
    running: Running,
) -> int:
    """Send at most `space` due steps and return how many; the rows remember that they were sent."""
    if space <= 0:
        return 0
    with database.read() as session:  # most rounds find nothing, and reading stops nobody
        due = due_steps(session, queues, SENT_LATELY, min(space, MOST_AT_ONCE))
    if not due:
        return 0
    with database.write() as session:
        mark_sent(session, [step.step_id for step in due])
    for step in due:
        running.sent()
        actors[step.queue].send(step.step_id)
    return len(due)
