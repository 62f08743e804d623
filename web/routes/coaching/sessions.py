"""Session routes: the room's page, playback control, and the log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from annotation.coaching.actions import action_of, actions_of
from annotation.coaching.goals import goals_of
from annotation.coaching.partnerships import names_of
from annotation.coaching.sessions import (
    be_here,
    begin_session,
    cancel_session,
    choose_film,
    choose_moment,
    drop_moment,
    end_session,
    film_is_open,
    get_session,
    leave,
    log_of,
    now_ms,
    plan_session,
    room_of,
    sessions_of,
    steer,
    who_is_here,
    write_log,
    write_log_afterwards,
)
from annotation.lessons.clips import clips_with
from annotation.lessons.comments import list_comments
from annotation.lessons.lessons import files_of, list_own, list_shared
from annotation.lessons.sharing import open_shares
from annotation.people.names import short_names_of
from core.clock import utc_now
from core.database.db import get_database
from core.errors import InvalidInput
from core.models import Clip, CoachingSession, Lesson, Partnership, Person
from core.school_day import SchoolDay, moment_at_school
from web.auth import CurrentPerson
from web.live import newest_number
from web.pdf import paper
from web.rendering import go, page
from web.routes.lessons.clips import clip_media
from web.views.api import (
    CardView,
    LogChange,
    LogForm,
    LogLineView,
    LogView,
    NamedView,
    NewCard,
    RoomView,
    SessionView,
    Steering,
)
from web.views.lessons.lesson import media_view

router = APIRouter(tags=["sessions"])

OFFERED = 12  # comments that can be made a card with one press


def session_view(session: Session, me: Person, meeting: CoachingSession, partnership: Partnership) -> SessionView:
    """Return a session as one of the two sees it; the film is there only while it is open to her."""
    names = names_of(session, {partnership.coach_id, partnership.coachee_id})
    other = partnership.coachee_id if partnership.coach_id == me.id else partnership.coach_id
    is_open = partnership.state == "active" and film_is_open(session, me, meeting)
    clip = session.get(Clip, meeting.clip_id) if meeting.clip_id and is_open else None
    lesson = session.get(Lesson, meeting.lesson_id) if meeting.lesson_id and is_open else None
    media, captions_url = None, ""
    title = "What you looked at is not open any more" if meeting.lesson_id else "Your session"
    action = action_of(session, meeting)
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
        here=sorted(who_is_here(meeting, partnership)),
        room=RoomView.model_validate(room_of(meeting)),
        now=now_ms(),
        minutes=meeting.minutes,
        began=None if meeting.began_at is None else round(meeting.began_at.timestamp() * 1000),
        over=meeting.ended_at is not None,
        moments=[CardView(**one) for one in meeting.moments],
        offered=offered(session, me, meeting, partnership, clip) if is_open else [],
        notes=meeting.notes,
        action="" if action is None else action.what,
        action_by=None if action is None else action.by,
        action_goal_id=None if action is None else action.goal_id,
        log=[LogLineView.model_validate(line) for line in log_of(session, me, meeting, partnership)],
    )


def session_lines(session: Session, me: Person, partnership_id: str | None = None) -> list[dict[str, Any]]:
    """Return one line for each of a person's sessions, newest first; `over` tells a log from a room."""
    rows = sessions_of(session, me, partnership_id)
    names = names_of(session, {one.coach_id for _, one in rows} | {one.coachee_id for _, one in rows})
    actions = {one.session_id: one for one in actions_of(session, me, partnership_id)}
    lines = []
    for meeting, partnership in rows:
        other = partnership.coachee_id if partnership.coach_id == me.id else partnership.coach_id
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
                "active": partnership.state == "active",
            }
        )
    return lines


def offered(
    session: Session, me: Person, meeting: CoachingSession, partnership: Partnership, clip: Clip | None
) -> list[CardView]:
    """Return what both have written at moments of the film, to choose cards from; on the clock of what is shown."""
    begin, end = (clip.start_ms, clip.end_ms) if clip is not None else (0, 2**31)
    return [
        CardView(start_ms=comment.start_ms - begin, text=comment.text[:200], by=comment.author_id)
        for comment, _, _ in list_comments(session, me, meeting.lesson_id or "")
        if comment.partnership_id == partnership.id
        and not comment.parent_id
        and comment.deleted_at is None
        and begin <= comment.start_ms < end
    ][:OFFERED]


def answer(session: Session, person: Person, session_id: str) -> SessionView:
    """Return the session anew, after a change."""
    session.flush()
    return session_view(session, person, *get_session(session, person, session_id))


@router.post("/partnerships/{partnership_id}/sessions", include_in_schema=False)
def open_room(
    partnership_id: str,
    person: CurrentPerson,
    lesson_id: Annotated[str, Form()] = "",
    clip_id: Annotated[str, Form()] = "",
) -> Response:
    """Open a room over a lesson or a clip."""
    with get_database().write() as session:
        of = {"lesson_id": lesson_id or None, "clip_id": clip_id or None}
        session_id = begin_session(session, person, partnership_id, **of).id
    return go(f"/sessions/{session_id}")


@router.post("/partnerships/{partnership_id}/plan", include_in_schema=False)
def plan(
    partnership_id: str, person: CurrentPerson, at: Annotated[str, Form()] = "", weekly: Annotated[bool, Form()] = False
) -> Response:
    """Plan the next meeting, once or each week; the time is on the school's clock."""
    try:
        when = moment_at_school(datetime.fromisoformat(at))
    except (ValueError, OverflowError):
        raise InvalidInput(why="Please choose a day and a time.", fields=("at",)) from None
    with get_database().write() as session:
        plan_session(session, person, partnership_id, when, weekly=weekly)
    return go(f"/partnerships/{partnership_id}", "planned")


@router.post("/sessions/{session_id}/cancel", include_in_schema=False)
def cancel(session_id: str, person: CurrentPerson) -> Response:
    """Take a planned meeting away; of a weekly one this week's."""
    with get_database().write() as session:
        partnership_id = get_session(session, person, session_id)[1].id
        cancel_session(session, person, session_id)
    return go(f"/partnerships/{partnership_id}", "cancelled")


@router.post("/sessions/{session_id}/film", include_in_schema=False)
def choose(session_id: str, person: CurrentPerson, film: Annotated[str, Form()] = "") -> Response:
    """Choose what a session looks at: `lesson:ID` or `clip:ID`."""
    kind, _, film_id = film.partition(":")
    of = {"lesson_id": film_id if kind == "lesson" else None, "clip_id": film_id if kind == "clip" else None}
    with get_database().write() as session:
        choose_film(session, person, session_id, **of)
    return go(f"/sessions/{session_id}")


@router.post("/partnerships/{partnership_id}/logs", include_in_schema=False)
def write_up(partnership_id: str, person: CurrentPerson, form: Annotated[LogForm, Form()]) -> Response:
    """Keep the log of a meeting that took place without a room."""
    notes = {"G": form.goal, "R": form.reality, "O": form.options, "W": form.will}
    with get_database().write() as session:
        written = write_log_afterwards(
            session,
            person,
            partnership_id,
            met_on=form.met_on or SchoolDay.of(utc_now()),
            notes={stage: text for stage, text in notes.items() if text.strip()},
            action=form.action,
            action_by=form.action_by,
            goal_id=form.goal_id or None,
        )
        session_id = written.id
    return go(f"/sessions/{session_id}", "log-kept")


@router.get("/sessions/{session_id}/log.pdf", response_class=Response, include_in_schema=False)
def read_log_paper(session_id: str, person: CurrentPerson) -> Response:
    """Return a log as a PDF."""
    with get_database().read() as session:
        data = log_data(session, person, session_id)
    return paper("log", data, f"Coaching log {data['day']}")


@router.get("/api/sessions/{session_id}/log")
def read_log(session_id: str, person: CurrentPerson) -> LogView:
    """Return a log as data."""
    with get_database().read() as session:
        return LogView.model_validate(log_data(session, person, session_id))


def log_data(session: Session, person: Person, session_id: str) -> dict[str, Any]:
    """Return what a log says, for a paper or a program."""
    meeting, partnership = get_session(session, person, session_id)
    names, action = names_of(session, {partnership.coach_id, partnership.coachee_id}), action_of(session, meeting)
    return {
        "day": SchoolDay.of(meeting.began_at or meeting.created_at).isoformat(),
        "kind": partnership.kind,
        "coach": names[partnership.coach_id],
        "coachee": names[partnership.coachee_id],
        "lines": [{"at_ms": line.at_ms, "what": line.what} for line in log_of(session, person, meeting, partnership)],
        "notes": meeting.notes,
        "action": "" if action is None else action.what,
        "action_by": None if action is None or action.by is None else action.by.isoformat(),
        "action_done": action is not None and action.done_at is not None,
    }


def films_for(session: Session, person: Person, partnership: Partnership) -> list[tuple[str, str]]:
    """Return what a session of this partnership can look at, as (`clip:ID` or `lesson:ID`, title)."""
    clips = [(f"clip:{one.id}", f"{one.title} (clip)") for one in clips_with(session, person, partnership.id)]
    mine = [*list_own(session, person), *(lesson for lesson, _ in list_shared(session, person))]
    shared = open_shares(session, person, [lesson.id for lesson in mine])
    lessons = [one for one in mine if any(each.partnership.id == partnership.id for each in shared.get(one.id, []))]
    return clips + [(f"lesson:{one.id}", one.title) for one in lessons]


@router.get("/sessions/{session_id}", response_class=HTMLResponse, include_in_schema=False)
def show_room(request: Request, session_id: str, person: CurrentPerson) -> HTMLResponse:
    """Show the room, or the log of a session that is over."""
    follows_from = newest_number()
    with get_database().read() as session:
        meeting, partnership = get_session(session, person, session_id)
        view = session_view(session, person, meeting, partnership)
        running = meeting.ended_at is None and partnership.state == "active"
        context: dict[str, Any] = {
            "follows_from": follows_from,
            "films": films_for(session, person, partnership) if running and meeting.lesson_id is None else [],
            "planned_at": meeting.planned_at,
            "partnership_url": f"/partnerships/{partnership.id}",
            "goals": [one for one in goals_of(session, person, [partnership.id]) if one.closed_at is None],
            "i_coach": partnership.coach_id == person.id,
            "had_film": meeting.lesson_id is not None,
        }
    data: dict[str, Any] = view.model_dump(mode="json", by_alias=True)
    title = f"With {view.other.name}"
    return page(request, "coaching/session.html", person, page_title=title, data=data, session=data, **context)


@router.get("/api/sessions/{session_id}")
def read_session(session_id: str, person: CurrentPerson) -> SessionView:
    """Return a session."""
    with get_database().read() as session:
        return session_view(session, person, *get_session(session, person, session_id))


@router.get("/api/sessions/{session_id}/clock")
def read_clock(session_id: str, person: CurrentPerson) -> int:
    """Return the server's clock in ms since 1970, from which a page learns how far its own is off."""
    del session_id, person
    return now_ms()


@router.post("/api/sessions/{session_id}/steer")
def take_the_wheel(session_id: str, order: Steering, person: CurrentPerson) -> RoomView:
    """Play, pause, seek or change speed for both."""
    with get_database().write() as session:
        room = steer(session, person, session_id, **order.model_dump())
    return RoomView.model_validate(room)


@router.post("/api/sessions/{session_id}/here", status_code=204)
def say_here(session_id: str, person: CurrentPerson) -> None:
    """Give a sign of life."""
    with get_database().write() as session:
        be_here(session, person, session_id)


@router.post("/api/sessions/{session_id}/leave", status_code=204)
def say_gone(session_id: str, person: CurrentPerson) -> None:
    """Say that the room is closed on this side."""
    with get_database().write() as session:
        leave(session, person, session_id)


@router.patch("/api/sessions/{session_id}")
def change_log(session_id: str, change: LogChange, person: CurrentPerson) -> SessionView:
    """Write notes, the one action, or the length."""
    with get_database().write() as session:
        write_log(session, person, session_id, **change.model_dump(exclude_unset=True))
        return answer(session, person, session_id)


@router.post("/api/sessions/{session_id}/moments", status_code=201)
def put_card(session_id: str, card: NewCard, person: CurrentPerson) -> SessionView:
    """Put a moment on a card."""
    with get_database().write() as session:
        choose_moment(session, person, session_id, card.start_ms, card.text)
        return answer(session, person, session_id)


@router.delete("/api/sessions/{session_id}/moments/{start_ms}")
def take_card(session_id: str, start_ms: int, person: CurrentPerson) -> SessionView:
    """Take a card away."""
    with get_database().write() as session:
        drop_moment(session, person, session_id, start_ms)
        return answer(session, person, session_id)


@router.post("/api/sessions/{session_id}/end")
def end_room(session_id: str, person: CurrentPerson) -> SessionView:
    """End a session; its log is there."""
    with get_database().write() as session:
        end_session(session, person, session_id)
        return answer(session, person, session_id)
