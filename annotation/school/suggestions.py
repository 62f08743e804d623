"""Suggestions of pairs: whom a colleague could ask to be partners, the best first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.line_management import managers_on_staff_list, who_manages
from core.models import Partnership, Person


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who could be a partner; `pairs` counts her partnerships that go on."""

    id: str
    name: str
    department: str
    pairs: int = 0


def suggest(
    person: Colleague, colleagues: Iterable[Colleague], managers: Mapping[str, str | None], known: Container[str] = ()
) -> list[Colleague]:
    """Order who could be a partner: other departments first, then those with the fewest pairs, then by name.

    Left out are the person herself, her present partners (`known`), and her management line at any distance.
    """
    fitting = [
        one
        for one in colleagues
        if one.id != person.id and one.id not in known and who_manages(managers, person.id, one.id) is None
    ]
    return sorted(fitting, key=lambda one: (one.department == person.department, one.pairs, one.name, one.id))


def suggestions_for(session: Session, people: Sequence[Person]) -> dict[str, list[Colleague]]:
    """Return whom each of some people could ask, the best first, by her id; in three queries, for however many."""
    pairs: dict[str, int] = defaultdict(int)
    known: dict[str, set[str]] = defaultdict(set)
    for row in session.scalars(select(Partnership).where(Partnership.state.in_(("asked", "active", "suspended")))):
        for side, other in ((row.coach_id, row.coachee_id), (row.coachee_id, row.coach_id)):
            pairs[side] += row.state == "active"
            known[side].add(other)
    here = session.scalars(select(Person).where(Person.deactivated_at.is_(None), Person.joined_at.is_not(None)))
    colleagues = [Colleague(one.id, one.name, one.department, pairs[one.id]) for one in here]
    managers = managers_on_staff_list(session)
    return {
        one.id: suggest(Colleague(one.id, one.name, one.department), colleagues, managers, known[one.id])
        for one in people
    }
