"""Log of a coaching session: the one action, the length, and what happened, by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.reading import require_written, written_open
from annotation.access.states import get_active_partnership
from annotation.coaching.actions import action_fields, action_of, write_action
from annotation.coaching.session_cards import Card, cards_of_sessions
from annotation.coaching.session_notes import write_notes
from annotation.coaching.sessions import FARTHEST, get_active_session, get_session, new_session, record_change
from annotation.lessons.comments import comments_of_lessons
from core.clock import utc_now
from core.database.insert import PRESS
from core.errors import InvalidInput, NotFound
from core.models import Action, Clip, CoachingSession, Comment, Partnership, Person
from core.school_day import SchoolDay, day_and_time, full_day, iso_day
from core.text.concurrent_edits import merge_edit
from core.text.recording_time import clock_time

SHORTEST, LONGEST = 10, 15  # minutes


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log: when in the session (ms from its beginning), and what happened."""

    at_ms: int
    what: str


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
    get_active_partnership(session, person, partnership_id, lock=True)
    if not action.strip():
        raise InvalidInput(why="Please write one thing to do. It is all that a log asks for.", fields=("action",))
    today = SchoolDay.of(utc_now())
    if not today - FARTHEST <= met_on <= today:
        raise InvalidInput(why="Please choose the day on which you met, within the last year.", fields=("met_on",))
    written = select(Action.session_id).where(Action.what == action.strip(), Action.created_at > utc_now() - PRESS)
    same = (CoachingSession.partnership_id == partnership_id, CoachingSession.ended_at == SchoolDay.of(met_on).noon)
    there = session.scalar(select(CoachingSession).where(*same, CoachingSession.id.in_(written)).limit(1))
    if there is not None:  # the form was sent twice
        return there
    meeting = new_session(session, partnership_id)
    meeting.began_at = meeting.ended_at = meeting.created_at = SchoolDay.of(met_on).noon
    return write_log(session, person, meeting.id, notes=notes, action=action, action_by=action_by, goal_id=goal_id)


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
    action_version: str = "",
    seen: Sequence[str] = (),
) -> CoachingSession:
    """Write what is given of one's own notes, the one action (and for which goal) and the length, also afterwards.

    `action_version` is that of the action that was changed, and `seen` what one's own line said; raises EditedMeanwhile
    where they say something else by now.
    """
    meeting, _ = get_active_session(session, person, session_id, lock=True)
    if notes is not None:
        write_notes(session, person, meeting, notes, seen)
    if action is not None:
        if meeting.ended_at is not None and not action.strip():
            raise InvalidInput(why="Please leave one thing to do. It is all that a session asks for.")
        now = action_fields(action_of(session, meeting))
        by = "" if action_by is None else iso_day(action_by)
        mine = {"what": action.strip(), "by": by, "goal_id": goal_id or now["goal_id"]}
        both = merge_edit(action_version, now, mine)
        day = date.fromisoformat(both["by"]) if both["by"] else None
        write_action(session, meeting, both["what"], day, both["goal_id"] or None)
    if minutes is not None:
        if not SHORTEST <= minutes <= LONGEST:
            raise InvalidInput(why=f"A session is {SHORTEST} to {LONGEST} minutes long.")
        meeting.minutes = minutes
    record_change(session, meeting)
    return meeting


def get_log(session: Session, person: Person, session_id: str) -> tuple[CoachingSession, Partnership]:
    """Return a session whose log is open to a person; raises NotFound."""
    meeting, partnership = get_session(session, person, session_id)
    require_written(session, person, partnership)
    return meeting, partnership


def log_of(session: Session, me: Person, meeting: CoachingSession, partnership: Partnership) -> list[LogLine]:
    """Return what happened: when it began, what was looked at, what was said at which moment, when it ended.

    What was said is there for as long as the reader may see the lesson or the clip, on the clock of what was looked at.
    Raises NotFound where what the two wrote is closed to her.
    """
    lines = logs_of(session, me, [(meeting, partnership)])
    if meeting.id not in lines:
        raise NotFound
    return lines[meeting.id]


def logs_of(
    session: Session, me: Person, rows: Sequence[tuple[CoachingSession, Partnership]]
) -> dict[str, list[LogLine]]:
    """Return the logs that are open to the reader of some sessions, as `log_of` does, by the id of the session."""
    is_open = written_open(session, me, [pair for _, pair in rows])
    open_rows = [(meeting, pair) for meeting, pair in rows if pair.id in is_open]
    live = [meeting for meeting, _ in open_rows if not _was_written_afterwards(meeting)]
    cards = cards_of_sessions(session, live)
    clip_ids = {one.clip_id for one in live if one.clip_id}
    clips = {one.id: one for one in session.scalars(select(Clip).where(Clip.id.in_(clip_ids)))} if clip_ids else {}
    said = comments_of_lessons(session, me, {one.lesson_id for one in live if one.lesson_id})
    return {
        meeting.id: [LogLine(0, f"Met on {full_day(meeting.began_at or meeting.created_at)}")]
        if _was_written_afterwards(meeting)
        else _lines(
            meeting, pair, cards[meeting.id], said.get(meeting.lesson_id or "", []), clips.get(meeting.clip_id or "")
        )
        for meeting, pair in open_rows
    }


def _was_written_afterwards(meeting: CoachingSession) -> bool:
    return meeting.began_at is not None and meeting.began_at == meeting.ended_at


def _lines(
    meeting: CoachingSession,
    partnership: Partnership,
    cards: Sequence[Card],
    comments: Sequence[tuple[Comment, str, str | None]],
    clip: Clip | None,
) -> list[LogLine]:
    began = meeting.began_at or meeting.created_at
    ended = meeting.ended_at or utc_now()
    lines = [LogLine(0, f"Began on {day_and_time(began)}")]
    looked = [f"Looked at {clock_time(one.start_ms)}: {one.text or 'a moment'}" for one in cards]
    lines += [LogLine(0, what) for what in looked]
    for comment, name, _ in comments:
        said = comment.partnership_id == partnership.id and comment.deleted_at is None
        inside = clip is None or clip.start_ms <= comment.start_ms <= clip.end_ms
        if said and inside and began <= comment.created_at <= ended:
            at_ms = comment.start_ms - (clip.start_ms if clip is not None else 0)
            words = f"{name} at {clock_time(at_ms)}: {comment.text}"
            lines.append(LogLine(_since(began, comment.created_at), words))
    lines.sort(key=lambda line: line.at_ms)
    if meeting.ended_at is not None:
        took = _since(began, meeting.ended_at)
        minutes = max(1, round(took / 60_000))
        lines.append(LogLine(took, f"Ended after {minutes} minute{'s' if minutes > 1 else ''}"))
    return lines


def _since(began: datetime, at: datetime) -> int:
    return max(0, round((at - began).total_seconds() * 1000))
