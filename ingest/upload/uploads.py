"""Uploads: create, measure progress, complete into a lesson, expire.

How much has arrived is the size of the file on disk. The lesson takes the id of its upload, and the key of its
recording follows from it: whoever is killed on the way from the last byte to the lesson, the next call ends it.
"""

from __future__ import annotations

import hashlib
import logging
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path, PurePosixPath

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.allowances import count_use
from core.clock import utc_now
from core.database.db import Database
from core.errors import EmptyFile, InvalidInput, NotFound
from core.models import Lesson, StoredFile, Upload
from core.pipeline.steps import add_first_step
from core.settings import get_settings
from core.storage.base import Storage
from core.text.plain_text import normalize
from ingest.upload.errors import TooLarge, TooManyOpen, UnknownKind, UploadBusy
from ingest.upload.partial_file import UploadLock, synced_size

log = logging.getLogger(__name__)

KINDS = {
    ".mp4": "video/mp4",
    ".m4v": "video/x-m4v",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/matroska",
    ".avi": "video/vnd.avi",
    ".ts": "video/mp2t",
    ".mts": "video/mp2t",
    ".m2ts": "video/mp2t",
    ".3gp": "video/3gpp",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".aac": "audio/aac",
}
NAME_LENGTH, CLASS_LENGTH = 200, 120
NAMELESS = "recording"
# Marks that turn the direction of writing: "lesson\u202e4pm.exe" looks like "lessonexe.mp4".
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
HASH_BYTES = 4 * 1024**2


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """What somebody wants to upload: the file's name, its bytes, and words about the lesson.

    `is_growing`: it is being recorded, nobody knows its length yet, and `length` is the most that it may be.
    """

    name: str
    length: int
    title: str = ""
    class_name: str = ""
    taught_on: date | None = None
    is_growing: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload is: bytes that are safely here, and its lesson once that is all of them."""

    offset: int
    lesson_id: str | None = None
    same_as: str | None = None


def clean_text(text: str) -> str:
    """Return one line without control characters, broken characters and marks that turn the writing."""
    spaced = "".join(" " if mark in "\t\r\n\u2028\u2029" else mark for mark in text)
    kept = (mark for mark in spaced if unicodedata.category(mark) not in ("Cc", "Cs") and mark not in TURNING)
    return " ".join(normalize("NFC", "".join(kept)).split())


def display_name(name: str) -> str:
    """Return a file name to show: no folders, nothing that deceives, at most 200 characters with its ending."""
    last = clean_text(name).replace("\\", "/").rstrip("/ ").rpartition("/")[2].strip(" .")
    if len(last) <= NAME_LENGTH:
        return last or NAMELESS
    ending = suffix_of(last)
    return last[: NAME_LENGTH - len(ending)].rstrip(" .") + ending


def suffix_of(name: str) -> str:
    """Return the ending of a recording's name with its dot, as it is written; empty when it is none of ours."""
    ending = PurePosixPath(name).suffix
    return ending if ending.lower() in KINDS else ""


def read_upload_request(words: Mapping[str, str], length: int | None, max_bytes: int) -> UploadRequest:
    """Check what is wanted; no length: it is being recorded. Raises UnknownKind, EmptyFile, TooLarge, InvalidInput."""
    is_growing, length = length is None, max_bytes if length is None else length
    name = display_name(words.get("filename", ""))
    if not suffix_of(name):
        raise UnknownKind
    if length == 0:
        raise EmptyFile
    if length > max_bytes:
        raise TooLarge
    day = words.get("taught_on", "").strip()
    try:
        taught_on = date.fromisoformat(day) if day else None
    except ValueError as error:
        raise InvalidInput(why="The date of the lesson cannot be read.") from error
    title = clean_text(words.get("title", ""))[:NAME_LENGTH].rstrip()
    class_name = clean_text(words.get("class_name", ""))[:CLASS_LENGTH].rstrip()
    return UploadRequest(name, length, title, class_name, taught_on, is_growing)


def begin_upload(session: Session, owner_id: str, request: UploadRequest, keep_hours: int) -> Upload:
    """Remember what is wanted; its file appears with its first bytes. Raises TooManyOpen and TooManyToday."""
    now, most = utc_now(), get_settings().uploads_open
    count_use(session, owner_id, "upload")
    mine = select(func.count()).select_from(Upload).where(Upload.owner_id == owner_id, Upload.lesson_id.is_(None))
    if (session.scalar(mine.where(Upload.expires_at > now)) or 0) >= most:
        raise TooManyOpen(most=most)
    upload = Upload(
        owner_id=owner_id,
        name=request.name,
        mime=KINDS[suffix_of(request.name).lower()],
        length=request.length,
        is_growing=request.is_growing,
        title=request.title,
        class_name=request.class_name,
        taught_on=request.taught_on,
        created_at=now,
        expires_at=now + timedelta(hours=keep_hours),
    )
    session.add(upload)
    session.flush()
    return upload


def find_upload(session: Session, owner_id: str, upload_id: str) -> Upload:
    """Return an upload of this person; raises NotFound for anybody else's."""
    upload = session.scalar(select(Upload).where(Upload.id == upload_id, Upload.owner_id == owner_id))
    if upload is None:
        raise NotFound
    return upload


def list_unfinished(session: Session, folder: Path, owner_id: str) -> list[tuple[Upload, int]]:
    """Return a person's uploads that are still to be finished, with the bytes that are there, newest first."""
    mine = select(Upload).where(Upload.owner_id == owner_id, Upload.lesson_id.is_(None), Upload.expires_at > utc_now())
    return [(row, size_of(folder / row.id)) for row in session.scalars(mine.order_by(Upload.created_at.desc()))]


def size_of(path: Path) -> int:
    """Return how many bytes of a file are there."""
    return path.stat().st_size if path.is_file() else 0


def renew_upload(session: Session, upload: Upload, keep_hours: int) -> datetime:
    """Let an unfinished upload wait longer, since somebody is sending it; returns until when."""
    until = utc_now() + timedelta(hours=keep_hours)
    row = session.get(Upload, upload.id)
    if row is not None:
        row.expires_at = until
    return until


def fix_length(session: Session, upload: Upload, length: int, offset: int) -> None:
    """Write down how long a recording became, once it has ended; raises EmptyFile, TooLarge, InvalidInput."""
    if length == 0:
        raise EmptyFile
    if length > upload.length:
        raise TooLarge
    if length < offset:
        raise InvalidInput(why="More of this recording has arrived than its stated length.")
    row = session.get(Upload, upload.id)
    if row is None:
        raise NotFound
    row.length, row.is_growing = length, False


def original_key(upload: Upload) -> str:
    """Return where the recording of an upload lies in the store."""
    return f"lessons/{upload.id}/original-{upload.id}{suffix_of(upload.name).lower()}"


def read_progress(session: Session, storage: Storage, folder: Path, upload: Upload) -> Progress:
    """Return how far an upload is, and the lesson that it has become."""
    if upload.lesson_id is not None:
        return Progress(upload.length, upload.lesson_id, _same_recording(session, upload))
    size = synced_size(folder / upload.id)
    if size is not None:
        return Progress(size)
    try:
        return Progress(storage.size(original_key(upload)))  # killed between the store and the lesson
    except FileNotFoundError:
        return Progress(0)


def _same_recording(session: Session, upload: Upload) -> str | None:
    """Return the oldest other lesson of this owner with the same bytes, if it is not deleted."""
    ours = select(StoredFile.sha256).where(StoredFile.key == original_key(upload)).scalar_subquery()
    return session.scalar(
        select(Lesson.id)
        .join(StoredFile, StoredFile.lesson_id == Lesson.id)
        .where(
            Lesson.owner_id == upload.owner_id,
            Lesson.id != upload.lesson_id,
            Lesson.deleted_at.is_(None),
            StoredFile.kind == "original",
            StoredFile.sha256 == ours,
        )
        .order_by(Lesson.created_at, Lesson.id)
        .limit(1)
    )


def complete_upload(database: Database, storage: Storage, folder: Path, upload: Upload) -> Progress:
    """Make the lesson of an upload whose bytes are all here; the caller holds its lock, the disk is read once.

    Doing it again changes nothing. Raises NotFound when the upload was removed meanwhile.
    """
    source, key = folder / upload.id, original_key(upload)
    if upload.lesson_id is None:
        if source.is_file():
            digest = sha256_of(source)
            storage.keep(source, key)
        else:
            with storage.local(key) as path:
                digest = sha256_of(path)
        with database.write() as session:
            note_complete(session, upload.id, key, digest)
    with database.read() as session:
        fresh = find_upload(session, upload.owner_id, upload.id)
        return read_progress(session, storage, folder, fresh)


def note_complete(session: Session, upload_id: str, key: str, digest: str) -> None:
    """Write the lesson, its recording and its first step, unless they are there; raises NotFound."""
    upload = session.scalar(select(Upload).where(Upload.id == upload_id).with_for_update())
    if upload is None:
        raise NotFound
    if upload.lesson_id is not None:
        return
    now = utc_now()
    lesson = Lesson(id=upload.id, owner_id=upload.owner_id, title=upload.title or title_of(upload.name), created_at=now)
    lesson.class_name, lesson.taught_on = upload.class_name, upload.taught_on
    session.add(lesson)
    session.flush()
    file = StoredFile(lesson_id=lesson.id, kind="original", key=key, name=upload.name, mime=upload.mime, created_at=now)
    file.bytes, file.sha256, file.info = upload.length, digest, {}
    session.add(file)
    add_first_step(session, lesson.id)
    upload.lesson_id = lesson.id
    session.flush()


def title_of(name: str) -> str:
    """Return a title for a lesson that nobody named: the file's name in words."""
    stem = name.removesuffix(suffix_of(name))
    return " ".join(stem.replace("_", " ").split()) or NAMELESS


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal; holds a few MB of it at a time."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while piece := file.read(HASH_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def remove_upload(session: Session, storage: Storage, folder: Path, upload: Upload, lock: UploadLock) -> None:
    """Forget an upload and what it sent; its lesson, once it has one, stays. The caller holds its lock."""
    lock.require(upload.id)
    row = session.get(Upload, upload.id)
    if row is None:
        raise NotFound
    if row.lesson_id is None:
        (folder / upload.id).unlink(missing_ok=True)
        storage.delete(original_key(upload))
    session.delete(row)
    session.flush()


def erase_upload(database: Database, storage: Storage, folder: Path, upload_id: str) -> bool:
    """Remove all that was sent of an upload whose row is deleted; says no while somebody holds it.

    It may have been complete, and on its way to a lesson that was never made.
    """
    try:
        lock = UploadLock.take(folder, upload_id)
    except UploadBusy:
        return False
    try:
        (folder / upload_id).unlink(missing_ok=True)
        with database.read() as session:
            known = session.get(Upload, upload_id) is not None or session.get(Lesson, upload_id) is not None
        for key in [] if known else list(storage.keys(f"lessons/{upload_id}")):
            storage.delete(key)
        return True
    finally:
        lock.release()


def sweep_uploads(session: Session, folder: Path, now: datetime) -> list[str]:
    """Remove unfinished uploads that waited too long, but none that is being sent; returns their ids.

    One whose bytes all arrived is kept: `finish_left_behind` makes its lesson.
    """
    removed: list[str] = []
    for upload in session.scalars(select(Upload).where(Upload.lesson_id.is_(None), Upload.expires_at <= now)).all():
        try:
            lock = UploadLock.take(folder, upload.id)
        except UploadBusy:
            continue
        try:
            path = folder / upload.id
            if upload.is_growing and size_of(path):  # it will not grow any more: what was recorded is kept
                upload.length, upload.is_growing = size_of(path), False
            if path.is_file() and path.stat().st_size >= upload.length:
                continue
            path.unlink(missing_ok=True)
            session.delete(upload)
            removed.append(upload.id)
        finally:
            lock.release()
    session.flush()
    return removed


def finish_left_behind(database: Database, storage: Storage, folder: Path) -> list[str]:
    """Make the lessons of uploads that are complete, but whose server was killed before it said so; returns them."""
    with database.read() as session:
        waiting = session.scalars(select(Upload).where(Upload.lesson_id.is_(None))).all()
        full = [one for one in waiting if read_progress(session, storage, folder, one).offset >= one.length]
    finished: list[str] = []
    for upload in full:
        try:
            lock = UploadLock.take(folder, upload.id)
        except UploadBusy:
            continue
        try:
            complete_upload(database, storage, folder, upload)
            finished.append(upload.id)
        except (NotFound, FileNotFoundError):
            log.info("an upload was removed while its lesson was made", extra={"lesson": upload.id})
        finally:
            lock.release()
    return finished
