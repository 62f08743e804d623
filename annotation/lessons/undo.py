"""How long a deletion can be undone: a comment, a clip or a portfolio item for a day, a lesson for a week."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.clock import utc_now
from core.errors import NotFound

UNDO = timedelta(days=1)
UNDO_LESSON = timedelta(days=7)


def require_recent(deleted_at: datetime, within: timedelta = UNDO) -> None:
    """Raise NotFound for what was deleted longer ago: the sweeper removes it, or has done so."""
    if deleted_at < utc_now() - within:
        raise NotFound
