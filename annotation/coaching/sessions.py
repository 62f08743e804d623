"""Coaching sessions: synchronised playback of a lesson or clip, notes, the one action, and an automatic log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from annotation.access.locks import lock_row
from annotation.access.reading import is_coach, may_see, partnerships_of, require_see, require_written
from annotation.access.states import active_now, get_active_partnership, require_active
from annotation.coaching.actions import action_of, write_action
from annotation.lessons.comments import list_comments
from core.clock import utc_now
from core.database.events import About, record_event
from core.errors import InvalidInput, NotFound
from core.models import Clip, CoachingSession, Comment, Lesson, Partnership, Person
from core.school_day import SchoolDay, full_day, time_of_day
from core.settings import get_settings

STAGES = ("G", "R", "O", "W")
FIELDS = {"G": "goal", "R": "reality", "O": "options", "W": "will"}  # what a form calls them
MOST_MOMENTS = 3
SHORTEST, LONGEST = 10, 15  # minutes
NOTE_LENGTH, MOMENT_LENGTH = 1000, 200
FARTHEST = timedelta(days=366)
MISSED = timedelta(days=1)  # after which a weekly meeting that nobody opened is next week's
ABOUT_NOW = timedelta(hours=12)
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


@dataclass(frozen=True, slots=True)
class Card:
    """A moment that was chosen for a session, by whom, and the words of the comment it stands for; else no words."""

    start_ms: int
    by: str
    comment_id: str | None
    text: str


def now_ms() -> int:
    """Return the server's clock in ms since 1970 (UTC)."""
    return round(utc_now().timestamp() * 1000)


def plan_session(
    session: Session, person: Person, partnership_id: str, at: datetime, *, weekly: bool = False
) -> CoachingSession:
    """Plan a meeting, once or each week; what is looked at is chosen later. A plan that still waits is moved."""
    get_active_partnership(session, person, partnership_id, lock=True)
    if not utc_now() < at < utc_now() + FARTHEST:
        raise InvalidInput(why="Please choose a time that is still to come, within a year.", fields=("at",))
    meeting = next_planned(session, partnership_id)
    if meeting is None:
        meeting = _new(session, partnership_id)
    meeting.planned_at, meeting.repeats = at, weekly
    session.flush()
    return meeting


def cancel_session(session: Session, person: Person, session_id: str) -> None:
    """Take a planned meeting away; if it is a weekly one, the next week's is planned."""
    meeting, _ = get_active_session(session, person, session_id, lock=True)
    if meeting.planned_at is None or meeting.began_at is not None or meeting.ended_at is not None:
        raise InvalidInput(why="Only a session that is planned and has not begun can be cancelled.")
    if meeting.repeats:
        meeting.planned_at = a_week_later(meeting.planned_at, max(utc_now(), meeting.planned_at), get_settings().zone)
    else:
        session.delete(meeting)
    session.flush()


def next_planned(session: Session, partnership_id: str) -> CoachingSession | None:
    """Return the meeting that is planned and has not begun."""
    return session.scalar(
        select(CoachingSession).where(
            CoachingSession.partnership_id == partnership_id,
            CoachingSession.planned_at.is_not(None),
            CoachingSession.began_at.is_(None),
            CoachingSession.ended_at.is_(None),
        )
    )


def a_week_later(planned: datetime, now: datetime, zone: tzinfo) -> datetime:
    """Return the first time after `now` that is whole weeks after a plan, at the same hour of the school's clock."""
    local = planned.astimezone(zone).replace(tzinfo=None)
    while (at := local.replace(tzinfo=zone)) <= now:
        local += timedelta(weeks=1)
    return at.astimezone(UTC)


def move_missed(session: Session) -> int:
    """Move each weekly meeting that nobody opened to the next week, a day after it; return how many."""
    rows_of = select(CoachingSession).join(Partnership, Partnership.id == CoachingSession.partnership_id)
    missed = rows_of.where(
        active_now(),
        CoachingSession.repeats,
        CoachingSession.planned_at < utc_now() - MISSED,
        CoachingSession.began_at.is_(None),
        CoachingSession.ended_at.is_(None),
    )
    rows = session.scalars(missed).all()
    for meeting in rows:
        assert meeting.planned_at is not None
        meeting.planned_at = a_week_later(meeting.planned_at, utc_now(), get_settings().zone)
    return len(rows)


def choose_film(
    session: Session, person: Person, session_id: str, *, lesson_id: str | None = None, clip_id: str | None = None
) -> CoachingSession:
    """Choose what a planned or running session looks at."""
    meeting = _running(session, person, session_id)
    partnership = session.get_one(Partnership, meeting.partnership_id)
    lesson, clip = _film_for(session, person, partnership, lesson_id, clip_id)
    film = film_key(lesson, clip)
    there = _open_room(session, partnership.id, film)
    if there is not None and there.id != meeting.id:
        raise InvalidInput(why="You have a room for this already. Please go on there, or end that session first.")
    meeting.film = film
    meeting.lesson_id, meeting.clip_id, meeting.moments = lesson.id, None if clip is None else clip.id, []
    meeting.room = _room_json(Room(at=now_ms(), steered_by=person.id))
    _record_change(session, meeting)
    return meeting


def write_log_afterwards(
    session: Session,
    person: Person,
    partnership_id: str,
    *,
    met_on: date,
    notes: Mapping[str, str],
    action: str,
    action_by: date | None = None,
    goal_id: str | None = None,
) -> CoachingSession:
    """Keep a meeting that took place without a room; only the one action is asked for."""
    get_active_partnership(session, person, partnership_id)
    if not action.strip():
        raise InvalidInput(why="Please write one thing to do. It is all that a log asks for.", fields=("action",))
    today = SchoolDay.of(utc_now())
    if not today - FARTHEST <= met_on <= today:
        raise InvalidInput(why="Please choose the day on which you met, within the last year.", fields=("met_on",))
    meeting = _new(session, partnership_id)
    meeting.began_at = meeting.ended_at = meeting.created_at = SchoolDay.of(met_on).noon
    return write_log(session, person, meeting.id, notes=notes, action=action, action_by=action_by, goal_id=goal_id)


def _new(session: Session, partnership_id: str, **values: Any) -> CoachingSession:
    values = {"moments": [], "notes": {}, **values}
    made = CoachingSession(partnership_id=partnership_id, created_at=utc_now(), **values)
    made.room = made.room or _room_json(Room(at=now_ms()))
    session.add(made)
    session.flush()
    return made


def _film_for(
    session: Session, person: Person, partnership: Partnership, lesson_id: str | None, clip_id: str | None
) -> tuple[Lesson, Clip | None]:
    """Return what both of a partnership can see; raises NotFound, or says that it has to be shared first."""
    clip = None if clip_id is None else session.get(Clip, clip_id)
    lesson = session.get(Lesson, clip.lesson_id if clip is not None else lesson_id or "")
    coach, coachee = session.get_one(Person, partnership.coach_id), session.get_one(Person, partnership.coachee_id)
    thing: Clip | Lesson | None = clip if clip_id is not None else lesson
    if thing is None or lesson is None or lesson.owner_id != coachee.id or not may_see(session, person, thing):
        raise NotFound
    if not may_see(session, coach, thing):
        raise InvalidInput(why="Your partner cannot see this yet. Please share it first.")
    return lesson, clip


def begin_session(
    session: Session, person: Person, partnership_id: str, *, lesson_id: str | None = None, clip_id: str | None = None
) -> CoachingSession:
    """Open a room over a lesson or a clip that the partnership can see; one that is open already is returned.

    A session that is planned for about now becomes this one.
    """
    partnership = get_active_partnership(session, person, partnership_id, lock=True)
    lesson, clip = _film_for(session, person, partnership, lesson_id, clip_id)
    film = film_key(lesson, clip)
    known = _open_room(session, partnership_id, film)
    if known is not None:
        return known
    planned = next_planned(session, partnership_id)
    if planned is not None and planned.planned_at is not None and abs(planned.planned_at - utc_now()) < ABOUT_NOW:
        return choose_film(session, person, planned.id, lesson_id=lesson_id, clip_id=clip_id)
    room = _room_json(Room(at=now_ms(), steered_by=person.id))
    return _new(session, partnership_id, lesson_id=lesson.id, clip_id=clip_id, room=room, film=film)


def film_key(lesson: Lesson, clip: Clip | None) -> str:
    """Return what names the film of an open room, of which a partnership has one for each film."""
    return f"lesson:{lesson.id}" if clip is None else f"clip:{clip.id}"


def _open_room(session: Session, partnership_id: str, film: str) -> CoachingSession | None:
    return session.scalar(select(CoachingSession).filter_by(partnership_id=partnership_id, film=film, ended_at=None))


def get_session(
    session: Session, person: Person, session_id: str, *, lock: bool = False
) -> tuple[CoachingSession, Partnership]:
    """Return a session of one's own partnership, whatever its state; raises NotFound.

    Of what the two wrote in it, `sees_written` tells whether it is open.
    `lock` keeps others from changing either row until the end of the transaction.
    """
    found = session.get(CoachingSession, session_id)
    partnership = None if found is None else session.get(Partnership, found.partnership_id)
    require_see(session, person, partnership)
    if lock and partnership is not None:
        partnership = lock_row(session, Partnership, partnership.id)
        found = lock_row(session, CoachingSession, session_id)
        if found is None:
            raise NotFound
    assert found is not None
    assert partnership is not None
    return found, partnership


def get_active_session(
    session: Session, person: Person, session_id: str, *, lock: bool = False
) -> tuple[CoachingSession, Partnership]:
    """Return a session to write in; raises NotFound, PartnershipOver or PartnershipSuspended."""
    meeting, partnership = get_session(session, person, session_id, lock=lock)
    require_active(session, partnership)
    return meeting, partnership


def sessions_of(
    session: Session, person: Person, partnership_id: str | None = None
) -> list[tuple[CoachingSession, Partnership]]:
    """Return a person's sessions with their partnerships, newest first."""
    rows = select(CoachingSession, Partnership).join(Partnership, Partnership.id == CoachingSession.partnership_id)
    rows = rows.where(partnerships_of(person))
    if partnership_id is not None:
        rows = rows.where(CoachingSession.partnership_id == partnership_id)
    newest = func.coalesce(CoachingSession.began_at, CoachingSession.created_at).desc()
    ordered = rows.order_by(newest, CoachingSession.id)
    return [(row[0], row[1]) for row in session.execute(ordered)]


def film_is_open(session: Session, person: Person, meeting: CoachingSession) -> bool:
    """Say whether this person may still see what the session is about: it may have been taken back meanwhile."""
    thing = session.get(Clip, meeting.clip_id) if meeting.clip_id else session.get(Lesson, meeting.lesson_id or "")
    return thing is not None and may_see(session, person, thing)


def set_playback(
    session: Session, person: Person, session_id: str, *, playing: bool, position_ms: int, speed: float, at: int
) -> Room:
    """Play, pause, seek or change speed for both; whoever does so is in control."""
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
    _record_change(session, meeting)
    return room


def mark_present(session: Session, person: Person, session_id: str) -> None:
    """Note a sign of life of one of the two."""
    meeting, partnership = get_active_session(session, person, session_id)
    was = people_present(meeting, partnership)
    if is_coach(partnership, person):
        meeting.coach_seen_at = utc_now()
    else:
        meeting.coachee_seen_at = utc_now()
    if person.id not in was:
        _record_change(session, meeting)


def mark_absent(session: Session, person: Person, session_id: str) -> None:
    """Note that one of the two has closed the room."""
    meeting, partnership = get_active_session(session, person, session_id)
    if is_coach(partnership, person):
        meeting.coach_seen_at = None
    else:
        meeting.coachee_seen_at = None
    _record_change(session, meeting)


def people_present(meeting: CoachingSession, partnership: Partnership) -> frozenset[str]:
    """Return who has given a sign of life lately."""
    seen = {partnership.coach_id: meeting.coach_seen_at, partnership.coachee_id: meeting.coachee_seen_at}
    return frozenset(who for who, at in seen.items() if at is not None and abs(utc_now() - at) < HERE)


def write_log(
    session: Session,
    person: Person,
    session_id: str,
    *,
    notes: Mapping[str, str] | None = None,
    action: str | None = None,
    action_by: date | None = None,
    goal_id: str | None = None,
    minutes: int | None = None,
) -> CoachingSession:
    """Write what is given of the notes, the one action (and for which goal) and the length; both may, also after."""
    meeting, _ = get_active_session(session, person, session_id, lock=True)
    if notes is not None:
        too_long = tuple(FIELDS[stage] for stage in STAGES if len(notes.get(stage, "")) > NOTE_LENGTH)
        if not set(notes) <= set(STAGES) or too_long:
            raise InvalidInput(why=f"Please keep each note under {NOTE_LENGTH} letters.", fields=too_long)
        meeting.notes = {**meeting.notes, **{stage: text.strip() for stage, text in notes.items()}}
    if action is not None:
        if meeting.ended_at is not None and not action.strip():
            raise InvalidInput(why="Please leave one thing to do. It is all that a session asks for.")
        write_action(session, meeting, action, action_by, goal_id)
    if minutes is not None:
        if not SHORTEST <= minutes <= LONGEST:
            raise InvalidInput(why=f"A session is {SHORTEST} to {LONGEST} minutes long.")
        meeting.minutes = minutes
    _record_change(session, meeting)
    return meeting


def choose_moment(
    session: Session, person: Person, session_id: str, start_ms: int, comment_id: str | None = None
) -> CoachingSession:
    """Put a moment, or a comment of the two at it, on a card for both; at most three."""
    meeting = _running(session, person, session_id)
    if len(meeting.moments) >= MOST_MOMENTS:
        raise InvalidInput(why="Three moments are enough for one session. Please take one away first.")
    if start_ms < 0:
        raise InvalidInput(why="Please choose a moment of the film.")
    if comment_id is not None and comment_id not in _said_by_both(session, person, meeting):
        raise NotFound
    card = {"start_ms": start_ms, "comment_id": comment_id, "by": person.id}
    meeting.moments = sorted([*meeting.moments, card], key=lambda one: int(one["start_ms"]))
    _record_change(session, meeting)
    return meeting


def cards_of(session: Session, meeting: CoachingSession) -> list[Card]:
    """Return the cards of a session; their words are those of the comments, until these are deleted.

    Cards stay open to both after the end of the partnership, so whoever calls this has asked `require_written`.
    """
    ids = [one["comment_id"] for one in meeting.moments if one.get("comment_id")]
    chosen = select(Comment.id, Comment.text).where(Comment.id.in_(ids), Comment.deleted_at.is_(None))
    said = {row.id: row.text for row in session.execute(chosen)} if ids else {}
    return [
        Card(int(one["start_ms"]), one["by"], one.get("comment_id"), said.get(one.get("comment_id") or "", ""))
        for one in meeting.moments
    ]


def _said_by_both(session: Session, person: Person, meeting: CoachingSession) -> dict[str, str]:
    """Return the words of the partnership's comments on what a session looks at, as far as this person may see them."""
    return {
        comment.id: comment.text[:MOMENT_LENGTH]
        for comment, _, _ in list_comments(session, person, meeting.lesson_id or "")
        if comment.partnership_id == meeting.partnership_id and comment.deleted_at is None
    }


def drop_moment(session: Session, person: Person, session_id: str, start_ms: int) -> CoachingSession:
    """Take a card away."""
    meeting = _running(session, person, session_id)
    meeting.moments = [one for one in meeting.moments if one["start_ms"] != start_ms]
    _record_change(session, meeting)
    return meeting


def end_session(session: Session, person: Person, session_id: str) -> CoachingSession:
    """End a session with its one action; a second press changes nothing."""
    meeting, partnership = get_active_session(session, person, session_id, lock=True)
    if meeting.ended_at is None:
        if action_of(session, meeting) is None:
            raise InvalidInput(why="Please write one thing to do, and by when. It is all that a session asks for.")
        meeting.ended_at = utc_now()
        meeting.began_at = meeting.began_at or min(meeting.planned_at or meeting.created_at, meeting.ended_at)
        if meeting.repeats and meeting.planned_at is not None and next_planned(session, partnership.id) is None:
            after = a_week_later(meeting.planned_at, max(meeting.planned_at, utc_now()), get_settings().zone)
            _new(session, meeting.partnership_id, planned_at=after, repeats=True)
        meeting.room = _room_json(Room(at=now_ms(), position_ms=place_of(room_of(meeting), now_ms())))
        _record_change(session, meeting)
    return meeting


def log_of(session: Session, me: Person, meeting: CoachingSession, partnership: Partnership) -> list[LogLine]:
    """Return what happened: when it began, what was looked at, what was said at which moment, when it ended.

    What was said is there for as long as the reader may see the lesson or the clip, on the clock of what was looked at.
    Raises NotFound where what the two wrote is closed to her.
    """
    require_written(session, me, partnership)
    began = meeting.began_at or meeting.created_at
    if meeting.began_at is not None and meeting.began_at == meeting.ended_at:  # it was written up afterwards
        return [LogLine(0, f"Met on {full_day(began)}")]
    ended = meeting.ended_at or utc_now()
    lines = [LogLine(0, f"Began on {full_day(began)} at {time_of_day(began)}")]
    cards = cards_of(session, meeting)
    looked = [f"Looked at {_clock(one.start_ms)}: {one.text or 'a moment'}" for one in cards]
    lines += [LogLine(0, what) for what in looked]
    clip = None if meeting.clip_id is None else session.get_one(Clip, meeting.clip_id)
    for comment, name, _ in list_comments(session, me, meeting.lesson_id or ""):
        said = comment.partnership_id == partnership.id and comment.deleted_at is None
        inside = clip is None or clip.start_ms <= comment.start_ms <= clip.end_ms
        if said and inside and began <= comment.created_at <= ended:
            at_ms = comment.start_ms - (clip.start_ms if clip is not None else 0)
            words = f"{name} at {_clock(at_ms)}: {comment.text}"
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
    meeting, _ = get_active_session(session, person, session_id, lock=True)
    if meeting.ended_at is not None:
        raise InvalidInput(why="This session is over. Its log can still be corrected.")
    return meeting


def _record_change(session: Session, meeting: CoachingSession) -> None:
    record_event(session, meeting.lesson_id, "session", About(session_id=meeting.id))


def _room_json(room: Room) -> dict[str, Any]:
    return {name: getattr(room, name) for name in Room.__dataclass_fields__}


def _since(began: datetime, at: datetime) -> int:
    return max(0, round((at - began).total_seconds() * 1000))


def _clock(ms: int) -> str:
    return f"{ms // 60_000}:{ms // 1000 % 60:02}"
