"""View of a person's own page, “Me”: which colleagues opened her lessons, clips and measures, and when."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from annotation.lessons.openings import LISTED, measures_openings, openings
from core.models import Person

DID = {
    "page": "opened",
    "film": "played",
    "words": "read the words of",
    "comments": "read the comments on",
    "export": "saved an export of",
    "paper": "opened a PDF with",
    LISTED: "had in a list",
}


def list_openings(session: Session, person: Person) -> list[dict[str, Any]]:
    """Return who opened what of a person's own, newest first, and then in whose lists it stood."""
    seen: list[dict[str, Any]] = [
        {
            "person": reader.name,
            "what": lesson.title if clip is None else f"the clip {clip}" if clip else "a clip that is deleted",
            "url": f"/lessons/{lesson.id}" if clip is None else f"/clips/{row.clip_id}",
            "opened_at": row.opened_at,
            "did": DID[row.kind],
            "is_listed": row.kind == LISTED,
        }
        for row, reader, lesson, clip in openings(session, person)
    ]
    for row, coach in measures_openings(session, person):
        measures = {"person": coach.name, "what": "your measures", "url": "/measures", "opened_at": row.opened_at}
        seen.append(measures | {"did": DID[row.kind], "is_listed": row.kind == LISTED})
    newest_first = sorted(seen, key=lambda one: one["opened_at"], reverse=True)
    return [one for is_listed in (False, True) for one in newest_first if one["is_listed"] is is_listed]
