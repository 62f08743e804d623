"""Derives turns, questions, activities and measures from machine findings and corrections. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.types import Activity, Measures, Question, Role, Span, Turn, VoiceTurn, Word
from transcription.lesson.activities import find_activities
from transcription.lesson.corrections import (
    ActivityCorrection,
    Correction,
    QuestionCorrection,
    Talk,
    correct_talk,
    paint_activity,
    question_meant,
    turn_at,
)
from transcription.lesson.measures import measure_lesson
from transcription.questions.lesson_questions import VOICE_PAUSE_MS, find_questions, question_by_hand
from transcription.questions.utterances import Utterance
from transcription.speakers.turns import assign_words_to_turns
from transcription.speech.audible_turns import hear


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the machine found; no correction changes it. `roles` has one for each voice turn."""

    words: Sequence[Word]
    voices: Sequence[VoiceTurn]
    roles: Sequence[Role]
    speech: Sequence[Span]
    duration_ms: int
    movement: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class LessonFindings:
    """What the page says. `unplaced` are the places, in the order given, of corrections that fit nothing."""

    turns: tuple[Turn, ...]
    names: Mapping[str, str]
    questions: tuple[Question, ...]
    activities: tuple[Activity, ...]
    measures: Measures
    unplaced: frozenset[int]


def derive_findings(evidence: Evidence, corrections: Sequence[Correction] = ()) -> LessonFindings:
    """Return what is said of a lesson; what a person put right wins over the machine, later over earlier."""
    turns = assign_words_to_turns(evidence.words, evidence.voices, evidence.roles)
    talk = Talk(turns, tuple(evidence.voices))
    unplaced: set[int] = set()
    for number, correction in enumerate(corrections):
        if isinstance(correction, QuestionCorrection | ActivityCorrection):
            continue
        corrected = correct_talk(talk, correction)
        if corrected is None:
            unplaced.add(number)
        talk = corrected or talk
    found = find_questions(talk.turns, talk.voices, evidence.speech)
    asked = [each for each in corrections if isinstance(each, QuestionCorrection)]
    questions = correct_questions(found, asked, talk, evidence.speech)
    activities = find_activities(talk.turns, talk.voices, evidence.speech, evidence.duration_ms, evidence.movement)
    for correction in corrections:
        if isinstance(correction, ActivityCorrection):
            activities = paint_activity(activities, correction)
    measures = measure_lesson(talk.turns, talk.voices, evidence.speech, questions, evidence.duration_ms)
    return LessonFindings(talk.turns, talk.names, questions, activities, measures, frozenset(unplaced))


def correct_questions(
    questions: Iterable[Question], corrections: Sequence[QuestionCorrection], talk: Talk, speech: Sequence[Span]
) -> tuple[Question, ...]:
    """Return the questions with those that a person added, took away, or said to be of another kind."""
    found = list(questions)
    heard = hear(talk.turns, talk.voices, speech, VOICE_PAUSE_MS) if corrections else ()
    for correction in corrections:
        i = question_meant(found, correction.span)
        said = None if i is None else found.pop(i)
        if correction.kind is not None:
            utterance = utterance_at(talk.turns, correction.span, said)
            found.append(question_by_hand(utterance, correction.kind, heard))
    return tuple(sorted(found, key=lambda question: (question.start_ms or 0, question.end_ms or 0)))


def utterance_at(turns: Sequence[Turn], span: Span, said: Question | None) -> Utterance:
    """Return what is said at `span`: the question that the machine found there, or the words in the span."""
    if said is not None:
        span = Span(said.start_ms or 0, said.end_ms or 0)
    turn = turn_at(turns, span)
    speaker, role = (turn.speaker, turn.role) if turn else ("", Role.UNSURE)
    words = [w for w in turn.words if span.start_ms <= (w.start_ms + w.end_ms) / 2 < span.end_ms] if turn else []
    text = said.text if said else " ".join(word.text for word in words)
    row = turns.index(turn) if turn else 0
    last_ms = words[-1].start_ms if words else None
    return Utterance(text, speaker, role, row, span.start_ms, span.end_ms, last_ms)
