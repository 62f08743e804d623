"""Learning walk routes: notes on a phone during a visit, and what both read afterwards."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from annotation.access.reading import is_observer
from annotation.access.states import walk_goes_on
from annotation.coaching.partnerships import list_partnerships, names_of
from annotation.coaching.walks import (
    MINUTES,
    answer_walk,
    answers_seen_by,
    begin_walk,
    discard_walk,
    drop_note,
    get_open_walk,
    get_walk,
    goal_of_walk,
    notes_of,
    save_note,
    save_walk,
    save_walk_sound,
    walks_of,
)
from annotation.school.suggestions import suggestions_for
from core.clock import utc_now
from core.database.db import get_database
from core.models import Person, new_id
from core.storage.configured import get_storage
from core.text.concurrent_edits import version_of
from web.forms.sent_once import SentForm, answer_once
from web.rendering import go, page
from web.security.auth import CurrentPerson
from web.security.bodies import takes
from web.security.whole_text import PlainJsonRoute
from web.transfer.sound import Sound, received_sound, stored_sound
from web.views.coaching.partnerships import partnership_lines
from web.views.coaching.walks import NewNote, NoteView

router = APIRouter(route_class=PlainJsonRoute, tags=["walks"])
Text = Annotated[str, Form()]

SUFFIXES = {"audio/mp4": ".m4a", "audio/ogg": ".ogg", "audio/wav": ".wav"}  # of what browsers record; else WebM
MOST_BYTES = 64 * 1024**2  # half an hour of sound, generously


@router.get("/walks", response_class=HTMLResponse, include_in_schema=False)
def show_walks(request: Request, person: CurrentPerson) -> HTMLResponse:
    """Show visits, one's own and those to oneself."""
    with get_database().read() as session:
        pairs = partnership_lines(session, person, list_partnerships(session, person))
        partners = {
            (one["coachee_id"] if one["i_coach"] else one["coach_id"], one["other"])
            for one in pairs
            if one["state"] == "active"
        }
        others = {(one.id, one.name) for one in suggestions_for(session, [person])[person.id]}
        walks = walks_of(session, person)
        answers = answers_seen_by(session, person, [walk for walk, _ in walks])
        context: dict[str, Any] = {
            "walks": [(walk, name, is_observer(walk, person), bool(answers[walk.id])) for walk, name in walks],
            "colleagues": sorted(partners | others, key=lambda pair: pair[1]),
        }
    return page(request, "coaching/walks.html", person, page_title="Walks", **context)


@router.post("/walks", include_in_schema=False)
def begin(person: CurrentPerson, sent: SentForm, observed_id: Text = "", title: Text = "") -> Response:
    """Begin a visit."""
    with get_database().write() as session:

        def act() -> Response:
            return go(f"/walks/{begin_walk(session, person, observed_id, title).id}")

        return answer_once(session, person, sent, act)


@router.get("/walks/{walk_id}", response_class=HTMLResponse, include_in_schema=False)
def show_walk(request: Request, walk_id: str, person: CurrentPerson) -> HTMLResponse:
    """Show the page to write on while the visit lasts, then what was noticed."""
    with get_database().read() as session:
        walk = get_walk(session, person, walk_id)
        names = names_of(session, {walk.observer_id, walk.observed_id})
        notes = [NoteView.model_validate(one).model_dump() for one in notes_of(session, walk)]
        seen = {"answer": answers_seen_by(session, person, [walk])[walk.id], "goes_on": walk_goes_on(session, walk)}
        coached = [
            one
            for one in partnership_lines(session, person, list_partnerships(session, person))
            if not one["i_coach"] and one["state"] == "active"
        ]
    context: dict[str, Any] = {
        "walk": walk,
        "notes": notes,
        **seen,
        "version": version_of({"text": walk.answer}),
        "observer": names[walk.observer_id],
        "observed": names[walk.observed_id],
        "is_mine": is_observer(walk, person),
        "coaches": coached,
        "data": {
            "id": walk.id,
            "gone_ms": round((utc_now() - walk.began_at).total_seconds() * 1000),
            "minutes": MINUTES,
            "notes": notes,
        },
    }
    return page(request, "coaching/walk.html", person, page_title=walk.title, **context)


@router.post("/api/walks/{walk_id}/notes", status_code=201)
def write_note(walk_id: str, new: NewNote, person: CurrentPerson) -> NoteView:
    """Write what is noticed at a moment; the same draft sent twice is kept once."""
    with get_database().write() as session:
        written = save_note(session, person, walk_id, new.at_ms, new.text, new.draft_id)
    return NoteView.model_validate(written)


@router.delete("/api/walks/{walk_id}/notes/{note_id}", status_code=204)
def remove_note(walk_id: str, note_id: str, person: CurrentPerson) -> None:
    """Take a note away before the visit is saved."""
    with get_database().write() as session:
        drop_note(session, person, walk_id, note_id)


@router.post("/api/walks/{walk_id}/sound", status_code=204)
@takes(MOST_BYTES, get_open_walk)
async def receive_walk_sound(walk_id: str, request: Request, person: CurrentPerson) -> None:
    """Receive the sound of a visit as the browser recorded it: it becomes a lesson, the visited teacher's alone.

    The same sound sent again is the same: its first answer was lost.
    """
    async with received_sound(request) as sound:
        await run_in_threadpool(_save_sound, walk_id, person, sound)


def _save_sound(walk_id: str, person: Person, sound: Sound) -> None:
    """Store the sound of a visit, once; nothing is left of it when that is refused."""
    lesson_id = new_id()
    key = f"lessons/{lesson_id}/original-{lesson_id}{SUFFIXES.get(sound.mime, '.webm')}"
    mime, size, digest = sound.mime, sound.size, sound.sha256
    with stored_sound(sound, key), get_database().write() as session:
        saved = save_walk_sound(session, person, walk_id, lesson_id, key, mime=mime, size=size, sha256=digest)
    if saved is None:
        get_storage().delete(key)


@router.post("/walks/{walk_id}/save", include_in_schema=False)
def save(walk_id: str, person: CurrentPerson, sent: SentForm) -> Response:
    """Save a visit: now the visited teacher reads it."""
    with get_database().write() as session:

        def act() -> Response:
            save_walk(session, person, walk_id)
            return go(f"/walks/{walk_id}", "walk-saved")

        return answer_once(session, person, sent, act)


@router.post("/walks/{walk_id}/discard", include_in_schema=False)
def discard(walk_id: str, person: CurrentPerson, sent: SentForm) -> Response:
    """Throw a visit away that was not saved."""
    with get_database().write() as session:

        def act() -> Response:
            discard_walk(session, person, walk_id)
            return go("/walks", "walk-gone")

        return answer_once(session, person, sent, act)


@router.post("/walks/{walk_id}/answer", include_in_schema=False)
def answer(walk_id: str, person: CurrentPerson, text: Text = "", version: Text = "") -> Response:
    """Let the visited teacher say what she thinks; `version` is that of the answer that the form showed."""
    with get_database().write() as session:
        answer_walk(session, person, walk_id, text, version)
    return go(f"/walks/{walk_id}", "answered")


@router.post("/walks/{walk_id}/goal", include_in_schema=False)
def make_goal(
    walk_id: str, person: CurrentPerson, sent: SentForm, partnership_id: Text = "", title: Text = ""
) -> Response:
    """Turn what a visit showed into a goal of one's own."""
    with get_database().write() as session:

        def act() -> Response:
            return go(f"/goals/{goal_of_walk(session, person, walk_id, partnership_id, title).id}", "goal-set")

        return answer_once(session, person, sent, act)
