"""This week: what the first page shows."""

from __future__ import annotations

from annotation.access.reading import is_observed
from core.models import Person, Walk


def is_news(walk: Walk, person: Person) -> bool:
    """Say whether a visit belongs on the first page: one to her that she has not answered, or one that is open."""
    return walk.answered_at is None if is_observed(walk, person) else walk.saved_at is None
