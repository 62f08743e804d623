"""The staff list: departments, line managers, leavers; edited by hand, read from CSV and compared with one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from annotation.access.line_management import line_above, managers_on_staff_list
from annotation.access.locks import lock_staff_list
from annotation.coaching.partnerships import end_all_partnerships, suspend_refused
from annotation.errors import LastLead, StaffUnreadable
from annotation.people.credentials import Event, change, change_all
from annotation.people.names import clean_called
from annotation.people.people import GONE, clean_email, clean_name, require_lead
from core.errors import HindsightError, InvalidInput, NotFound
from core.models import Mail, Person
from core.text.csv_table import as_written, without_mark
from core.text.text_decoding import decode_text

MOST_ROWS = 3000  # they are written in one short transaction
MOST_BYTES = 2_000_000
COLUMNS = {
    "name": ("name", "full name", "teacher"),
    "email": ("email", "e-mail", "email address", "mail"),
    "called": ("called", "known as", "preferred name", "preferred first name"),
    "department": ("department", "faculty", "subject"),
    "manager": ("line manager", "line_manager", "manager", "manager email", "line manager email"),
}


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One line of the file; `manager` is the line manager's address, or empty. `called` is for those who are new."""

    line: int
    name: str
    email: str
    department: str
    manager: str
    called: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody as Hindsight knows her, in the words of the file."""

    name: str
    email: str
    department: str = ""
    manager: str = ""
    left: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What would become of one person: `joins`, `changes`, `returns` or `leaves`, with what is new in words."""

    kind: str
    name: str
    email: str
    what: tuple[str, ...] = ()


Listed = tuple[tuple[StaffRow, ...], tuple[str, ...]]  # the rows of a file, and sentences about those left out


def decode_staff(data: bytes) -> tuple[str, Listed]:
    """Return the text of a file, and what `read_staff` says of it; also raises NotText."""
    if len(data) > MOST_BYTES:
        raise StaffUnreadable(why="it is far too large to be one")
    text = decode_text(data)
    return text, read_staff(text)


def read_staff(text: str) -> Listed:
    """Read a CSV file (comma, semicolon or tab); return its rows and plain sentences about those left out.

    Raises StaffUnreadable without the columns name and email, or with too many rows.
    """
    text = without_mark(text)
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=head.count))
    try:
        lines = list(islice(reader, MOST_ROWS + 1))
    except csv.Error as error:
        raise StaffUnreadable(why="its table is damaged") from error
    titles = [as_written(cell).strip().lower() for cell in lines[0]] if lines else []
    places = {
        name: next((k for k, title in enumerate(titles) if title in known), -1) for name, known in COLUMNS.items()
    }
    if places["name"] < 0 or places["email"] < 0:
        raise StaffUnreadable(why="its first line must name the columns “name” and “email”")
    if len(lines) > MOST_ROWS:
        raise StaffUnreadable(why=f"it has more than {MOST_ROWS} lines")
    rows: dict[str, StaffRow] = {}
    problems = []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        found = {name: as_written(cells[k]).strip() if 0 <= k < len(cells) else "" for name, k in places.items()}
        try:
            row = _row(number, found)
        except HindsightError as error:
            problems.append(f"Line {number} is left out. {error}")
            continue
        if row.email in rows:
            problems.append(f"Line {number} is left out: {row.email} is there already, in line {rows[row.email].line}.")
        else:
            rows[row.email] = row
    return tuple(rows.values()), tuple(problems)


def _row(number: int, found: Mapping[str, str]) -> StaffRow:
    department = clean_name(found["department"], "a department") if found["department"] else ""
    manager = clean_email(found["manager"]) if found["manager"] else ""
    email = clean_email(found["email"])
    if manager == email:
        raise InvalidInput(why="Somebody can't be their own line manager.", fields=("manager_id",))
    return StaffRow(number, clean_name(found["name"]), email, department, manager, clean_called(found["called"]))


def compare_staff(
    known: Sequence[Member], rows: Sequence[StaffRow], *, others_left: bool
) -> tuple[list[Change], list[str]]:
    """Say what a file would change of the list, and which managers nobody knows."""
    before = {one.email: one for one in known}
    there = {row.email for row in rows} | {one.email for one in known if not one.left}
    changes, problems = [], []
    for row in rows:
        if row.manager and row.manager not in there:
            problems.append(
                f"Line {row.line}: nobody has the address {row.manager}, so {row.name} gets no line manager."
            )
        one, manager = before.get(row.email), row.manager if row.manager in there else ""
        if one is None:
            about = ("department", row.department), ("line manager", manager)
            changes.append(
                Change("joins", row.name, row.email, tuple(f"{what}: {said}" for what, said in about if said))
            )
            continue
        what = [
            f"{title}: {old or 'none'} → {new or 'none'}"
            for title, old, new in (
                ("name", one.name, row.name),
                ("department", one.department, row.department),
                ("line manager", one.manager, manager),
            )
            if old != new
        ]
        if one.left or what:
            changes.append(Change("returns" if one.left else "changes", row.name, row.email, tuple(what)))
    if others_left:
        listed = {row.email for row in rows}
        changes += [Change("leaves", one.name, one.email) for one in known if not one.left and one.email not in listed]
    return changes, problems


def without_circles(known: Sequence[Member], rows: Sequence[StaffRow]) -> tuple[tuple[StaffRow, ...], tuple[str, ...]]:
    """Take the manager from each row with which somebody would manage their own line manager, and say so."""
    listed = {row.email for row in rows}
    above = {one.email: one.manager for one in known if one.email not in listed and one.manager}
    kept, problems = [], []
    for row in rows:
        in_circle = bool(row.manager) and _head_of_line(above, row.manager) == row.email
        if in_circle:
            problems.append(
                f"Line {row.line}: {row.name} stands above {row.manager} already, so {row.name} gets no line manager."
            )
        kept.append(replace(row, manager="") if in_circle else row)
        if kept[-1].manager:
            above[row.email] = row.manager
    return tuple(kept), tuple(problems)


def _head_of_line(above: dict[str, str], email: str) -> str:
    """Return who stands above everybody in a line; on the way `above` comes to name people further up (union-find)."""
    passed = {email: None}
    while (higher := above.get(email)) is not None and higher not in passed:
        passed[email := higher] = None
    for one in list(passed)[:-1]:
        above[one] = email
    return email


def line_of(problem: str) -> int:
    """Return the number of the line that a sentence is about, 0 where it is about none."""
    found = re.match(r"Line (\d+)", problem)
    return int(found[1]) if found else 0


def set_place(
    session: Session,
    lead: Person,
    person_id: str,
    department: str,
    manager_id: str | None,
    *,
    is_lead: bool | None = None,
) -> int:
    """Set somebody's department, line manager and part; return how many partnerships had to be suspended."""
    require_lead(lead)
    lock_staff_list(session)
    person = session.get(Person, person_id)
    if person is None or (manager_id and session.get(Person, manager_id) is None):
        raise NotFound
    if manager_id == person_id:
        raise InvalidInput(why="Somebody can't be their own line manager.", fields=("manager_id",))
    managers = managers_on_staff_list(session)
    if manager_id and person_id in line_above(managers, manager_id):
        raise InvalidInput(
            why="That would be a circle: this person already manages the one you chose. Please choose somebody else.",
            fields=("manager_id",),
        )
    person.department = clean_name(department, "a department") if department.strip() else ""
    person.manager_id = manager_id or None
    if is_lead is not None and is_lead != person.is_lead:
        if not is_lead:
            require_another_lead(session, person)
        person.is_lead = is_lead
    session.flush()
    return suspend_refused(session)


def require_another_lead(session: Session, person: Person) -> None:
    """Raise LastLead when nobody else could carry on."""
    others = select(func.count()).where(
        Person.is_lead, Person.id != person.id, Person.deactivated_at.is_(None), Person.joined_at.is_not(None)
    )
    if person.is_lead and not session.scalar(others):
        raise LastLead


def mark_left(session: Session, lead: Person, person_id: str) -> None:
    """Close the account of somebody who leaves; for a while she can still take away or delete what is hers.

    Done twice it is the same.
    """
    require_lead(lead)
    lock_staff_list(session)
    person = session.get(Person, person_id)
    if person is None or person.email.endswith(GONE):
        raise NotFound
    if person.deactivated_at is not None:
        return
    require_another_lead(session, person)
    deactivate(session, [person])


def reinstate(session: Session, lead: Person, person_id: str) -> None:
    """Undo that; partnerships stay ended. Done twice it is the same."""
    require_lead(lead)
    lock_staff_list(session)
    person = session.get(Person, person_id)
    if person is None or person.email.endswith(GONE):
        raise NotFound
    if person.deactivated_at is None:
        return
    change(session, person, Event.CAME_BACK)


def list_leavers(session: Session) -> Sequence[Person]:
    """Return those who have left and whose account is still there."""
    left = select(Person).where(Person.deactivated_at.is_not(None), ~Person.email.endswith(GONE))
    return session.scalars(left.order_by(Person.name, Person.id)).all()


def deactivate(session: Session, people: Sequence[Person]) -> None:
    """Close the accounts of people who leave; for a while they can still take away or delete what is theirs."""
    end_all_partnerships(session, people)
    session.execute(delete(Mail).where(Mail.person_id.in_([one.id for one in people])))
    change_all(session, people, Event.LEFT)
