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
from core.pipeline.due_steps import SENT_AHEAD, Due, due_steps, fair_order
from core.pipeline.stages import FIRST_STAGE, STAGES
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
        assert due_steps(session, ["io"], timedelta(minutes=1), 10) == []


def test_what_was_sent_lately_is_not_sent_again_until_the_message_counts_as_lost(any_database: Database) -> None:
    step_id = ready_step(any_database)
    with any_database.write() as session:
        steps.mark_sent(session, [step_id])
    with any_database.read() as session:
        assert due_steps(session, ["io"], timedelta(minutes=1), 10) == []
        assert [due.step_id for due in due_steps(session, ["io"], timedelta(0), 10)] == [step_id]


def test_one_lesson_of_a_colleague_comes_before_the_second_of_somebody_with_twenty(any_database: Database) -> None:
    with any_database.write() as session:
        busy, other = make_person(session), make_person(session)
        for _ in range(20):
            steps.add_first_step(session, make_lesson(session, busy).id)
        steps.add_first_step(session, make_lesson(session, other).id)
    with any_database.read() as session:
        owners = [due.owner_id for due in due_steps(session, ["io"], timedelta(0), 3)]
    assert owners == [busy.id, other.id, busy.id]


def test_little_is_sent_ahead_so_that_a_colleague_who_comes_later_need_not_wait_behind_twenty(
    any_database: Database,
) -> None:
    minute = timedelta(minutes=1)
    with any_database.write() as session:
        busy, other = make_person(session), make_person(session)
        for _ in range(20):
            steps.add_first_step(session, make_lesson(session, busy).id)
        sent = [due.step_id for due in due_steps(session, ["io"], minute, 100)]
        steps.mark_sent(session, sent)
        assert len(sent) == SENT_AHEAD
        steps.add_first_step(session, make_lesson(session, other).id)
        assert due_steps(session, ["io"], minute, 100) == []
        assert steps.claim_step(session, sent[0], LEASE)
        assert [due.owner_id for due in due_steps(session, ["io"], minute, 100)] == [other.id]


def test_more_is_sent_ahead_when_more_is_being_done(any_database: Database) -> None:
    with any_database.write() as session:
        person = make_person(session)
        for _ in range(30):
            steps.add_first_step(session, make_lesson(session, person).id)
        for step_id in session.scalars(select(Step.id).limit(8)):
            assert steps.claim_step(session, step_id, LEASE)
        assert len(due_steps(session, ["io"], timedelta(minutes=1), 100)) == 16


due_lists = st.lists(st.sampled_from("abc")).map(
    lambda owners: [Due(str(number), "io", owner) for number, owner in enumerate(owners)]
)


@given(due_lists, st.dictionaries(st.sampled_from("abc"), st.integers(0, 5)))
def test_taking_turns_loses_nobody_and_keeps_each_owners_order(due: list[Due], running: dict[str, int]) -> None:
    fair = fair_order(due, running)
    assert sorted(fair, key=lambda one: one.step_id) == sorted(due, key=lambda one: one.step_id)
    for owner in "abc":
        assert [one for one in fair if one.owner_id == owner] == [one for one in due if one.owner_id == owner]


def change(database: Database, **values: object) -> None:
    """Set values of every step."""
    with database.write() as session:
        session.execute(update(Step).values(**values))


def test_a_claim_says_what_it_took_and_the_row_says_who_holds_it(any_database: Database) -> None:
    step_id = ready_step(any_database)
    change(any_database, progress=0.5)
    held = claim(any_database, step_id)
    row = read(any_database, step_id)
    assert held == steps.Claim(step_id, row.lesson_id, FIRST_STAGE, 0, row.lease_token or "?", 1)
    assert (row.state, row.attempts, row.progress) == ("running", 1, 0.0)
    assert row.started_at is not None
    assert row.lease_until is not None
    assert timedelta(0) < row.lease_until - utc_now() <= LEASE
    with any_database.read() as session:
        assert steps.held_tokens(session) == {held.token}


def test_a_step_is_not_claimed_before_its_pause_is_over_unless_a_clock_went_back(any_database: Database) -> None:
    step_id = ready_step(any_database)
    change(any_database, next_at=utc_now() + timedelta(seconds=50))
    assert claim(any_database, step_id) is None
    longer = steps.PUT_OFF[-1] + timedelta(seconds=30)  # than any pause that we make
    change(any_database, next_at=utc_now() + longer)
    assert claim(any_database, step_id) is not None


def test_a_renewed_lease_lasts_longer_and_notes_how_far_it_is(any_database: Database) -> None:
    step_id = ready_step(any_database)
    held = claim(any_database, step_id)
    assert held is not None
    with any_database.write() as session:
        steps.renew_lease(session, held, 10 * LEASE, 0.25)
    row = read(any_database, step_id)
    assert row.progress == 0.25
    assert row.lease_until is not None
    assert 9 * LEASE < row.lease_until - utc_now() <= 10 * LEASE
    change(any_database, lease_token="of-another")
    with any_database.write() as session:
        steps.renew_lease(session, held, LEASE, 0.75)
        assert steps.check_hold(session, held) == "lost"
    assert read(any_database, step_id).progress == 0.25


def test_a_finished_step_has_no_lease_and_no_error(any_database: Database) -> None:
    step_id = ready_step(any_database)
    change(any_database, error_code="old", error_sentence="Old.")
    held = claim(any_database, step_id)
    assert held is not None
    with any_database.write() as session:
        assert steps.check_hold(session, held) == "ours"
        assert steps.finish_step(session, held)
        assert not steps.finish_step(session, held)
    row = read(any_database, step_id)
    assert (row.state, row.progress, row.error_code, row.error_sentence) == ("done", 1.0, "", "")
    assert (row.lease_token, row.lease_until) == (None, None)
    assert row.finished_at is not None


def test_a_step_that_fails_for_good_says_why(any_database: Database) -> None:
    step_id = ready_step(any_database)
    held = claim(any_database, step_id)
    assert held is not None
    with any_database.write() as session:
        assert steps.fail_step(session, held, "not_media", "This is no recording.", final=True)
    row = read(any_database, step_id)
    assert (row.state, row.error_code, row.error_sentence) == ("failed", "not_media", "This is no recording.")


def test_pauses_are_those_of_the_table_and_the_last_one_stays(any_database: Database) -> None:
    step_id = ready_step(any_database)
    for pause in (*steps.AGAIN_AFTER, steps.AGAIN_AFTER[-1]):
        change(any_database, next_at=utc_now(), dispatched_at=utc_now())
        held = claim(any_database, step_id)
        assert held is not None
        before = utc_now()
        with any_database.write() as session:
            assert steps.fail_step(session, held, "step_failed", "It stumbled.", final=False)
        row = read(any_database, step_id)
        assert before + pause <= row.next_at <= utc_now() + pause
        assert (row.state, row.error_code, row.error_sentence) == ("ready", "step_failed", "It stumbled.")
        assert row.dispatched_at is None


def test_a_step_that_was_to_stop_is_cancelled_and_never_done(any_database: Database) -> None:
    step_id = ready_step(any_database)
    held = claim(any_database, step_id)
    assert held is not None
    with any_database.write() as session:
        assert not steps.cancel_step(session, held)
        assert steps.stop_steps(session, held.lesson_id) == 1
        assert steps.check_hold(session, held) == "cancelled"
        assert not steps.finish_step(session, held)
    assert read(any_database, step_id).state == "cancelled"
    with any_database.write() as session:
        assert steps.start_again(session, held.lesson_id) == 1
        assert steps.start_again(session, held.lesson_id) == 0
    row = read(any_database, step_id)
    assert (row.state, row.attempts, row.progress, row.error_code, row.error_sentence) == ("ready", 0, 0.0, "", "")
    assert (row.dispatched_at, row.finished_at, row.cancel_requested_at) == (None, None, None)
    assert row.next_at <= utc_now()
    assert claim(any_database, step_id) is not None


def test_stopping_a_lesson_stops_what_is_ready_and_leaves_other_lessons(any_database: Database) -> None:
    step_id, other = ready_step(any_database), ready_step(any_database)
    with any_database.write() as session:
        lesson_id = session.get_one(Step, step_id).lesson_id
        session.add(steps.new_step(lesson_id, "make_rendition"))
        assert steps.stop_steps(session, lesson_id) == 1
    assert read(any_database, step_id).state == "cancelled"
    assert read(any_database, step_id).finished_at is not None
    assert read(any_database, other).state == "ready"
    with any_database.write() as session:
        assert steps.start_again(session, read(any_database, other).lesson_id) == 0
        waiting = session.scalars(select(Step.state).where(Step.stage == "make_rendition")).one()
    assert waiting == "waiting"


def test_a_step_is_requested_once_for_each_stage_and_number(any_database: Database) -> None:
    step_id = ready_step(any_database)
    with any_database.write() as session:
        lesson_id = session.get_one(Step, step_id).lesson_id
        for stage, number in ((FIRST_STAGE, 0), ("cut_clip", 1), ("cut_clip", 1), ("cut_clip", 2)):
            steps.request_step(session, lesson_id, stage, number)
        rows = session.execute(select(Step.stage, Step.chunk_no, Step.state, Step.queue, Step.version)).all()
    catalogue = STAGES["cut_clip"]
    assert sorted(tuple(row) for row in rows if row.stage == "cut_clip") == [
        ("cut_clip", number, "ready", catalogue.queue, catalogue.version) for number in (1, 2)
    ]
    assert [row.chunk_no for row in rows if row.stage == FIRST_STAGE] == [0]
    with any_database.write() as session:
        session.execute(update(Step).values(version=0))
        steps.request_step(session, lesson_id, FIRST_STAGE)
        assert steps.lessons_to_redo(session) == [lesson_id]
        session.execute(update(Lesson).values(deleted_at=utc_now()))
        assert steps.lessons_to_redo(session) == []


def test_a_lesson_in_the_catalogues_version_is_not_redone_and_steps_are_deleted_by_stage(
    any_database: Database,
) -> None:
    step_id, other = ready_step(any_database), ready_step(any_database)
    with any_database.write() as session:
        assert steps.lessons_to_redo(session) == []
        lesson_id = session.get_one(Step, step_id).lesson_id
        steps.request_step(session, lesson_id, "cut_clip", 1)
        steps.delete_steps(session, lesson_id, [FIRST_STAGE])
        left = {tuple(row) for row in session.execute(select(Step.lesson_id, Step.stage))}
        assert left == {(lesson_id, "cut_clip"), (session.get_one(Step, other).lesson_id, FIRST_STAGE)}


def test_what_a_lost_queue_carried_is_sent_again(any_database: Database) -> None:
    step_id, running = ready_step(any_database), ready_step(any_database)
    assert claim(any_database, running)
    change(any_database, dispatched_at=utc_now())
    with any_database.write() as session:
        steps.send_again(session, ["media"])
        assert session.get_one(Step, step_id).dispatched_at is not None
        steps.send_again(session, ["io"])
    assert read(any_database, step_id).dispatched_at is None
    assert read(any_database, running).dispatched_at is not None


def test_a_lease_that_no_worker_would_take_now_is_shortened(any_database: Database) -> None:
    step_id = ready_step(any_database)
    assert claim(any_database, step_id)
    for long, leased in ((False, 1.9 * LEASE), (True, 2.5 * LEASE)):
        change(any_database, lease_until=utc_now() + leased)
        with any_database.write() as session:
            assert steps.has_long_leases(session, LEASE) is long
            steps.shorten_leases(session, LEASE)
        until = read(any_database, step_id).lease_until
        assert until is not None
        assert (until - utc_now() <= LEASE) is long
    change(any_database, state="done", lease_until=utc_now() + 9 * LEASE)
    with any_database.read() as session:
        assert not steps.has_long_leases(session, LEASE)
        assert steps.lost_lessons(session, everything=True) == []


def test_a_lost_step_is_opened_again_or_cancelled_if_it_was_to_stop(any_database: Database) -> None:
    opened, stopped, held = (ready_step(any_database) for _ in range(3))
    lessons = {one: read(any_database, one).lesson_id for one in (opened, stopped, held)}
    for one in lessons:
        assert claim(any_database, one)
    with any_database.write() as session:
        assert set(steps.lost_lessons(session, everything=True)) == set(lessons.values())
        late = utc_now() - timedelta(seconds=1)
        session.execute(update(Step).where(Step.id != held).values(lease_until=late, progress=0.5, dispatched_at=late))
        session.execute(update(Step).where(Step.id == stopped).values(cancel_requested_at=late, attempts=3))
        for lesson_id in lessons.values():
            steps.reopen_lost(session, lesson_id, 3)
    assert [read(any_database, one).state for one in lessons] == ["ready", "cancelled", "running"]
    for one in (opened, stopped):
        row = read(any_database, one)
        assert (row.lease_token, row.lease_until, row.dispatched_at, row.progress) == (None, None, None, 0.0)
        assert (row.error_code, row.error_sentence) == ("", "")


def test_steps_of_queues_that_were_not_asked_for_are_not_sent_and_a_queue_has_its_own_space(
    any_database: Database,
) -> None:
    minute = timedelta(minutes=1)
    with any_database.write() as session:
        person = make_person(session)
        for _ in range(6):
            lesson = make_lesson(session, person)
            steps.add_first_step(session, lesson.id)
            steps.request_step(session, lesson.id, "make_rendition")
        both = [due.queue for due in due_steps(session, ["io", "media"], minute, 100)]
        assert sorted(both) == ["io"] * 4 + ["media"] * 4
        assert {due.queue for due in due_steps(session, ["media"], minute, 100)} == {"media"}
        assert len(due_steps(session, ["io", "media"], minute, 3)) == 3


def test_who_has_work_running_stands_behind() -> None:
    due = [Due(str(number), "io", owner) for number, owner in enumerate("aab")]
    assert [one.owner_id for one in fair_order(due, {"a": 1})] == ["b", "a", "a"]
    assert [one.owner_id for one in fair_order(due, {"b": 1})] == ["a", "a", "b"]
    assert [one.step_id for one in fair_order(due, {})] == ["0", "2", "1"]
