"""Shares the lesson of a browser test with the coach, for as long as it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.clock import utc_now
from core.models import Partnership, Person, Share
from tests.support.factories.coaching import share_anew

if TYPE_CHECKING:
    from tests.browser.conftest import Place


@contextmanager
def shared_with_coach(place: Place) -> Iterator[str]:
    """Open the lesson to the coach and yield the id of the share; it is taken back at the end."""
    lesson_id = place.lesson.rsplit("/", 1)[-1]
    with place.school.opened() as (database, _), database.write() as session:
        coached = session.query(Partnership).join(Person, Person.id == Partnership.coach_id)
        partnership = coached.filter(Person.email == place.people.coach).one()
        share_id = share_anew(session, lesson_id, partnership.id)
    try:
        yield share_id
    finally:
        with place.school.opened() as (database, _), database.write() as session:
            session.get_one(Share, share_id).taken_back_at = utc_now()
