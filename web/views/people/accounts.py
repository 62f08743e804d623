"""Me: who saw what of one's own."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from annotation.lessons.openings import measures_openings, openings
from core.models import Person


def _openings(session: Session, person: Person) -> list[dict[str, Any]]:
    seen = [
        {
            "person": reader.name,
            "what": lesson.title if clip is None else f"the clip {clip}",
            "url": f"/lessons/{lesson.id}" if clip is None else f"/clips/{row.clip_id}",
            "opened_at": row.opened_at,
        }
        for row, reader, lesson, clip in openings(session, person)
    ]
    seen += [
        {"person": coach.name, "what": "your measures", "url": "/measures", "opened_at": row.opened_at}
        for row, coach in measures_openings(session, person)
    ]
    return sorted(seen, key=lambda one: one["opened_at"], reverse=True)
