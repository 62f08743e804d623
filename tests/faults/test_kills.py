"""Whatever is killed, and whenever: the lesson completes by itself, once."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import select

from core.database.db import Database
from core.models import Finding, Step
from core.settings import get_settings
from core.storage.base import Storage
from ingest.upload.uploads import UploadRequest, begin_upload
from tests.browser.school import COMMAND, School
from tests.browser.school import wait_for as wait_for_end
from tests.faults.invariants import check_lesson
from tests.faults.watching import processes_of, wait_for, wait_settled, wait_until
from tests.support.factories import make_person
from tests.support.recordings import make_video, upload_recording
from workers.queue.sweeper import sweep

RECORDING = Path(__file__).resolve().parents[2] / "demo" / "lesson.mp4"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def begin_lesson(database: Database, storage: Storage, recording: Path) -> str:
    """Upload a recording and return the lesson's id."""
    with database.write() as session:
        return upload_recording(session, storage, recording).id


def check_end(database: Database, storage: Storage, lesson_id: str) -> None:
    """Wait for the end, sweep as the sweeper does in time, and check what must hold."""
    wait_settled(database, lesson_id)
    sweep(database, storage, get_settings())
    with database.read() as session:
        check_lesson(session, storage, lesson_id)
    assert not list(get_settings().scratch_dir.iterdir())


def needs_recording(folder: Path) -> Path:
    """Return a copy of the demo's recording."""
    if not RECORDING.is_file():
        pytest.skip("demo/lesson.mp4 is not here")
    return shutil.copyfile(RECORDING, folder / "lesson.mp4")


def test_a_server_killed_in_the_middle_of_a_rendition_makes_it_after_a_restart(
    server: School, database: Database, storage: Storage, data_dir: Path
) -> None:
    film = make_video(data_dir / "film.avi", 25, sound=False, codec="mpeg4", size="1280x720")
    server.start()
    lesson_id = begin_lesson(database, storage, film)
    wait_for(database, lesson_id, "make_rendition", "running")
    wait_until(lambda: any(get_settings().scratch_dir.glob("*/rendition")), "the rendition grows")
    server.kill()
    wait_until(lambda: not processes_of(str(data_dir)), "nothing runs any more, ffmpeg included", 15)
    server.start()
    check_end(database, storage, lesson_id)
    with database.read() as session:
        made = session.scalars(select(Step).where(Step.stage == "make_rendition")).one()
    assert (made.state, made.attempts) == ("done", 2)


@pytest.mark.engine
def test_a_server_killed_in_the_middle_of_a_transcription_ends_it_after_a_restart_with_one_transcript(
    server: School, database: Database, storage: Storage, data_dir: Path
) -> None:
    recording = needs_recording(data_dir)
    server.start()
    lesson_id = begin_lesson(database, storage, recording)
    wait_for(database, lesson_id, "transcribe_chunk", "running")
    server.kill()
    server.start()
    check_end(database, storage, lesson_id)
    with database.read() as session:
        words = session.get_one(Finding, (lesson_id, "words")).document
        steps = session.scalars(select(Step)).all()
    assert len(words) > 100
    assert {step.state for step in steps} == {"done"}
    assert max(step.attempts for step in steps) == 2


@pytest.mark.embedded(reason="the full set has no supervisor")
def test_a_supervisor_killed_alone_takes_its_children_with_it(
    server: School, database: Database, storage: Storage, data_dir: Path
) -> None:
    film = make_video(data_dir / "film.avi", 25, sound=False, codec="mpeg4", size="1280x720")
    server.start()
    lesson_id = begin_lesson(database, storage, film)
    wait_until(lambda: any(get_settings().scratch_dir.glob("*/rendition")), "the rendition grows")
    assert server.process is not None
    server.process.kill()
    wait_for_end(server.process)
    server.start()  # at once, on the same port: the former children are still on their way out
    wait_settled(database, lesson_id)
    check_end(database, storage, lesson_id)


@pytest.mark.embedded(reason="the full set's processes are started again by whoever runs it")
def test_a_worker_that_dies_alone_is_started_again_and_its_step_too(
    server: School, database: Database, storage: Storage, data_dir: Path
) -> None:
    server.settings["HINDSIGHT_LEASE_SECONDS"] = "4"
    film = make_video(data_dir / "film.avi", 25, sound=False, codec="mpeg4", size="1280x720")
    server.start()
    lesson_id = begin_lesson(database, storage, film)
    wait_until(lambda: any(get_settings().scratch_dir.glob("*/rendition")), "the rendition grows")
    [worker] = [pid for pid in processes_of(str(data_dir)) if b"\0media\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(worker, signal.SIGKILL)
    check_end(database, storage, lesson_id)


def test_a_server_killed_after_the_last_byte_of_an_upload_makes_the_lesson_after_a_restart(
    server: School, database: Database, storage: Storage, data_dir: Path
) -> None:
    film = make_video(data_dir / "film.mp4", 2, sound=False)
    with database.write() as session:
        owner = make_person(session)
        upload = begin_upload(session, owner.id, UploadRequest("film.mp4", film.stat().st_size), 48)
    get_settings().uploads_dir.mkdir(parents=True)
    film.rename(get_settings().uploads_dir / upload.id)
    server.start()
    wait_for(database, upload.id, "make_rendition", "done")
    check_end(database, storage, upload.id)


def test_a_server_that_is_asked_to_end_does_so_quickly_and_no_try_is_lost(
    server: School, database: Database, storage: Storage, data_dir: Path
) -> None:
    film = make_video(data_dir / "film.avi", 25, sound=False, codec="mpeg4", size="1280x720")
    server.start()
    lesson_id = begin_lesson(database, storage, film)
    wait_until(lambda: any(get_settings().scratch_dir.glob("*/rendition")), "the rendition grows")
    server.stop()
    assert not processes_of(str(data_dir))
    with database.read() as session:
        step = session.scalars(select(Step).where(Step.lesson_id == lesson_id, Step.stage == "make_rendition")).one()
    assert (step.state, step.attempts) == ("ready", 0)


def test_a_port_that_is_taken_is_said_in_one_sentence(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = os.environ | {"HINDSIGHT_PORT": str(taken.getsockname()[1])}
        ended = subprocess.run(
            [str(COMMAND), "serve"], check=False, env=environment, capture_output=True, text=True, timeout=60
        )
    assert ended.returncode == 1
    assert "is in use already" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_data_folder_that_cannot_be_used_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    environment = os.environ | {"HINDSIGHT_DATA_DIR": str(tmp_path / "file" / "data")}
    ended = subprocess.run(
        [str(COMMAND), "serve"], check=False, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert "cannot be written to" in ended.stderr
    assert "Traceback" not in ended.stderr
