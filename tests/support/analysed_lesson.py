"""A short analysed lesson, for tests of everything computed from an analysis."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy.orm import Session

from core.models import Finding, Lesson
from core.types import Role, Span, VoiceTurn, Word
from transcription.lesson.analysis_store import recompute, words_to_json
from transcription.lesson.derive_findings import Evidence

SAID = [  # start, end, voice, words
    (0, 8_000, "S1", "Good morning everybody. Please open your books."),
    (9_000, 12_000, "S1", "What is one half of twelve?"),
    (14_000, 15_500, "S2", "It is six."),
    (16_500, 22_000, "S1", "Yes. Why is it six, Amira?"),
    (26_000, 31_000, "S3", "Because six and six make twelve."),
    (33_000, 45_000, "S1", "Thank you. Now we look at the next picture together."),
]
DURATION_MS = 60_000


def evidence_of(said: list[tuple[int, int, str, str]] = SAID) -> Evidence:
    words: list[Word] = []
    for start_ms, end_ms, _, text in said:
        texts = text.split()
        step = (end_ms - start_ms) // len(texts)
        words += [Word(start_ms + i * step, start_ms + (i + 1) * step, each, 0.8) for i, each in enumerate(texts)]
    voices = [VoiceTurn(start_ms, end_ms, voice) for start_ms, end_ms, voice, _ in said]
    roles = [Role.TEACHER if voice == "S1" else Role.PUPIL for _, _, voice, _ in said]
    return Evidence(words, voices, roles, [Span(v.start_ms, v.end_ms) for v in voices], DURATION_MS)


def save_evidence(session: Session, lesson: Lesson, evidence: Evidence) -> None:
    """Put in what the machine found in a lesson, and what is understood of it."""
    lesson.duration_ms = evidence.duration_ms
    findings = {
        "words": words_to_json(evidence.words),
        "voices": [asdict(voice) for voice in evidence.voices],
        "roles": list(evidence.roles),
        "speech": [[span.start_ms, span.end_ms] for span in evidence.speech],
    }
    for kind, document in findings.items():
        session.merge(Finding(lesson_id=lesson.id, kind=kind, document=document))
    session.flush()
    recompute(session, lesson)
