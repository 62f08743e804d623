"""HTTP security: response headers, and refusal of cross-site requests."""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import HindsightError
from core.settings import get_settings
from web.forms.refusals import answer, asked
from web.security.connections import came_by_plain_http

log = logging.getLogger("hindsight.web")

OVERRIDING = frozenset({"PATCH", "PUT", "DELETE"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # other sites learn no address of ours; our own forms say whose they are
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), geolocation=(), payment=()",
}
BY_HTTPS_ALONE = {"cross-origin-opener-policy": "same-origin"}  # browsers ignore it elsewhere, and complain
TOLD = ("origin", "host", "sec-fetch-site")  # of a request that was refused, in the log
HASHED = "/static/build/assets/"


class FromElsewhere(HindsightError):
    """Another site's page made the browser send this, or the browser does not say whose page it was."""

    code = "from_elsewhere"
    status = 403
    sentence = (
        "This came from another page than Hindsight's own, so nothing was done. Please open the page itself and try"
        " again. If this is its own page, the address that is typed ({typed}) differs from the one that is set:"
        " the person who looks after the machine can set HINDSIGHT_PUBLIC_URL to it."
    )


class FromNowhere(FromElsewhere):
    """The browser was told to hide whose page it was."""

    code = "from_nowhere"
    sentence = (
        "Your browser did not say which page this came from, so nothing was done. An add-on of the browser, or a proxy"
        " that sends “Referrer-Policy: no-referrer”, hides it: please try another browser, or tell the person who"
        " looks after the machine."
    )


def comes_from_elsewhere(method: str, headers: Headers, own_origin: str = "") -> FromElsewhere | None:
    """Return why an unsafe request is refused that another site may have forged (CSRF); None if it is our own.

    Browsers say where a request comes from: Sec-Fetch-Site (https://web.dev/articles/fetch-metadata), on plain http at
    a name Origin alone, and old ones no more than Referer. Whoever says none of them is a program, or a browser that
    does not send our cookie along with another site's request (SameSite=Lax). A hidden origin (`null`) is never ours: a
    page in a sandboxed frame of a neighbour's has it too, and the cookie goes along with that.
    """
    if method in SAFE_METHODS:
        return None
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin") or origin_of(headers.get("referer", ""))
    host = headers.get("host", "")
    if site is not None:
        return None if site in ("same-origin", "none") else FromElsewhere(typed=origin)
    if origin == "null":
        return FromNowhere()
    if not origin or origin in (f"http://{host}", f"https://{host}", own_origin):
        return None
    return FromElsewhere(typed=origin)


def origin_of(address: str) -> str:
    """Return the origin of an address, or nothing; of an address that cannot be read `null`."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "null"
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


class Guard:
    """Refuse unsafe requests of other sites (CSRF), put headers on each answer, and log each one without content."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, begun = scope["path"], time.monotonic()

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                secure = {} if came_by_plain_http(HTTPConnection(scope)) else BY_HTTPS_ALONE
                for name, value in (HEADERS | secure).items():
                    headers.setdefault(name, value)
                kept = "public, max-age=31536000, immutable" if path.startswith(HASHED) else "no-store"
                headers.setdefault("cache-control", kept)
                if not path.startswith("/static/"):
                    took = round((time.monotonic() - begun) * 1000)
                    log.info("answered", extra={**asked(scope), "status": message["status"], "ms": took})
            await send(message)

        headers = Headers(scope=scope)
        refused = comes_from_elsewhere(scope["method"], headers, get_settings().public_url)
        if refused is not None:
            said = ", ".join(f"{name} {headers.get(name, 'none')[:100]}" for name in TOLD)
            log.warning("refused a request: %s", said, extra={"code": refused.code, "method": scope["method"]})
            refusal = answer(Request(scope), refused.status, refused.code, str(refused))
            await refusal(scope, receive, send_guarded)
            return
        await self.app(scope, receive, send_guarded)


class MethodOverride:
    """Take a POST for what X-HTTP-Method-Override says: some proxies let no other method through."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; an unsafe method becomes another unsafe one, and GET stays GET."""
        if scope["type"] == "http" and scope["method"] == "POST":
            wanted = Headers(scope=scope).get("x-http-method-override", "").upper()
            if wanted in OVERRIDING:
                scope = {**scope, "method": wanted}
        await self.app(scope, receive, send)


class CompressPages:
    """Compress pages and JSON; never recordings, uploads or the stream of events."""

    def __init__(self, app: ASGIApp) -> None:
        self.plain = app
        self.compressed = GZipMiddleware(app, minimum_size=1000, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose by address."""
        path = scope.get("path", "")
        as_it_is = path.startswith(("/media/", "/api/uploads")) or path.endswith("/events")
        await (self.plain if as_it_is or scope["type"] != "http" else self.compressed)(scope, receive, send)
