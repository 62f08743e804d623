"""Changes of what is understood of a lesson: thought out after a read, and written in a short transaction.

A transaction that thinks holds up everybody who writes. What was thought is written only if nothing of what it was
thought from has changed meanwhile; else it is thought again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.database.db import Database
from core.database.events import record_event
from core.errors import DoneAtOnce, NotFound
from core.models import Correction as CorrectionRow
from core.models import Event, Finding, Lesson
from core.types import Turn
from transcription.formats.transcript import Transcript, TranscriptUnreadable
from transcription.lesson.analysis_store import (
    NAME_OF_TRANSCRIPT,
    SHAPES,
    StillListening,
    list_corrections,
    lock_lesson,
    read_correction,
    read_evidence,
    save_findings,
    words_to_json,
)
from transcription.lesson.corrections import Correction, VoiceCorrection
from transcription.lesson.derive_findings import Evidence, LessonFindings, derive_findings
from transcription.lesson.queries import read_turns
from transcription.words.imported import names_of_voices, words_of_transcript

TRIES = 5  # of a change; each fails only when another change of the same lesson came between
QUICK_WORDS = 12_000  # of an hour; deriving takes 0.2 s, starting a process for it a second
MOST_WORDS = 60_000  # of a transcript: seven hours without a breath

State = tuple[int, tuple[tuple[str, datetime | None], ...]]
Get = Callable[[Session], Lesson]


@dataclass(frozen=True, slots=True)
class Basis:
    """What is known of a lesson at one moment. `rows`: its corrections, those that are undone too, oldest first."""

    state: State
    evidence: Evidence | None
    rows: Sequence[CorrectionRow]
    is_imported: bool
    turns: tuple[Turn, ...]
    duration_ms: int

    @property
    def is_long(self) -> bool:
        """Say whether to derive anything from it takes longer than others can wait."""
        return self.evidence is not None and len(self.evidence.words) > QUICK_WORDS

    @property
    def in_force(self) -> list[CorrectionRow]:
        """Those that are not undone."""
        return [row for row in self.rows if row.undone_at is None]

    @property
    def corrections(self) -> list[Correction]:
        """What people put right."""
        return [read_correction(row) for row in self.in_force]

    @property
    def known_evidence(self) -> Evidence:
        """What the machine found; raises StillListening."""
        if self.evidence is None:
            raise StillListening
        return self.evidence


@dataclass(frozen=True, slots=True)
class Change:
    """Rows to write, and what is understood then. `write` can be pickled: another process may have planned it."""

    write: Callable[[Session, Lesson], None]
    found: LessonFindings


def read_basis(session: Session, lesson: Lesson, *, recognised: bool = False) -> Basis:
    """Return what is known of a lesson; `recognised`: with the words that were recognised, whatever was imported."""
    return Basis(
        state=state_of(session, lesson.id),
        evidence=read_evidence(session, lesson, recognised=recognised),
        rows=list_corrections(session, lesson.id),
        is_imported=session.scalar(_imported(lesson.id)) is not None,
        turns=read_turns(session, lesson.id),
        duration_ms=lesson.duration_ms or 0,
    )


def state_of(session: Session, lesson_id: str) -> State:
    """Return what differs after every change of what is understood: the last event of it, and the corrections."""
    last = select(func.max(Event.number)).where(Event.lesson_id == lesson_id, Event.kind == "words")
    rows = select(CorrectionRow.id, CorrectionRow.undone_at).where(CorrectionRow.lesson_id == lesson_id)
    found = session.execute(rows.order_by(CorrectionRow.id)).all()
    return session.scalar(last) or 0, tuple((row[0], row[1]) for row in found)


def _imported(lesson_id: str) -> Any:
    return select(Finding.kind).where(Finding.lesson_id == lesson_id, Finding.kind == "imported")


def change_lesson(
    database: Database, get: Get, plan: Callable[[Basis], Change | None], *, recognised: bool = False
) -> None:
    """Make a change that `plan` thinks out of the basis, or none; raises DoneAtOnce where others are always quicker."""
    for _ in range(TRIES):
        with database.read() as session:
            basis = read_basis(session, get(session), recognised=recognised)
        change = plan(basis)
        if change is None:
            return
        with database.write() as session:
            lesson = get(session)
            lock_lesson(session, lesson)
            if state_of(session, lesson.id) == basis.state:
                change.write(session, lesson)
                save_findings(session, lesson.id, change.found)
                record_event(session, lesson.id, "words")
                return
    raise DoneAtOnce


def correct(person_id: str, kind: str, find: Callable[[Basis], Correction | None], basis: Basis) -> Change | None:
    """Plan one more correction; the same one twice in a row is kept once. Raises StillListening."""
    correction = find(basis)
    if correction is None:
        return None
    evidence, row = basis.known_evidence, _row(person_id, kind, correction)
    if basis.in_force and _is_same(basis.in_force[-1], row):
        return None
    return Change(partial(_add_rows, [row]), derive_findings(evidence, [*basis.corrections, correction]))


def undo(correction_id: str, undone: bool, basis: Basis) -> Change | None:
    """Plan to take one of a lesson's corrections back, or to lay it over the lesson again; raises NotFound."""
    row = next((one for one in basis.rows if one.id == correction_id), None)
    if row is None:
        raise NotFound
    if (row.undone_at is not None) == undone:
        return None
    left = [one for one in basis.rows if not (undone if one is row else one.undone_at)]
    write = partial(_set_undone, correction_id, undone)
    return Change(write, derive_findings(basis.known_evidence, [read_correction(one) for one in left]))


def take_transcript(person_id: str, transcript: Transcript, basis: Basis) -> Change:
    """Plan to let a transcript made elsewhere take the place of the recognised words; nothing that was found is lost.

    Each of its speakers gives a name to the voice that is heard most while she speaks. Raises StillListening and
    TranscriptUnreadable.
    """
    evidence = basis.known_evidence
    words = [word for word in words_of_transcript(transcript) if word.end_ms <= evidence.duration_ms]
    if not words:
        raise TranscriptUnreadable(why="none of its times lies within this lesson")
    if len(words) > MOST_WORDS:
        raise TranscriptUnreadable(why="it has more words than anybody says in a lesson")
    rows: list[CorrectionRow] = []
    last = basis.in_force[-1] if basis.in_force else None
    for name, heard in names_of_voices(transcript, evidence.voices).items():
        row = _row(person_id, NAME_OF_TRANSCRIPT, VoiceCorrection(heard=heard, name=name))
        if last is None or not _is_same(last, row):
            rows.append(row)
            last = row
    document = words_to_json(words)
    taken = Evidence(words, evidence.voices, evidence.roles, evidence.speech, evidence.duration_ms, evidence.movement)
    write = partial(_save_transcript, document, rows)
    return Change(write, derive_findings(taken, [*basis.corrections, *map(read_correction, rows)]))


def forget_transcript(basis: Basis) -> Change | None:
    """Plan to go back to the recognised words, without the names that came with the transcript; the basis has these."""
    if not basis.is_imported:
        return None
    left = [one for one in basis.in_force if one.kind != NAME_OF_TRANSCRIPT]
    brought = [one.id for one in basis.in_force if one.kind == NAME_OF_TRANSCRIPT]
    write = partial(_delete_transcript, brought)
    return Change(write, derive_findings(basis.known_evidence, [read_correction(one) for one in left]))


def apply_corrections(basis: Basis, evidence: Evidence | None) -> LessonFindings | None:
    """Return what is understood of newer evidence with what people put right or brought along; None: there is nothing.

    For a stage, before its results are written.
    """
    if evidence is None or not (basis.in_force or basis.is_imported):
        return None
    return derive_findings(evidence, basis.corrections)


def _row(person_id: str, kind: str, correction: Correction) -> CorrectionRow:
    body = SHAPES[kind].dump_python(correction, mode="json")
    return CorrectionRow(made_by_id=person_id, made_at=utc_now(), kind=kind, body=body)


def _is_same(one: CorrectionRow, other: CorrectionRow) -> bool:
    return (one.kind, one.body) == (other.kind, other.body)


def _set_undone(correction_id: str, undone: bool, session: Session, _lesson: Lesson) -> None:
    session.get_one(CorrectionRow, correction_id).undone_at = utc_now() if undone else None


def _save_transcript(document: Any, rows: Sequence[CorrectionRow], session: Session, lesson: Lesson) -> None:
    session.merge(Finding(lesson_id=lesson.id, kind="imported", document=document))
    _add_rows(rows, session, lesson)


def _delete_transcript(names: Sequence[str], session: Session, lesson: Lesson) -> None:
    row = session.get(Finding, (lesson.id, "imported"))
    if row is not None:
        session.delete(row)
        session.flush()
    for correction_id in names:
        session.get_one(CorrectionRow, correction_id).undone_at = utc_now()


def _add_rows(rows: Sequence[CorrectionRow], session: Session, lesson: Lesson) -> None:
    for row in rows:
        row.lesson_id = lesson.id
        session.add(row)
    session.flush()
