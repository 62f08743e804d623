"""Stage functions for the whole lesson: questions, activities, measures."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from core.errors import WorkStopped
from core.models import Lesson
from core.types import Word
from transcription.lesson.activities import find_activities
from transcription.lesson.analysis_store import (
    save_activities,
    save_findings,
    save_measures,
    save_questions,
    save_turns,
)
from transcription.lesson.corrected_findings import Basis, apply_corrections, state_of
from transcription.lesson.derive_findings import LessonFindings
from transcription.lesson.measures import measure_lesson
from transcription.questions.lesson_questions import find_questions
from transcription.speakers.turns import assign_words_to_turns
from workers.pipeline.context import Context, Output, Save, save_finding
from workers.pipeline.stage_functions import classify_roles


def run_find_questions(context: Context) -> Output:
    """Put words, voices and roles together, and find what is asked."""
    words = tuple(Word(*row) for row in context.found.get("words", ()))
    voices = context.voices
    roles = classify_roles(words, voices, context.speech, context.found.get("teacher"))
    turns = assign_words_to_turns(words, voices, roles)
    questions = find_questions(turns, voices, context.speech)

    known = context.known_basis.evidence
    laid = apply_corrections(context.known_basis, replace(known, roles=roles, voices=voices) if known else None)

    def save(session: Session, lesson: Lesson) -> None:
        save_finding("roles", list(roles))(session, lesson)
        save_turns(session, lesson.id, turns)
        save_questions(session, lesson.id, questions)

    return Output(save_laid_over(context.known_basis, laid, save), event="words")


def save_laid_over(basis: Basis, laid: LessonFindings | None, own: Save) -> Save:
    """Return a save of a stage's own results, and of what people put right or brought along, laid over them.

    It raises WorkStopped where that has changed meanwhile: the step is done again, and this try does not count.
    """

    def save(session: Session, lesson: Lesson) -> None:
        if state_of(session, lesson.id) != basis.state:
            raise WorkStopped("outdated")
        own(session, lesson)
        if laid is not None:
            save_findings(session, lesson.id, laid)

    return save


def run_find_activities(context: Context) -> Output:
    """Name what the class does."""
    movement = context.found.get("pictures", {}).get("movement", ())
    duration_ms = context.known_media.duration_ms
    activities = find_activities(context.turns, context.voices, context.speech, duration_ms, movement)
    laid = apply_corrections(context.known_basis, context.known_basis.evidence)

    def save(session: Session, lesson: Lesson) -> None:
        save_activities(session, lesson.id, activities)

    return Output(save_laid_over(context.known_basis, laid, save), event="words")


def run_measure_lesson(context: Context) -> Output:
    """Measure talk, questions and waits."""
    questions = find_questions(context.turns, context.voices, context.speech)
    measures = measure_lesson(context.turns, context.voices, context.speech, questions, context.known_media.duration_ms)
    laid = apply_corrections(context.known_basis, context.known_basis.evidence)

    def save(session: Session, lesson: Lesson) -> None:
        save_measures(session, lesson.id, measures)

    return Output(save_laid_over(context.known_basis, laid, save), event="words")
