"""Portfolio routes: collect items, ask for consent, export as PDF or zip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from zipstream import ZipStream

from annotation.access.leavers import LeaverAct
from annotation.coaching.partnerships import list_partnerships, names_of
from annotation.coaching.portfolio import (
    add_clip,
    add_log,
    add_reflection,
    add_task,
    agreed_items,
    closed_logs,
    decide,
    move_item,
    open_clips,
    open_clips_of,
    read_items,
    remove_item,
    removed_items,
    require_agreed,
    restore_item,
)
from annotation.coaching.training import MODULES, answers_of
from annotation.lessons.clips import list_shared_clips
from annotation.lessons.lessons import files_of
from core.database.db import get_database
from core.models import Person, PortfolioItem
from core.storage.configured import get_storage
from web.forms.sent_once import SentForm, answer_once
from web.pdf.document import PaperFailed, paper, render_pdf
from web.rendering import go, page
from web.security.auth import CurrentPerson, open_to_leavers
from web.transfer.archives import as_json, pieces
from web.transfer.file_names import safe_name, save_as
from web.transfer.openings import note_openings
from web.transfer.while_allowed import WhileAllowed, in_pieces, right_to
from web.views.coaching.partnerships import partnership_lines
from web.views.coaching.portfolio import portfolio_data
from web.views.coaching.sessions import session_lines

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]
MayWithdraw = Annotated[Person, open_to_leavers(LeaverAct.WITHDRAW_CONSENT)]
NOT_MADE = """This is not in this zip: {name}

{why}
Each item is here as a text file, and all of them in portfolio.json.
"""


@router.get("/portfolio", response_class=HTMLResponse)
def show_portfolio(request: Request, person: CurrentPerson) -> HTMLResponse:
    """Show what is gathered, and what could be."""
    with get_database().read() as session:
        items = read_items(session, person)
        names = names_of(session, {one.coachee_id for one in items if one.coachee_id})
        removed = removed_items(session, person)
        there = {(one.kind, one.ref_id) for one in items}
        pairs = partnership_lines(session, person, list_partnerships(session, person))
        coached = [one for one in pairs if one["i_coach"]]
        addresses = {one["url"] for one in coached}
        logs = [
            one
            for one in session_lines(session, person)
            if one["over"] and one["partnership_url"] in addresses and one["is_open"]
        ]
        answers = answers_of(session, person)
        context: dict[str, Any] = {
            "items": [(one, names.get(one.coachee_id or "", "")) for one in items],
            "removed": removed,
            "closed": closed_logs(session, person, items),
            "logs": [one for one in logs if ("log", one["id"]) not in there],
            "clips": [
                (clip, who) for clip, who in list_shared_clips(session, person) if ("clip", clip.id) not in there
            ],
            "tasks": [one for one in MODULES if one.name in answers and ("task", one.name) not in there],
            "coached": [one for one in coached if one["state"] != "asked" and one["is_open"]],
        }
    return page(request, "coaching/portfolio.html", person, page_title="Portfolio", **context)


def _added(item: PortfolioItem) -> Response:
    return go("/portfolio", "item-asked" if item.consent == "asked" else "item-added")


@router.post("/portfolio/logs")
def put_log(person: CurrentPerson, sent: SentForm, session_id: Text = "") -> Response:
    """Put a log in, and ask the coachee."""
    with get_database().write() as session:
        return answer_once(session, person, sent, lambda: _added(add_log(session, person, session_id)))


@router.post("/portfolio/clips")
def put_clip(person: CurrentPerson, sent: SentForm, clip_id: Text = "") -> Response:
    """Put a shared clip in, and ask the coachee."""
    with get_database().write() as session:
        return answer_once(session, person, sent, lambda: _added(add_clip(session, person, clip_id)))


@router.post("/portfolio/tasks")
def put_task(person: CurrentPerson, sent: SentForm, module: Text = "") -> Response:
    """Put an answer to a set task in."""
    with get_database().write() as session:
        return answer_once(session, person, sent, lambda: _added(add_task(session, person, module)))


@router.post("/portfolio/reflections")
def put_reflection(
    person: CurrentPerson, sent: SentForm, title: Text = "", text: Text = "", partnership_id: Text = ""
) -> Response:
    """Put a text of one's own in."""
    with get_database().write() as session:

        def act() -> Response:
            return _added(add_reflection(session, person, title, text, partnership_id))

        return answer_once(session, person, sent, act)


@router.post("/portfolio/{item_id}/remove")
def remove_from_portfolio(item_id: str, person: CurrentPerson) -> Response:
    """Take an item out."""
    with get_database().write() as session:
        remove_item(session, person, item_id)
    return go("/portfolio", "item-removed")


@router.post("/portfolio/{item_id}/restore")
def put_back(item_id: str, person: CurrentPerson) -> Response:
    """Put an item back that was taken out within a day."""
    with get_database().write() as session:
        restore_item(session, person, item_id)
    return go("/portfolio", "item-restored")


@router.post("/portfolio/{item_id}/move")
def move(item_id: str, person: CurrentPerson, by: Annotated[int, Form(ge=-1, le=1)] = 1) -> Response:
    """Move an item up or down."""
    with get_database().write() as session:
        move_item(session, person, item_id, by)
    return go("/portfolio")


@router.post("/portfolio/{item_id}/consent")
def give_consent(item_id: str, person: MayWithdraw, answer: Text = "") -> Response:
    """Agree to an item that shows oneself, or not, or not any more."""
    with get_database().write() as session:
        decide(session, person, item_id, yes=answer == "yes")
    return go("/me", "consent-given" if answer == "yes" else "consent-not")


@router.get("/portfolio.pdf", response_class=Response)
def read_paper(request: Request, person: CurrentPerson) -> Response:
    """Return the portfolio as one PDF with an index."""
    with get_database().read() as session:
        data, agreed = portfolio_data(session, person), agreed_items(session, person)
        clips = open_clips_of(session, person)
    note_openings(person, [], clips, "paper")
    ask = right_to(request, person, lambda session, me: require_agreed(session, me, agreed))
    return in_pieces(paper("portfolio", data, f"Portfolio of {person.name}"), ask)


@router.get("/portfolio.zip", response_class=Response)
def read_zip(request: Request, person: CurrentPerson) -> Response:
    """Return the portfolio as a zip: the PDF, each item as text, and the films of clips that are agreed to."""
    name = f"Portfolio of {person.name}.zip"
    with get_database().read() as session:
        agreed, clips = agreed_items(session, person), open_clips_of(session, person)
    note_openings(person, [], clips, "export")
    whole = StreamingResponse(zipped(person), media_type="application/zip", headers=save_as(name))
    return WhileAllowed(whole, right_to(request, person, lambda session, me: require_agreed(session, me, agreed)))


def zipped(person: Person) -> Iterator[bytes]:
    """Yield the zip of a portfolio."""
    archive, storage = ZipStream(), get_storage()
    with get_database().read() as session:
        data = portfolio_data(session, person)
        try:
            archive.add(render_pdf("portfolio", data), "portfolio.pdf")
        except PaperFailed as error:
            archive.add(NOT_MADE.format(name="portfolio.pdf", why=error), "What is missing.txt")
        archive.add(as_json(data), "portfolio.json")
        for one in data["items"]:
            said = "\n\n".join(filter(None, [one["title"], one["consent"], one["text"]]))
            archive.add(said + "\n", f"{one['number']:02} {safe_name(one['title'])}.txt")
        items = read_items(session, person)
        clips = open_clips(session, person, items)
        files = files_of(session, {clip.lesson_id for clip in clips.values()})
        for item in items:
            clip = clips.get(item.id)
            file = None if clip is None else files.get(clip.lesson_id, {}).get(f"clip-{clip.number}")
            if file is not None:
                ending = file.key.rpartition(".")[2] if "." in file.key.rpartition("/")[2] else "mp4"
                archive.add(pieces(storage, file.key), f"{item.position:02} {safe_name(item.title)}.{ending}")
    yield from archive
