"""Coaching sessions: a pair opens a lesson or a clip together, both see the same, and the log writes itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access import may, partnerships_of, require
from annotation.comments import list_comments
from annotation.errors import PartnershipOver
from core.clock import utc_now
from core.errors import InvalidInput, NotFound
from core.events import record_event
from core.models import Clip, CoachingSession, Lesson, Partnership, Person

STAGES = ("G", "R", "O", "W")
MOST_MOMENTS = 3
SHORTEST, LONGEST = 10, 15  # minutes
NOTE_LENGTH, ACTION_LENGTH, MOMENT_LENGTH = 1000, 500, 200
HERE = timedelta(seconds=25)  # since the last sign of life
SLOWEST, FASTEST = 0.25, 4.0


@dataclass(frozen=True, slots=True)
class Room:
    """What both players follow: where the film is at a moment of the server's clock (`at`, ms since 1970)."""

    playing: bool = False
    position_ms: int = 0
    speed: float = 1.0
    at: int = 0
    steered_by: str = ""
    number: int = 0  # of the order; a later one wins


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log: when in the session (ms from its beginning), and what happened."""

    at_ms: int
    what: str


def now_ms() -> int:
    """Return the server's clock in ms since 1970 (UTC)."""
    return round(utc_now().timestamp() * 1000)


def begin_session(
    session: Session, person: Person, partnership_id: str, *, lesson_id: str | None = None, clip_id: str | None = None
) -> CoachingSession:
    """Open a room over a lesson or a clip that the partnership can see; one that is open already is returned."""
    partnership = session.get(Partnership, partnership_id)
    require(session, person, "see", partnership)
    assert partnership is not None
    if partnership.state != "active":
        raise PartnershipOver
    clip = None if clip_id is None else session.get(Clip, clip_id)
    lesson = session.get(Lesson, clip.lesson_id if clip is not None else lesson_id or "")
    coach, coachee = session.get_one(Person, partnership.coach_id), session.get_one(Person, partnership.coachee_id)
    thing: Clip | Lesson | None = clip if clip_id is not None else lesson
    if thing is None or lesson is None or lesson.owner_id != coachee.id or not may(session, person, "see", thing):
        raise NotFound
    if not may(session, coach, "see", thing):
        raise InvalidInput(why="Your partner cannot see this yet. Please share it first.")
    known = session.scalar(
        select(CoachingSession).where(
            CoachingSession.partnership_id == partnership_id,
            CoachingSession.lesson_id == lesson.id,
            CoachingSession.clip_id == clip_id if clip_id else CoachingSession.clip_id.is_(None),
            CoachingSession.ended_at.is_(None),
        )
    )
    if known is not None:
        return known
    made = CoachingSession(
        partnership_id=partnership_id, lesson_id=lesson.id, clip_id=clip_id, created_at=utc_now(), moments=[]
    )
    made.room = _room_json(Room(at=now_ms(), steered_by=person.id))
    made.notes = {}
    session.add(made)
    session.flush()
    return made


def get_session(session: Session, person: Person, session_id: str) -> tuple[CoachingSession, Partnership]:
    """Return a session of one's own partnership; raises NotFound."""
    found = session.get(CoachingSession, session_id)
    partnership = None if found is None else session.get(Partnership, found.partnership_id)
    require(session, person, "see", partnership)
    assert found is not None
    assert partnership is not None
    return found, partnership


def sessions_of(
    session: Session, person: Person, partnership_id: str | None = None
) -> list[tuple[CoachingSession, Partnership]]:
    """Return a person's sessions with their partnerships, newest first."""
    rows = select(CoachingSession, Partnership).join(Partnership, Partnership.id == CoachingSession.partnership_id)
    rows = rows.where(partnerships_of(person))
    if partnership_id is not None:
        rows = rows.where(CoachingSession.partnership_id == partnership_id)
    ordered = rows.order_by(CoachingSession.created_at.desc(), CoachingSession.id)
    return [(row[0], row[1]) for row in session.execute(ordered)]


def film_is_open(session: Session, person: Person, meeting: CoachingSession) -> bool:
    """Say whether this person may still see what the session is about: it may have been taken back meanwhile."""
    thing = session.get(Clip, meeting.clip_id) if meeting.clip_id else session.get(Lesson, meeting.lesson_id or "")
    return thing is not None and may(session, person, "see", thing)


def steer(
    session: Session, person: Person, session_id: str, *, playing: bool, position_ms: int, speed: float, at: int
) -> Room:
    """Play, pause, seek or change speed for both; whoever does so has the wheel."""
    meeting = _running(session, person, session_id)
    if not film_is_open(session, person, meeting):
        raise NotFound
    before = room_of(meeting)
    if position_ms < 0 or not SLOWEST <= speed <= FASTEST:
        raise InvalidInput(why="Please use the player itself.")
    # The moment at which the steering player was there; a clock that is far off counts as now.
    there = at if abs(at - now_ms()) < 5000 else now_ms()
    room = Room(playing, position_ms, speed, there, person.id, before.number + 1)
    meeting.room = _room_json(room)
    if meeting.began_at is None and playing:
        meeting.began_at = utc_now()
    _tell(session, meeting)
    return room


def be_here(session: Session, person: Person, session_id: str) -> None:
    """Note a sign of life of one of the two."""
    meeting, partnership = get_session(session, person, session_id)
    was = who_is_here(meeting, partnership)
    if person.id == partnership.coach_id:
        meeting.coach_seen_at = utc_now()
    else:
        meeting.coachee_seen_at = utc_now()
    if person.id not in was:
        _tell(session, meeting)


def leave(session: Session, person: Person, session_id: str) -> None:
    """Note that one of the two has closed the room."""
    meeting, partnership = get_session(session, person, session_id)
    if person.id == partnership.coach_id:
        meeting.coach_seen_at = None
    else:
        meeting.coachee_seen_at = None
    _tell(session, meeting)


def who_is_here(meeting: CoachingSession, partnership: Partnership) -> frozenset[str]:
    """Return who has given a sign of life lately."""
    seen = {partnership.coach_id: meeting.coach_seen_at, partnership.coachee_id: meeting.coachee_seen_at}
    return frozenset(who for who, at in seen.items() if at is not None and utc_now() - at < HERE)


def write_log(
    session: Session,
    person: Person,
    session_id: str,
    *,
    notes: Mapping[str, str] | None = None,
    action: str | None = None,
    action_by: date | None = None,
    minutes: int | None = None,
) -> CoachingSession:
    """Write what is given of the notes, the one action and the length; both people may, during and after."""
    meeting, _ = get_session(session, person, session_id)
    if notes is not None:
        if not set(notes) <= set(STAGES) or any(len(text) > NOTE_LENGTH for text in notes.values()):
            raise InvalidInput(why=f"Please keep each note under {NOTE_LENGTH} letters.")
        meeting.notes = {**meeting.notes, **{stage: text.strip() for stage, text in notes.items()}}
    if action is not None:
        if len(action) > ACTION_LENGTH:
            raise InvalidInput(why=f"Please keep the action under {ACTION_LENGTH} letters.")
        meeting.action, meeting.action_by = action.strip(), action_by
    if minutes is not None:
        if not SHORTEST <= minutes <= LONGEST:
            raise InvalidInput(why=f"A session is {SHORTEST} to {LONGEST} minutes long.")
        meeting.minutes = minutes
    _tell(session, meeting)
    return meeting


def choose_moment(session: Session, person: Person, session_id: str, start_ms: int, text: str) -> CoachingSession:
    """Put a moment on a card for both; at most three."""
    meeting = _running(session, person, session_id)
    if len(meeting.moments) >= MOST_MOMENTS:
        raise InvalidInput(why="Three moments are enough for one session. Please take one away first.")
    if start_ms < 0 or len(text) > MOMENT_LENGTH:
        raise InvalidInput(why="Please choose a moment of the film.")
    card = {"start_ms": start_ms, "text": text.strip(), "by": person.id}
    meeting.moments = sorted([*meeting.moments, card], key=lambda one: int(one["start_ms"]))
    _tell(session, meeting)
    return meeting


def drop_moment(session: Session, person: Person, session_id: str, start_ms: int) -> CoachingSession:
    """Take a card away."""
    meeting = _running(session, person, session_id)
    meeting.moments = [one for one in meeting.moments if one["start_ms"] != start_ms]
    _tell(session, meeting)
    return meeting


def end_session(session: Session, person: Person, session_id: str) -> CoachingSession:
    """End a session with its one action; a second press changes nothing."""
    meeting, _ = get_session(session, person, session_id)
    if meeting.ended_at is None:
        if not meeting.action:
            raise InvalidInput(why="Please write one thing to do, and by when. It is all that a session asks for.")
        meeting.ended_at = utc_now()
        meeting.began_at = meeting.began_at or meeting.created_at
        meeting.room = _room_json(Room(at=now_ms(), position_ms=place_of(room_of(meeting), now_ms())))
        _tell(session, meeting)
    return meeting


def log_of(session: Session, me: Person, meeting: CoachingSession, partnership: Partnership) -> list[LogLine]:
    """Return what happened: when it began, what was looked at, what was said at which moment, when it ended.

    What was said is there for as long as the reader may see the lesson.
    """
    began = meeting.began_at or meeting.created_at
    ended = meeting.ended_at or utc_now()
    lines = [LogLine(0, f"Began on {began.day} {began:%B %Y at %H:%M} (UTC)")]
    looked = [f"Looked at {_clock(one['start_ms'])}: {one['text'] or 'a moment'}" for one in meeting.moments]
    lines += [LogLine(0, what) for what in looked]
    for comment, name, _ in list_comments(session, me, meeting.lesson_id or ""):
        said = comment.partnership_id == partnership.id and comment.deleted_at is None
        if said and began <= comment.created_at <= ended:
            words = f"{name} at {_clock(comment.start_ms)}: {comment.text}"
            lines.append(LogLine(_since(began, comment.created_at), words))
    lines.sort(key=lambda line: line.at_ms)
    if meeting.ended_at is not None:
        took = _since(began, meeting.ended_at)
        minutes = max(1, round(took / 60_000))
        lines.append(LogLine(took, f"Ended after {minutes} minute{'s' if minutes > 1 else ''}"))
    return lines


def room_of(meeting: CoachingSession) -> Room:
    """Return what both players follow."""
    return Room(**meeting.room)


def place_of(room: Room, at: int) -> int:
    """Return where the film is at a moment of the server's clock."""
    return room.position_ms + (round((at - room.at) * room.speed) if room.playing else 0)


def _running(session: Session, person: Person, session_id: str) -> CoachingSession:
    meeting, partnership = get_session(session, person, session_id)
    if partnership.state != "active":
        raise PartnershipOver
    if meeting.ended_at is not None:
        raise InvalidInput(why="This session is over. Its log can still be corrected.")
    return meeting


def _tell(session: Session, meeting: CoachingSession) -> None:
    if meeting.lesson_id is not None:
        record_event(session, meeting.lesson_id, "session")


def _room_json(room: Room) -> dict[str, Any]:
    return {name: getattr(room, name) for name in Room.__dataclass_fields__}


def _since(began: datetime, at: datetime) -> int:
    return max(0, round((at - began).total_seconds() * 1000))


def _clock(ms: int) -> str:
    return f"{ms // 60_000}:{ms // 1000 % 60:02}"
