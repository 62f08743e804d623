"""Sessions: the room as both see it, a line for each in lists, and the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator
from sqlalchemy.orm import Session

from annotation.access.reading import other_person, sees_written, written_open
from annotation.access.states import is_active, states_of
from annotation.coaching.actions import action_fields, action_of, actions_of
from annotation.coaching.partnerships import names_of
from annotation.coaching.session_cards import MOMENT_LENGTH, cards_of
from annotation.coaching.session_log import get_log, log_of
from annotation.coaching.session_notes import WrittenIn, session_notes_of
from annotation.coaching.session_room import Room, now_ms, people_present, room_of
from annotation.coaching.sessions import film_is_open, sessions_of
from annotation.lessons.clips import clips_with
from annotation.lessons.comments import list_comments
from annotation.lessons.lessons import files_of, lessons_with
from annotation.people.names import short_names_of
from core.models import Clip, CoachingSession, Lesson, Partnership, Person
from core.school_day import SchoolDay, full_day
from core.text.concurrent_edits import version_of
from web.views.base import NamedView, View
from web.views.lessons.clips import clip_media
from web.views.lessons.media import MediaView, media_view


class RoomView(View):
    """What both players of a session follow; `at` is the server's clock in ms since 1970."""

    playing: bool
    position_ms: int
    speed: float
    at: int
    steered_by: str
    number: int


class Steering(BaseModel):
    """What the steering player does, and when that was on the server's clock."""

    playing: bool
    position_ms: int = Field(ge=0, le=2**31 - 1)
    speed: float = 1.0
    at: int


class CardView(View):
    """A chosen moment of a session."""

    start_ms: int
    text: str
    by: str
    comment_id: str | None


class NoteView(View):
    """A line of a session's notes; `by` is the name of its author, empty where nobody knows any more."""

    stage: str
    text: str
    by: str
    mine: bool


class NewCard(BaseModel):
    """A moment for a card, or a comment at it: its words stay where they are.

    `instead`: it takes the place of a card that stands at this moment with other words.
    """

    start_ms: int = Field(ge=0, le=2**31 - 1)
    comment_id: str | None = None
    instead: bool = False


class LogLineView(View):
    """A line of a log."""

    at_ms: int
    what: str


class LogForm(BaseModel):
    """A meeting that is written up afterwards; only the action is asked for."""

    met_on: date | None = None
    goal: str = ""
    reality: str = ""
    options: str = ""
    will: str = ""
    action: str = ""
    action_by: date | None = None
    goal_id: str = ""

    @field_validator("met_on", "action_by", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None


class LogView(View):
    """The log of a session as data."""

    day: date
    kind: str
    coach: str
    coachee: str
    lines: list[LogLineView]
    notes: list[NoteView]
    action: str
    action_by: date | None
    action_done: bool


class LogChange(BaseModel):
    """What is written into a log; what is not sent stays.

    `action_version`: of the action that was changed. `seen`: what one's own line of notes may have said before.
    """

    notes: dict[str, str] | None = None
    action: str | None = None
    action_by: date | None = None
    goal_id: str | None = None
    minutes: int | None = None
    action_version: str = Field("", max_length=100)
    seen: list[str] = Field([], max_length=20)


class Writing(BaseModel):
    """Where somebody is writing: a stage (G, R, O, W), or `action`."""

    field: WrittenIn


class SessionView(View):
    """A session as one of the two sees it; `now` is the server's clock, `began` and `now` in ms since 1970.

    `active` says whether anything can be written in it now.
    """

    id: str
    partnership_id: str
    title: str
    me: NamedView
    other: NamedView
    other_called: str
    kind: Literal["video", "sound"] | None
    media: MediaView | None
    captions_url: str
    here: list[str]
    room: RoomView
    now: int
    minutes: int
    began: int | None
    over: bool
    active: bool
    moments: list[CardView]
    offered: list[CardView]
    notes: list[NoteView]
    action: str
    action_by: date | None
    action_goal_id: str | None
    action_version: str
    log: list[LogLineView]


OFFERED = 12  # comments that can be made a card with one press


def session_view(session: Session, me: Person, meeting: CoachingSession, partnership: Partnership) -> SessionView:
    """Return a session as one of the two sees it; the film is there only while it is open to her.

    What the two wrote in it is left out where it is closed to her, and who is here once nobody can be.
    """
    active, written = is_active(session, partnership), sees_written(session, me, partnership)
    names = names_of(session, {partnership.coach_id, partnership.coachee_id})
    other = other_person(partnership, me)
    is_open = active and film_is_open(session, me, meeting)
    clip = session.get(Clip, meeting.clip_id) if meeting.clip_id and is_open else None
    lesson = session.get(Lesson, meeting.lesson_id) if meeting.lesson_id and is_open else None
    media, captions_url = None, ""
    title = "What you looked at is not open any more" if meeting.lesson_id else "Your session"
    action = action_of(session, meeting) if written else None
    if clip is not None:
        media, captions_url, title = clip_media(session, clip), f"/media/clips/{clip.id}/captions.vtt", clip.title
    elif lesson is not None:
        media = media_view(lesson, files_of(session, [lesson.id]).get(lesson.id, {}))
        captions_url, title = f"/media/lessons/{lesson.id}/captions.vtt", lesson.title
    return SessionView(
        id=meeting.id,
        partnership_id=partnership.id,
        title=title,
        me=NamedView(id=me.id, name=me.name),
        other=NamedView(id=other, name=names[other]),
        other_called=short_names_of(session, {other})[other],
        kind=None if media is None else "video" if media.mime.startswith("video/") else "sound",
        media=media,
        captions_url=captions_url,
        here=sorted(people_present(meeting, partnership)) if active else [],
        room=RoomView.model_validate(room_of(meeting) if active else Room()),
        now=now_ms(),
        minutes=meeting.minutes,
        began=None if meeting.began_at is None else round(meeting.began_at.timestamp() * 1000),
        over=meeting.ended_at is not None,
        active=active,
        moments=[CardView.model_validate(one) for one in cards_of(session, meeting)] if written else [],
        offered=offered(session, me, meeting, partnership, clip) if is_open else [],
        notes=note_views(session, me, meeting, names),
        action="" if action is None else action.what,
        action_by=None if action is None else action.by,
        action_goal_id=None if action is None else action.goal_id,
        action_version=version_of(action_fields(action)),
        log=[LogLineView.model_validate(line) for line in log_of(session, me, meeting, partnership)] if written else [],
    )


def note_views(session: Session, me: Person, meeting: CoachingSession, names: Mapping[str, str]) -> list[NoteView]:
    """Return the lines of a session's notes that are open to a person; `names` are those of the two."""
    return [
        NoteView(stage=one.stage, text=one.text, by=names.get(one.author_id or "", ""), mine=one.mine)
        for one in session_notes_of(session, me, meeting)
    ]


def session_lines(
    session: Session, me: Person, partnership_id: str | None = None, *, only_open: bool = False
) -> list[dict[str, Any]]:
    """Return one line for each of a person's sessions, newest first; `over` tells a log from a room."""
    rows = sessions_of(session, me, partnership_id, only_open=only_open)
    if not rows:
        return []
    names = names_of(session, {one.coach_id for _, one in rows} | {one.coachee_id for _, one in rows})
    actions = {one.session_id: one for one in actions_of(session, me, partnership_id, only_to_do=only_open)}
    pairs = {one.id: one for _, one in rows}.values()
    states, is_open = states_of(session, pairs), written_open(session, me, pairs)
    lines = []
    for meeting, partnership in rows:
        other = other_person(partnership, me)
        lines.append(
            {
                "url": f"/sessions/{meeting.id}",
                "other": names[other],
                "at": meeting.began_at or meeting.created_at,
                "over": meeting.ended_at is not None,
                "planned_at": meeting.planned_at if meeting.began_at is None else None,
                "repeats": meeting.repeats,
                "id": meeting.id,
                "partnership_url": f"/partnerships/{partnership.id}",
                "has_film": meeting.lesson_id is not None,
                "action": actions[meeting.id].what if meeting.id in actions else "",
                "active": states[partnership.id] == "active",
                "is_open": partnership.id in is_open,
            }
        )
    return lines


def offered(
    session: Session, me: Person, meeting: CoachingSession, partnership: Partnership, clip: Clip | None
) -> list[CardView]:
    """Return what both have written at moments of the film, to choose cards from; on the clock of what is shown."""
    begin, end = (clip.start_ms, clip.end_ms) if clip is not None else (0, 2**31)
    return [
        CardView(
            start_ms=comment.start_ms - begin,
            text=comment.text[:MOMENT_LENGTH],
            by=comment.author_id,
            comment_id=comment.id,
        )
        for comment, _, _ in list_comments(session, me, meeting.lesson_id or "")
        if comment.partnership_id == partnership.id
        and not comment.parent_id
        and comment.deleted_at is None
        and begin <= comment.start_ms < end
    ][:OFFERED]


def log_data(session: Session, person: Person, session_id: str) -> dict[str, Any]:
    """Return what a log says; raises NotFound where it is closed to this person."""
    meeting, partnership = get_log(session, person, session_id)
    names, action = names_of(session, {partnership.coach_id, partnership.coachee_id}), action_of(session, meeting)
    return {
        "day": SchoolDay.of(meeting.began_at or meeting.created_at),
        "kind": partnership.kind,
        "coach": names[partnership.coach_id],
        "coachee": names[partnership.coachee_id],
        "lines": [{"at_ms": line.at_ms, "what": line.what} for line in log_of(session, person, meeting, partnership)],
        "notes": [one.model_dump() for one in note_views(session, person, meeting, names)],
        "action": "" if action is None else action.what,
        "action_by": None if action is None else action.by,
        "action_done": action is not None and action.done_at is not None,
    }


def log_in_words(data: dict[str, Any]) -> dict[str, Any]:
    """Return what a log says as its paper writes it: days in words."""
    by = data["action_by"]
    return data | {"day": full_day(data["day"]), "action_by": None if by is None else full_day(by)}


def films_for(session: Session, person: Person, partnership: Partnership) -> list[tuple[str, str]]:
    """Return what a session of this partnership can look at, as (`clip:ID` or `lesson:ID`, title)."""
    clips = [(f"clip:{one.id}", f"{one.title} (clip)") for one in clips_with(session, person, partnership.id)]
    return clips + [(f"lesson:{one.id}", one.title) for one in lessons_with(session, person, partnership.id)]
