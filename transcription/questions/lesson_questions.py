"""Questions of a lesson: detection, kind, who answered, and wait times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.types import AnsweredBy, Question, QuestionKind, Role, Span, Turn, VoiceTurn
from transcription.formats.readers import read_transcript
from transcription.formats.transcript import Line
from transcription.questions.detection import Around, asks
from transcription.questions.kinds import kind_of, only_checks, press_for_reasons
from transcription.questions.utterances import Utterance, split_sentences, split_turns
from transcription.questions.wait_times import end_of_sound, find_waits
from transcription.speech.audible_turns import Heard, hear

SURE = 0.5
"""An utterance is a question from this probability on."""

REQUEST = 0.55
"""How sure it is that a request for reasons without a question ("Tell us why.") asks."""

VOICE_PAUSE_MS = 200
"""Pauses from this length on part the intervals that waits are measured between."""

UNMARKED = 1 / 200
"""With fewer question marks than this an utterance, a transcript does not mark its questions."""

_CLASS_NAMES = ("ss", "students", "pupils", "class", "all", "multiple students", "everybody")
_TEACHER_NAMES = ("t", "teacher", "instructor", "tutor", "lehrer", "lehrerin")


def find_questions(
    turns: Sequence[Turn], voice: Sequence[VoiceTurn] | None, speech: Sequence[Span]
) -> tuple[Question, ...]:
    """Return the questions of a lesson in order, pupils' questions too; waits only for the teacher's.

    The words say what is asked; `voice` and `speech` (both may be empty) say where sound begins and ends.
    """
    utterances = split_turns(turns)
    heard = hear(turns, voice, speech, VOICE_PAUSE_MS)
    sure = judge(utterances)
    found = []
    for i, u in enumerate(utterances):
        if sure[i] >= SURE:
            question, goes_on = _followed(u, sure[i], heard)
            re_put = goes_on and i + 1 < len(sure) and sure[i + 1] >= SURE and utterances[i + 1].speaker == u.speaker
            found.append(_settle(question, goes_on, re_put))
    return tuple(found)


def judge(utterances: Sequence[Utterance]) -> list[float]:
    """Return for each utterance how sure it is, 0..1, that it asks."""
    marks = sum("?" in u.text for u in utterances)
    marked = marks > len(utterances) * UNMARKED
    sure: list[float] = []
    for i, u in enumerate(utterances):
        after = utterances[i + 1] if i + 1 < len(utterances) else None
        after_own = i > 0 and utterances[i - 1].speaker == u.speaker
        hands_over = after is not None and after.speaker != u.speaker
        teacher = u.role is Role.TEACHER
        around = Around(teacher, hands_over, after.text if after is not None and hands_over else "", marked, after_own)
        p = asks(u.text, around)
        sure.append(max(p, REQUEST) if teacher and press_for_reasons(u.text) else p)
    return sure


def _followed(u: Utterance, sure: float, heard: Sequence[Heard]) -> tuple[Question, bool]:
    kind, kind_sure = kind_of(u.text, u.role is Role.TEACHER)
    start_ms, end_ms = u.start_ms or 0, u.end_ms or 0
    last_ms = u.last_ms if u.last_ms is not None else max(end_ms - 1, start_ms)
    ends_ms = max(end_of_sound(heard, u.speaker, last_ms, end_ms), start_ms)
    waits = find_waits(heard, u.speaker, start_ms, ends_ms)
    timed = u.role is Role.TEACHER
    question = Question(
        text=u.text,
        speaker=u.speaker,
        role=u.role,
        kind=kind,
        confidence=round(sure * kind_sure, 3),
        answered_by=waits.answered_by,
        start_ms=start_ms,
        end_ms=ends_ms,
        wait_1_ms=waits.wait_1.length_ms if timed and waits.wait_1 is not None else None,
        wait_2_ms=waits.wait_2.length_ms if timed and waits.wait_2 is not None else None,
        row=u.row,
    )
    return question, waits.goes_on


def _settle(q: Question, goes_on: bool, re_put: bool) -> Question:
    """Make a question rhetorical when its asker goes on without a pause; take the waits from what waits for nothing.

    A question that the asker at once puts again in other words keeps its kind, and leaves the waiting to the last one.
    """
    kind = q.kind
    if goes_on and not re_put and kind is not QuestionKind.MANAGERIAL:
        kind = QuestionKind.RHETORICAL
    return _of_kind(q, kind, goes_on)


def _of_kind(q: Question, kind: QuestionKind, goes_on: bool) -> Question:
    waits = kind not in (QuestionKind.MANAGERIAL, QuestionKind.RHETORICAL) and not goes_on
    return replace(q, kind=kind, wait_1_ms=q.wait_1_ms if waits else None, wait_2_ms=q.wait_2_ms if waits else None)


def question_by_hand(u: Utterance, kind: QuestionKind, heard: Sequence[Heard]) -> Question:
    """Return the question that a person says is asked, quite sure (confidence 1), with the waits after it."""
    question, goes_on = _followed(u, 1.0, heard)
    return replace(_of_kind(question, kind, goes_on), confidence=1.0)


def questions_of_transcript(path: Path) -> tuple[Question, ...]:
    """Return the questions of a transcript made elsewhere: CSV (`speaker,text[,start_ms,end_ms]`), VTT or SRT.

    `row` counts the rows or cues from 0. Lines without times give questions without times and waits.
    Raises `core.errors.UnusableFile` (a subclass) when the file is none of these.
    """
    lines = read_transcript(path).lines
    roles = classify_roles(lines)
    if lines and all(line.start_ms is not None and line.end_ms is not None for line in lines):
        turns = [
            Turn(line.start_ms or 0, line.end_ms or 0, line.speaker, roles[line.speaker], line.text) for line in lines
        ]
        return tuple(replace(q, row=lines[q.row or 0].row) for q in find_questions(turns, None, []))
    utterances = [
        Utterance(sentence, line.speaker, roles[line.speaker], line.row)
        for line in lines
        for sentence in split_sentences(line.text)
    ]
    sure = judge(utterances)
    return tuple(_untimed(utterances, i, sure) for i in range(len(utterances)) if sure[i] >= SURE)


def _untimed(utterances: Sequence[Utterance], i: int, sure: Sequence[float]) -> Question:
    u = utterances[i]
    kind, kind_sure = kind_of(u.text, u.role is Role.TEACHER)
    j = i + 1
    while j < len(utterances) and utterances[j].speaker == u.speaker and sure[j] >= SURE:
        j += 1
    if j == len(utterances):
        by = AnsweredBy.NOBODY
    else:
        next_is_teacher = utterances[j].role is Role.TEACHER or utterances[j].speaker == u.speaker
        by = AnsweredBy.TEACHER if next_is_teacher else AnsweredBy.PUPIL
    if (
        by is AnsweredBy.TEACHER
        and utterances[j].speaker == u.speaker
        and kind is QuestionKind.RECALL
        and only_checks(u.text)
    ):
        kind = QuestionKind.RHETORICAL
    return Question(u.text, u.speaker, u.role, kind, round(sure[i] * kind_sure, 3), by, row=u.row)


def classify_roles(lines: Sequence[Line]) -> dict[str, Role]:
    """Return who is who by name: `T` or a name that says so teaches, else who speaks most words.

    `SS`, `Class` and the like are the group; lines without a name are unsure, unless no line has one.
    """
    words: dict[str, int] = {}
    for line in lines:
        words[line.speaker] = words.get(line.speaker, 0) + len(line.text.split())
    named = {s for s in words if s.lower() in _TEACHER_NAMES or "teacher" in s.lower()}
    if not named and words:
        named = {max(words, key=lambda s: (bool(s), words[s]))}
    return {s: Role.TEACHER if s in named else _role_by_name(s) for s in words}


def _role_by_name(name: str) -> Role:
    if not name:
        return Role.UNSURE
    return Role.GROUP if name.lower() in _CLASS_NAMES else Role.PUPIL
