"""Line management: who manages whom, at any distance. Coaching and learning walks never cross it.

The staff list is asked at every act, as a condition of the query: a state that an import has set may be late.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import CTE, ColumnElement, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from annotation.errors import PartnershipRefused
from core.models import Partnership, Person, Walk

Ids = ColumnElement[str] | InstrumentedAttribute[str]


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


def in_one_line(a: Ids, b: Ids) -> ColumnElement[bool]:
    """Condition: one of two people manages the other, at any distance; `a` and `b` are ids or columns with ids.

    It stands in queries that have a Partnership or a Walk, and goes up from each of the two, a few rows by their keys.
    """
    return or_(_is_above(a, b), _is_above(b, a))


def _is_above(above: Ids, below: Ids) -> ColumnElement[bool]:
    line = _line_above(below)
    return select(line.c.id).where(line.c.id == above).correlate(Partnership, Walk).exists()


def _line_above(person_id: Ids) -> CTE:
    """Return the line above somebody as a table of ids; a circle in the staff list ends it (UNION keeps no doubles)."""
    first, following = aliased(Person), aliased(Person)
    start = select(first.manager_id.label("id")).where(first.id == person_id).correlate(Partnership, Walk)
    line = start.cte(recursive=True, nesting=True)
    return line.union(select(following.manager_id).where(following.id == line.c.id))


def is_in_one_line(session: Session, a_id: str, b_id: str) -> bool:
    """Tell whether one of two people manages the other now, at any distance."""
    return bool(session.scalar(select(in_one_line(literal(a_id), literal(b_id)))))
