"""Coaching sessions: planned, opened over a lesson or a clip, played in step, ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from annotation.access.locks import lock_row
from annotation.access.reading import is_coach, may_see, partnerships_of, require_see
from annotation.access.states import active_now, get_active_partnership, require_active
from annotation.coaching.actions import action_of
from annotation.coaching.session_room import Room, now_ms, people_present, place_of, room_json, room_of
from core.clock import utc_now
from core.database.events import About, record_event
from core.errors import InvalidInput, NotFound
from core.models import Clip, CoachingSession, Lesson, Partnership, Person
from core.settings import get_settings

FARTHEST = timedelta(days=366)
MISSED = timedelta(days=1)  # after which a weekly meeting that nobody opened is next week's
ABOUT_NOW = timedelta(hours=12)
SLOWEST, FASTEST = 0.25, 4.0


def plan_session(
    session: Session, person: Person, partnership_id: str, at: datetime, *, weekly: bool = False
) -> CoachingSession:
    """Plan a meeting, once or each week; what is looked at is chosen later. A plan that still waits is moved."""
    get_active_partnership(session, person, partnership_id, lock=True)
    if not utc_now() < at < utc_now() + FARTHEST:
        raise InvalidInput(why="Please choose a time that is still to come, within a year.", fields=("at",))
    meeting = next_planned(session, partnership_id)
    if meeting is None:
        meeting = new_session(session, partnership_id)
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
    meeting = get_running_session(session, person, session_id)
    partnership = session.get_one(Partnership, meeting.partnership_id)
    lesson, clip = _film_for(session, person, partnership, lesson_id, clip_id)
    film = film_key(lesson, clip)
    there = _open_room(session, partnership.id, film)
    if there is not None and there.id == meeting.id:
        return meeting  # chosen twice: where they are, and their cards, stay
    if there is not None:
        raise InvalidInput(why="You have a room for this already. Please go on there, or end that session first.")
    meeting.film = film
    meeting.lesson_id, meeting.clip_id, meeting.moments = lesson.id, None if clip is None else clip.id, []
    meeting.room = room_json(Room(at=now_ms(), steered_by=person.id, number=room_of(meeting).number + 1))
    record_change(session, meeting)
    return meeting


def new_session(session: Session, partnership_id: str, **values: Any) -> CoachingSession:
    """Add a session of a partnership and return it."""
    values = {"moments": [], **values}
    made = CoachingSession(partnership_id=partnership_id, created_at=utc_now(), **values)
    made.room = made.room or room_json(Room(at=now_ms()))
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
    room = room_json(Room(at=now_ms(), steered_by=person.id))
    return new_session(session, partnership_id, lesson_id=lesson.id, clip_id=clip_id, room=room, film=film)


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
    session: Session, person: Person, partnership_id: str | None = None, *, only_open: bool = False
) -> list[tuple[CoachingSession, Partnership]]:
    """Return a person's sessions with their partnerships, newest first; `only_open`: those that are not over."""
    rows = select(CoachingSession, Partnership).join(Partnership, Partnership.id == CoachingSession.partnership_id)
    rows = rows.where(partnerships_of(person))
    if partnership_id is not None:
        rows = rows.where(CoachingSession.partnership_id == partnership_id)
    if only_open:
        rows = rows.where(CoachingSession.ended_at.is_(None))
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
    meeting = get_running_session(session, person, session_id)
    if not film_is_open(session, person, meeting):
        raise NotFound
    before = room_of(meeting)
    if position_ms < 0 or not SLOWEST <= speed <= FASTEST:
        raise InvalidInput(why="Please use the player itself.")
    # The moment at which the steering player was there; a clock that is far off counts as now.
    there = at if abs(at - now_ms()) < 5000 else now_ms()
    room = Room(playing, position_ms, speed, there, person.id, before.number + 1)
    meeting.room = room_json(room)
    if meeting.began_at is None and playing:
        meeting.began_at = utc_now()
    record_change(session, meeting)
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
        record_change(session, meeting)


def mark_absent(session: Session, person: Person, session_id: str) -> None:
    """Note that one of the two has closed the room."""
    meeting, partnership = get_active_session(session, person, session_id)
    if is_coach(partnership, person):
        meeting.coach_seen_at = None
    else:
        meeting.coachee_seen_at = None
    record_change(session, meeting)


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
            new_session(session, meeting.partnership_id, planned_at=after, repeats=True)
        meeting.room = room_json(Room(at=now_ms(), position_ms=place_of(room_of(meeting), now_ms())))
        record_change(session, meeting)
    return meeting


def get_running_session(session: Session, person: Person, session_id: str) -> CoachingSession:
    """Return a session to write in that is not over, locked; raises as `get_active_session`, or InvalidInput."""
    meeting, _ = get_active_session(session, person, session_id, lock=True)
    if meeting.ended_at is not None:
        raise InvalidInput(why="This session is over. Its log can still be corrected.")
    return meeting


def record_change(session: Session, meeting: CoachingSession) -> None:
    """Tell the two that something about a session has changed."""
    record_event(session, meeting.lesson_id, "session", About(session_id=meeting.id))
