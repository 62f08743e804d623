"""Inserts a fully analysed lesson from demo/lesson.tsv, so that page tests need no models."""

from __future__ import annotations

import csv
from pathlib import Path

from core.clock import utc_now
from core.models import Guess, Person, Step
from core.pipeline.stages import STAGES
from core.types import Role, Span, Turn, VoiceTurn, Word
from ingest.media.probe import media_to_json, probe_media
from tests.browser.school import School
from tests.support.analysed_lesson import save_evidence
from tests.support.factories import keep_bytes, make_file, make_lesson
from transcription.lesson.derive_findings import Evidence

PROJECT = Path(__file__).resolve().parents[2]
DURATION_MS = 148_600


def demo_turns() -> tuple[Turn, ...]:
    """Return the turns of the demo's lesson with words spread evenly over each."""
    with (PROJECT / "demo" / "lesson.tsv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    voices = {name: f"S{number}" for number, name in enumerate(dict.fromkeys(row["voice"] for row in rows), 1)}
    return tuple(spoken(int(row["start_ms"]), int(row["end_ms"]), voices[row["voice"]], row["text"]) for row in rows)


def spoken(start_ms: int, end_ms: int, speaker: str, text: str) -> Turn:
    """Return a turn; the first speaker is the teacher."""
    texts = text.split()
    each = (end_ms - start_ms) / len(texts)
    words = [
        Word(round(start_ms + i * each), round(start_ms + (i + 1) * each), word, 0.9) for i, word in enumerate(texts)
    ]
    return Turn(start_ms, end_ms, speaker, Role.TEACHER if speaker == "S1" else Role.PUPIL, text, tuple(words))


def add_finished_lesson(school: School, email: str, *, times: int = 1, guessed: bool = True) -> str:
    """Add the demo's lesson for a person, `times` over for a long one, and return its id."""
    turns = tuple(
        spoken(turn.start_ms + n * DURATION_MS, turn.end_ms + n * DURATION_MS, turn.speaker, turn.text)
        for n in range(times)
        for turn in demo_turns()
    )
    voices = tuple(VoiceTurn(turn.start_ms, turn.end_ms, turn.speaker) for turn in turns)
    speech = tuple(Span(turn.start_ms, turn.end_ms) for turn in turns)
    recording = PROJECT / "demo" / "lesson.mp4"
    with school.opened() as (database, storage), database.write() as session:
        owner = session.query(Person).filter_by(email=email).one()
        lesson = make_lesson(session, owner, "Year 9 fractions", duration_ms=DURATION_MS * times, class_name="9b")
        info = {"width": 640, "height": 360, "remuxed": True, "fps": 25.0}
        for kind, about in (("rendition", info), ("original", {})):
            key = f"lessons/{lesson.id}/{kind}-test.mp4"
            keep_bytes(storage, key, recording.read_bytes())
            make_file(session, lesson, kind, key, bytes=recording.stat().st_size, info=about)
        lesson.media = media_to_json(probe_media(recording))
        words = [word for turn in turns for word in turn.words]
        roles = [turn.role for turn in turns]
        save_evidence(session, lesson, Evidence(words, voices, roles, speech, DURATION_MS * times))
        now = utc_now()
        if guessed:
            session.add(Guess(lesson_id=lesson.id, person_id=owner.id, share=None, made_at=now))
        session.add_all(
            Step(
                lesson_id=lesson.id,
                stage=name,
                queue="io",
                state="done",
                next_at=now,
                progress=1.0,
                version=stage.version,
            )
            for name, stage in STAGES.items()
            if not stage.on_request
        )
        return lesson.id
