"""Signing in with the school's own account: OpenID Connect with PKCE, state and nonce (https://openid.net/specs/)."""

from __future__ import annotations

import logging
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from annotation.coaching.reminders import site
from annotation.errors import SignOnFailed
from annotation.people.single_sign_on import KEPT, begin_sign_on, end_sign_on, person_of_claims
from core.database.db import get_database
from core.errors import HindsightError, NotFound
from core.settings import Settings, get_settings
from web.auth import sign_in_browser, this_device
from web.rendering import local_address
from web.routes.people.accounts import show_problem

log = logging.getLogger("hindsight.web")
router = APIRouter(include_in_schema=False)

COOKIE = "hindsight-sign-on"
PATIENCE_SECONDS = 10
SIGNED_WITH = ["RS256", "PS256", "ES256", "EdDSA"]


def provider(settings: Settings) -> dict[str, Any]:
    """Return what the provider says of itself; raises httpx.HTTPError, or SignOnFailed for another issuer."""
    answer = httpx.get(f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration", timeout=PATIENCE_SECONDS)
    found: dict[str, Any] = answer.raise_for_status().json()
    if str(found.get("issuer", "")).rstrip("/") != settings.oidc_issuer.rstrip("/"):
        raise SignOnFailed(name=settings.oidc_name)
    return found


def client(settings: Settings) -> OAuth2Client:
    """Return a client of the school's provider."""
    return OAuth2Client(
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        scope="openid email profile",
        redirect_uri=f"{site()}/sign-in/back",
        code_challenge_method="S256",
        timeout=PATIENCE_SECONDS,
    )


@router.get("/sign-in/away")
def go_to_provider(request: Request) -> Response:
    """Send the browser to the provider; what it brings back must fit what is remembered here."""
    settings = get_settings()
    if not settings.oidc_issuer:
        raise NotFound
    try:
        there = provider(settings)["authorization_endpoint"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        log.warning("the sign-in provider did not answer: %s", type(error).__name__)
        return show_problem(request, SignOnFailed(name=settings.oidc_name))
    with get_database().write() as session:
        journey = begin_sign_on(session, local_address(request.query_params.get("next", "/")))
    with client(settings) as oauth:
        address, _ = oauth.create_authorization_url(
            there, state=journey.state, nonce=journey.nonce, code_verifier=journey.verifier
        )
    answer = RedirectResponse(address, 303)
    answer.set_cookie(
        COOKIE,
        journey.secret,
        max_age=round(KEPT.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings.cookies_need_https,
        path="/sign-in",
    )
    return answer


@router.get("/sign-in/back")
def come_back(request: Request, code: str = "", state: str = "") -> Response:
    """Sign in whoever the provider sends back, if this very browser was sent there."""
    settings = get_settings()
    try:
        if not settings.oidc_issuer:
            raise NotFound
        with get_database().write() as session:
            journey = end_sign_on(session, request.cookies.get(COOKIE, ""), state, settings.oidc_name)
        claims = claims_of(settings, code, journey.verifier, journey.nonce)
        with get_database().write() as session:
            person = person_of_claims(
                session,
                claims,
                trusts_email=settings.oidc_trusts_email,
                name=settings.oidc_name,
                device=this_device(request),
            )
        answer = sign_in_browser(request, person, journey.next_address, "provider")
    except HindsightError as error:
        return show_problem(request, error)
    answer.delete_cookie(COOKIE, path="/sign-in")
    return answer


def claims_of(settings: Settings, code: str, verifier: str, nonce: str) -> dict[str, Any]:
    """Exchange the code and return what the signed token says; raises SignOnFailed for anything that does not fit."""
    try:
        about = provider(settings)
        with client(settings) as oauth:
            token = oauth.fetch_token(about["token_endpoint"], code=code, code_verifier=verifier)
        keys = httpx.get(about["jwks_uri"], timeout=PATIENCE_SECONDS).raise_for_status().json()
        signed = jwt.decode(token["id_token"], KeySet.import_key_set(keys), algorithms=SIGNED_WITH)
        rules = jwt.JWTClaimsRegistry(
            leeway=60,
            iss={"essential": True, "value": about["issuer"]},
            aud={"essential": True, "value": settings.oidc_client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        rules.validate(signed.claims)
    except (httpx.HTTPError, AuthlibBaseError, JoseError, ValueError, KeyError) as error:
        log.warning("a sign-in by single sign-on failed: %s", type(error).__name__)
        raise SignOnFailed(name=settings.oidc_name) from error
    return dict(signed.claims)
