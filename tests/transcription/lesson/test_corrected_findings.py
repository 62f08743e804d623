"""Changes of a lesson's findings are thought out before they are written, from what is still true then."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.database.db import Database
from core.errors import DoneAtOnce
from core.models import Correction, Finding, Lesson, SpeakerRow, TurnRow
from core.types import Role, Span, VoiceTurn, Word
from tests.support.analysed_lesson import evidence_of, save_evidence
from tests.support.factories import make_lesson, make_person
from tests.support.short_writes import MOST_SECONDS
from transcription.formats.transcript import Line, Transcript, TranscriptUnreadable
from transcription.lesson.corrected_findings import (
    MOST_WORDS,
    Basis,
    Change,
    change_lesson,
    correct,
    forget_transcript,
    take_transcript,
)
from transcription.lesson.corrections import VoiceCorrection
from transcription.lesson.derive_findings import Evidence

Get = Callable[[Session], Lesson]


def lesson_with(database: Database, evidence: Evidence) -> tuple[Get, str]:
    """Add a lesson in which this was found; return how it is read, and its owner."""
    with database.write() as session:
        owner = make_person(session)
        lesson = make_lesson(session, owner)
        save_evidence(session, lesson, evidence)
        lesson_id, owner_id = lesson.id, owner.id
    return (lambda session: session.get_one(Lesson, lesson_id)), owner_id


def naming(person_id: str, name: str) -> Callable[[Basis], Change | None]:
    """Plan to give the first voice a name."""
    heard = tuple(Span(v.start_ms, v.end_ms) for v in evidence_of().voices if v.speaker == "S1")
    return partial(correct, person_id, "voice", lambda _basis: VoiceCorrection(heard=heard, name=name))


def names(database: Database) -> set[str]:
    """Return the names of voices."""
    with database.read() as session:
        return set(session.scalars(select(SpeakerRow.name).where(SpeakerRow.name != "")))


def test_a_change_that_another_one_overtakes_is_thought_again_from_what_is_true_then(any_database: Database) -> None:
    get, owner = lesson_with(any_database, evidence_of())
    seen: list[int] = []

    def slow(basis: Basis) -> Change | None:
        seen.append(len(basis.in_force))
        if len(seen) == 1:
            change_lesson(any_database, get, naming(owner, "Ada"))
        return naming(owner, "Priya")(basis)

    change_lesson(any_database, get, slow)
    assert seen == [0, 1]
    assert names(any_database) == {"Priya"}
    with any_database.read() as session:
        assert session.scalar(select(func.count()).select_from(Correction)) == 2


def test_a_change_that_is_always_overtaken_is_refused_and_writes_nothing(any_database: Database) -> None:
    get, owner = lesson_with(any_database, evidence_of())
    count = 0

    def late(basis: Basis) -> Change | None:
        nonlocal count
        count += 1
        change_lesson(any_database, get, naming(owner, f"Ada {count}"))
        return naming(owner, "Priya")(basis)

    with pytest.raises(DoneAtOnce):
        change_lesson(any_database, get, late)
    assert names(any_database) == {f"Ada {count}"}


def long_evidence(count: int) -> Evidence:
    """Return a lesson of so many recognised words, in turns of eight."""
    words = [Word(i * 400, i * 400 + 300, "why?" if i % 8 == 7 else "word", 0.9) for i in range(count)]
    voices = [VoiceTurn(i * 3200, i * 3200 + 3100, f"S{i % 3 + 1}") for i in range(count // 8)]
    roles = [Role.TEACHER if voice.speaker == "S1" else Role.PUPIL for voice in voices]
    return Evidence(words, voices, roles, [Span(v.start_ms, v.end_ms) for v in voices], count * 400)


def transcript_of(count: int) -> Transcript:
    """Return a transcript of so many words, with three names."""
    lines = [
        Line(i, f"Person {i % 3}", "is it so or not so now then", i * 3200, i * 3200 + 3100) for i in range(count // 8)
    ]
    return Transcript(tuple(lines))


def test_a_long_transcript_holds_nobody_up_and_can_be_taken_back(database: Database) -> None:
    get, owner = lesson_with(database, long_evidence(3_000))
    held: list[float] = []
    Database.write_observer = held.append
    change_lesson(database, get, partial(take_transcript, owner, transcript_of(3_000)))
    assert names(database) == {"Person 0", "Person 1", "Person 2"}
    change_lesson(database, get, forget_transcript, recognised=True)
    assert len(held) == 2
    assert min(held) < MOST_SECONDS  # of the two, since the first one compiles its statements
    with database.read() as session:
        assert session.scalar(select(Finding.kind).where(Finding.kind == "imported")) is None
        assert "word word" in (session.scalar(select(TurnRow.text).where(TurnRow.number == 0)) or "")


def test_the_names_that_came_with_a_transcript_go_with_it_and_hers_stays(database: Database) -> None:
    evidence = long_evidence(80)
    get, owner = lesson_with(database, evidence)
    change_lesson(database, get, partial(take_transcript, owner, transcript_of(80)))
    heard = tuple(Span(v.start_ms, v.end_ms) for v in evidence.voices if v.speaker == "S2")
    hers = partial(correct, owner, "voice", lambda _basis: VoiceCorrection(heard=heard, name="Ada"))
    change_lesson(database, get, hers)
    assert "Ada" in names(database)
    assert len(names(database)) == 3
    change_lesson(database, get, forget_transcript, recognised=True)
    assert names(database) == {"Ada"}


def test_a_transcript_of_more_words_than_anybody_says_is_refused_before_anything_is_written(database: Database) -> None:
    get, owner = lesson_with(database, evidence_of())
    many = Transcript(tuple(Line(i, "", "a b c d", i % 50_000, i % 50_000 + 100) for i in range(MOST_WORDS // 4 + 1)))
    with pytest.raises(TranscriptUnreadable, match="more words than anybody says"):
        change_lesson(database, get, partial(take_transcript, owner, many))


def think(database: Database) -> None:
    """Think within a transaction, as nobody should."""
    import time

    with database.write() as session:
        session.execute(select(1))
        end = time.thread_time() + MOST_SECONDS + 0.05
        while time.thread_time() < end:
            pass


def test_processor_time_within_a_transaction_is_observed(any_database: Database) -> None:
    held: list[float] = []
    Database.write_observer = held.append
    think(any_database)
    assert held[-1] > MOST_SECONDS
