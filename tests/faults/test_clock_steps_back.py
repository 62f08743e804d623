"""The clock of the machine is put back an hour: nobody waits an hour for it, and nothing is done twice."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.reading import may_see
from annotation.coaching.session_room import people_present
from annotation.lessons.clips import make_clip
from annotation.mail_queue import write_mail
from core.clock import HELD_SECONDS, latest_now, utc_now
from core.database.db import Database
from core.database.events import events_after, last_event_number, record_event, trim_events
from core.models import Clip, ClipShare, CoachingSession, Lesson, Person, Share, Step
from core.pipeline import steps
from core.pipeline.due_steps import due_steps
from core.settings import get_settings
from core.storage.configured import get_storage
from tests.faults.clocks import SetClock
from tests.faults.invariants import check_lesson
from tests.support.factories import make_lesson, make_partnership, make_person
from tests.support.recordings import LEASE, claim, make_ready_lesson, make_video, ready_step, upload_recording
from workers import mailer
from workers.pipeline.runner import run_step
from workers.queue.sweeper import close_shares, reopen_steps

HOUR = timedelta(hours=1)
SENT_LATELY = timedelta(minutes=1)


def state_of(database: Database, step_id: str) -> str:
    """Return the state of a step."""
    with database.read() as session:
        return session.get_one(Step, step_id).state


def due(database: Database) -> list[str]:
    """Return the steps that the dispatcher would send now."""
    with database.read() as session:
        return [one.step_id for one in due_steps(session, ["io"], SENT_LATELY, 10)]


def test_what_was_ready_before_the_clock_went_back_is_sent_and_claimed_at_once(
    any_database: Database, clock: SetClock
) -> None:
    step_id = ready_step(any_database)
    clock.back = HOUR
    assert due(any_database) == [step_id]
    assert claim(any_database, step_id) is not None


def test_a_message_that_was_lost_before_the_clock_went_back_is_sent_again(
    any_database: Database, clock: SetClock
) -> None:
    step_id = ready_step(any_database)
    with any_database.write() as session:
        steps.mark_sent(session, [step_id])
    assert due(any_database) == []
    clock.back = HOUR
    assert due(any_database) == [step_id]


def test_a_failed_try_still_waits_for_the_next_after_the_clock_went_back_a_little(
    any_database: Database, clock: SetClock
) -> None:
    step_id = ready_step(any_database)
    held = claim(any_database, step_id)
    assert held is not None
    with any_database.write() as session:
        steps.fail_step(session, held, "step_failed", "It stumbled.", final=False)
    clock.back = timedelta(seconds=5)
    assert due(any_database) == []
    clock.back = -timedelta(seconds=5)
    assert due(any_database) == [step_id]


def test_a_worker_that_is_gone_is_noticed_one_lease_after_the_clock_went_back(
    any_database: Database, clock: SetClock
) -> None:
    step_id = ready_step(any_database)
    assert claim(any_database, step_id) is not None
    clock.back = HOUR
    reopen_steps(any_database, get_settings())
    assert state_of(any_database, step_id) == "running"  # it may be alive: it has a lease to say so
    clock.back = HOUR - LEASE - timedelta(seconds=1)
    reopen_steps(any_database, get_settings())
    assert state_of(any_database, step_id) == "ready"


def test_a_worker_that_is_alive_keeps_its_step_when_the_clock_goes_back(
    any_database: Database, clock: SetClock
) -> None:
    step_id = ready_step(any_database)
    held = claim(any_database, step_id)
    assert held is not None
    clock.back = HOUR
    reopen_steps(any_database, get_settings())
    with any_database.write() as session:
        steps.renew_lease(session, held, LEASE, 0.5)
    reopen_steps(any_database, get_settings())
    with any_database.write() as session:
        assert steps.finish_step(session, held)


def test_a_lesson_is_done_once_though_the_clock_goes_back_at_every_step(
    any_database: Database, clock: SetClock, data_dir: Path
) -> None:
    with any_database.write() as session:
        recording = make_video(data_dir / "a.mp4", 2, sound=False)
        lesson_id = upload_recording(session, get_storage(), recording).id
    while waiting := next_of(any_database):
        for step_id in waiting:
            clock.back += HOUR
            reopen_steps(any_database, get_settings())
            run_step(step_id, threading.Event())
    with any_database.read() as session:
        check_lesson(session, get_storage(), lesson_id)
        found = session.scalars(select(Step)).all()
    assert {step.state for step in found} == {"done"}
    assert {step.attempts for step in found} == {1}


def next_of(database: Database) -> list[str]:
    """Return what the dispatcher would send to any worker."""
    with database.read() as session:
        return [one.step_id for one in due_steps(session, ["io", "media"], SENT_LATELY, 10)]


def test_an_open_page_hears_of_what_happens_after_the_clock_went_back(any_database: Database, clock: SetClock) -> None:
    with any_database.write() as session:
        lesson = make_ready_lesson(session)
        record_event(session, lesson.id, "step")
        session.flush()
        seen = last_event_number(session)
    clock.back = HOUR
    with any_database.write() as session:
        record_event(session, lesson.id, "comment")
        trim_events(session)
        session.flush()
        assert [event.kind for event in events_after(session, seen)] == ["comment"]


def test_a_mail_that_waits_is_due_though_the_clock_went_back(
    any_database: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HINDSIGHT_SMTP_HOST", "mail.school.example")
    get_settings.cache_clear()
    handed: list[str] = []
    monkeypatch.setattr(mailer, "hand_over", lambda message, _settings: handed.append(message["Subject"]))
    with any_database.write() as session:
        write_mail(session, make_person(session), "Your week", "Press play.")
    clock.back = HOUR
    assert mailer.send_mails(any_database, get_settings()) == 1
    assert handed == ["Your week"]


def test_whoever_left_a_session_before_the_clock_went_back_is_not_shown_as_here(
    any_database: Database, clock: SetClock
) -> None:
    with any_database.write() as session:
        coach, coachee = make_person(session), make_person(session)
        pair = make_partnership(session, coach, coachee)
        meeting = CoachingSession(partnership_id=pair.id, created_at=utc_now(), coach_seen_at=utc_now())
        assert people_present(meeting, pair) == {coach.id}
        clock.back = HOUR
        assert people_present(meeting, pair) == frozenset()


def share_until(session: Session, until: datetime, *, of_clip: bool) -> tuple[Person, Lesson | Clip]:
    """Share a lesson, or a clip of one, until a moment; return with whom, and what."""
    coach, coachee = make_person(session), make_person(session)
    pair = make_partnership(session, coach, coachee)
    lesson = make_lesson(session, coachee)
    clip = make_clip(session, coachee, lesson.id, "A moment", 0, 1000)
    its = {"partnership_id": pair.id, "created_at": utc_now(), "until": until}
    session.add(ClipShare(clip_id=clip.id, **its) if of_clip else Share(lesson_id=lesson.id, **its))
    session.flush()
    return coach, clip if of_clip else lesson


@pytest.mark.parametrize("of_clip", [False, True])
def test_a_share_whose_last_day_is_over_stays_closed_though_the_clock_goes_back(
    any_database: Database, clock: SetClock, of_clip: bool
) -> None:
    with any_database.write() as session:
        coach, thing = share_until(session, utc_now() - timedelta(minutes=1), of_clip=of_clip)
        before = last_event_number(session)
    close_shares(any_database)
    clock.back = HOUR
    with any_database.read() as session:
        share = session.scalars(select(ClipShare)).one() if of_clip else session.scalars(select(Share)).one()
        assert share.taken_back_at == share.until
        assert "share" in [event.kind for event in events_after(session, before)]
        told = len(events_after(session, before))
        assert not may_see(session, coach, thing)
    close_shares(any_database)  # once
    with any_database.read() as session:
        assert len(events_after(session, before)) == told


@pytest.mark.parametrize("of_clip", [False, True])
def test_a_share_stays_closed_at_once_when_the_clock_goes_back_before_a_worker_has_closed_it(
    any_database: Database, clock: SetClock, of_clip: bool
) -> None:
    with any_database.write() as session:
        coach, thing = share_until(session, utc_now() + timedelta(minutes=1), of_clip=of_clip)
    with any_database.read() as session:
        assert may_see(session, coach, thing)
        clock.back = -HOUR
        assert not may_see(session, coach, thing)
        clock.back = HOUR
        assert not may_see(session, coach, thing)
    close_shares(any_database)  # a worker that has seen the hour too closes it for good
    with any_database.read() as session:
        rows = session.scalars(select(ClipShare)).all() if of_clip else session.scalars(select(Share)).all()
        assert [row.taken_back_at for row in rows] == [row.until for row in rows]


def test_a_clock_that_was_wrong_for_a_moment_is_believed_again_after_a_minute(
    clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.back = -HOUR
    late = latest_now()
    clock.back = timedelta(0)
    assert latest_now() == late
    after = time.monotonic() + HELD_SECONDS
    monkeypatch.setattr("core.clock.time.monotonic", lambda: after)
    assert latest_now() < late


def test_a_share_that_is_open_stays_open_when_others_are_closed(any_database: Database) -> None:
    with any_database.write() as session:
        coach, coachee = make_person(session), make_person(session)
        pair = make_partnership(session, coach, coachee)
        lessons = [make_lesson(session, coachee) for _ in range(2)]
        for lesson, until in zip(lessons, (None, utc_now() + HOUR), strict=True):
            session.add(Share(lesson_id=lesson.id, partnership_id=pair.id, created_at=utc_now(), until=until))
    close_shares(any_database)
    with any_database.read() as session:
        assert all(may_see(session, coach, lesson) for lesson in lessons)
