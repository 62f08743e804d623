"""Connection security: whether a request came by https, and what plain http allows."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from core.addresses import is_this_machine
from core.settings import get_settings


def sent_by_https(connection: HTTPConnection) -> bool:
    """Tell whether the browser used https, as far as can be told: a proxy that is not believed may still say so."""
    return connection.url.scheme == "https" or connection.headers.get("x-forwarded-proto") == "https"


def loses_cookies(connection: HTTPConnection) -> bool:
    """Tell whether the browser keeps no sign-in, since it came without the https that the cookies ask for."""
    on_its_way = not sent_by_https(connection) and not is_this_machine(connection.url.hostname or "")
    return get_settings().cookies_need_https and on_its_way


def came_by_plain_http(connection: HTTPConnection) -> bool:
    """Tell whether this page travels unencrypted over a network; a page on the machine itself does not travel."""
    on_its_way = not sent_by_https(connection) and not is_this_machine(connection.url.hostname or "")
    return on_its_way and not get_settings().public_url.startswith("https:")
