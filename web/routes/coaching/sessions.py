"""Session routes: the room's page, playback control, and the log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from annotation.access.reading import is_coach, sees_written
from annotation.access.states import state_of
from annotation.coaching.goals import goals_of
from annotation.coaching.session_cards import choose_moment, drop_moment
from annotation.coaching.session_log import get_log, write_log, write_log_afterwards
from annotation.coaching.session_notes import tell_writing
from annotation.coaching.session_room import now_ms
from annotation.coaching.sessions import (
    begin_session,
    cancel_session,
    choose_film,
    end_session,
    get_session,
    mark_absent,
    mark_present,
    plan_session,
    set_playback,
)
from core.clock import utc_now
from core.database.db import get_database
from core.errors import InvalidInput
from core.school_day import SchoolDay, iso_day, moment_at_school
from web.forms.sent_once import SentForm, answer_once
from web.live.hub import newest_number
from web.pdf.document import paper
from web.rendering import go, page
from web.security.auth import CurrentPerson
from web.security.whole_text import PlainJsonRoute
from web.transfer.openings import note_film
from web.transfer.while_allowed import in_pieces, right_to
from web.views.coaching.sessions import (
    LogChange,
    LogForm,
    LogView,
    NewCard,
    RoomView,
    SessionView,
    Steering,
    Writing,
    films_for,
    log_data,
    log_in_words,
    session_view,
)

router = APIRouter(route_class=PlainJsonRoute, tags=["sessions"])


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
    partnership_id: str,
    person: CurrentPerson,
    sent: SentForm,
    at: Annotated[str, Form()] = "",
    weekly: Annotated[bool, Form()] = False,
) -> Response:
    """Plan the next meeting, once or each week; the time is on the school's clock."""
    try:
        when = moment_at_school(datetime.fromisoformat(at))
    except (ValueError, OverflowError):
        raise InvalidInput(why="Please choose a day and a time.", fields=("at",)) from None
    with get_database().write() as session:

        def act() -> Response:
            plan_session(session, person, partnership_id, when, weekly=weekly)
            return go(f"/partnerships/{partnership_id}", "planned")

        return answer_once(session, person, sent, act)


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
def write_up(partnership_id: str, person: CurrentPerson, form: Annotated[LogForm, Form()], sent: SentForm) -> Response:
    """Keep the log of a meeting that took place without a room."""
    notes = {"G": form.goal, "R": form.reality, "O": form.options, "W": form.will}
    with get_database().write() as session:

        def act() -> Response:
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
            return go(f"/sessions/{written.id}", "log-kept")

        return answer_once(session, person, sent, act)


@router.get("/sessions/{session_id}/log.pdf", response_class=Response, include_in_schema=False)
def read_log_paper(request: Request, session_id: str, person: CurrentPerson) -> Response:
    """Return a log as a PDF."""
    with get_database().read() as session:
        data = log_data(session, person, session_id)
        meeting, _ = get_session(session, person, session_id)
    note_film(person, meeting, "paper")
    made = paper("log", log_in_words(data), f"Coaching log {iso_day(data['day'])}")
    return in_pieces(made, right_to(request, person, lambda session, me: get_log(session, me, session_id)))


@router.get("/api/sessions/{session_id}/log")
def read_log(session_id: str, person: CurrentPerson) -> LogView:
    """Return a log as data."""
    with get_database().read() as session:
        log = LogView.model_validate(log_data(session, person, session_id))
        meeting, _ = get_session(session, person, session_id)
    note_film(person, meeting, "comments")
    return log


@router.get("/sessions/{session_id}", response_class=HTMLResponse, include_in_schema=False)
def show_room(request: Request, session_id: str, person: CurrentPerson) -> HTMLResponse:
    """Show the room, or the log of a session that is over."""
    follows_from = newest_number()
    with get_database().read() as session:
        meeting, partnership = get_session(session, person, session_id)
        view = session_view(session, person, meeting, partnership)
        running = meeting.ended_at is None and view.active
        context: dict[str, Any] = {
            "follows_from": follows_from,
            "films": films_for(session, person, partnership) if running and meeting.lesson_id is None else [],
            "planned_at": meeting.planned_at,
            "partnership_url": f"/partnerships/{partnership.id}",
            "goals": [one for one in goals_of(session, person, [partnership.id]) if one.closed_at is None],
            "i_coach": is_coach(partnership, person),
            "action_by": view.action_by,
            "state": state_of(session, partnership),
            "is_open": sees_written(session, person, partnership),
            "had_film": meeting.lesson_id is not None,
        }
    note_film(person, meeting)
    data: dict[str, Any] = view.model_dump(mode="json", by_alias=True)
    title = f"With {view.other.name}"
    return page(request, "coaching/session.html", person, page_title=title, data=data, session=data, **context)


@router.get("/api/sessions/{session_id}")
def read_session(session_id: str, person: CurrentPerson) -> SessionView:
    """Return a session."""
    with get_database().read() as session:
        meeting, partnership = get_session(session, person, session_id)
        view = session_view(session, person, meeting, partnership)
    note_film(person, meeting)
    return view


@router.get("/api/sessions/{session_id}/clock")
def read_clock(session_id: str, person: CurrentPerson) -> int:
    """Return the server's clock in ms since 1970, from which a page learns how far its own is off."""
    del session_id, person
    return now_ms()


@router.post("/api/sessions/{session_id}/steer")
def take_control(session_id: str, steering: Steering, person: CurrentPerson) -> RoomView:
    """Play, pause, seek or change speed for both."""
    with get_database().write() as session:
        room = set_playback(session, person, session_id, **steering.model_dump())
    return RoomView.model_validate(room)


@router.post("/api/sessions/{session_id}/here", status_code=204)
def report_presence(session_id: str, person: CurrentPerson) -> None:
    """Give a sign of life."""
    with get_database().write() as session:
        mark_present(session, person, session_id)


@router.post("/api/sessions/{session_id}/leave", status_code=204)
def report_absence(session_id: str, person: CurrentPerson) -> None:
    """Say that the room is closed on this side."""
    with get_database().write() as session:
        mark_absent(session, person, session_id)


@router.post("/api/sessions/{session_id}/writing", status_code=204)
def report_writing(session_id: str, writing: Writing, person: CurrentPerson) -> None:
    """Say in which field this person is writing, so that the other sees it."""
    with get_database().write() as session:
        tell_writing(session, person, session_id, writing.field)


@router.patch("/api/sessions/{session_id}")
def change_log(session_id: str, change: LogChange, person: CurrentPerson) -> SessionView:
    """Write notes, the one action, or the length."""
    with get_database().write() as session:
        write_log(session, person, session_id, **change.model_dump(exclude_unset=True))
    return read_session(session_id, person)


@router.post("/api/sessions/{session_id}/moments", status_code=201)
def put_card(session_id: str, card: NewCard, person: CurrentPerson) -> SessionView:
    """Put a moment on a card."""
    with get_database().write() as session:
        choose_moment(session, person, session_id, card.start_ms, card.comment_id, instead=card.instead)
    return read_session(session_id, person)


@router.delete("/api/sessions/{session_id}/moments/{start_ms}")
def remove_card(session_id: str, start_ms: int, person: CurrentPerson) -> SessionView:
    """Take a card away."""
    with get_database().write() as session:
        drop_moment(session, person, session_id, start_ms)
    return read_session(session_id, person)


@router.post("/api/sessions/{session_id}/end")
def end_room(session_id: str, person: CurrentPerson) -> SessionView:
    """End a session; its log is there."""
    with get_database().write() as session:
        end_session(session, person, session_id)
    return read_session(session_id, person)
