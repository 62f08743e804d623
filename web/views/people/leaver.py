"""What a leaver's page lists: her lessons and recorded conversations, each of which she can delete."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from annotation.coaching.conversations import recorded_with
from annotation.lessons.lessons import list_everything_own
from core.models import Person


def left_behind(session: Session, person: Person) -> dict[str, Any]:
    """Return a leaver's own recordings, and the conversations with her that others recorded."""
    return {
        "lessons": [
            {"id": one.id, "title": one.title, "created_at": one.created_at, "is_deleted": one.deleted_at is not None}
            for one in list_everything_own(session, person)
        ],
        "conversations": [
            {"id": one.lesson.id, "coach": one.other, "created_at": one.lesson.created_at}
            for one in recorded_with(session, person)
        ],
    }
