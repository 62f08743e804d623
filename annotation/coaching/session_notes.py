"""Notes of a coaching session: for each GROW stage one line of each of the two; a line has one author."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from annotation.access.reading import notes_seen_by, other_person
from annotation.coaching.sessions import get_active_session
from core.clock import utc_now
from core.database.events import About, record_event
from core.errors import InvalidInput
from core.models import CoachingSession, Partnership, Person, SessionNote
from core.text.concurrent_edits import require_seen

STAGE_NAMES = {"G": "Goal", "R": "Reality", "O": "Options", "W": "Will"}
FIELDS = {stage: name.lower() for stage, name in STAGE_NAMES.items()}  # what a form calls them
NOTE_LENGTH = 1000
WrittenIn = Literal["G", "R", "O", "W", "action"]  # the fields of which the other is told while somebody writes


@dataclass(frozen=True, slots=True)
class NoteLine:
    """What one of the two noted at a stage (G, R, O, W); nobody knows the author of an old line."""

    stage: str
    author_id: str | None
    text: str
    mine: bool


def write_notes(
    session: Session, person: Person, meeting: CoachingSession, notes: Mapping[str, str], seen: Sequence[str] = ()
) -> None:
    """Write a person's own lines, by stage; an empty text takes the line away. The caller has locked the session.

    `seen`: what such a line may say as far as its writer knows; raises EditedMeanwhile where she has written something
    else since, in another tab or on another device.
    """
    too_long = tuple(FIELDS[stage] for stage in STAGE_NAMES if len(notes.get(stage, "")) > NOTE_LENGTH)
    if not set(notes) <= set(STAGE_NAMES) or too_long:
        raise InvalidInput(why=f"Please keep each note under {NOTE_LENGTH} characters.", fields=too_long)
    mine = select(SessionNote).filter_by(session_id=meeting.id, author_id=person.id)
    known = {line.stage: line for line in session.scalars(mine)}
    for stage, text in ((stage, text.strip()) for stage, text in notes.items()):
        line = known.get(stage)
        require_seen(seen, "" if line is None else line.text, text)
        if line is None and text:
            line = SessionNote(session_id=meeting.id, stage=stage, author_id=person.id, text=text, written_at=utc_now())
            session.add(line)
        elif line is not None and text:
            line.text, line.written_at = text, utc_now()
        elif line is not None:
            session.delete(line)
    session.flush()


def session_notes_of(session: Session, person: Person, meeting: CoachingSession) -> list[NoteLine]:
    """Return the lines of a session that are open to a person now: by stage, then as they were written."""
    return notes_of_sessions(session, person, [meeting])[meeting.id]


def notes_of_sessions(
    session: Session, person: Person, meetings: Sequence[CoachingSession]
) -> dict[str, list[NoteLine]]:
    """Return the lines of each of some sessions, as `session_notes_of` does, by the id of the session."""
    found: dict[str, list[NoteLine]] = {one.id: [] for one in meetings}
    lines = (
        select(SessionNote)
        .join(CoachingSession, CoachingSession.id == SessionNote.session_id)
        .join(Partnership, Partnership.id == CoachingSession.partnership_id)
        .where(SessionNote.session_id.in_(found), notes_seen_by(person))
        .order_by(case(_ORDER, value=SessionNote.stage), SessionNote.written_at, SessionNote.id)
    )
    for line in session.scalars(lines):
        mine = line.author_id == person.id
        found[line.session_id].append(NoteLine(line.stage, line.author_id, line.text, mine))
    return found


def tell_writing(session: Session, person: Person, session_id: str, field: WrittenIn) -> None:
    """Tell the other of the two that this person is writing in a field now: a stage, or the action."""
    meeting, partnership = get_active_session(session, person, session_id)
    other = other_person(partnership, person)
    record_event(session, meeting.lesson_id, f"writing-{field}", About(session_id=meeting.id, person_id=other))


_ORDER = {stage: number for number, stage in enumerate(STAGE_NAMES)}
