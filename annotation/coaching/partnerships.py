"""Partnerships of coach and coachee: requests, states, and the ban on coaching within line management."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from annotation.access.reading import partnerships_of, require
from annotation.errors import PartnershipExists, PartnershipRefused
from core.clock import utc_now
from core.database.events import record_event
from core.errors import InvalidInput, NotAllowed, NotFound
from core.models import ClipShare, Partnership, Person, Share, ShownMeasures

KINDS = ("coaching", "mentoring")
FOCUS_LENGTH = 300


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


def _staff_list(session: Session) -> dict[str, str | None]:
    return {row.id: row.manager_id for row in session.execute(select(Person.id, Person.manager_id))}


def make_partnership(
    session: Session, maker: Person, coach_id: str, coachee_id: str, *, kind: str, focus: str = ""
) -> Partnership:
    """Make two people partners. The lead makes them; refused within one management line."""
    if not maker.is_lead:
        raise NotAllowed
    return _add(session, coach_id, coachee_id, kind, focus)


def ask_for_partnership(
    session: Session, person: Person, other_id: str, *, i_coach: bool, kind: str, focus: str = ""
) -> Partnership:
    """Ask a colleague to be partners; it begins when she says yes. Refused within one management line."""
    coach_id, coachee_id = (person.id, other_id) if i_coach else (other_id, person.id)
    made = _add(session, coach_id, coachee_id, kind, focus)
    made.state, made.asked_by_id = "asked", person.id
    session.flush()
    return made


def answer_request(session: Session, person: Person, partnership_id: str, *, yes: bool) -> Partnership:
    """Say yes or no to a colleague who asked; whoever asked can only take it back."""
    row = get_partnership(session, person, partnership_id)
    if row.state != "asked" or (yes and row.asked_by_id == person.id):
        raise NotFound
    if yes:
        refuse_line(session, session.get_one(Person, row.coach_id), session.get_one(Person, row.coachee_id))
    row.state = "active" if yes else "ended"
    row.ended_at = None if yes else utc_now()
    return row


def resume_partnership(session: Session, person: Person, partnership_id: str) -> Partnership:
    """Go on with a suspended partnership once the staff list allows it; what was shared stays closed."""
    row = get_partnership(session, person, partnership_id)
    if row.state != "suspended":
        raise NotFound
    refuse_line(session, session.get_one(Person, row.coach_id), session.get_one(Person, row.coachee_id))
    row.state = "active"
    return row


def _add(session: Session, coach_id: str, coachee_id: str, kind: str, focus: str) -> Partnership:
    if kind not in KINDS:
        raise InvalidInput(why="Please choose coaching or mentoring.", fields=("kind",))
    if len(focus) > FOCUS_LENGTH:
        raise InvalidInput(why=f"Please write the focus in at most {FOCUS_LENGTH} letters.", fields=("focus",))
    if coach_id == coachee_id:
        raise InvalidInput(why="A partnership needs two people.", fields=("coachee_id", "other_id"))
    coach, coachee = session.get(Person, coach_id), session.get(Person, coachee_id)
    if coach is None or coachee is None or coach.deactivated_at or coachee.deactivated_at:
        raise NotFound
    refuse_line(session, coach, coachee)
    same = select(Partnership.id).where(
        Partnership.coach_id == coach_id,
        Partnership.coachee_id == coachee_id,
        Partnership.kind == kind,
        Partnership.state != "ended",
    )
    if session.scalar(same) is not None:
        raise PartnershipExists
    made = Partnership(coach_id=coach_id, coachee_id=coachee_id, kind=kind, focus=focus.strip(), created_at=utc_now())
    session.add(made)
    session.flush()
    return made


def refuse_line(session: Session, a: Person, b: Person) -> None:
    """Raise PartnershipRefused when one of two people manages the other, at any distance."""
    line = who_manages(_staff_list(session), a.id, b.id)
    if line is not None:
        names = {a.id: a.name, b.id: b.name}
        raise PartnershipRefused(manager=names[line[0]], managed=names[line[1]])


def suspend_refused(session: Session) -> int:
    """Suspend every active partnership that the staff list now forbids, and close its shares."""
    managers = _staff_list(session)
    count = 0
    for one in session.scalars(select(Partnership).where(Partnership.state == "active")):
        if who_manages(managers, one.coach_id, one.coachee_id) is not None:
            one.state = "suspended"
            _close_shares(session, one)
            count += 1
    session.flush()
    return count


def end_partnership(session: Session, person: Person, partnership_id: str) -> None:
    """End a partnership: either side may, at any time; its shares close at once."""
    row = session.get(Partnership, partnership_id)
    require(session, person, "change", row)
    assert row is not None
    if row.state != "ended":
        row.state = "ended"
        row.ended_at = utc_now()
        _close_shares(session, row)


def end_all_partnerships(session: Session, person: Person) -> None:
    """End every partnership of somebody who leaves."""
    for row in session.scalars(select(Partnership).where(partnerships_of(person), Partnership.state != "ended")):
        end_partnership(session, person, row.id)


def _close_shares(session: Session, partnership: Partnership) -> None:
    still_open = (Share.partnership_id == partnership.id, Share.taken_back_at.is_(None))
    for lesson_id in set(session.scalars(select(Share.lesson_id).where(*still_open))):
        record_event(session, lesson_id, "share")
    for table in (Share, ClipShare, ShownMeasures):
        its = (table.partnership_id == partnership.id, table.taken_back_at.is_(None))
        session.execute(update(table).where(*its).values(taken_back_at=utc_now()))


def get_partnership(session: Session, person: Person, partnership_id: str) -> Partnership:
    """Return a partnership that this person is part of; raises NotFound."""
    row = session.get(Partnership, partnership_id)
    require(session, person, "see", row)
    assert row is not None
    return row


def list_partnerships(session: Session, person: Person) -> Sequence[Partnership]:
    """Return a person's partnerships, active ones first."""
    mine = select(Partnership).where(partnerships_of(person))
    return session.scalars(mine.order_by(Partnership.state, Partnership.created_at.desc())).all()


def coached_in(session: Session, person: Person) -> list[Partnership]:
    """Return the active partnerships in which a person is coached: those to which she can share."""
    return [one for one in list_partnerships(session, person) if one.coachee_id == person.id and one.state == "active"]


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
    managers = _staff_list(session)
    return {
        one.id: suggest(Colleague(one.id, one.name, one.department), colleagues, managers, known[one.id])
        for one in people
    }


def list_all_partnerships(session: Session, lead: Person) -> Sequence[Partnership]:
    """Return every partnership, for the lead: who with whom, never what they say."""
    if not lead.is_lead:
        raise NotAllowed
    return session.scalars(select(Partnership).order_by(Partnership.state, Partnership.created_at.desc())).all()


def names_of(session: Session, ids: set[str]) -> dict[str, str]:
    """Return the names of people."""
    if not ids:
        return {}
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {row.id: row.name for row in rows}
