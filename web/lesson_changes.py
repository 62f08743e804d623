"""Changes of what is understood of a lesson, thought out in a child process where that takes long."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from anyio import from_thread
from sqlalchemy.orm import Session

from annotation.lessons.lessons import get_own_lesson
from core.database.db import get_database
from core.models import Lesson, Person
from transcription.public import Basis, LessonChange, change_lesson
from web.child_process import MachineBusy, TakesTooLong, compute_in_child

Plan = Callable[[Basis], LessonChange | None]


def change_own_lesson(
    person: Person, lesson_id: str, plan: Plan, *, recognised: bool = False, in_child: bool = False
) -> None:
    """Change a lesson of one's own, from a handler's thread; raises what `change_lesson` and `compute_in_child` do.

    `plan` can be pickled. It is run in a child process where the lesson is long; `in_child`: always.
    """

    def think(basis: Basis) -> LessonChange | None:
        if not (in_child or basis.is_long):
            return plan(basis)
        try:
            return from_thread.run(partial(compute_in_child, person.id, plan, basis))
        except (TakesTooLong, MachineBusy):  # what somebody puts right is never refused for that
            if in_child:
                raise
            return plan(basis)

    def get(session: Session) -> Lesson:
        return get_own_lesson(session, person, lesson_id)

    change_lesson(get_database(), get, think, recognised=recognised)
