"""A voice print is made only with consent, only of the teacher, and only for its owner's own lessons."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select

from annotation.people.voice_prints import allow_print, delete_print
from core.clock import utc_now
from core.database.db import Database
from core.models import Finding, Lesson, Person, Step, StoredFile, VoicePrint
from core.storage.configured import get_storage
from core.types import VoiceTurn
from tests.support.factories import keep_bytes, make_lesson, make_person
from transcription.speakers.voice_print import VoiceSample
from workers.pipeline import speech_stages
from workers.pipeline.runner import run_step

TURNS = (VoiceTurn(0, 30_000, "S1"), VoiceTurn(30_000, 34_000, "S2"))


@pytest.fixture
def run_lesson(database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return what finds the speakers of a new lesson of a person: two voices, of which S2 is known when asked."""
    monkeypatch.setattr(speech_stages, "diarize", lambda *_: TURNS)
    monkeypatch.setattr(speech_stages, "enrol_teacher_voice", lambda *_: VoiceSample((1.0, 0.0), 30_000))
    monkeypatch.setattr(
        speech_stages, "match_teacher_voice", lambda _sound, _voices, own, _models: "S2" if own == (1.0, 0.0) else None
    )

    def run(person_id: str) -> str:
        with database.write() as session:
            lesson = make_lesson(session, session.get_one(Person, person_id))
            key = f"lessons/{lesson.id}/sound.wav"
            keep_bytes(get_storage(), key, b"")
            now = utc_now()
            session.add(
                StoredFile(lesson_id=lesson.id, kind="sound", key=key, mime="audio/wav", bytes=0, created_at=now)
            )
            session.add(Finding(lesson_id=lesson.id, kind="speech", document=[[0, 34_000]]))
            step = Step(
                lesson_id=lesson.id, stage="find_speakers", queue="analysis", state="ready", next_at=now, version=2
            )
            session.add(step)
            session.flush()
            lesson_id, step_id = lesson.id, step.id
        run_step(step_id, threading.Event())
        return lesson_id

    return run


def teacher_of(database: Database, lesson_id: str) -> str | None:
    with database.read() as session:
        found = session.get_one(Finding, (lesson_id, "teacher"))
        known: str | None = found.document
        return known


def test_without_consent_nothing_is_learnt_and_nobody_is_known(
    database: Database, run_lesson: Callable[[str], str]
) -> None:
    with database.write() as session:
        person_id = make_person(session).id
    assert teacher_of(database, run_lesson(person_id)) is None
    with database.read() as session:
        assert session.scalars(select(VoicePrint)).all() == []


def test_with_consent_the_first_lesson_makes_the_print_and_the_next_one_knows_her(
    database: Database, run_lesson: Callable[[str], str]
) -> None:
    with database.write() as session:
        person, other = make_person(session), make_person(session)
        allow_print(session, person)
        person_id, other_id = person.id, other.id
    assert teacher_of(database, run_lesson(person_id)) is None
    with database.read() as session:
        made = session.get_one(VoicePrint, person_id)
        assert (made.voice, made.heard_ms) == ([1.0, 0.0], 30_000)
    assert teacher_of(database, run_lesson(person_id)) == "S2"
    assert teacher_of(database, run_lesson(other_id)) is None  # somebody else's lesson is not listened for her


def test_consent_taken_back_while_a_lesson_is_worked_on_leaves_no_print(
    database: Database, run_lesson: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:
        person = make_person(session)
        allow_print(session, person)
        person_id = person.id

    def learn_late(*_: object) -> VoiceSample:
        with database.write() as session:
            delete_print(session, session.get_one(Person, person_id))
        return VoiceSample((1.0, 0.0), 30_000)

    monkeypatch.setattr(speech_stages, "enrol_teacher_voice", learn_late)
    lesson_id = run_lesson(person_id)
    with database.read() as session:
        assert session.get(VoicePrint, person_id) is None
        assert session.get_one(Lesson, lesson_id) is not None
