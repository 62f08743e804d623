"""What every answer carries and every request must satisfy: headers, and no orders from other sites."""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.settings import get_settings

log = logging.getLogger("hindsight.web")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), geolocation=(), payment=()",
}
HASHED = "/static/build/assets/"


def comes_from_elsewhere(method: str, headers: Headers, own_origin: str = "") -> bool:
    """Tell whether another site's page made a browser send this order.

    Every current browser says where a request comes from (Sec-Fetch-Site, else Origin); a program that
    says neither carries nobody's cookie by accident. https://web.dev/articles/fetch-metadata
    """
    if method in SAFE_METHODS:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    return urlsplit(origin).netloc != headers.get("host", "") and origin.rstrip("/") != own_origin.rstrip("/")


class Guard:
    """Refuse orders from other sites, put the headers on every answer, log who was answered what, without content."""

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
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                kept = "public, max-age=31536000, immutable" if path.startswith(HASHED) else "no-store"
                headers.setdefault("cache-control", kept)
                if not path.startswith("/static/"):
                    took = round((time.monotonic() - begun) * 1000)
                    log.info("answered", extra={**asked(scope), "status": message["status"], "ms": took})
            await send(message)

        if comes_from_elsewhere(scope["method"], Headers(scope=scope), get_settings().public_url):
            words = "This request came from another site, so it was not followed. Please use the page itself."
            refused = JSONResponse({"code": "from_elsewhere", "message": words}, 403)
            await refused(scope, receive, send_guarded)
            return
        await self.app(scope, receive, send_guarded)


def asked(scope: Scope) -> dict[str, str]:
    """Return what a line of the log says of a request.

    That is the pattern of its route: the path itself may hold the secret of a link, or whatever somebody typed.
    """
    said = {"method": scope["method"], "route": getattr(scope.get("route"), "path", "none")}
    named = scope.get("path_params", {})
    lesson = named.get("lesson_id") or named.get("upload_id")  # a lesson takes the id of its upload
    return said | ({"lesson": lesson} if lesson else {})


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
