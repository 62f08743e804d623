"""Stage functions for the whole lesson: questions, activities, measures."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.models import Lesson
from core.types import Word
from transcription.lesson.activities import find_activities
from transcription.lesson.analysis_store import (
    apply_corrections,
    save_activities,
    save_measures,
    save_questions,
    save_turns,
)
from transcription.lesson.measures import measure_lesson
from transcription.questions.lesson_questions import find_questions
from transcription.speakers.turns import assign_words_to_turns
from workers.pipeline.context import Context, Output, save_finding
from workers.pipeline.stage_functions import classify_roles


def run_find_questions(context: Context) -> Output:
    """Put words, voices and roles together, and find what is asked."""
    words = tuple(Word(*row) for row in context.found.get("words", ()))
    voices = context.voices
    roles = classify_roles(words, voices, context.speech, context.found.get("teacher"))
    turns = assign_words_to_turns(words, voices, roles)
    questions = find_questions(turns, voices, context.speech)

    def save(session: Session, lesson: Lesson) -> None:
        save_finding("roles", list(roles))(session, lesson)
        save_turns(session, lesson.id, turns)
        save_questions(session, lesson.id, questions)
        apply_corrections(session, lesson)

    return Output(save, event="words")


def run_find_activities(context: Context) -> Output:
    """Name what the class does."""
    movement = context.found.get("pictures", {}).get("movement", ())
    duration_ms = context.known_media.duration_ms
    activities = find_activities(context.turns, context.voices, context.speech, duration_ms, movement)

    def save(session: Session, lesson: Lesson) -> None:
        save_activities(session, lesson.id, activities)
        apply_corrections(session, lesson)

    return Output(save, event="words")


def run_measure_lesson(context: Context) -> Output:
    """Measure talk, questions and waits."""
    questions = find_questions(context.turns, context.voices, context.speech)
    measures = measure_lesson(context.turns, context.voices, context.speech, questions, context.known_media.duration_ms)

    def save(session: Session, lesson: Lesson) -> None:
        save_measures(session, lesson.id, measures)
        apply_corrections(session, lesson)

    return Output(save, event="words")
