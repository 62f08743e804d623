"""Line management: who manages whom, at any distance. Coaching and learning walks never cross it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.errors import PartnershipRefused
from core.models import Person


def line_above(managers: Mapping[str, str | None], person_id: str) -> Iterator[str]:
    """Yield a person's manager, the manager's manager and so on; stops at a circle in the staff list."""
    seen = {person_id}
    above = managers.get(person_id)
    while above is not None and above not in seen:
        yield above
        seen.add(above)
        above = managers.get(above)


def who_manages(managers: Mapping[str, str | None], a: str, b: str) -> tuple[str, str] | None:
    """Return (manager, managed) when one of two people stands above the other at any distance."""
    if a in line_above(managers, b):
        return a, b
    if b in line_above(managers, a):
        return b, a
    return None


def managers_on_staff_list(session: Session) -> dict[str, str | None]:
    """Return the id of each person's line manager, by the person's id."""
    return {row.id: row.manager_id for row in session.execute(select(Person.id, Person.manager_id))}


def refuse_line(session: Session, a: Person, b: Person) -> None:
    """Raise PartnershipRefused when one of two people manages the other, at any distance."""
    line = who_manages(managers_on_staff_list(session), a.id, b.id)
    if line is not None:
        names = {a.id: a.name, b.id: b.name}
        raise PartnershipRefused(manager=names[line[0]], managed=names[line[1]])
