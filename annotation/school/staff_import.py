"""Staff lists brought as a file: thought out after a read, and written in bulk in a short transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from graphlib import TopologicalSorter
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from annotation.access.line_management import who_manages
from annotation.access.locks import lock_staff_list
from annotation.coaching.partnerships import suspend_refused
from annotation.people.account_links import Invitations, prepare_invitations, save_invitations
from annotation.people.credentials import Event, change_all, tell_all
from annotation.people.people import GONE, require_lead
from annotation.school.staff import (
    Change,
    Listed,
    Member,
    StaffRow,
    compare_staff,
    deactivate,
    line_of,
    without_circles,
)
from core.clock import utc_now
from core.database.db import Database
from core.errors import DoneAtOnce
from core.models import Partnership, Person
from core.models.base import new_id

TRIES = 5  # of an import; each fails only when somebody else changed the staff list meanwhile
AT_ONCE = 25  # accounts that are closed or opened in one transaction, with all that was shared with them
PERSON: Table = Person.metadata.tables["person"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would change, before anything is: also which pairs would then be in one management line."""

    rows: tuple[StaffRow, ...]
    changes: tuple[Change, ...]
    problems: tuple[str, ...]
    suspended: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Import:
    """What is written for a plan, and the staff list from which it was thought out. Ids, or values of columns."""

    plan: Plan
    before: Sequence[Any]
    joining: Sequence[Mapping[str, Any]]
    changed: Sequence[Mapping[str, Any]]
    renamed: Sequence[str]
    returning: Sequence[str]
    leaving: Sequence[str]
    invitations: Invitations


def plan_staff(session: Session, lead: Person, listed: Listed, *, others_left: bool) -> Plan:
    """Return what a file would change, changing nothing. The lead who imports it never leaves by it."""
    require_lead(lead)
    rows, problems = listed
    people = session.scalars(select(Person).where(~Person.email.endswith(GONE))).all()
    by_id = {one.id: one for one in people}
    known = [
        Member(
            one.name,
            one.email,
            one.department,
            by_id[one.manager_id].email if one.manager_id in by_id else "",
            one.deactivated_at is not None,
        )
        for one in people
    ]
    rows, circles = without_circles(known, rows)
    changes, more = compare_staff(known, rows, others_left=others_left)
    changes = [one for one in changes if one.kind != "leaves" or one.email != lead.email]
    managers = {one.email: one.manager or None for one in known}
    managers |= {row.email: row.manager or None for row in rows}
    suspended = [
        (by_id[one.coach_id].name, by_id[one.coachee_id].name)
        for one in session.scalars(select(Partnership).where(Partnership.state == "active"))
        if who_manages(managers, by_id[one.coach_id].email, by_id[one.coachee_id].email)
    ]
    said = sorted((*problems, *circles, *more), key=line_of)
    return Plan(rows, tuple(changes), tuple(said), tuple(suspended))


def import_staff(
    database: Database, lead: Person, listed: Listed, *, others_left: bool, invite: bool = True
) -> tuple[Plan, Sequence[tuple[str, str]]]:
    """Do what `plan_staff` says; return the names and the secrets of the links that the lead is to hand out herself.

    Partnerships that are then within one management line are suspended. `invite`: those who are new get a link to join.
    Accounts are closed and opened some at a time, after everything else; what a crash leaves, the same file does.
    Raises DoneAtOnce where others change the list again and again.
    """
    for _ in range(TRIES):
        with database.read() as session:
            ready = prepare_import(session, lead, listed, others_left=others_left, invite=invite)
        with database.write() as session:
            lock_staff_list(session)
            if is_same := _staff_list(session) == ready.before:
                apply_import(session, ready)
        if is_same:
            _open_and_close(database, ready)
            return ready.plan, ready.invitations.shown
    raise DoneAtOnce


def _open_and_close(database: Database, ready: Import) -> None:
    """Open the accounts of those who return, and close those of people who leave."""
    came_back = partial(change_all, event=Event.CAME_BACK)
    has_left = Person.deactivated_at.is_not(None)
    for ids, do, is_due in ((ready.returning, came_back, has_left), (ready.leaving, deactivate, ~has_left)):
        for start in range(0, len(ids), AT_ONCE):
            with database.write() as session:
                lock_staff_list(session)
                if people := _people(session, ids[start : start + AT_ONCE], is_due):
                    do(session, people)


def prepare_import(session: Session, lead: Person, listed: Listed, *, others_left: bool, invite: bool) -> Import:
    """Return what is written for a file, changing nothing."""
    plan = plan_staff(session, lead, listed, others_left=others_left)
    before = _staff_list(session)
    known = {one.email: one for one in before}
    kinds = {kind: [one.email for one in plan.changes if one.kind == kind] for kind in ("joins", "returns", "leaves")}
    ids = {one.email: one.id for one in before} | {email: new_id() for email in kinds["joins"]}
    now = utc_now()
    joining: dict[str, tuple[dict[str, Any], str]] = {}
    changed, renamed = [], []
    for row in plan.rows:
        place = {"name": row.name, "department": row.department, "manager_id": ids.get(row.manager)}
        one = known.get(row.email)
        if one is None:
            more = {"id": ids[row.email], "email": row.email, "called": row.called, "created_at": now}
            joining[row.email] = (place | more, row.manager)
        elif (one.name, one.department, one.manager_id) != tuple(place.values()):
            changed.append({f"new_{name}": value for name, value in place.items()} | {"person_id": one.id})
            renamed += [one.id] if one.name != row.name else []
    above = {email: {manager} & joining.keys() for email, (_, manager) in joining.items()}
    new = [joining[email][0] for email in TopologicalSorter(above).static_order()]  # a manager stands before hers
    return Import(
        plan=plan,
        before=before,
        joining=new,
        changed=changed,
        renamed=renamed,
        returning=[ids[email] for email in kinds["returns"]],
        leaving=[ids[email] for email in kinds["leaves"]],
        invitations=prepare_invitations([(one["id"], one["name"]) for one in new] if invite else []),
    )


def apply_import(session: Session, ready: Import) -> None:
    """Write what was thought out, but for accounts that are closed or opened.

    The caller holds the lock of the staff list, and the list is as it was.
    """
    if ready.joining:
        session.execute(insert(PERSON), list(ready.joining))
    if ready.renamed:
        tell_all(session, _people(session, ready.renamed), Event.NAME_CHANGED)
    if ready.changed:
        session.flush()
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("name", "department", "manager_id")}
        one = update(PERSON).where(PERSON.c.id == bindparam("person_id")).values(values)
        session.execute(one, list(ready.changed))
    save_invitations(session, ready.invitations)
    session.flush()
    session.expire_all()
    suspend_refused(session)


def _people(session: Session, ids: Sequence[str], *more: ColumnElement[bool]) -> Sequence[Person]:
    return session.scalars(select(Person).where(Person.id.in_(ids), *more).order_by(Person.id)).all()


def _staff_list(session: Session) -> Sequence[Any]:
    """Return all that an import is thought out from, of everybody."""
    columns = (Person.id, Person.email, Person.name, Person.department, Person.manager_id, Person.deactivated_at)
    return session.execute(select(*columns).order_by(Person.id)).all()
