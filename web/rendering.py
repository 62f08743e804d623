"""Renders pages from Jinja templates with their common context: person, notice, sharing label."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from core.clock import utc_now
from core.models import Person, new_id
from core.school_day import SchoolDay, day_and_time, full_day, iso_day, weekday_of
from core.settings import get_settings
from core.text.recording_time import clock_time, length_in_words
from web.assets import asset, asset_css
from web.security.auth import SHARED_COOKIE
from web.security.connections import came_by_plain_http, loses_cookies
from web.views.base import PersonView

# A notice travels as a name, never as text: nobody can put words on our page with a link.
NOTICES = {
    "invited-by-mail": "The invitation is on its way by mail. Its link works once, for 14 days.",
    "on-the-list": "They are on the list now, and can sign in with their school account.",
    "saved": "Saved.",
    "partnership-made": "The two are partners now.",
    "partnership-ended": "The partnership is ended, and what was shared in it is closed.",
    "suspended": "Saved. A partnership that is now within one management line was suspended, and its shares closed.",
    "goal-set": "The goal is set.",
    "goal-closed": "The goal is put aside; what was said about it stays.",
    "device-out": "That device is signed out.",
    "password-changed": "Your password is changed, and every other device is signed out.",
    "password-removed": "Your password is taken away. You sign in with your school account.",
    "link-mailed": "A link to a new password is on its way to your mailbox. It works for two hours.",
    "devices-out": "Every other device is signed out.",
    "sign-in-again": "Please sign in again: your password was typed too long ago, or in another browser.",
    "second-factor-gone": "Your second factor is taken away, and every other device is signed out.",
    "lesson-deleted": "The lesson is deleted. You can still bring it back from here.",
    "taken-back": "That is not open to you any more: its owner took it back, or the partnership ended.",
    "share-closed": "It is taken back.",
    "measures-shown": "It is shown. You can take it back at any time.",
    "print-allowed": "Thank you. Your next lesson makes your voice print.",
    "print-deleted": "Your voice print is deleted.",
    "signed-out": "You are signed out.",
    "left": "Your account is closed. Here you can still take away or delete what is yours.",
    "reset-asked": "If this address has an account, a link is on its way to it. It works for two hours.",
    "password-new": "Your new password is set. Please sign in with it.",
    "staff-changed": "The staff list is changed.",
    "has-left": "The account is closed. What they recorded is theirs to take away or delete for a while.",
    "is-back": "The account is open again.",
    "asked": "Your colleague is asked. It begins when they say yes.",
    "partners-now": "You are partners now.",
    "declined": "It is declined. Nothing was shared.",
    "resumed": "The partnership goes on. What was shared before stays closed.",
    "planned": "It is planned.",
    "cancelled": "It is cancelled.",
    "log-kept": "The log is kept.",
    "goal-open": "The goal is active again.",
    "action-kept": "It is noted.",
    "mail-set": "Saved.",
    "walk-saved": "It is saved. Your colleague can read it now.",
    "walk-gone": "It is thrown away.",
    "answered": "Your answer is saved.",
    "mirror-set": "It is a conversation now: for your mirror alone.",
    "lesson-after-all": "You both agree: it is a lesson now, not a conversation.",
    "lesson-asked": "The other one of you is asked. Until you both agree it stays a conversation.",
    "conversation-kept": "It stays a conversation.",
    "item-added": "It is in your portfolio.",
    "item-asked": "It is in your portfolio, and your colleague is asked. Until they agree nobody else reads it.",
    "item-removed": "It is taken out. You can put it back for a day, at the end of this page.",
    "item-restored": "It is back in your portfolio.",
    "consent-given": "Thank you. You can change your mind at any time.",
    "consent-not": "It stays out.",
    "words-taken": "The transcript is taken. What we heard ourselves is kept beneath it.",
    "words-back": "The page shows again what we heard ourselves.",
}


VERSION_FIELD = "version"  # of a form that changes a text: which version of it the form showed
PERSON_FIELD = "page_person_id"  # of every form: whose page it is on
FORM_FIELD = "form_id"  # of every form: made with the page, so that it is known when it is sent twice
POSTS = re.compile(r'<form\b[^<>]*\bmethod="post"[^<>]*+>')

# Pages of whoever sets the school up: the first account, and the lead's. Nobody else is told that https is missing.
OF_THE_LEAD = ("/", "/programme", "/programme/work")


def time_ago(moment: date) -> str:
    """Write a day, or a moment's day at the school: "today", "yesterday", "in 3 days", "12 March 2026"."""
    away = (SchoolDay.of(moment) - SchoolDay.of(utc_now())).days
    named = {0: "today", -1: "yesterday", 1: "tomorrow"}
    if away in named:
        return named[away]
    if 1 < away < 7:
        return f"in {away} days"
    if -7 < away < -1:
        return f"{-away} days ago"
    return full_day(moment)


def by_day(day: date) -> str:
    """Write until when something is to be done: "by today", "by Friday", "by 12 March 2026"; "was for 2 days ago"."""
    away = (day - SchoolDay.of(utc_now())).days
    if away < 0:
        return f"was for {time_ago(day)}"
    return f"by {weekday_of(day)}" if 1 < away < 7 else f"by {time_ago(day)}"


def printed(value: Any) -> Any:
    """Return what a template writes for a value: a day or a moment without a filter has its one form."""
    if isinstance(value, datetime):
        return day_and_time(value)
    return full_day(value) if isinstance(value, date) else value


def listens() -> str:
    """Return where a proxy on this machine finds us."""
    return f"127.0.0.1:{get_settings().port}"


def over_time(chart: dict[str, Any]) -> Markup:
    """Return the drawing of a chart; one that stands on a page several times is drawn once."""
    if "drawing" not in chart:
        chart["drawing"] = Markup(_environment().get_template("lessons/_over_time.html").render(chart=chart))  # noqa: S704
    drawing: Markup = chart["drawing"]
    return drawing


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        finalize=printed,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(asset=asset, asset_css=asset_css, listens=listens, over_time=over_time)
    environment.filters.update(clock_time=clock_time, time_ago=time_ago, length_in_words=length_in_words)
    environment.filters.update(by_day=by_day, day_and_time=day_and_time, full_day=full_day, iso_day=iso_day)
    return environment


def _me(me: Person) -> PersonView:
    return PersonView(id=me.id, name=me.name, is_lead=me.is_lead, has_left=me.deactivated_at is not None)


def _tell_of_https(request: Request, me: Person | None) -> bool:
    path = request.url.path
    runs_it = path in OF_THE_LEAD if me is not None and me.is_lead else path == "/welcome"
    return runs_it and came_by_plain_http(request)


def page(
    request: Request, template: str, me: Person | None, *, page_title: str, status: int = 200, **context: Any
) -> HTMLResponse:
    """Render a page; `problem` is a sentence about a form that could not be taken."""
    values = {
        "me": None if me is None else _me(me),
        "is_shared_computer": SHARED_COOKIE in request.cookies,
        "page_title": page_title,
        "notice": NOTICES.get(request.query_params.get("notice", "")),
        "problem": None,
        "pill": None,
        "follows_from": None,
        "path": request.url.path,
        "today": SchoolDay.of(utc_now()),
        "time_zone": get_settings().zone.key,
        "open_at": get_settings().public_url if loses_cookies(request) else None,
        "https_is_missing": _tell_of_https(request, me),
        **context,
    }
    rendered = _environment().get_template(template).render(values)
    return HTMLResponse(rendered if me is None else with_person(rendered, me.id), status)


def with_person(rendered: str, person_id: str) -> str:
    """Return a page with hidden fields in each of its forms: whose page it is, and an id of the form's own.

    The browser is asked not to offer what was typed to the next person; fields of sign-in say otherwise themselves.
    """
    whose = f'<input type="hidden" name="{PERSON_FIELD}" value="{person_id}">'

    def with_fields(form: re.Match[str]) -> str:
        own = f'<input type="hidden" name="{FORM_FIELD}" value="{new_id()}">'
        return f'{form[0][:-1]} autocomplete="off">{whose}{own}'

    return POSTS.sub(with_fields, rendered)


def go(address: str, notice: str = "") -> RedirectResponse:
    """Send the browser on after a form, with the name of a notice."""
    return RedirectResponse(f"{address}?notice={quote(notice)}" if notice else address, 303)


def local_address(wanted: str) -> str:
    """Return an address of this site to go on to, or home: never another site's."""
    plain = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if plain and "\\" not in wanted else "/"
