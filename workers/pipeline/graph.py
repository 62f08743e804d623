"""The pipeline's graph: which steps a lesson needs next, and which must run again. Called with the lesson locked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.models import ChunkRow, Lesson, Step
from core.pipeline.stages import STAGES, Stage, stages_before
from core.pipeline.steps import delete_steps, new_step
from core.types import MediaInfo
from ingest.media.probe import media_from_json

# Locks a lesson against other endings, but not against an event or a comment that refers to it (PostgreSQL).
LESSON_LOCK = {"key_share": True}


def advance(session: Session, lesson: Lesson) -> None:
    """Add the steps that the lesson needs now, and make ready those that wait for nothing more.

    Runs in the transaction that ends a step, with the lesson locked: two last chunks yield one merge.
    """
    if lesson.media is None:
        return
    wanted = wanted_stages(media_from_json(lesson.media))
    steps = steps_of(session, lesson)
    there = {(step.stage, step.chunk_no, step.version) for step in steps}
    chunks_planned = states_of(steps).get("plan_chunks") == {"done"}
    for name, stage in wanted.items():
        if stage.per_chunk and not chunks_planned:
            continue
        for number in chunk_numbers(session, lesson) if stage.per_chunk else (0,):
            if (name, number, stage.version) not in there:
                steps.append(new_step(lesson.id, name, number))
                session.add(steps[-1])
    states = states_of(steps)
    for step in steps:
        if step.state == "waiting" and all(is_over(name, wanted, states) for name in STAGES[step.stage].after):
            step.state, step.next_at = "ready", utc_now()
    session.flush()


def redo_outdated(session: Session, lesson: Lesson) -> None:
    """Run again the stages whose version was raised, and all that build on them; what was asked for is asked again."""
    steps = steps_of(session, lesson)
    older = {step.stage for step in steps if step.version < STAGES[step.stage].version}
    redone = {name for name in STAGES if older & {name, *stages_before(name)}}
    asked = sorted(
        {(step.stage, step.chunk_no) for step in steps if step.stage in redone and STAGES[step.stage].on_request}
    )
    delete_steps(session, lesson.id, redone)
    session.add_all(new_step(lesson.id, name, number, "ready") for name, number in asked)
    advance(session, lesson)


def steps_of(session: Session, lesson: Lesson) -> list[Step]:
    """Read all steps of a lesson as they are now, once."""
    own = select(Step).where(Step.lesson_id == lesson.id)
    return list(session.scalars(own, execution_options={"populate_existing": True}))


def wanted_stages(media: MediaInfo) -> dict[str, Stage]:
    """Return the stages that a recording goes through by itself."""
    streams = {"": True, "audio": media.audio is not None, "video": media.video is not None}
    return {name: stage for name, stage in STAGES.items() if streams[stage.needs] and not stage.on_request}


def chunk_numbers(session: Session, lesson: Lesson) -> list[int]:
    """Return the numbers of the lesson's chunks."""
    return list(session.scalars(select(ChunkRow.number).where(ChunkRow.lesson_id == lesson.id)))


def states_of(steps: Iterable[Step]) -> dict[str, set[str]]:
    """Return the states of each stage's steps."""
    states: dict[str, set[str]] = {}
    for step in steps:
        states.setdefault(step.stage, set()).add(step.state)
    return states


def is_over(name: str, wanted: Mapping[str, Stage], states: Mapping[str, set[str]]) -> bool:
    """Say whether nothing needs to wait for a stage any more."""
    if name not in wanted:
        return True
    if wanted[name].per_chunk and name not in states:  # no speech, no chunks
        return states.get("plan_chunks") == {"done"}
    over = {"done", "failed"} if wanted[name].optional else {"done"}
    return name in states and states[name] <= over
