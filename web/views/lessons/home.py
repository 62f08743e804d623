"""View of the first page after sign-in, “This week”: how long its lists are, and which learning walks are news."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from annotation.access.reading import is_observed
from core.models import Person, Walk

FIRST, STEP, MOST = 12, 24, 1200  # of a list: at first, more with each press, and at most

T = TypeVar("T")


class Listed(Generic[T]):
    """The part of a list that is shown, and how many are shown when more are wanted; None: these are all."""

    def __init__(self, found: Sequence[T], shown: int) -> None:
        """Take what was found: one more than is to be shown, where there are more."""
        self.shown = found[:shown]
        self.more = min(shown + STEP, MOST) if len(found) > shown and shown < MOST else None


def is_news(walk: Walk, person: Person) -> bool:
    """Say whether a visit belongs on the first page: one to her that she has not answered, or one that is open."""
    return walk.answered_at is None if is_observed(walk, person) else walk.saved_at is None
