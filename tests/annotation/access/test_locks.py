"""Two requests at once: whatever comes first, the rule holds and there is one row, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from annotation.access.line_management import line_above, managers_on_staff_list, who_manages
from annotation.access.reading import may_see
from annotation.coaching.conversations import call_conversation
from annotation.coaching.goals import GoalText, set_goal
from annotation.coaching.partnerships import (
    answer_request,
    end_partnership,
    make_partnership,
    resume_partnership,
)
from annotation.coaching.portfolio import add_task
from annotation.coaching.sessions import begin_session, plan_session
from annotation.coaching.training import write_answer
from annotation.coaching.walks import begin_walk
from annotation.lessons.clips import make_clip, share_clip
from annotation.lessons.guesses import save_guess
from annotation.lessons.lessons import remember_place
from annotation.lessons.measures_over_time import show_to
from annotation.lessons.sharing import share_lesson, withdraw_share
from annotation.people.people import add_person
from annotation.people.voice_prints import allow_print
from annotation.school.staff import set_place
from core.clock import utc_now
from core.database.db import Database
from core.errors import HindsightError
from core.models import (
    Clip,
    ClipShare,
    CoachingSession,
    Goal,
    Guess,
    Lesson,
    ModuleAnswer,
    Partnership,
    Person,
    Place,
    PortfolioItem,
    Share,
    ShownMeasures,
    VoicePrint,
    Walk,
)
from tests.support.factories import make_lesson, make_person
from tests.support.factories import make_partnership as add_partnership

ROUNDS = {"sqlite": 4, "postgresql": 20}
Act = Callable[[Session], object]


@dataclass
class School:
    """One round's people: Ada, her coach Priya, and the lead; what is done at once, and what must hold afterwards."""

    session: Session
    lead: Person = field(init=False)
    ada: Person = field(init=False)
    priya: Person = field(init=False)
    lesson: Lesson = field(init=False)

    def __post_init__(self) -> None:
        self.lead = make_person(self.session, "Lea", is_lead=True)
        self.ada, self.priya = make_person(self.session, "Ada"), make_person(self.session, "Priya")
        self.lesson = make_lesson(self.session, self.ada, duration_ms=60_000)

    def pair(self, **values: object) -> Partnership:
        """Make the two partners."""
        return add_partnership(self.session, self.priya, self.ada, **values)

    def managed(self) -> Act:
        """Return the act that makes Priya Ada's line manager."""
        return lambda session: set_place(session, self.lead, self.ada.id, "", self.priya.id)

    def never_partners_within_the_line(self) -> Act:
        """Return what tells whether the two are active partners although one manages the other."""

        def broken(session: Session) -> bool:
            active = select(Partnership).filter_by(coach_id=self.priya.id, coachee_id=self.ada.id, state="active")
            crossed = who_manages(managers_on_staff_list(session), self.priya.id, self.ada.id)
            return session.scalar(active) is not None and crossed is not None

        return broken


Race = tuple[Sequence[Act], Act]


def of(session: Session, table: type, one: object) -> object:
    return session.get_one(table, one.id)  # type: ignore[attr-defined]


def at_most(table: type, most: int, **its: object) -> Act:
    """Return what tells whether there are more rows than there may be, or none."""

    def broken(session: Session) -> bool:
        count = session.scalar(select(func.count()).select_from(table).filter_by(**its)) or 0
        return not 0 < count <= most

    return broken


def pairing(school: School) -> Race:
    made = lambda session: make_partnership(session, school.lead, school.priya.id, school.ada.id, kind="coaching")  # noqa: E731
    return [made, school.managed()], school.never_partners_within_the_line()


def saying_yes(school: School) -> Race:
    pair = school.pair(state="asked", asked_by_id=school.priya.id)
    yes = lambda session: answer_request(session, school.ada, pair.id, yes=True)  # noqa: E731
    return [yes, school.managed()], school.never_partners_within_the_line()


def resuming(school: School) -> Race:
    pair = school.pair(state="suspended")
    again = lambda session: resume_partnership(session, school.ada, pair.id)  # noqa: E731
    return [again, school.managed()], school.never_partners_within_the_line()


def visiting(school: School) -> Race:
    """A visit that began first may be there; one that began after the line is refused."""
    visit = lambda session: begin_walk(session, school.priya, school.ada.id, "Year 9")  # noqa: E731
    return [visit, visit, visit], at_most(Walk, 1, observer_id=school.priya.id)


def circling(school: School) -> Race:
    third = make_person(school.session, "Tom")
    ring = [(school.ada.id, school.priya.id), (school.priya.id, third.id), (third.id, school.ada.id)]
    acts: list[Act] = [lambda s, a=a, b=b: set_place(s, school.lead, a, "", b) for a, b in ring]  # type: ignore[misc]

    def broken(session: Session) -> bool:
        managers = managers_on_staff_list(session)
        return any(managers.get(last) == a for a, _ in ring for last in [a, *line_above(managers, a)][-1:])

    return acts, broken


def leads_who_go(school: School) -> Race:
    other = make_person(school.session, "Leo", is_lead=True)
    for one in school.session.scalars(select(Person).where(Person.is_lead)):
        one.is_lead = one.id in (school.lead.id, other.id)
    acts: list[Act] = [
        lambda s, a=a, b=b: set_place(s, a, b.id, "", None, is_lead=False)  # type: ignore[misc]
        for a, b in ((school.lead, other), (other, school.lead))
    ]
    return acts, at_most(Person, 1, is_lead=True)


def sharing(school: School) -> Race:
    pair = school.pair()

    def share(session: Session) -> object:
        return share_lesson(session, school.ada, session.get_one(Lesson, school.lesson.id), pair.id, None)

    def broken(session: Session) -> bool:
        rows = session.scalars(select(Share).filter_by(lesson_id=school.lesson.id, taken_back_at=None)).all()
        withdraw_share(session, school.ada, rows[0].id)
        session.flush()
        return len(rows) != 1 or may_see(session, school.priya, session.get_one(Lesson, school.lesson.id))

    return [share] * 3, broken


def sharing_a_clip(school: School) -> Race:
    pair, clip = school.pair(), make_clip(school.session, school.ada, school.lesson.id, "A wait", 0, 5000)
    share = lambda session: share_clip(session, school.ada, clip.id, pair.id)  # noqa: E731
    return [share] * 3, at_most(ClipShare, 1, clip_id=clip.id)


def showing(school: School) -> Race:
    pair = school.pair()
    return [lambda session: show_to(session, school.ada, pair.id)] * 3, at_most(
        ShownMeasures, 1, owner_id=school.ada.id
    )


def sharing_while_suspended(school: School) -> Race:
    pair = school.pair()
    acts, _ = sharing_of(school, pair)

    def broken(session: Session) -> bool:
        still = session.scalar(select(Share).filter_by(partnership_id=pair.id, taken_back_at=None))
        return still is not None and session.get_one(Partnership, pair.id).state != "active"

    return [*acts, school.managed()], broken


def sharing_of(school: School, pair: Partnership) -> Race:
    def share(session: Session) -> object:
        return share_lesson(session, school.ada, session.get_one(Lesson, school.lesson.id), pair.id, None)

    return [share], lambda _: False


def ending_while_suspended(school: School) -> Race:
    pair = school.pair()
    end = lambda session: end_partnership(session, school.ada, pair.id)  # noqa: E731
    return [end, school.managed()], lambda session: session.get_one(Partnership, pair.id).state != "ended"


def sharing_a_conversation(school: School) -> Race:
    """Ada coaches Tom and recorded it; while she calls it a conversation she shares it with her own coach."""
    pair = school.pair()
    coached = add_partnership(school.session, school.ada, make_person(school.session, "Tom"))
    call = lambda session: call_conversation(session, school.ada, school.lesson.id, coached.id, agreed=True)  # noqa: E731

    def broken(session: Session) -> bool:
        open_row = session.scalar(select(Share).filter_by(lesson_id=school.lesson.id, taken_back_at=None))
        return open_row is not None and session.get_one(Lesson, school.lesson.id).conversation_id is not None

    return [*sharing_of(school, pair)[0], call], broken


def partners_twice(school: School) -> Race:
    made = lambda session: make_partnership(session, school.lead, school.priya.id, school.ada.id, kind="coaching")  # noqa: E731
    return [made] * 3, at_most(Partnership, 1, coach_id=school.priya.id)


def goals(school: School) -> Race:
    pair = school.pair()
    return [lambda session: set_goal(session, school.ada, pair.id, GoalText("Wait"))] * 5, at_most(
        Goal, 3, partnership_id=pair.id, closed_at=None
    )


def rooms(school: School) -> Race:
    pair = school.pair()
    sharing_of(school, pair)[0][0](school.session)
    open_room = lambda session: begin_session(session, school.ada, pair.id, lesson_id=school.lesson.id)  # noqa: E731
    return [open_room] * 3, at_most(CoachingSession, 1, partnership_id=pair.id)


def plans(school: School) -> Race:
    pair, at = school.pair(), utc_now() + timedelta(days=2)
    return [lambda session: plan_session(session, school.ada, pair.id, at)] * 3, at_most(
        CoachingSession, 1, partnership_id=pair.id
    )


def items(school: School) -> Race:
    write_answer(school.session, school.priya, "grow", "I listened.")
    return [lambda session: add_task(session, school.priya, "grow")] * 3, at_most(
        PortfolioItem, 1, owner_id=school.priya.id
    )


def clips(school: School) -> Race:
    cut = lambda session: make_clip(session, school.ada, school.lesson.id, "A wait", 0, 5000)  # noqa: E731
    return [cut] * 3, at_most(Clip, 3, lesson_id=school.lesson.id)


def small_things(school: School) -> Race:
    """What is there once for a person, each pressed twice."""
    lesson = school.lesson
    acts: list[Act] = [
        lambda session: save_guess(session, school.ada, lesson.id, 0.5),
        lambda session: remember_place(session, school.ada, session.get_one(Lesson, lesson.id), 5),
        lambda session: allow_print(session, school.ada),
        lambda session: write_answer(session, school.ada, "grow", "I listened."),
    ]
    counts = [at_most(table, 1, person_id=school.ada.id) for table in (Guess, Place, VoicePrint, ModuleAnswer)]
    return acts * 2, lambda session: any(broken(session) for broken in counts)


def same_address(school: School) -> Race:
    add = lambda session: add_person(session, "Zoe", f"{school.ada.id}@school.example")  # noqa: E731
    return [add] * 3, at_most(Person, 1, email=f"{school.ada.id}@school.example")


RACES: dict[Callable[[School], Race], int] = {  # how many of the acts may be refused with a sentence
    pairing: 1,
    saying_yes: 1,
    resuming: 1,
    visiting: 0,
    circling: 1,
    leads_who_go: 1,
    sharing: 0,
    sharing_a_clip: 0,
    showing: 0,
    sharing_while_suspended: 1,
    ending_while_suspended: 0,
    sharing_a_conversation: 1,
    partners_twice: 2,
    goals: 2,
    rooms: 0,
    plans: 0,
    items: 0,
    clips: 0,
    small_things: 0,
    same_address: 2,
}


def run_at_once(database: Database, acts: Sequence[Act]) -> list[BaseException]:
    """Do all acts at the same moment, each in a transaction of its own; return what was raised."""
    barrier, raised = threading.Barrier(len(acts)), list[BaseException]()
    is_postgres = database.engine.dialect.name == "postgresql"

    def run(act: Act) -> None:
        if not is_postgres:  # one connection writes: whoever waited inside a transaction would wait for ever
            barrier.wait()
        try:
            with database.write() as session:
                if is_postgres:
                    session.execute(text("SELECT 1"))
                    barrier.wait()
                act(session)
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_two_requests_at_once_keep_the_rule(any_database: Database, race: Callable[[School], Race]) -> None:
    name = any_database.engine.dialect.name
    refused = 0
    for round_no in range(ROUNDS[name]):
        with any_database.write() as session:
            acts, broken = race(School(session))
        raised = run_at_once(any_database, acts)
        odd = [error for error in raised if not isinstance(error, HindsightError)]
        assert not odd, (round_no, odd)
        assert len(raised) <= RACES[race], (round_no, raised)
        refused += len(raised)
        with any_database.write() as session:
            assert not broken(session), f"round {round_no}"
    print(f"{race.__name__} on {name}: {ROUNDS[name]} rounds, {refused} refused, none broken")  # noqa: T201
