"""The programme lead's pages: staff, pairs, joiners and leavers; no content."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from annotation.access.reading import is_person
from annotation.coaching.partnerships import make_partnership
from annotation.mail_queue import mail_is_on
from annotation.people.account_links import hand_out, invite, invite_again
from annotation.people.people import list_people
from annotation.school.staff import MOST_BYTES, Listed, decode_staff, mark_left, read_staff, reinstate, set_place
from annotation.school.staff_import import Plan, import_staff, plan_staff
from core.database.db import get_database
from core.database.receipts import do_once
from core.errors import NotFound
from core.models import Person
from core.settings import get_settings
from web.child_process import compute_in_child
from web.forms.sent_once import SentForm, answer_once
from web.rendering import NOTICES, go, page
from web.security.auth import CurrentLead
from web.security.bodies import FORM_BYTES, takes
from web.views.school.programme import programme_context

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]


def _show(request: Request, lead: Person, status: int = 200, **more: Any) -> HTMLResponse:
    with get_database().read() as session:
        context = programme_context(session, lead) | more
    return page(request, "school/programme.html", lead, page_title="Programme", status=status, **context)


@router.get("/programme", response_class=HTMLResponse)
def show_programme(request: Request, lead: CurrentLead) -> HTMLResponse:
    """Show the programme."""
    return _show(request, lead)


@router.post("/programme/invitations", response_class=HTMLResponse)
def make_invitation(
    request: Request,
    lead: CurrentLead,
    sent: SentForm,
    name: Text = "",
    email: Text = "",
    department: Text = "",
    manager_id: Text = "",
) -> Response:
    """Invite somebody."""

    def make(session: Session) -> tuple[Person, str]:
        return invite(session, lead, name, email, department=department, manager_id=manager_id or None)

    return _hand_out_once(request, lead, sent, make)


def _base(request: Request) -> str:
    """Return where a link that the lead herself is shown begins; one that is mailed never begins with what is asked."""
    return get_settings().public_url or str(request.base_url).rstrip("/")


def _hand_out_once(
    request: Request, lead: Person, sent: str, make: Callable[[Session], tuple[Person, str]]
) -> Response:
    """Make a link and mail it, once; or show it, anew if the form is sent twice, since only its hash is kept."""
    shown: list[tuple[str, str]] = []
    with get_database().write() as session:

        def hand(invited: Person, secret: str) -> str:
            if hand_out(session, invited, secret):
                return ""
            shown.append((invited.name, f"{_base(request)}/join/{secret}"))
            return invited.id

        invited_id, is_new = do_once(session, lead.id, sent, lambda: hand(*make(session)))
        if invited_id and not is_new:
            hand(*invite_again(session, lead, invited_id))
    if not shown:
        return go("/programme", "invited-by-mail" if get_settings().passwords else "on-the-list")
    return _show(request, lead, links=shown)


@router.post("/programme/people/{person_id}/link", response_class=HTMLResponse)
def make_another_link(request: Request, person_id: str, lead: CurrentLead, sent: SentForm) -> Response:
    """Make a new link for somebody who has not joined yet; the old one stops working."""
    return _hand_out_once(request, lead, sent, lambda session: invite_again(session, lead, person_id))


@router.post("/programme/people/{person_id}/left")
def close_account(person_id: str, lead: CurrentLead) -> Response:
    """Close the account of somebody who leaves; what she recorded stays hers to take away or delete."""
    with get_database().write() as session:
        mark_left(session, lead, person_id)
    return go("/programme", "has-left")


@router.post("/programme/people/{person_id}/back")
def open_account(person_id: str, lead: CurrentLead) -> Response:
    """Open a leaver's account again."""
    with get_database().write() as session:
        reinstate(session, lead, person_id)
    return go("/programme", "is-back")


@router.post("/programme/staff", response_class=HTMLResponse)
@takes(MOST_BYTES + FORM_BYTES)
async def try_staff_list(
    request: Request, lead: CurrentLead, file: UploadFile, others_left: Annotated[bool, Form()] = False
) -> Response:
    """Show what a staff list would change; nothing changes yet."""
    data = await file.read(MOST_BYTES + 1)  # one more than is taken: a longer file is refused, not cut
    text, listed = await compute_in_child(lead.id, decode_staff, data)
    plan = await run_in_threadpool(_plan, lead, listed, others_left)
    return await run_in_threadpool(_show, request, lead, plan=plan, staff_text=text, others_left=others_left)


def _plan(lead: Person, listed: Listed, others_left: bool) -> Plan:
    with get_database().read() as session:
        return plan_staff(session, lead, listed, others_left=others_left)


@router.post("/programme/staff/apply", response_class=HTMLResponse)
async def change_staff_list(
    request: Request, lead: CurrentLead, text: Text = "", others_left: Annotated[bool, Form()] = False
) -> Response:
    """Change the staff list as was shown."""
    listed = await compute_in_child(lead.id, read_staff, text)
    return await run_in_threadpool(_change, request, lead, listed, others_left)


def _change(request: Request, lead: Person, listed: Listed, others_left: bool) -> Response:
    invite_them = mail_is_on() or not get_settings().oidc_issuer  # else they come by single sign-on, without a link
    plan, shown = import_staff(get_database(), lead, listed, others_left=others_left, invite=invite_them)
    notice = "suspended" if plan.suspended else "staff-changed"
    if shown:
        links = [(name, f"{_base(request)}/join/{secret}") for name, secret in shown]
        return _show(request, lead, links=links, notice=NOTICES[notice])
    return go("/programme", notice)


@router.get("/programme/people/{person_id}", response_class=HTMLResponse)
def show_colleague(request: Request, person_id: str, lead: CurrentLead) -> HTMLResponse:
    """Show where somebody stands on the staff list, and nothing else."""
    with get_database().read() as session:
        people = list_people(session)
    one = next((each for each in people if is_person(each, person_id)), None)
    if one is None:
        raise NotFound
    others = [each for each in people if not is_person(each, person_id)]
    return page(request, "school/colleague.html", lead, page_title=one.name, one=one, others=others)


@router.post("/programme/people/{person_id}")
def place_person(
    person_id: str,
    lead: CurrentLead,
    department: Text = "",
    manager_id: Text = "",
    is_lead: Annotated[bool, Form()] = False,
) -> Response:
    """Set somebody's department and line manager; partnerships are checked again."""
    with get_database().write() as session:
        suspended = set_place(session, lead, person_id, department, manager_id or None, is_lead=is_lead)
    return go("/programme", "suspended" if suspended else "saved")


@router.post("/programme/partnerships")
def pair(
    lead: CurrentLead, sent: SentForm, coach_id: Text = "", coachee_id: Text = "", kind: Text = "", focus: Text = ""
) -> Response:
    """Make two people partners."""
    with get_database().write() as session:

        def act() -> Response:
            make_partnership(session, lead, coach_id, coachee_id, kind=kind, focus=focus)
            return go("/programme", "partnership-made")

        return answer_once(session, lead, sent, act)
