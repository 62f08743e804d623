"""Partnerships of coach and coachee: requests, states, and the ban on coaching within line management."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from annotation.access.line_management import managers_on_staff_list, refuse_line, who_manages
from annotation.access.locks import lock_row, lock_staff_list
from annotation.access.reading import asked_for, is_coachee, partnerships_of, require_see
from annotation.access.states import state_of, states_of
from annotation.access.writing import require_change
from annotation.errors import OnlyCoacheeResumes, PartnershipExists
from core.clock import utc_now
from core.database.events import About, record_events
from core.errors import InvalidInput, NotAllowed, NotFound
from core.models import ClipShare, Partnership, Person, Share, ShownMeasures

KINDS = ("coaching", "mentoring")
FOCUS_LENGTH = 300


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
    row = _get_to_decide(session, person, partnership_id)
    if row.state != "asked" or (yes and asked_for(row, person)):
        raise NotFound
    if yes:
        refuse_line(session, session.get_one(Person, row.coach_id), session.get_one(Person, row.coachee_id))
    row.state = "active" if yes else "ended"
    row.ended_at = None if yes else utc_now()
    return row


def resume_partnership(session: Session, person: Person, partnership_id: str) -> Partnership:
    """Go on with a suspended partnership once the staff list allows it: the coachee chooses; shares stay closed."""
    row = _get_to_decide(session, person, partnership_id)
    if state_of(session, row) != "suspended":
        raise NotFound
    if not is_coachee(row, person):
        raise OnlyCoacheeResumes
    refuse_line(session, session.get_one(Person, row.coach_id), session.get_one(Person, row.coachee_id))
    row.state, row.suspended_at = "active", None
    return row


def _get_to_decide(session: Session, person: Person, partnership_id: str) -> Partnership:
    """Return a partnership as it is now; who manages whom, and its state, stay so until this request is over."""
    lock_staff_list(session)
    return require_see(session, person, lock_row(session, Partnership, partnership_id))


def _add(session: Session, coach_id: str, coachee_id: str, kind: str, focus: str) -> Partnership:
    if kind not in KINDS:
        raise InvalidInput(why="Please choose coaching or mentoring.", fields=("kind",))
    if len(focus) > FOCUS_LENGTH:
        raise InvalidInput(why=f"Please write the focus in at most {FOCUS_LENGTH} characters.", fields=("focus",))
    if coach_id == coachee_id:
        raise InvalidInput(why="A partnership needs two people.", fields=("coachee_id", "other_id"))
    lock_staff_list(session)
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


def suspend_refused(session: Session) -> int:
    """Suspend every active partnership that the staff list now forbids, and close its shares."""
    lock_staff_list(session)
    managers = managers_on_staff_list(session)
    active = select(Partnership.id, Partnership.coach_id, Partnership.coachee_id).where(Partnership.state == "active")
    ids = [one.id for one in session.execute(active) if who_manages(managers, one.coach_id, one.coachee_id)]
    if not ids:
        return 0
    of_ids = select(Partnership).where(Partnership.id.in_(ids)).execution_options(populate_existing=True)
    refused = session.scalars(of_ids).all()
    for one in refused:
        one.state, one.suspended_at = "suspended", utc_now()
    session.flush()
    _close_shares(session, refused)
    session.flush()
    return len(refused)


def end_partnership(session: Session, person: Person, partnership_id: str) -> None:
    """End a partnership: either side may, at any time; its shares close at once."""
    lock_staff_list(session)
    row = require_change(session, person, lock_row(session, Partnership, partnership_id))
    if row.state != "ended":
        _end(session, [row])


def end_all_partnerships(session: Session, people: Sequence[Person]) -> None:
    """End every partnership of people who leave."""
    lock_staff_list(session)
    theirs = select(Partnership).where(partnerships_of(*people), Partnership.state != "ended").order_by(Partnership.id)
    locked = theirs.with_for_update(key_share=True).execution_options(populate_existing=True)
    _end(session, session.scalars(locked).all())


def _end(session: Session, rows: Sequence[Partnership]) -> None:
    states = states_of(session, rows)
    for row in rows:
        if states[row.id] == "suspended":
            row.suspended_at = row.suspended_at or utc_now()  # the end opens nothing that was closed
        row.state = "ended"
        row.ended_at = utc_now()
    session.flush()
    _close_shares(session, rows)


def _close_shares(session: Session, partnerships: Sequence[Partnership]) -> None:
    ids = [one.id for one in partnerships]
    opened = select(Share.lesson_id, Share.partnership_id).where(Share.partnership_id.in_(ids))
    rows = session.execute(opened.where(Share.taken_back_at.is_(None)).distinct())
    record_events(session, "share", [(one.lesson_id, About(partnership_id=one.partnership_id)) for one in rows])
    for table in (Share, ClipShare, ShownMeasures):
        its = (table.partnership_id.in_(ids), table.taken_back_at.is_(None))
        session.execute(update(table).where(*its).values(taken_back_at=utc_now()))


def get_partnership(session: Session, person: Person, partnership_id: str) -> Partnership:
    """Return a partnership that this person is part of, whatever its state; raises NotFound."""
    return require_see(session, person, session.get(Partnership, partnership_id))


def list_partnerships(session: Session, person: Person) -> Sequence[Partnership]:
    """Return a person's partnerships, active ones first."""
    mine = select(Partnership).where(partnerships_of(person))
    return session.scalars(mine.order_by(Partnership.state, Partnership.created_at.desc())).all()


def coached_in(session: Session, person: Person) -> list[Partnership]:
    """Return the active partnerships in which a person is coached: those to which she can share."""
    rows = [one for one in list_partnerships(session, person) if is_coachee(one, person)]
    states = states_of(session, rows)
    return [one for one in rows if states[one.id] == "active"]


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
