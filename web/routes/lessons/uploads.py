"""Resumable uploads over tus 1.0 (https://tus.io): core, creation (length deferred, too), termination, expiration."""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from core.database.db import get_database
from core.errors import HindsightError
from core.models import Upload
from core.school_day import iso_day
from core.settings import get_settings
from core.storage.configured import get_storage
from ingest.upload.errors import TooLarge, UploadBusy, UploadOffset, UploadType, UploadUnreadable, UploadVersion
from ingest.upload.partial_file import GrowingFile, UploadLock, require_room
from ingest.upload.uploads import (
    Progress,
    begin_upload,
    complete_upload,
    find_upload,
    fix_length,
    read_progress,
    read_upload_request,
    remove_upload,
    renew_upload,
)
from web.errors import log
from web.forms.refusals import answer, asked
from web.security.auth import CurrentPerson
from web.security.bodies import takes

VERSION = "1.0.0"
ABOUT = {"Tus-Version": VERSION, "Tus-Extension": "creation,creation-defer-length,termination,expiration"}
BYTES_TYPE = "application/offset+octet-stream"
WRITE_BYTES = 1024**2  # collected before a thread writes them
STALLED_SECONDS = 5.0  # silent for so long, a sender may be replaced by a newer one
TURN_SECONDS = 5.0  # how long a newer sender waits for the older one to put down what it has


class TusRoute(APIRoute):
    """A route whose every answer, failures too, says which protocol it speaks."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handle = super().get_route_handler()

        async def handle_tus(request: Request) -> Response:
            try:
                made = await handle(request)
            except HindsightError as error:
                if error.status >= 500:
                    log.error("failed", extra={**asked(request.scope), "code": error.code}, exc_info=error)
                made = answer(request, error.status, error.code, str(error))
                if isinstance(error, UploadVersion):
                    made.headers["Tus-Version"] = VERSION
            made.headers["Tus-Resumable"] = VERSION
            return made

        return handle_tus


router = APIRouter(prefix="/api/uploads", route_class=TusRoute, tags=["uploads"])


@dataclass
class Sender:
    """A PATCH that is being received by this process."""

    heard: float = field(default_factory=time.monotonic)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def is_stalled(self) -> bool:
        """Tell whether nothing came for a while."""
        return time.monotonic() - self.heard > STALLED_SECONDS


SENDERS: dict[str, Sender] = {}  # by upload; those of other processes are known by their lock alone


@router.options("", status_code=204)
@router.options("/{upload_id}", status_code=204, include_in_schema=False)
def describe_protocol() -> Response:
    """Say what this server can do."""
    return Response(status_code=204, headers={**ABOUT, "Tus-Max-Size": str(get_settings().upload_max_bytes)})


@router.post("", status_code=201, response_class=Response)
async def create(request: Request, person: CurrentPerson) -> Response:
    """Begin an upload: everything that can be refused is refused before a byte is sent."""
    require_version(request)
    settings = get_settings()
    words = read_metadata(request.headers.get("upload-metadata", ""))
    is_growing = request.headers.get("upload-defer-length") == "1" and "upload-length" not in request.headers
    length = None if is_growing else whole_number(request, "upload-length")
    upload_request = read_upload_request(words, length, settings.upload_max_bytes)

    def begin() -> Upload:
        wanted = 0 if upload_request.is_growing else upload_request.length
        require_room(settings.uploads_dir, wanted, settings.disk_reserve_bytes)
        with get_database().write() as session:
            return begin_upload(session, person.id, upload_request, settings.upload_keep_hours)

    upload = await run_in_threadpool(begin)
    headers = {"Location": f"/api/uploads/{upload.id}", "Upload-Expires": http_date(upload.expires_at)}
    return Response(status_code=201, headers=headers)


@router.head("/{upload_id}", response_class=Response)
async def report_offset(request: Request, upload_id: str, person: CurrentPerson) -> Response:
    """Say how much is safely here; makes the lesson when that is everything."""
    require_version(request)
    await run_in_threadpool(find, person.id, upload_id)
    try:
        async with turn(upload_id):
            upload = await run_in_threadpool(find, person.id, upload_id)
            progress = await run_in_threadpool(finish, upload)
    except UploadBusy:
        upload = await run_in_threadpool(find, person.id, upload_id)
        progress = await run_in_threadpool(progress_of, upload)
    length = {"Upload-Defer-Length": "1"} if upload.is_growing else {"Upload-Length": str(upload.length)}
    headers = headers_of(progress) | length | {"Upload-Metadata": write_metadata(upload)}
    if progress.lesson_id is None:
        headers["Upload-Expires"] = http_date(upload.expires_at)
    return Response(status_code=200, headers=headers)


@router.patch("/{upload_id}", status_code=204, response_class=Response)
@takes(lambda: get_settings().upload_max_bytes)
async def append(request: Request, upload_id: str, person: CurrentPerson) -> Response:
    """Take the next bytes; what came before a cut is kept."""
    require_version(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != BYTES_TYPE:
        raise UploadType
    offset = whole_number(request, "upload-offset")
    await run_in_threadpool(find, person.id, upload_id)
    async with turn(upload_id):
        upload = await run_in_threadpool(find, person.id, upload_id)
        progress = await run_in_threadpool(progress_of, upload)
        if offset != progress.offset:
            raise UploadOffset
        if upload.is_growing and "upload-length" in request.headers:
            upload = await run_in_threadpool(end_growing, upload, whole_number(request, "upload-length"), offset)
        announced = whole_number(request, "content-length") if "content-length" in request.headers else 0
        if announced > upload.length - offset:
            raise TooLarge
        until = upload.expires_at
        if progress.lesson_id is None and offset < upload.length:
            await receive(request, upload, upload.length - offset, announced)
            until = await run_in_threadpool(renew, upload)
        progress = await run_in_threadpool(finish, upload)
    headers = headers_of(progress)
    if progress.lesson_id is None:
        headers["Upload-Expires"] = http_date(until)
    return Response(status_code=204, headers=headers)


@router.delete("/{upload_id}", status_code=204, response_class=Response)
async def terminate(request: Request, upload_id: str, person: CurrentPerson) -> Response:
    """Give an upload up and free its room; a lesson that came of it stays."""
    require_version(request)
    await run_in_threadpool(find, person.id, upload_id)

    def remove(lock: UploadLock) -> None:
        with get_database().write() as session:
            upload = find_upload(session, person.id, upload_id)
            remove_upload(session, get_storage(), get_settings().uploads_dir, upload, lock)

    async with turn(upload_id, even_busy=True) as lock:
        await run_in_threadpool(remove, lock)
    return Response(status_code=204)


def find(owner_id: str, upload_id: str) -> Upload:
    """Return the upload of its owner; raises NotFound."""
    with get_database().read() as session:
        return find_upload(session, owner_id, upload_id)


def progress_of(upload: Upload) -> Progress:
    """Return how far an upload is."""
    with get_database().read() as session:
        return read_progress(session, get_storage(), get_settings().uploads_dir, upload)


def finish(upload: Upload) -> Progress:
    """Make the lesson when every byte is here, and return how far the upload is; the caller has the turn."""
    progress = progress_of(upload)
    if progress.offset < upload.length:
        return progress
    return complete_upload(get_database(), get_storage(), get_settings().uploads_dir, upload)


def end_growing(upload: Upload, length: int, offset: int) -> Upload:
    """Write down how long a recording has become, and return its upload anew."""
    with get_database().write() as session:
        fix_length(session, upload, length, offset)
    return find(upload.owner_id, upload.id)


def renew(upload: Upload) -> datetime:
    """Let the upload wait longer."""
    with get_database().write() as session:
        return renew_upload(session, upload, get_settings().upload_keep_hours)


@asynccontextmanager
async def turn(upload_id: str, *, even_busy: bool = False) -> AsyncIterator[UploadLock]:
    """Hold the upload's lock; a stalled sender is told to stop first. Raises UploadBusy when one is at work."""
    sender = SENDERS.get(upload_id)
    if sender is not None:
        if not (even_busy or sender.is_stalled()):
            raise UploadBusy
        sender.stop.set()
    lock = await wait_for_lock(upload_id, TURN_SECONDS if sender is not None else 0.5)
    try:
        yield lock
    finally:
        lock.release()


async def wait_for_lock(upload_id: str, patience_seconds: float) -> UploadLock:
    """Return the upload's lock; raises UploadBusy when it does not come free in time."""
    until = time.monotonic() + patience_seconds
    while True:
        try:
            return await run_in_threadpool(UploadLock.take, get_settings().uploads_dir, upload_id)
        except UploadBusy:
            if time.monotonic() > until:
                raise
        await asyncio.sleep(0.05)


async def receive(request: Request, upload: Upload, room: int, announced: int) -> None:
    """Write what comes, a piece at a time in a thread; what came is on the disk when this returns or raises."""
    settings = get_settings()
    left = announced or room
    await run_in_threadpool(require_room, settings.uploads_dir, left, settings.disk_reserve_bytes)
    sender = SENDERS[upload.id] = Sender()
    file = await run_in_threadpool(GrowingFile, settings.uploads_dir / upload.id)
    collected = bytearray()
    try:
        async for piece in pieces(request, sender):
            if len(piece) > room:
                raise TooLarge
            room -= len(piece)
            collected += piece
            if len(collected) >= WRITE_BYTES:
                ready, collected = collected, bytearray()
                await run_in_threadpool(file.write, ready)
    finally:
        try:
            await run_in_threadpool(flush_buffer, file, collected)
        finally:
            del SENDERS[upload.id]


def flush_buffer(file: GrowingFile, rest: bytearray) -> None:
    """Write the last bytes and wait until all of them are on the disk."""
    try:
        try:
            file.write(rest)
        finally:
            file.sync()
    finally:
        file.close()


async def pieces(request: Request, sender: Sender) -> AsyncIterator[bytes]:
    """Yield the body as it comes, until it ends or is cut; raises UploadBusy when a newer sender takes over."""
    stream = request.stream()
    stopped = asyncio.ensure_future(sender.stop.wait())
    try:
        while True:
            coming = asyncio.ensure_future(next_piece(stream))
            try:
                await asyncio.wait({coming, stopped}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                coming.cancel()  # does nothing to one that is done
            if not coming.done() or coming.cancelled():
                raise UploadBusy
            piece = coming.result()
            if piece is None:
                return
            sender.heard = time.monotonic()
            yield piece
            if sender.stop.is_set():
                raise UploadBusy
    finally:
        stopped.cancel()


async def next_piece(stream: AsyncIterator[bytes]) -> bytes | None:
    """Return the next bytes, or None at the end; a connection that is cut is an end too."""
    try:
        return await anext(stream, None)
    except ClientDisconnect:
        return None


def headers_of(progress: Progress) -> dict[str, str]:
    """Return how far an upload is as headers."""
    headers = {"Upload-Offset": str(progress.offset), "Cache-Control": "no-store"}
    if progress.lesson_id is not None:
        headers["Hindsight-Lesson"] = progress.lesson_id
    if progress.same_as is not None:
        headers["Hindsight-Same-As"] = progress.same_as
    return headers


def require_version(request: Request) -> None:
    """Raise UploadVersion unless the client speaks ours."""
    if request.headers.get("tus-resumable") != VERSION:
        raise UploadVersion


def whole_number(request: Request, name: str) -> int:
    """Return a header that is a number of bytes; raises UploadUnreadable."""
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise UploadUnreadable(what=name)
    return int(text)


def read_metadata(header: str) -> Mapping[str, str]:
    """Return the words of an Upload-Metadata header: `key base64, key base64`; raises UploadUnreadable."""
    words: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            value = base64.b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError) as error:
            raise UploadUnreadable(what="upload-metadata") from error
        if key in words:
            raise UploadUnreadable(what="upload-metadata")
        words[key] = value
    return words


def write_metadata(upload: Upload) -> str:
    """Return what is known of an upload in the form of its Upload-Metadata header."""
    day = iso_day(upload.taught_on) if upload.taught_on else ""
    words = {"filename": upload.name, "filetype": upload.mime, "title": upload.title, "class_name": upload.class_name}
    known = (words | {"taught_on": day}).items()
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in known if value)


def http_date(moment: datetime) -> str:
    """Return a time as HTTP writes it."""
    return format_datetime(moment, usegmt=True)
