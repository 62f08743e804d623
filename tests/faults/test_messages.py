"""Messages that come twice, late, or to two workers at once; commits that nobody heard of; two last chunks at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.database.db import Database
from core.models import Dictation, Lesson, Step, StoredFile
from core.pipeline import steps
from core.settings import get_settings
from core.storage.configured import get_storage
from tests.faults.full_set import FullSet, running_queue
from tests.faults.invariants import check_lesson, outcome_of
from tests.faults.watching import wait_until
from tests.support.recordings import make_ready_lesson, make_video, upload_recording
from tests.support.web_school import BYTES, School
from tests.workers.pipeline.test_runner import LEASE, lesson_at_chunks
from workers.pipeline import graph, runner
from workers.pipeline.context import Output, save_nothing
from workers.pipeline.runner import run_step, store
from workers.queue import process
from workers.queue.broker import Running, make_actors, make_broker
from workers.queue.sweeper import sweep

BOTH = (("--queues", "io,media", "--threads", "2"), ("--queues", "io,media", "--threads", "2"))
COPIES = 4
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("any_database", ["postgres"], indirect=True)
def test_each_step_is_done_once_though_every_message_comes_many_times_to_two_workers_and_late(
    any_database: Database, data_dir: Path
) -> None:
    with running_queue() as queue:
        there = FullSet(queue, data_dir.with_suffix(".log"))
        broker = make_broker(queue.address)
        actors = make_actors(broker, threading.Event(), Running())
        sent: set[tuple[str, str]] = set()

        def send_all() -> None:
            with any_database.read() as session:
                found = [(row[0], row[1]) for row in session.execute(select(Step.id, Step.queue))]
            for step_id, queue_name in found:
                for _ in range(COPIES):
                    actors[queue_name].send(step_id)
            sent.update(found)

        try:
            with any_database.write() as session:
                recording = make_video(data_dir / "a.mp4", 2, sound=False)
                lesson_id = upload_recording(session, get_storage(), recording).id
            send_all()  # before there is any worker: two take from one queue at once
            there.start_workers(BOTH)

            def is_over() -> bool:
                send_all()
                with any_database.read() as session:
                    return set(session.scalars(select(Step.state))) == {"done"}

            wait_until(is_over, "the lesson is done")
            with any_database.read() as session:
                before = outcome_of(session, lesson_id)
            send_all()  # late: all is over
            wait_until(lambda: queue.is_empty(actors), "all were taken")
            there.stop()
        finally:
            there.kill_workers()
            broker.close()
    with any_database.read() as session:
        check_lesson(session, get_storage(), lesson_id, like=before)
        tries = session.scalars(select(Step.attempts)).all()
    assert list(tries) == [1, 1, 1]
    assert len(sent) == 3


@pytest.mark.parametrize("any_database", ["postgres"], indirect=True)
def test_the_second_of_two_last_chunks_waits_for_the_firsts_transaction_and_alone_begins_the_merge(
    any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson_id = lesson_at_chunks(any_database, 2)
    with any_database.write() as session:
        found = select(Step.id).where(Step.lesson_id == lesson_id, Step.stage == "transcribe_chunk")
        first, second = [steps.claim_step(session, step_id, LEASE) for step_id in session.scalars(found).all()]
    assert first is not None
    assert second is not None
    inside, go_on, real = threading.Event(), threading.Event(), graph.advance
    began: list[bool] = []

    def advance(session: Session, lesson: Lesson) -> None:
        if not inside.is_set():
            inside.set()
            assert go_on.wait(60)
        real(session, lesson)
        session.flush()
        merge = select(Step.state).where(Step.lesson_id == lesson_id, Step.stage == "merge_transcript")
        began.append(session.scalars(merge).one() == "ready")

    def waits_for_lock() -> bool:
        with any_database.read() as session:
            return bool(session.scalar(text(WAITING)) == 1)

    monkeypatch.setattr(runner, "advance", advance)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(store, any_database, get_storage(), first, Output(save_nothing))
        assert inside.wait(60)
        two = pool.submit(store, any_database, get_storage(), second, Output(save_nothing))
        wait_until(waits_for_lock, "the second waits for the lesson")
        go_on.set()
        one.result()
        two.result()
    assert began == [False, True]


@contextmanager
def unheard_commits(database: Database, monkeypatch: pytest.MonkeyPatch, *, only: int) -> Iterator[None]:
    """Let the line break right after the commit number `only`: it is done, and whoever waits does not hear of it."""
    real, count = database.write, 0

    @contextmanager
    def write() -> Iterator[Session]:
        nonlocal count
        with real() as session:
            yield session
        if threading.current_thread().name.startswith("lease"):
            return
        count += 1
        if count == only:
            raise OperationalError("COMMIT", None, ConnectionError("server closed the connection unexpectedly"))

    with monkeypatch.context() as patch:
        patch.setattr(database, "write", write)
        yield
    assert count >= only


def test_the_files_of_a_step_stay_when_nobody_heard_that_its_end_was_written(
    any_database: Database, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    storage = get_storage()
    with any_database.write() as session:
        lesson_id = upload_recording(session, storage, make_video(data_dir / "a.mp4", 1, sound=False)).id
        [step_id] = session.scalars(select(Step.id)).all()
    run_step(step_id, threading.Event())
    with any_database.read() as session:
        step_id = session.scalars(select(Step.id).where(Step.stage == "make_rendition")).one()
    with unheard_commits(any_database, monkeypatch, only=2):  # the claim's is the first
        run_step(step_id, threading.Event())
    sweep(any_database, storage, get_settings())
    with any_database.read() as session:
        step = session.get_one(Step, step_id)
        keys = session.scalars(select(StoredFile.key).where(StoredFile.lesson_id == lesson_id)).all()
    assert (step.state, step.attempts) == ("done", 1)
    assert len(keys) == 2
    assert sorted(storage.keys()) == sorted(keys)


def test_a_spoken_comment_stays_when_nobody_heard_that_it_was_written(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, lesson_id = get_storage(), school.ids["lesson"]
    monkeypatch.setattr("web.security.auth.SEEN_EVERY", timedelta(days=1))  # else it may be what is written first
    with unheard_commits(school.database, monkeypatch, only=1):
        answer = school.browser("owner").post(f"/api/lessons/{lesson_id}/said", content=BYTES)
    assert answer.status_code == 500
    with school.database.read() as session:
        said = session.scalars(select(Dictation).where(Dictation.text.is_(None))).one()
        key = session.scalars(select(StoredFile.key).where(StoredFile.kind == f"said-{said.number}")).one()
    assert storage.size(key) == len(BYTES)


@pytest.mark.embedded(reason="a Redis keeps its messages when a worker dies")
def test_what_was_sent_within_a_process_that_died_is_sent_again_by_the_next(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:
        session.add_all(
            Step(lesson_id=make_ready_lesson(session).id, stage=stage, queue=queue, state="ready", next_at=utc_now())
            for stage, queue in (("extract_audio", "io"), ("make_rendition", "media"))
        )
        session.flush()
        session.execute(update(Step).values(dispatched_at=utc_now()))
    monkeypatch.setattr(process, "supervise", lambda *_, **__: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    process.work(["io"], 1, sweeps=False)
    with database.read() as session:
        sent = session.scalars(select(Step.queue).where(Step.dispatched_at.is_not(None))).all()
    assert sent == ["media"]
