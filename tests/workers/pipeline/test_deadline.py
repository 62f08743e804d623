"""The deadline of a step: nothing is renewed beyond it, its process ends, and its try counts."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from core.clock import utc_now
from core.database.db import Database
from core.models import Step
from core.pipeline import steps
from core.settings import get_settings
from tests.faults.full_set import running_queue
from tests.faults.watching import wait_until
from tests.support.recordings import make_ready_lesson
from tests.workers.pipeline.test_runner import put_in
from workers import serve
from workers.pipeline import heart
from workers.pipeline.context import Context, Output, save_nothing
from workers.pipeline.heart import Held
from workers.pipeline.runner import run_step
from workers.queue.process import STOP_SECONDS

PROJECT = Path(__file__).resolve().parents[3]

# A worker whose stages are replaced: `asks` asks whether to go on, the others never do.
WORKER = """
import sys, time
from dataclasses import replace
from datetime import timedelta
from workers import serve
from workers.pipeline import heart
from workers.pipeline.bindings import BINDINGS
from workers.queue import process

def asks(context):
    while True:
        context.watch.check()
        time.sleep(0.05)

def sleeps(context):
    time.sleep(1000)

def computes(context):
    while True:
        pass

def holds_the_interpreter(context):
    import re
    re.match("(a+)+$", "a" * 60 + "b")

for stage, run in (("probe_media", {probe}), ("extract_audio", {sound})):
    BINDINGS[stage] = replace(BINDINGS[stage], run=run, reads=frozenset())
heart.DEADLINE, heart.ASKS_SECONDS = timedelta(seconds={deadline}), 0.5
process.SILENT_SECONDS = {silent}
process.work(["io"], 2, sweeps=False)
"""


def start_worker(
    probe: str, sound: str = "asks", *, deadline: float = 3600, silent: float = 600
) -> subprocess.Popen[bytes]:
    """Start a worker process with two threads."""
    code = WORKER.format(probe=probe, sound=sound, deadline=deadline, silent=silent)
    return subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stderr=subprocess.DEVNULL)


def add_step(database: Database, stage: str) -> str:
    """Add a lesson of which one step may start, and return the step."""
    with database.write() as session:
        step = session.scalars(select(Step).where(Step.lesson_id == make_ready_lesson(session).id)).one()
        step.stage, step.next_at = stage, utc_now()
        return step.id


def state_of(database: Database, step_id: str) -> tuple[str, int, str]:
    """Return state, tries and code of a step."""
    with database.read() as session:
        step = session.get_one(Step, step_id)
        return step.state, step.attempts, step.error_code


def has_ended(database: Database, step_id: str, tries: int) -> bool:
    """Say whether a try is over, by its deadline."""
    return state_of(database, step_id)[1:] == (tries, "deadline")


def is_running(database: Database, *step_ids: str) -> Callable[[], bool]:
    """Return what says whether steps are running."""
    return lambda: all(state_of(database, step_id)[0] == "running" for step_id in step_ids)


@pytest.mark.parametrize("asks", [True, False])
def test_a_step_beyond_its_deadline_ends_and_its_try_counts(
    any_database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch, asks: bool
) -> None:
    step_id = add_step(any_database, "merge_transcript")
    monkeypatch.setattr(heart, "DEADLINE", timedelta(seconds=1))
    monkeypatch.setattr(heart, "ASKS_SECONDS", 1.0)
    shutdown, over, held = threading.Event(), threading.Event(), Held()

    def work(context: Context) -> Output:
        while not over.wait(0.05):
            if asks:
                context.watch.check()
        return Output(save_nothing)

    put_in(monkeypatch, "merge_transcript", work)
    for number in range(1, get_settings().max_attempts + 1):
        shutdown.clear()
        with any_database.write() as session:
            session.get_one(Step, step_id).next_at = utc_now()
        thread = threading.Thread(target=run_step, args=(step_id, shutdown, held))
        thread.start()
        wait_until(partial(has_ended, any_database, step_id, number), "the try is over")
        assert held.wait_until_none(10)
        assert (shutdown.wait(10) if not asks else shutdown.is_set()) == held.overdue == (not asks)
        over.set()
        thread.join(30)
        over.clear()
        last = number == get_settings().max_attempts
        assert state_of(any_database, step_id) == ("failed" if last else "ready", number, "deadline")


def test_no_lease_is_renewed_beyond_the_deadline(
    database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step_id = add_step(database, "merge_transcript")
    monkeypatch.setenv("HINDSIGHT_LEASE_SECONDS", "1")
    get_settings.cache_clear()
    monkeypatch.setattr(heart, "DEADLINE", timedelta(seconds=2))
    renewed: list[float] = []
    real = steps.renew_lease

    def renew(*arguments: object) -> None:
        renewed.append(time.monotonic())
        real(*arguments)  # type: ignore[arg-type]

    def work(context: Context) -> Output:
        for number in range(80):
            context.watch.progress(number / 80)
            time.sleep(0.05)
        return Output(save_nothing)

    monkeypatch.setattr(steps, "renew_lease", renew)
    put_in(monkeypatch, "merge_transcript", work)
    begun = time.monotonic()
    run_step(step_id, threading.Event())
    assert renewed
    assert max(renewed) - begun < 3
    assert time.monotonic() - begun > 3.9


@pytest.mark.alone(reason="it ends processes, and measures how long they take")
@pytest.mark.parametrize("never_asks", ["sleeps", "computes"])
def test_a_stage_that_never_asks_ends_its_process_and_others_are_given_back(
    database: Database, data_dir: Path, never_asks: str
) -> None:
    long = add_step(database, "probe_media")
    with start_worker(never_asks, "asks", deadline=6) as worker:
        wait_until(is_running(database, long), "the long step runs")
        time.sleep(3)
        other = add_step(database, "extract_audio")
        wait_until(is_running(database, other), "the other step runs")
        assert worker.wait(60) == 1
    assert state_of(database, long) == ("ready", 1, "deadline")
    assert state_of(database, other) == ("ready", 0, "")


@pytest.mark.alone(reason="it ends processes, and measures how long they take")
def test_a_worker_whose_interpreter_is_held_for_ever_ends_by_itself(database: Database, data_dir: Path) -> None:
    step_id = add_step(database, "probe_media")
    with start_worker("holds_the_interpreter", silent=4) as worker:
        wait_until(is_running(database, step_id), "the step runs")
        assert worker.wait(60) == 1
    assert state_of(database, step_id)[:2] == ("running", 1)  # its lease ends, and the try counts


@pytest.mark.alone(reason="it ends processes, and measures how long they take")
@pytest.mark.parametrize("stage", ["asks", "sleeps", "computes"])
def test_a_worker_that_is_to_stop_gives_every_step_back_in_time_and_counts_no_try(
    database: Database, data_dir: Path, stage: str
) -> None:
    step_ids = [add_step(database, name) for name in ("probe_media", "extract_audio")]
    with start_worker(stage, stage) as worker:
        wait_until(is_running(database, *step_ids), "both steps run")
        begun = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    assert time.monotonic() - begun < STOP_SECONDS + 4 < serve.STOP_SECONDS
    assert [state_of(database, step_id) for step_id in step_ids] == [("ready", 0, "")] * 2


@pytest.mark.alone(reason="it ends processes, and measures how long they take")
@pytest.mark.parametrize("any_database", ["postgres"], indirect=True)
@pytest.mark.parametrize("first", ["redis", "worker"])
def test_a_worker_whose_redis_dies_while_it_is_to_stop_ends_in_time(
    any_database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    with running_queue() as queue:
        monkeypatch.setenv("HINDSIGHT_BROKER_URL", queue.address)
        step_id = add_step(any_database, "probe_media")
        with start_worker("asks") as worker:
            wait_until(is_running(any_database, step_id), "the step runs")
            begun = time.monotonic()
            if first == "worker":
                worker.send_signal(signal.SIGTERM)
            queue.kill()
            if first == "redis":
                time.sleep(1)
                worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0
        assert time.monotonic() - begun < STOP_SECONDS + 5
    assert state_of(any_database, step_id)[:2] == ("ready", 0)
