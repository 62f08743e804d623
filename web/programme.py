"""The lead's page: who is here, who works with whom, who has nobody yet; never what they say or record."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from annotation.partnerships import list_all_partnerships, make_partnership
from annotation.people import invite, list_people, open_invitations, set_place
from core.db import get_database
from core.errors import HindsightError
from core.models import Person
from core.settings import get_settings
from web.auth import CurrentLead
from web.partnerships import partnership_lines
from web.rendering import go, page

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]


def _context(session: Session, lead: Person) -> dict[str, Any]:
    people = list_people(session)
    names = {one.id: one.name for one in people}
    rows = list_all_partnerships(session, lead)
    partnered = {side for row in rows if row.state == "active" for side in (row.coach_id, row.coachee_id)}
    return {
        "people": [
            {
                "id": one.id,
                "name": one.name,
                "email": one.email,
                "department": one.department,
                "manager_id": one.manager_id,
                "manager": names.get(one.manager_id or "", ""),
                "is_lead": one.is_lead,
            }
            for one in people
        ],
        "invitations": open_invitations(session),
        "partnerships": partnership_lines(session, lead, rows),
        "without_partner": [one.name for one in people if one.id not in partnered],
        "link": None,
    }


def _show(request: Request, lead: Person, status: int = 200, **more: Any) -> HTMLResponse:
    with get_database().read() as session:
        context = _context(session, lead) | more
    return page(request, "programme.html", lead, page_title="Programme", status=status, **context)


@router.get("/programme", response_class=HTMLResponse)
def show_programme(request: Request, lead: CurrentLead) -> HTMLResponse:
    """Show the programme."""
    return _show(request, lead)


@router.post("/programme/invitations", response_class=HTMLResponse)
def make_invitation(
    request: Request, lead: CurrentLead, name: Text = "", email: Text = "", department: Text = "", manager_id: Text = ""
) -> Response:
    """Invite somebody; the link is shown this once, since only its hash is kept."""
    try:
        with get_database().write() as session:
            _, secret = invite(session, lead, name, email, department=department, manager_id=manager_id or None)
    except HindsightError as error:
        return _show(request, lead, error.status, problem=str(error))
    base = get_settings().public_url.rstrip("/") or str(request.base_url).rstrip("/")
    return _show(request, lead, link=f"{base}/join/{secret}", link_for=name)


@router.post("/programme/people/{person_id}", response_class=HTMLResponse)
def place_person(
    request: Request, person_id: str, lead: CurrentLead, department: Text = "", manager_id: Text = ""
) -> Response:
    """Set somebody's department and line manager; partnerships are checked again."""
    try:
        with get_database().write() as session:
            suspended = set_place(session, lead, person_id, department, manager_id or None)
    except HindsightError as error:
        return _show(request, lead, error.status, problem=str(error))
    return go("/programme", "suspended" if suspended else "saved")


@router.post("/programme/partnerships", response_class=HTMLResponse)
def pair(
    request: Request, lead: CurrentLead, coach_id: Text = "", coachee_id: Text = "", kind: Text = "", focus: Text = ""
) -> Response:
    """Make two people partners."""
    try:
        with get_database().write() as session:
            make_partnership(session, lead, coach_id, coachee_id, kind=kind, focus=focus)
    except HindsightError as error:
        return _show(request, lead, error.status, problem=str(error))
    return go("/programme", "partnership-made")
