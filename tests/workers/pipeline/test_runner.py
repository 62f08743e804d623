"""A step's results and its end are one transaction, and its successors become ready in it, once."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import delete, select, update

from annotation.lessons.lessons import delete_for_good
from core.clock import stopped_at, utc_now
from core.database.db import Database
from core.errors import DiskFull, HindsightError, ModelMissing, StorageAway, WorkStopped
from core.models import ChunkRow, Finding, Lesson, Step, StoredFile
from core.pipeline import steps
from core.settings import get_settings
from core.storage.base import Storage
from core.storage.configured import get_storage
from core.types import AudioStream, MediaInfo, VideoStream
from ingest.media.probe import media_to_json
from tests.support.recordings import make_ready_lesson, make_video, upload_recording
from workers.pipeline.bindings import BINDINGS, bind
from workers.pipeline.context import Context, NewFile, Output, save_finding, save_nothing
from workers.pipeline.graph import advance
from workers.pipeline.runner import compute, run_step, store
from workers.queue.sweeper import reopen_steps, sweep

LEASE = timedelta(seconds=60)
MEDIA = MediaInfo("mp4", 60_000, VideoStream("h264", 160, 120, 25.0, 0, "yuv420p"), AudioStream("aac", 1, 48_000, 1))


def states(database: Database) -> dict[str, str]:
    """Return the state of each stage; of chunks that of the last."""
    with database.read() as session:
        return {row.stage: row.state for row in session.scalars(select(Step).order_by(Step.chunk_no))}


def step_ids(database: Database, stage: str) -> list[str]:
    """Return the steps of a stage."""
    with database.read() as session:
        return list(session.scalars(select(Step.id).where(Step.stage == stage).order_by(Step.chunk_no)))


def run_all(database: Database) -> None:
    """Run what is due until nothing is, waiting for nothing."""
    while True:
        with database.write() as session:
            session.execute(update(Step).where(Step.state == "ready").values(next_at=utc_now()))
        with database.read() as session:
            ready = session.scalars(select(Step.id).where(Step.state == "ready")).all()
        if not ready:
            return
        for step_id in ready:
            run_step(step_id, threading.Event())


def put_in(monkeypatch: pytest.MonkeyPatch, stage: str, run: Callable[[Context], Output]) -> None:
    """Let a stage do something else."""
    monkeypatch.setitem(BINDINGS, stage, replace(BINDINGS[stage], run=run))


def lesson_at_chunks(database: Database, count: int) -> str:
    """Add a lesson whose chunks are ready to be transcribed."""
    with database.write() as session:
        lesson = make_ready_lesson(session)
        lesson.media, lesson.duration_ms = media_to_json(MEDIA), MEDIA.duration_ms
        chunks = [
            ChunkRow(lesson_id=lesson.id, number=number, start_ms=number * 1000, end_ms=number * 1000 + 900, speech=[])
            for number in range(count)
        ]
        session.add_all(chunks)
        session.flush()
        advance(session, lesson)
        before = ("probe_media", "make_rendition", "make_pictures", "extract_audio", "plan_chunks")
        session.execute(update(Step).where(Step.stage.in_(before)).values(state="done"))
        advance(session, lesson)
        return lesson.id


def test_two_last_chunks_that_end_at_once_yield_one_merge(any_database: Database) -> None:
    for _ in range(5):
        lesson_id = lesson_at_chunks(any_database, 2)
        with any_database.write() as session:
            found = select(Step.id).where(Step.lesson_id == lesson_id, Step.stage == "transcribe_chunk")
            claims = [steps.claim_step(session, step_id, LEASE) for step_id in session.scalars(found).all()]
        both = threading.Barrier(2)

        def end(claim: steps.Claim | None, both: threading.Barrier = both) -> None:
            assert claim is not None
            both.wait()
            store(any_database, get_storage(), claim, Output(save_nothing))

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(end, claims))
        with any_database.read() as session:
            merge = select(Step.state).where(Step.lesson_id == lesson_id, Step.stage == "merge_transcript")
            assert session.scalars(merge).all() == ["ready"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such a class of threads")
def test_a_stage_and_its_programs_run_when_a_processor_is_idle_and_the_thread_that_ends_the_step_does_not() -> None:
    of_stage, of_program = [], []

    def look(_context: Context) -> Output:
        of_stage.append(os.sched_getscheduler(0))
        code = "import os; print(os.sched_getscheduler(0))"
        of_program.append(int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout))
        return Output(save_nothing)

    binding = replace(BINDINGS["make_rendition"], run=look)
    compute("test", binding, cast(Context, None))
    assert of_stage == of_program == [os.SCHED_IDLE]
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_the_merge_waits_for_the_last_chunk(database: Database) -> None:
    lesson_at_chunks(database, 3)
    first, *_ = step_ids(database, "transcribe_chunk")
    with database.write() as session:
        claim = steps.claim_step(session, first, LEASE)
    assert claim is not None
    store(database, get_storage(), claim, Output(save_nothing))
    assert states(database)["merge_transcript"] == "waiting"


def test_a_message_delivered_twice_runs_the_step_once(
    any_database: Database, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    runs: list[str] = []

    def count(_context: Context) -> Output:
        runs.append("ran")
        return Output(save_nothing)

    put_in(monkeypatch, "probe_media", count)
    with any_database.write() as session:
        upload_recording(session, get_storage(), make_video(data_dir / "a.mp4", 1))
    [step_id] = step_ids(any_database, "probe_media")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: run_step(step_id, threading.Event()), range(4)))
    run_step(step_id, threading.Event())
    assert runs == ["ran"]


def test_a_silent_video_is_done_when_it_plays(database: Database, storage: Storage, data_dir: Path) -> None:
    with database.write() as session:
        lesson_id = upload_recording(session, storage, make_video(data_dir / "a.mp4", sound=False)).id
    run_all(database)
    assert states(database) == dict.fromkeys(("probe_media", "make_rendition", "make_pictures"), "done")
    assert not list(get_settings().scratch_dir.iterdir())
    with database.read() as session:
        kinds = session.scalars(select(StoredFile.kind).where(StoredFile.lesson_id == lesson_id)).all()
    assert {"original", "rendition", "poster"} <= set(kinds)


def test_what_is_no_recording_fails_at_once_with_a_sentence(
    database: Database, storage: Storage, data_dir: Path
) -> None:
    junk = data_dir / "junk.mp4"
    junk.write_bytes(b"this is no film" * 1000)
    with database.write() as session:
        lesson_id = upload_recording(session, storage, junk).id
    run_all(database)
    with database.read() as session:
        lesson = session.get_one(Lesson, lesson_id)
        step = session.scalars(select(Step)).one()
    assert (step.state, step.attempts) == ("failed", 1)
    assert lesson.failure_sentence == step.error_sentence != ""


def test_a_poisonous_stage_fails_after_its_last_try_and_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch, data_dir: Path, storage: Storage
) -> None:
    def burst(_context: Context) -> Output:
        raise ZeroDivisionError

    put_in(monkeypatch, "probe_media", burst)
    with database.write() as session:
        upload_recording(session, storage, make_video(data_dir / "a.mp4", 1))
    run_all(database)
    with database.read() as session:
        step = session.scalars(select(Step)).one()
    assert (step.state, step.attempts) == ("failed", get_settings().max_attempts)
    assert "Zero" not in step.error_sentence
    assert step.error_sentence


def test_a_full_disk_in_a_stage_is_called_that(
    database: Database, monkeypatch: pytest.MonkeyPatch, data_dir: Path, storage: Storage
) -> None:
    def fill(_context: Context) -> Output:
        raise OSError(errno.ENOSPC, "No space left on device")

    put_in(monkeypatch, "probe_media", fill)
    with database.write() as session:
        upload_recording(session, storage, make_video(data_dir / "a.mp4", 1))
        step_id = session.scalars(select(Step.id)).one()
    run_step(step_id, threading.Event())
    with database.read() as session:
        step = session.get_one(Step, step_id)
    assert (step.state, step.attempts, step.error_code) == ("ready", 0, "disk_full")
    assert "out of disk space" in step.error_sentence


def test_pictures_that_fail_do_not_hold_up_the_rest(database: Database) -> None:
    lesson_at_chunks(database, 0)
    with database.write() as session:
        session.execute(update(Step).where(Step.stage == "make_pictures").values(state="failed"))
        others = ("merge_transcript", "find_speakers", "find_questions", "transcribe_chunk")
        session.execute(update(Step).where(Step.stage.in_(others)).values(state="done"))
        advance(session, session.scalars(select(Lesson)).one())
    assert states(database)["find_activities"] == "ready"


def test_pictures_whose_worker_dies_for_the_last_time_do_not_hold_up_the_rest(database: Database) -> None:
    lesson_at_chunks(database, 0)
    with database.write() as session:
        pictures = update(Step).where(Step.stage == "make_pictures")
        session.execute(pictures.values(state="running", attempts=3, lease_token="gone", lease_until=utc_now()))
        others = ("merge_transcript", "find_speakers", "find_questions", "transcribe_chunk")
        session.execute(update(Step).where(Step.stage.in_(others)).values(state="done"))
    reopen_steps(database, get_settings(), everything=True)
    assert states(database)["make_pictures"] == "failed"
    assert states(database)["find_activities"] == "ready"


def leave_file(context: Context) -> Output:
    """Make a file as a rendition does."""
    path = context.folder / "rendition"
    path.write_bytes(b"film")
    return Output(save_finding("speech", []), (NewFile("rendition", path, "video/mp4", {}),))


def test_whoever_lost_the_step_leaves_neither_rows_nor_files(
    database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    def slow(context: Context) -> Output:
        reopen_steps(database, get_settings(), everything=True)
        return leave_file(context)

    put_in(monkeypatch, "probe_media", slow)
    with database.write() as session:
        lesson_id = upload_recording(session, storage, make_video(data_dir / "a.mp4", 1)).id
    run_step(step_ids(database, "probe_media")[0], threading.Event())
    with database.read() as session:
        assert session.scalars(select(Finding)).all() == []
        assert session.scalars(select(StoredFile.kind)).all() == ["original"]
    assert len(list(storage.keys(f"lessons/{lesson_id}"))) == 1
    assert states(database)["probe_media"] == "ready"


def test_results_of_a_lesson_that_was_deleted_for_good_are_thrown_away(
    database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    def slow(context: Context) -> Output:
        with database.write() as session:
            keys = delete_for_good(session, lesson_id).keys
        for key in keys:
            storage.delete(key)
        return leave_file(context)

    put_in(monkeypatch, "probe_media", slow)
    with database.write() as session:
        lesson_id = upload_recording(session, storage, make_video(data_dir / "a.mp4", 1)).id
    run_step(step_ids(database, "probe_media")[0], threading.Event())
    assert list(storage.keys("lessons")) == []
    with database.read() as session:
        assert session.scalars(select(Step)).all() == []


@pytest.mark.parametrize(("reason", "state"), [("shutdown", "ready"), ("deleted", "ready"), ("cancelled", "cancelled")])
def test_work_that_is_stopped_says_how_it_goes_on(
    database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch, data_dir: Path, reason: str, state: str
) -> None:
    def stop(_context: Context) -> Output:
        if reason == "cancelled":
            with database.write() as session:
                session.execute(update(Step).values(cancel_requested_at=utc_now()))
        raise WorkStopped(reason)

    put_in(monkeypatch, "probe_media", stop)
    with database.write() as session:
        upload_recording(session, storage, make_video(data_dir / "a.mp4", 1))
    run_step(step_ids(database, "probe_media")[0], threading.Event())
    assert states(database)["probe_media"] == state


def test_a_file_that_no_row_names_is_swept_but_not_one_of_a_step_that_runs(
    database: Database, storage: Storage, data_dir: Path
) -> None:
    with database.write() as session:
        lesson_id = upload_recording(session, storage, make_video(data_dir / "a.mp4", 1)).id
        claim = steps.claim_step(session, session.scalars(select(Step.id)).one(), LEASE)
    assert claim is not None
    for token in (claim.token, "gone"):
        (data_dir / "file").write_bytes(b"film")
        storage.keep(data_dir / "file", f"lessons/{lesson_id}/rendition-{token}.mp4")
    sweep(database, storage, get_settings())
    names = {key.rpartition("/")[2].rpartition("-")[2] for key in storage.keys(f"lessons/{lesson_id}")}
    assert names == {f"{lesson_id}.mp4", f"{claim.token}.mp4"}


def test_one_part_of_the_sweeper_that_stumbles_does_not_hold_up_the_others(
    database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise OSError

    left = get_settings().scratch_dir / "gone"
    left.mkdir(parents=True)
    monkeypatch.setattr("workers.queue.sweeper.trim_events", stumble)
    sweep(database, storage, get_settings())
    assert not left.exists()


def test_a_new_event_never_gets_the_number_of_an_old_one(database: Database) -> None:
    from core.database.events import last_event_number, record_event, trim_events
    from core.models import Event

    with database.write() as session:
        lesson = make_ready_lesson(session)
        for _ in range(5):
            record_event(session, lesson.id, "step")
        session.flush()
        session.execute(update(Event).values(at=utc_now() - timedelta(days=1)))
        newest = last_event_number(session)
        trim_events(session)
        record_event(session, lesson.id, "step")
        session.flush()
        assert last_event_number(session) == newest + 1
        session.execute(delete(Event))


def test_a_disk_that_is_full_for_hours_uses_up_no_try(
    any_database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with any_database.write() as session:
        make_ready_lesson(session)
    [step_id] = step_ids(any_database, "probe_media")

    def no_room(_context: Context) -> Output:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setitem(BINDINGS, "probe_media", bind(no_room))
    for _ in range(3 * get_settings().max_attempts):
        begun = utc_now()
        run_step(step_id, threading.Event())
        with any_database.write() as session:
            step = session.get_one(Step, step_id)
            assert (step.state, step.attempts, step.error_code) == ("ready", 0, "disk_full")
            assert step.next_at > begun + timedelta(seconds=50)
            step.next_at = utc_now()
    monkeypatch.setitem(BINDINGS, "probe_media", bind(lambda _context: Output(save_nothing)))
    run_step(step_id, threading.Event())
    assert states(any_database) == {"probe_media": "done"}


@pytest.mark.parametrize("lacking", [DiskFull(), ModelMissing(name="base"), StorageAway()], ids=lambda one: one.code)
def test_what_the_machine_lacks_uses_up_no_try_and_is_waited_for_longer_each_time(
    any_database: Database, monkeypatch: pytest.MonkeyPatch, lacking: HindsightError
) -> None:
    with any_database.write() as session:
        make_ready_lesson(session)
    [step_id] = step_ids(any_database, "probe_media")

    def lack(_context: Context) -> Output:
        raise lacking

    monkeypatch.setitem(BINDINGS, "probe_media", bind(lack))
    now, waits = utc_now(), []
    for _ in range(6):
        with stopped_at(now):
            run_step(step_id, threading.Event())
            run_step(step_id, threading.Event())  # not due yet: nothing happens
        with any_database.read() as session:
            step = session.get_one(Step, step_id)
        assert (step.state, step.attempts, step.error_code) == ("ready", 0, lacking.code)
        assert step.error_sentence == str(lacking)
        waits.append(round((step.next_at - now).total_seconds() / 60))
        now = step.next_at
    assert waits == [1, 2, 4, 8, 8, 8]
