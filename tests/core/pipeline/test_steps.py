"""A step has one worker at a time, counts its tries at the claim, and is lost with its token."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from core.clock import utc_now
from core.database.db import Database
from core.models import Lesson, Step
from core.pipeline import steps
from tests.support.factories import make_lesson, make_person
from tests.support.recordings import LEASE, claim, ready_step


def read(database: Database, step_id: str) -> Step:
    """Return the row as it is now."""
    with database.read() as session:
        return session.get_one(Step, step_id)


def test_of_many_who_claim_a_step_at_once_one_gets_it(any_database: Database) -> None:
    step_id = ready_step(any_database)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: claim(any_database, step_id), range(8)))
    assert len([one for one in claims if one]) == 1
    assert read(any_database, step_id).attempts == 1


def test_a_worker_that_lost_its_lease_cannot_finish_fail_or_renew(any_database: Database) -> None:
    step_id = ready_step(any_database)
    slow = claim(any_database, step_id)
    assert slow is not None
    with any_database.write() as session:
        steps.reopen_lost(session, slow.lesson_id, 3, everything=True)
    quick = claim(any_database, step_id)
    assert quick is not None
    with any_database.write() as session:
        assert not steps.finish_step(session, slow)
        assert not steps.fail_step(session, slow, "x", "y", final=True)
        assert not steps.release_claim(session, slow)
        assert steps.check_hold(session, slow) == "lost"
        assert steps.finish_step(session, quick)
    assert read(any_database, step_id).state == "done"


def test_only_an_expired_lease_is_opened_again(any_database: Database) -> None:
    step_id = ready_step(any_database)
    held = claim(any_database, step_id)
    assert held is not None
    with any_database.read() as session:
        assert steps.lost_lessons(session) == []
    with any_database.write() as session:
        session.execute(update(Step).values(lease_until=utc_now() - timedelta(seconds=1)))
    with any_database.read() as session:
        assert steps.lost_lessons(session) == [held.lesson_id]


def test_a_step_whose_worker_dies_three_times_fails_with_a_reason(any_database: Database) -> None:
    step_id = ready_step(any_database)
    for _ in range(3):
        held = claim(any_database, step_id)
        assert held is not None
        with any_database.write() as session:
            steps.reopen_lost(session, held.lesson_id, 3, everything=True)
    row = read(any_database, step_id)
    assert (row.state, row.error_code) == ("failed", steps.KILLED)
    assert "3 times" in row.error_sentence
    assert claim(any_database, step_id) is None


def test_a_failed_try_waits_before_the_next_and_longer_each_time(any_database: Database) -> None:
    step_id = ready_step(any_database)
    waits = []
    for _ in range(2):
        with any_database.write() as session:
            session.execute(update(Step).values(next_at=utc_now()))
        held = claim(any_database, step_id)
        assert held is not None
        with any_database.write() as session:
            assert steps.fail_step(session, held, "step_failed", "It stumbled.", final=False)
        assert claim(any_database, step_id) is None
        waits.append(read(any_database, step_id).next_at - utc_now())
    assert timedelta(0) < waits[0] < waits[1]


def test_a_step_given_back_at_shutdown_loses_no_try(any_database: Database) -> None:
    step_id = ready_step(any_database)
    held = claim(any_database, step_id)
    assert held is not None
    with any_database.write() as session:
        assert steps.release_claim(session, held)
    row = read(any_database, step_id)
    assert (row.state, row.attempts, row.dispatched_at) == ("ready", 0, None)


def test_work_on_a_deleted_lesson_is_told_to_stop_and_is_not_sent(any_database: Database) -> None:
    step_id = ready_step(any_database)
    held = claim(any_database, step_id)
    assert held is not None
    with any_database.write() as session:
        session.execute(update(Lesson).values(deleted_at=utc_now()))
        assert steps.check_hold(session, held) == "deleted"
        assert steps.release_claim(session, held)
    with any_database.read() as session:
        assert steps.due_steps(session, ["io"], timedelta(minutes=1), 10) == []


def test_what_was_sent_lately_is_not_sent_again_until_the_message_counts_as_lost(any_database: Database) -> None:
    step_id = ready_step(any_database)
    with any_database.write() as session:
        steps.mark_sent(session, [step_id])
    with any_database.read() as session:
        assert steps.due_steps(session, ["io"], timedelta(minutes=1), 10) == []
        assert [due.step_id for due in steps.due_steps(session, ["io"], timedelta(0), 10)] == [step_id]


def test_one_lesson_of_a_colleague_comes_before_the_second_of_somebody_with_twenty(any_database: Database) -> None:
    with any_database.write() as session:
        busy, other = make_person(session), make_person(session)
        for _ in range(20):
            steps.add_first_step(session, make_lesson(session, busy).id)
        steps.add_first_step(session, make_lesson(session, other).id)
    with any_database.read() as session:
        owners = [due.owner_id for due in steps.due_steps(session, ["io"], timedelta(0), 3)]
    assert owners == [busy.id, other.id, busy.id]


def test_little_is_sent_ahead_so_that_a_colleague_who_comes_later_need_not_wait_behind_twenty(
    any_database: Database,
) -> None:
    minute = timedelta(minutes=1)
    with any_database.write() as session:
        busy, other = make_person(session), make_person(session)
        for _ in range(20):
            steps.add_first_step(session, make_lesson(session, busy).id)
        sent = [due.step_id for due in steps.due_steps(session, ["io"], minute, 100)]
        steps.mark_sent(session, sent)
        assert len(sent) == steps.SENT_AHEAD
        steps.add_first_step(session, make_lesson(session, other).id)
        assert steps.due_steps(session, ["io"], minute, 100) == []
        assert steps.claim_step(session, sent[0], LEASE)
        assert [due.owner_id for due in steps.due_steps(session, ["io"], minute, 100)] == [other.id]


def test_more_is_sent_ahead_when_more_is_being_done(any_database: Database) -> None:
    with any_database.write() as session:
        person = make_person(session)
        for _ in range(30):
            steps.add_first_step(session, make_lesson(session, person).id)
        for step_id in session.scalars(select(Step.id).limit(8)):
            assert steps.claim_step(session, step_id, LEASE)
        assert len(steps.due_steps(session, ["io"], timedelta(minutes=1), 100)) == 16


due_lists = st.lists(st.sampled_from("abc")).map(
    lambda owners: [steps.Due(str(number), "io", owner) for number, owner in enumerate(owners)]
)


@given(due_lists, st.dictionaries(st.sampled_from("abc"), st.integers(0, 5)))
def test_taking_turns_loses_nobody_and_keeps_each_owners_order(due: list[steps.Due], running: dict[str, int]) -> None:
    fair = steps.fair_order(due, running)
    assert sorted(fair, key=lambda one: one.step_id) == sorted(due, key=lambda one: one.step_id)
    for owner in "abc":
        assert [one for one in fair if one.owner_id == owner] == [one for one in due if one.owner_id == owner]
