"""Events of steps: of the analysis for whoever sees the lesson, of a clip for those who see it, of speech for one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.database.events import WHOLE_LESSON, About, record_event
from core.models import Clip, Dictation
from core.pipeline.stages import STAGES
from core.pipeline.steps import Claim

SPOKEN = "hear_comment"
GONE = "-"  # no id: nobody but the lesson's owner hears of a clip that is gone, and nobody of a spoken comment


def record_step_event(session: Session, claim: Claim, kind: str = "step") -> None:
    """Note that a step changed, or with another kind what it has written."""
    record_event(session, claim.lesson_id, kind, about_step(session, claim))


def about_step(session: Session, claim: Claim) -> About:
    """Return what a step is about: a spoken comment is its speaker's alone, a clip concerns those who see it."""
    if not STAGES[claim.stage].on_request:
        return WHOLE_LESSON
    if claim.stage == SPOKEN:
        speaker = select(Dictation.person_id).filter_by(lesson_id=claim.lesson_id, number=claim.chunk_no)
        return About(person_id=session.scalar(speaker) or GONE)
    clip = select(Clip.id).filter_by(lesson_id=claim.lesson_id, number=claim.chunk_no)
    return About(clip_id=session.scalar(clip) or GONE)
