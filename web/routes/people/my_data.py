"""Personal data export: everything about a person as one streamed zip in open formats."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from zipstream import ZipStream

from annotation.access.leavers import LeaverAct
from annotation.lessons.clips import clips_by_number
from annotation.lessons.lessons import files_of, list_everything_own
from core.clock import utc_now
from core.database.db import get_database
from core.models import Person
from core.school_day import full_day, iso_day
from core.storage.configured import get_storage
from web.security.auth import open_to_leavers
from web.transfer.archives import pieces
from web.transfer.file_names import safe_name, save_as
from web.transfer.while_allowed import WhileAllowed, right_to
from web.views.people.my_data import MISSING, READ_ME, add_documents, documents_of, file_name, lesson_documents

log = logging.getLogger("hindsight.web")
router = APIRouter(include_in_schema=False)


@router.get("/me/everything.zip", response_class=StreamingResponse)
def read_everything(request: Request, person: Annotated[Person, open_to_leavers(LeaverAct.TAKE_DATA)]) -> Response:
    """Return everything about oneself."""
    name = f"Hindsight, {person.name}, {iso_day(utc_now())}.zip"
    whole = StreamingResponse(everything(person), media_type="application/zip", headers=save_as(name))
    right = right_to(request, person, lambda session, me: session.get_one(Person, me.id), leavers=True)
    return WhileAllowed(whole, right)


def everything(person: Person) -> Iterator[bytes]:
    """Yield a zip of everything about a person, recordings as they are."""
    archive, storage = ZipStream(), get_storage()
    with get_database().read() as session:
        person = session.get_one(Person, person.id)
        archive.add(READ_ME.format(name=person.name, day=full_day(utc_now())), "README.txt")
        missing = add_documents(archive, "", documents_of(session, person))
        for number, lesson in enumerate(list_everything_own(session, person), start=1):
            folder = f"lessons/{number:03} {safe_name(lesson.title)}"
            missing += add_documents(archive, f"{folder}/", lesson_documents(session, person, lesson))
            clips = clips_by_number(session, lesson.id)
            for file in files_of(session, [lesson.id]).get(lesson.id, {}).values():
                if (name := file_name(file, clips)) is not None:
                    archive.add(pieces(storage, file.key), f"{folder}/{name}")
    if missing:
        archive.add(MISSING.format(what="\n".join(missing)), "What is missing.txt")
    yield from archive
