"""Stored files over HTTP: whole or the range that is asked for, from a folder, a bucket or by the proxy.

An open range (`bytes=N-`) is answered with `MOST_OPEN` bytes at most: a player asks for the next ones when it needs
them, so a film that is paused holds no connection. What we send ourselves ends with the right to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import FileResponse, Response, StreamingResponse
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.models import Person, StoredFile
from core.settings import get_settings
from core.storage.configured import get_storage
from web.transfer.file_names import save_as
from web.transfer.while_allowed import Right, WhileAllowed, right_to

KEPT = {"cache-control": "private, no-cache"}  # by the browser alone, and asked for again each time
MOST_OPEN = 4 * 1024**2  # bytes of an answer to an open range
OPEN_END = re.compile(r"\d\s*-\s*(?:,|$)")


class FilmResponse(FileResponse):
    """A file sent in larger pieces: each costs a way to a thread and back."""

    chunk_size = 256 * 1024

    @classmethod
    def _parse_range_header(cls, http_range: str, file_size: int) -> list[tuple[int, int]]:
        ranges = super()._parse_range_header(http_range, file_size)
        if OPEN_END.search(http_range.strip()):
            ranges = [(start, min(end, start + MOST_OPEN)) for start, end in ranges]
        return ranges


def serve(
    request: Request,
    person: Person,
    file: StoredFile | None,
    ask: Callable[[Session, Person], object],
    save_as_name: str | None = None,
) -> Response:
    """Return a stored file, whole or the range that is asked for, to play or to save under a name; raises NotFound.

    From a folder the proxy sends it if it can, else the server does by itself (range, conditions); from a bucket it
    passes through here. While we send it, `ask` is asked again whether this person may have it.
    """
    if file is None:
        raise NotFound
    file_id = file.id

    def ask_for_file(session: Session, me: Person) -> None:
        ask(session, me)
        if session.get(StoredFile, file_id) is None:
            raise NotFound

    return _answer(request, file, right_to(request, person, ask_for_file), save_as_name)


def _answer(request: Request, file: StoredFile, right: Right, save_as_name: str | None) -> Response:
    storage = get_storage()
    name = save_as_name + PurePosixPath(file.key).suffix if save_as_name else None
    path = storage.path_of(file.key)
    if path is not None:
        try:
            found = path.stat()
        except FileNotFoundError:
            raise NotFound from None
        if get_settings().proxy_sends_files:
            headers = KEPT | {"x-accel-redirect": f"/{quote(file.key)}"} | (save_as(name) if name else {})
            return Response(media_type=file.mime, headers=headers)
        film = FilmResponse(
            path, media_type=file.mime, headers=KEPT | (save_as(name) if name else {}), stat_result=found
        )
        return WhileAllowed(film, right)
    try:
        size = storage.size(file.key)
    except FileNotFoundError:
        raise NotFound from None
    headers = KEPT | {"accept-ranges": "bytes"} | (save_as(name) if name else {})
    wanted = request.headers.get("range")
    span = None if wanted is None else range_of(wanted, size)
    if wanted is not None and span is None:
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    start, end = span or (0, size)
    headers["content-length"] = str(end - start)
    if span is not None:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    body = iter(()) if request.method == "HEAD" else storage.read(file.key, start, end)
    part = StreamingResponse(body, 200 if span is None else 206, headers=headers, media_type=file.mime)
    return WhileAllowed(part, right)


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """Return (start, end without) of the one range that players ask for (RFC 9110, 14.2); None: it cannot be had."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:  # the last so many bytes
        return (max(0, size - int(last)), size) if int(last) and size else None
    start = int(first)
    end = min(int(last) + 1 if last else start + MOST_OPEN, size)
    return (start, end) if start < end else None
