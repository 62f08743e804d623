"""Life cycle of a pipeline step: create, claim, renew the lease, finish, fail, reopen. The rows are the truth.

A claim takes a new lease token and counts the attempt, so that being killed counts too. Whoever has lost the
token has lost the step: nothing that it does afterwards is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.models import Lesson, Step, new_id
from core.pipeline.stages import FIRST_STAGE, STAGES

AGAIN_AFTER = (timedelta(seconds=2), timedelta(seconds=15), timedelta(minutes=1))  # after each failed try
PUT_OFF = (timedelta(minutes=1), timedelta(minutes=8))  # the first wait for what the machine lacks, and the longest
KILLED = "worker_lost"
KILLED_SENTENCE = "The program stopped {times} times while it worked on this. The recording may be damaged."

Hold = Literal["ours", "lost", "cancelled", "deleted"]


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do one step, for as long as the lease is renewed."""

    step_id: str
    lesson_id: str
    stage: str
    chunk_no: int
    token: str
    attempt: int


def add_first_step(session: Session, lesson_id: str) -> None:
    """Begin the work on a lesson whose recording is complete."""
    request_step(session, lesson_id, FIRST_STAGE)


def request_step(session: Session, lesson_id: str, stage: str, number: int = 0) -> None:
    """Add a step that may start at once, unless it is there already."""
    step = new_step(lesson_id, stage, number, "ready")
    there = select(Step.id).where(
        Step.lesson_id == lesson_id, Step.stage == stage, Step.chunk_no == number, Step.version == step.version
    )
    if session.scalar(there) is None:
        session.add(step)
        session.flush()


def new_step(lesson_id: str, stage: str, number: int = 0, state: str = "waiting") -> Step:
    """Return the row of a step in its stage's queue and version, not yet added."""
    its = STAGES[stage]
    step = Step(lesson_id=lesson_id, stage=stage, queue=its.queue, version=its.version, chunk_no=number, state=state)
    step.next_at = utc_now()
    return step


def is_due(now: datetime) -> ColumnElement[bool]:
    """Ready, and its pause is over. A pause longer than any that is set here is over too: the clock was set back."""
    return and_(Step.state == "ready", or_(Step.next_at <= now, Step.next_at > now + PUT_OFF[-1]))


def mark_sent(session: Session, step_ids: Sequence[str]) -> None:
    """Remember that steps were sent just now."""
    session.execute(update(Step).where(Step.id.in_(step_ids)).values(dispatched_at=utc_now()))


def claim_step(session: Session, step_id: str, lease: timedelta) -> Claim | None:
    """Take a step that is ready and due; None when somebody else has it, or it is over."""
    now = utc_now()
    taken = session.execute(
        update(Step)
        .where(Step.id == step_id, is_due(now))
        .values(
            state="running",
            attempts=Step.attempts + 1,
            lease_token=new_id(),
            lease_until=now + lease,
            started_at=now,
            progress=0.0,
        )
        .returning(Step.id, Step.lesson_id, Step.stage, Step.chunk_no, Step.lease_token, Step.attempts)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None:
        return None
    step, lesson_id, stage, chunk_no, token, attempt = taken
    return Claim(step, lesson_id, stage, chunk_no, token or "", attempt)


def renew_lease(session: Session, claim: Claim, lease: timedelta, progress: float) -> None:
    """Keep a step that is still ours for another while, and note how far it is."""
    session.execute(
        update(Step)
        .where(Step.id == claim.step_id, Step.lease_token == claim.token, Step.state == "running")
        .values(lease_until=utc_now() + lease, progress=progress)
        .execution_options(synchronize_session=False)
    )


def check_hold(session: Session, claim: Claim) -> Hold:
    """Say whether to go on with a step."""
    row = session.execute(
        select(Step.cancel_requested_at, Lesson.deleted_at)
        .join(Lesson, Lesson.id == Step.lesson_id)
        .where(Step.id == claim.step_id, Step.lease_token == claim.token, Step.state == "running")
    ).one_or_none()
    if row is None:
        return "lost"
    if row.cancel_requested_at is not None:
        return "cancelled"
    return "ours" if row.deleted_at is None else "deleted"


def finish_step(session: Session, claim: Claim) -> bool:
    """Mark a step done; False when the token is no longer ours or it was to stop, and nothing may be stored."""
    if cancel_step(session, claim):
        return False
    return _end(session, claim, "done", progress=1.0, error_code="", error_sentence="")


def cancel_step(session: Session, claim: Claim) -> bool:
    """Mark a step cancelled if that was asked."""
    return _end(session, claim, "cancelled", Step.cancel_requested_at.is_not(None))


def fail_step(session: Session, claim: Claim, code: str, sentence: str, *, final: bool) -> bool:
    """Mark a step failed for good, or let it wait for another try."""
    if final:
        return _end(session, claim, "failed", error_code=code, error_sentence=sentence)
    pause = AGAIN_AFTER[min(claim.attempt, len(AGAIN_AFTER)) - 1]
    return _end(
        session, claim, "ready", error_code=code, error_sentence=sentence, next_at=utc_now() + pause, dispatched_at=None
    )


def release_claim(session: Session, claim: Claim) -> bool:
    """Open the step again without counting this try: the worker shuts down, or the lesson was deleted for now."""
    return _end(session, claim, "ready", attempts=Step.attempts - 1, dispatched_at=None, progress=0.0)


def put_off_step(session: Session, claim: Claim, code: str, sentence: str) -> bool:
    """Let a step wait without counting this try: the machine lacks what any try needs. Each wait is twice the last."""
    now, (first, longest) = utc_now(), PUT_OFF
    step = session.execute(
        select(Step.next_at, Step.finished_at, Step.error_code).where(Step.id == claim.step_id)
    ).one()
    waited = step.next_at - step.finished_at if step.finished_at and step.error_code == code else timedelta(0)
    pause = min(max(2 * waited, first), longest)
    return _end(
        session,
        claim,
        "ready",
        attempts=Step.attempts - 1,
        error_code=code,
        error_sentence=sentence,
        next_at=now + pause,
        dispatched_at=None,
        progress=0.0,
    )


def _end(session: Session, claim: Claim, state: str, *only: ColumnElement[bool], **values: object) -> bool:
    changed = session.execute(
        update(Step)
        .where(Step.id == claim.step_id, Step.lease_token == claim.token, Step.state == "running", *only)
        .values(state=state, lease_token=None, lease_until=None, finished_at=utc_now(), **values)
        .returning(Step.id)
        .execution_options(synchronize_session=False)
    )
    return changed.one_or_none() is not None


def stop_steps(session: Session, lesson_id: str) -> int:
    """Ask for the work on a lesson to stop, and return how many steps that concerns.

    What waits for an earlier stage goes on waiting, since that stage will not be done.
    """
    own = Step.lesson_id == lesson_id
    ready = update(Step).where(own, Step.state == "ready").values(state="cancelled", finished_at=utc_now())
    running = update(Step).where(own, Step.state == "running").values(cancel_requested_at=utc_now())
    stopped = [step for change in (ready, running) for step in session.scalars(change.returning(Step.id))]
    return len(stopped)


def start_again(session: Session, lesson_id: str) -> int:
    """Make ready, with all their tries, the steps that failed or were stopped; return how many."""
    again = (
        update(Step)
        .where(Step.lesson_id == lesson_id, Step.state.in_(("failed", "cancelled")))
        .values(
            state="ready",
            attempts=0,
            progress=0.0,
            next_at=utc_now(),
            dispatched_at=None,
            finished_at=None,
            cancel_requested_at=None,
            error_code="",
            error_sentence="",
        )
    )
    return len(list(session.scalars(again.returning(Step.id))))


def lessons_to_redo(session: Session) -> list[str]:
    """Return the lessons on which a stage was done in an older version than the catalogue's."""
    older = or_(*(and_(Step.stage == name, Step.version < stage.version) for name, stage in STAGES.items()))
    kept = Lesson.deleted_at.is_(None)
    return list(session.scalars(select(Step.lesson_id).join(Lesson).where(older, kept).distinct()))


def delete_steps(session: Session, lesson_id: str, stages: Collection[str]) -> None:
    """Remove the steps of some stages, so that they are made anew; whoever works on one loses it."""
    session.execute(delete(Step).where(Step.lesson_id == lesson_id, Step.stage.in_(stages)))


def send_again(session: Session, queues: Collection[str]) -> None:
    """Forget what was sent to some queues: what carried the messages was emptied."""
    session.execute(update(Step).where(Step.state == "ready", Step.queue.in_(queues)).values(dispatched_at=None))


def has_long_leases(session: Session, lease: timedelta) -> bool:
    """Say whether somebody's lease lasts longer than any that is taken now: the clock went back since."""
    return session.scalar(select(Step.id).where(_too_long(lease)).limit(1)) is not None


def shorten_leases(session: Session, lease: timedelta) -> None:
    """Let those that last too long end in time; whoever is alive renews its own before."""
    session.execute(update(Step).where(_too_long(lease)).values(lease_until=utc_now() + lease))


def _too_long(lease: timedelta) -> ColumnElement[bool]:
    return and_(Step.state == "running", Step.lease_until > utc_now() + 2 * lease)  # clocks of machines differ a little


def lost_lessons(session: Session, *, everything: bool = False) -> list[str]:
    """Return the lessons that have a step whose worker is gone.

    `everything` takes every running step: when the workers have not started yet, nobody holds one.
    """
    return list(session.scalars(select(Step.lesson_id).where(_lost(everything)).distinct()))


def reopen_lost(session: Session, lesson_id: str, max_attempts: int, *, everything: bool = False) -> None:
    """Open a lesson's lost steps again, and fail those that were lost too often; the lesson is locked."""
    for step in session.scalars(select(Step).where(Step.lesson_id == lesson_id, _lost(everything)).with_for_update()):
        stopped = step.cancel_requested_at is not None
        failed = not stopped and step.attempts >= max_attempts
        step.state = "cancelled" if stopped else "failed" if failed else "ready"
        step.lease_token = step.lease_until = step.dispatched_at = None
        step.progress = 0.0
        if failed:
            step.error_code, step.error_sentence = KILLED, KILLED_SENTENCE.format(times=step.attempts)
    session.flush()


def _lost(everything: bool) -> ColumnElement[bool]:
    running = Step.state == "running"
    return running if everything else and_(running, Step.lease_until < utc_now())


def held_tokens(session: Session) -> set[str]:
    """Return the lease tokens that are in use."""
    return {token for token in session.scalars(select(Step.lease_token).where(Step.state == "running")) if token}
