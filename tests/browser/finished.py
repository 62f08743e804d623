"""A lesson whose work is done, put in by rows from what demo/lesson.tsv says: no engine, so a page is there at once."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from core.clock import utc_now
from core.db import Database
from core.models import ActivityRow, MeasuresRow, Person, QuestionRow, SpeakerRow, Step
from core.steps import ORDER
from core.types import ActivityKind, Role, Span, Turn, VoiceTurn, Word
from tests.browser.school import School
from tests.factories import make_file, make_lesson
from transcription.document import measures_document
from transcription.measures import measure_lesson
from transcription.questions import find_questions
from workers.stages import turn_row

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


def add_finished_lesson(school: School, email: str, *, times: int = 1) -> str:
    """Add the demo's lesson for a person, `times` over for a long one, and return its id."""
    turns = tuple(
        spoken(turn.start_ms + n * DURATION_MS, turn.end_ms + n * DURATION_MS, turn.speaker, turn.text)
        for n in range(times)
        for turn in demo_turns()
    )
    voices = tuple(VoiceTurn(turn.start_ms, turn.end_ms, turn.speaker) for turn in turns)
    speech = tuple(Span(turn.start_ms, turn.end_ms) for turn in turns)
    questions = find_questions(turns, voices, speech)
    measures = measure_lesson(turns, voices, speech, questions, DURATION_MS * times)
    document = measures_document(measures) | {
        "heard_in": {name: [[s.start_ms, s.end_ms] for s in spans] for name, spans in measures.heard_in.items()}
    }
    database = Database(f"sqlite:///{school.data_dir / 'hindsight.sqlite3'}")
    with database.write() as session:
        owner = session.query(Person).filter_by(email=email).one()
        lesson = make_lesson(session, owner, "Year 9 fractions", duration_ms=DURATION_MS * times, class_name="9b")
        key = f"lessons/{lesson.id}/rendition-test.mp4"
        target = school.data_dir / "files" / key
        target.parent.mkdir(parents=True)
        shutil.copyfile(PROJECT / "demo" / "lesson.mp4", target)
        info = {"width": 640, "height": 360, "remuxed": True, "fps": 25.0}
        make_file(session, lesson, "rendition", key, bytes=target.stat().st_size, info=info)
        session.add_all(turn_row(lesson.id, number, turn) for number, turn in enumerate(turns))
        roles = {turn.speaker: turn.role for turn in turns}
        session.add_all(SpeakerRow(lesson_id=lesson.id, label=label, role=role) for label, role in roles.items())
        session.add_all(
            QuestionRow(
                lesson_id=lesson.id,
                start_ms=one.start_ms or 0,
                end_ms=one.end_ms or 0,
                text=one.text,
                speaker=one.speaker,
                role=one.role,
                kind=one.kind,
                confidence=one.confidence,
                answered_by=one.answered_by,
                wait_1_ms=one.wait_1_ms,
                wait_2_ms=one.wait_2_ms,
            )
            for one in questions
        )
        activity = {"start_ms": 0, "end_ms": DURATION_MS * times, "kind": ActivityKind.DISCUSSION}
        session.add_all(
            [ActivityRow(lesson_id=lesson.id, **activity), MeasuresRow(lesson_id=lesson.id, document=document)]
        )
        now = utc_now()
        session.add_all(
            Step(lesson_id=lesson.id, stage=stage, queue="io", state="done", next_at=now, progress=1.0)
            for stage in ORDER
        )
        lesson_id = lesson.id
    database.dispose()
    return lesson_id
