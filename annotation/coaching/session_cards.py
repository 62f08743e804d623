"""Cards of a coaching session: at most three moments of the film that the two want to talk about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.coaching.sessions import get_running_session, record_change
from annotation.lessons.comments import list_comments
from core.errors import EditedMeanwhile, InvalidInput, NotFound
from core.models import CoachingSession, Comment, Person

MOST_MOMENTS = 3
MOMENT_LENGTH = 200  # letters of a comment that are offered


@dataclass(frozen=True, slots=True)
class Card:
    """A moment that was chosen for a session, by whom, and the words of the comment it stands for; else no words."""

    start_ms: int
    by: str
    comment_id: str | None
    text: str


def choose_moment(
    session: Session,
    person: Person,
    session_id: str,
    start_ms: int,
    comment_id: str | None = None,
    *,
    instead: bool = False,
) -> CoachingSession:
    """Put a moment, or a comment of the two at it, on a card for both; at most three, and one at each moment.

    Raises EditedMeanwhile where a card with other words stands at the moment; `instead` puts this one in its place.
    """
    meeting = get_running_session(session, person, session_id)
    there = next((one for one in cards_of(session, meeting) if one.start_ms == start_ms), None)
    if there is not None and there.comment_id == comment_id:
        return meeting  # it was pressed twice, or the other of the two did the same
    if there is not None and not instead:
        raise EditedMeanwhile(there.text or "the moment alone")
    others = [one for one in meeting.moments if one["start_ms"] != start_ms]
    if len(others) >= MOST_MOMENTS:
        raise InvalidInput(why="Three moments are enough for one session. Please take one away first.")
    if start_ms < 0:
        raise InvalidInput(why="Please choose a moment of the film.")
    if comment_id is not None and comment_id not in _said_by_both(session, person, meeting):
        raise NotFound
    card = {"start_ms": start_ms, "comment_id": comment_id, "by": person.id}
    meeting.moments = sorted([*others, card], key=lambda one: int(one["start_ms"]))
    record_change(session, meeting)
    return meeting


def cards_of(session: Session, meeting: CoachingSession) -> list[Card]:
    """Return the cards of a session; their words are those of the comments, until these are deleted.

    Cards stay open to both after the end of the partnership, so whoever calls this has asked `require_written`.
    """
    return cards_of_sessions(session, [meeting])[meeting.id]


def cards_of_sessions(session: Session, meetings: Sequence[CoachingSession]) -> dict[str, list[Card]]:
    """Return the cards of each of some sessions, as `cards_of` does, by the id of the session."""
    ids = {one["comment_id"] for meeting in meetings for one in meeting.moments if one.get("comment_id")}
    chosen = select(Comment.id, Comment.text).where(Comment.id.in_(ids), Comment.deleted_at.is_(None))
    said = {row.id: row.text for row in session.execute(chosen)} if ids else {}
    return {
        meeting.id: [
            Card(int(one["start_ms"]), one["by"], one.get("comment_id"), said.get(one.get("comment_id") or "", ""))
            for one in meeting.moments
        ]
        for meeting in meetings
    }


def _said_by_both(session: Session, person: Person, meeting: CoachingSession) -> dict[str, str]:
    """Return the words of the partnership's comments on what a session looks at, as far as this person may see them."""
    return {
        comment.id: comment.text[:MOMENT_LENGTH]
        for comment, _, _ in list_comments(session, person, meeting.lesson_id or "")
        if comment.partnership_id == meeting.partnership_id and comment.deleted_at is None
    }


def drop_moment(session: Session, person: Person, session_id: str, start_ms: int) -> CoachingSession:
    """Take a card away."""
    meeting = get_running_session(session, person, session_id)
    meeting.moments = [one for one in meeting.moments if one["start_ms"] != start_ms]
    record_change(session, meeting)
    return meeting
