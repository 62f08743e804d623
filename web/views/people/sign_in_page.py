"""The page of signing in, also with what went wrong."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from annotation.mail_queue import mail_is_on
from core.errors import HindsightError
from core.settings import get_settings
from web.rendering import page


def show_problem(request: Request, error: HindsightError) -> HTMLResponse:
    """Show the sign-in form with what went wrong."""
    form: dict[str, Any] = {"email": "", "next": "/", **ways_in(), "problem": str(error)}
    return page(request, "people/sign_in.html", None, page_title="Sign in", status=error.status, **form)


def sso_label() -> str:
    """Return what the button of single sign-on says, or nothing."""
    settings = get_settings()
    return settings.oidc_name if settings.oidc_issuer else ""


def ways_in() -> dict[str, Any]:
    """Return what the pages before the sign-in offer."""
    return {"sso": sso_label(), "mail": mail_is_on(), "passwords": get_settings().passwords}
