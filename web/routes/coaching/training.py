"""Training routes: modules with set tasks, and the coaching mirror."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from annotation.coaching.conversations import call_conversation, conversations_of, get_conversation
from annotation.coaching.partnerships import list_partnerships
from annotation.coaching.training import MODULES, answers_of, find_module, write_answer
from annotation.lessons.lessons import list_own
from core.database.db import get_database
from core.text.concurrent_edits import version_of
from transcription.public import analyse_conversation, find_findings, read_questions, read_turns
from web.forms.sent_once import SentForm, answer_once
from web.rendering import go, page
from web.security.auth import CurrentPerson
from web.views.coaching.partnerships import partnership_lines

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]


@router.get("/coaches", response_class=HTMLResponse)
def show_coaches(request: Request, person: CurrentPerson) -> HTMLResponse:
    """Show the modules, the mirror and the way to the portfolio."""
    with get_database().read() as session:
        pairs = partnership_lines(session, person, list_partnerships(session, person))
        context: dict[str, Any] = {
            "modules": MODULES,
            "answers": answers_of(session, person),
            "conversations": conversations_of(session, person),
            "lessons": list_own(session, person),
            "coached": [one for one in pairs if one["i_coach"] and one["state"] == "active"],
        }
    return page(request, "coaching/training.html", person, page_title="Coaches", **context)


@router.get("/coaches/modules/{name}", response_class=HTMLResponse)
def show_module(request: Request, name: str, person: CurrentPerson) -> HTMLResponse:
    """Show a module with its set task and the answer."""
    module = find_module(name)
    with get_database().read() as session:
        answer = answers_of(session, person).get(name)
    place = MODULES.index(module)
    following = MODULES[(place + 1) % len(MODULES)]
    version = version_of({"text": "" if answer is None else answer.text})
    context: dict[str, Any] = {"module": module, "answer": answer, "following": following, "version": version}
    return page(request, "coaching/module.html", person, page_title=module.title, **context)


@router.post("/coaches/modules/{name}")
def save_answer(name: str, person: CurrentPerson, text: Text = "", version: Text = "") -> Response:
    """Keep an answer to a set task; it is read by its writer alone. `version`: of the answer that the form showed."""
    with get_database().write() as session:
        write_answer(session, person, name, text, version)
    return go(f"/coaches/modules/{name}", "saved")


@router.post("/coaches/mirror")
def begin_mirror(
    person: CurrentPerson,
    sent: SentForm,
    lesson_id: Text = "",
    partnership_id: Text = "",
    agreed: Annotated[bool, Form()] = False,
) -> Response:
    """Say that a recording is a conversation that one coached."""
    with get_database().write() as session:

        def act() -> Response:
            call_conversation(session, person, lesson_id, partnership_id, agreed=agreed)
            return go(f"/coaches/mirror/{lesson_id}", "mirror-set")

        return answer_once(session, person, sent, act)


@router.get("/coaches/mirror/{lesson_id}", response_class=HTMLResponse)
def show_mirror(request: Request, lesson_id: str, person: CurrentPerson) -> HTMLResponse:
    """Show what one did in a conversation: talk, questions, advice, each to be heard."""
    with get_database().read() as session:
        conversation = get_conversation(session, person, lesson_id)
        turns = read_turns(session, lesson_id)
        measures = find_findings(session, lesson_id).measures
        questions = read_questions(session, lesson_id)
        mirror = None if measures is None else analyse_conversation(turns, questions, measures)
    context: dict[str, Any] = {"conversation": conversation, "lesson": conversation.lesson, "mirror": mirror}
    return page(request, "coaching/mirror.html", person, page_title="My mirror", **context)
