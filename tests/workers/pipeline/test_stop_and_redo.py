"""Work can be stopped and started again, and a stage whose version was raised is done anew."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from annotation.lessons.lessons import restart_work, stop_work
from core.database.db import Database
from core.models import Lesson, Person, Step, StoredFile
from core.pipeline import steps
from core.pipeline.stages import STAGES
from core.storage.base import Storage
from core.storage.configured import get_storage
from tests.support.recordings import make_ready_lesson, make_video, upload_recording
from tests.workers.pipeline.test_runner import put_in, run_all, states, step_ids
from workers.pipeline.bindings import BINDINGS
from workers.pipeline.context import Context, Output, save_nothing
from workers.pipeline.runner import run_step
from workers.queue.sweeper import redo_stages, reopen_steps

LEASE = timedelta(seconds=60)


def stop(database: Database, lesson_id: str) -> int:
    """Stop the work as the lesson's owner does."""
    with database.write() as session:
        owner = session.get_one(Person, session.get_one(Lesson, lesson_id).owner_id)
        return stop_work(session, owner, lesson_id)


def restart(database: Database, lesson_id: str) -> int:
    """Start it again as the lesson's owner does."""
    with database.write() as session:
        owner = session.get_one(Person, session.get_one(Lesson, lesson_id).owner_id)
        return restart_work(session, owner, lesson_id)


def test_work_that_waits_is_stopped_and_started_again(any_database: Database) -> None:
    with any_database.write() as session:
        lesson_id = make_ready_lesson(session).id
    assert stop(any_database, lesson_id) == 1
    assert states(any_database) == {"probe_media": "cancelled"}
    assert stop(any_database, lesson_id) == 0
    assert restart(any_database, lesson_id) == 1
    assert states(any_database) == {"probe_media": "ready"}


def test_a_step_that_was_to_stop_keeps_nothing_even_when_it_is_just_done(
    any_database: Database, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    with any_database.write() as session:
        lesson_id = upload_recording(session, get_storage(), make_video(data_dir / "a.mp4", 1)).id

    def stopped_at_the_end(_context: Context) -> Output:
        stop(any_database, lesson_id)
        return Output(save_nothing)

    put_in(monkeypatch, "probe_media", stopped_at_the_end)
    [step_id] = step_ids(any_database, "probe_media")
    run_step(step_id, threading.Event())
    assert states(any_database) == {"probe_media": "cancelled"}
    monkeypatch.undo()
    assert restart(any_database, lesson_id) == 1


def test_a_step_that_was_to_stop_is_not_opened_again_when_its_worker_dies(any_database: Database) -> None:
    from core.settings import get_settings

    with any_database.write() as session:
        lesson_id = make_ready_lesson(session).id
    [step_id] = step_ids(any_database, "probe_media")
    with any_database.write() as session:
        assert steps.claim_step(session, step_id, -LEASE)
    stop(any_database, lesson_id)
    reopen_steps(any_database, get_settings())
    assert states(any_database) == {"probe_media": "cancelled"}


def test_a_raised_version_redoes_the_stage_and_what_builds_on_it_and_nothing_else(
    database: Database, storage: Storage, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:
        lesson_id = upload_recording(session, storage, make_video(data_dir / "a.mp4", sound=False)).id
    run_all(database)
    redo_stages(database)
    assert set(states(database).values()) == {"done"}
    ran: list[str] = []
    for name in ("probe_media", "make_rendition", "make_pictures"):
        binding = BINDINGS[name]

        def count(context: Context, name: str = name, run: object = binding.run) -> Output:
            ran.append(name)
            assert callable(run)
            output = run(context)
            assert isinstance(output, Output)
            return output

        monkeypatch.setitem(BINDINGS, name, replace(binding, run=count))
    monkeypatch.setitem(STAGES, "make_rendition", replace(STAGES["make_rendition"], version=2))
    redo_stages(database)
    redo_stages(database)
    run_all(database)
    assert ran == ["make_rendition", "make_pictures"]
    assert set(states(database).values()) == {"done"}
    with database.read() as session:
        kinds = session.scalars(select(StoredFile.kind).where(StoredFile.lesson_id == lesson_id)).all()
        assert sorted(kinds) == ["filmstrip", "original", "poster", "rendition"]
        keys = set(session.scalars(select(StoredFile.key)))
    assert set(storage.keys("lessons")) == keys


def test_who_works_on_a_stage_that_is_redone_loses_it(any_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with any_database.write() as session:
        make_ready_lesson(session)
    [step_id] = step_ids(any_database, "probe_media")
    with any_database.write() as session:
        claim = steps.claim_step(session, step_id, LEASE)
        session.execute(update(Step).values(version=0))
    assert claim is not None
    redo_stages(any_database)
    with any_database.write() as session:
        assert steps.check_hold(session, claim) == "lost"
        assert not steps.finish_step(session, claim)
