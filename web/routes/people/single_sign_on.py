"""Single sign-on routes: OpenID Connect with PKCE, state and nonce."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from annotation.errors import NotOnTheList, NumberChanged, SignOnFailed
from annotation.people.single_sign_on import KEPT, address_of, begin_sign_on, end_sign_on, is_known, person_of_claims
from core.database.db import get_database
from core.errors import HindsightError, NotFound
from core.settings import get_settings
from web.rendering import local_address
from web.security.auth import note_shared, sign_in_browser, this_device
from web.security.openid_connect import Provider
from web.views.people.sign_in_page import show_problem

log = logging.getLogger("hindsight.web")
router = APIRouter(include_in_schema=False)

COOKIE = "hindsight-sign-on"
# What a provider may say instead of a code (RFC 6749, OpenID Connect Core); of anything else the log says "other".
SAID = frozenset(
    {
        "access_denied",
        "account_selection_required",
        "consent_required",
        "interaction_required",
        "invalid_request",
        "invalid_scope",
        "login_required",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
    }
)


def refused(request: Request, error: HindsightError) -> Response:
    """Show the sign-in form with what went wrong; the log names the reason, without a word of content."""
    reason = error.reason if isinstance(error, SignOnFailed | NotOnTheList | NumberChanged) else error.code
    log.warning("single sign-on was refused: %s", reason, extra={"code": error.code})
    return show_problem(request, error)


@router.get("/sign-in/away")
def go_to_provider(request: Request, shared: bool = False) -> Response:
    """Send the browser to the provider; what it brings back must fit what is remembered here."""
    settings = get_settings()
    if not settings.oidc_issuer:
        raise NotFound
    goal = local_address(request.query_params.get("next", "/"))
    try:
        provider = Provider(settings)
        with get_database().write() as session:
            journey = begin_sign_on(session, goal)
        answer = RedirectResponse(provider.address_to_go_to(journey.state, journey.nonce, journey.verifier), 303)
    except SignOnFailed as error:
        return refused(request, error)
    answer.set_cookie(
        COOKIE,
        journey.secret,
        max_age=round(KEPT.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings.cookies_need_https,
        path="/sign-in",
    )
    if shared:
        note_shared(answer)
    return answer


@router.get("/sign-in/back")
def come_back(request: Request, code: str = "", state: str = "", error: str = "") -> Response:
    """Sign in whoever the provider sends back, if this very browser was sent there."""
    settings = get_settings()
    if not settings.oidc_issuer:
        raise NotFound
    try:
        with get_database().write() as session:
            journey = end_sign_on(session, request.cookies.get(COOKIE, ""), state, settings.oidc_name)
        if error or not code:
            said = (error if error in SAID else "other") if error else "no_code"
            raise SignOnFailed(name=settings.oidc_name, reason=f"provider_said_{said}")
        provider = Provider(settings)
        answer = provider.exchange(code, journey.verifier, journey.nonce)
        claims, trusts = answer.claims, settings.oidc_trusts_email
        with get_database().read() as session:
            known = is_known(session, claims, settings.oidc_name)
        if not known and not address_of(claims, trusts_email=trusts).usable:
            claims = with_more(claims, provider.ask_more(answer))
        with get_database().write() as session:
            person = person_of_claims(
                session, claims, trusts_email=trusts, name=settings.oidc_name, device=this_device(request)
            )
        signed_in = sign_in_browser(request, person, journey.next_address, "provider")
    except HindsightError as refusal:
        return refused(request, refusal)
    signed_in.delete_cookie(COOKIE, path="/sign-in")
    return signed_in


def with_more(claims: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Return claims with the address of userinfo, and whether it is verified: both from there, never one from each."""
    if "email" not in more:
        return claims
    return {**claims, **{name: more.get(name) for name in ("email", "email_verified", "name")}}
