"""What is killed, slow or short of memory says nothing of a recording: only what the file itself says is final."""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from core.clock import utc_now
from core.database.db import Database
from core.errors import NotMedia, StepFailed, UnusableFile, WorkStopped
from core.models import Lesson, Step
from core.pipeline import steps
from core.settings import get_settings
from core.storage.base import Storage
from core.types import FreeWatch, Span
from ingest.media import probe, rendition
from ingest.media.ffmpeg import FfmpegKilled
from ingest.media.probe import ProbeFailed, probe_media
from tests.support.recordings import make_video, upload_recording
from workers.pipeline.bindings import BINDINGS
from workers.pipeline.context import Context
from workers.pipeline.runner import run_step

PROJECT = Path(__file__).resolve().parents[3]
DIES = {
    "killed from outside": "kill -KILL $$",
    "ended from outside": "kill -TERM $$",
    "crashed": "kill -SEGV $$",
    "at its limit of processor time": "kill -XCPU $$",
    "failed": "exit 1",
    "short of memory": "exit 137",
    "broke off": "printf '{\"container\"'",
    "says nothing": "exit 0",
    "says something else": "echo '[]'",
    "says an unknown refusal": 'echo \'{"refused": "of_tomorrow"}\'',
    "hangs": "sleep 60",
}


def instead_of_python(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let the probe's child be a script."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(probe, "PROBE_SECONDS", 2)


@pytest.mark.parametrize("script", DIES.values(), ids=DIES.keys())
def test_a_probe_that_dies_is_tried_again_and_a_good_recording_is_accepted(
    database: Database, storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    with database.write() as session:
        lesson_id = upload_recording(session, storage, make_video(tmp_path / "a.mp4", sound=False)).id
        step_id = session.query(Step.id).filter_by(lesson_id=lesson_id, stage="probe_media").one().id

    def run_now() -> tuple[str, str, str]:
        with database.write() as session:
            session.get_one(Step, step_id).next_at = utc_now()
        run_step(step_id, threading.Event())
        with database.read() as session:
            step, lesson = session.get_one(Step, step_id), session.get_one(Lesson, lesson_id)
            return step.state, step.error_code, lesson.failure_code

    with monkeypatch.context() as patched:
        instead_of_python(tmp_path, patched, script)
        assert run_now() == ("ready", "probe_failed", "")
        for _ in range(get_settings().max_attempts - 2):
            run_now()
        assert run_now() == ("failed", "probe_failed", "")  # no more by itself; it is not refused
    with database.write() as session:
        steps.start_again(session, lesson_id)
    assert run_now() == ("done", "", "")


def test_what_the_file_itself_says_is_final_at_once(tmp_path: Path) -> None:
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"no film" * 1000)
    with pytest.raises(NotMedia):
        probe_media(junk)


FAILING = """#!{python}
import sys
from pathlib import Path
import av, av.error
from ingest.media import probe_child

recording, opened, real = Path(sys.argv[-1]), [], av.open


def fail(*arguments, **options):
    opened.append(arguments)
    if len(opened) < {number}:
        return real(*arguments, **options)
    recording.rename(recording.with_suffix(".gone"))  # as a disk that does not answer
    raise {error}


av.open, sys.argv = fail, [sys.argv[0], str(recording)]
probe_child.main()
"""


@pytest.mark.parametrize("number", [1, 2, 3, 4], ids=["at first", "picture", "sound", "length"])
@pytest.mark.parametrize("error", ["av.error.MemoryError(12, '')", "MemoryError()", "av.error.OSError(5, '')"])
def test_a_machine_that_cannot_read_or_has_no_memory_refuses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: str
) -> None:
    film = make_video(tmp_path / "a.mp4", 1)
    program = tmp_path / "python"
    program.write_text(FAILING.format(python=sys.executable, number=number, error=error))
    program.chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", str(program))
        with pytest.raises(ProbeFailed):
            probe_media(film)
    assert probe_media(film.with_suffix(".gone")).duration_ms


def test_a_read_error_of_a_demuxer_is_the_file_s_own_where_the_file_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    said = FAILING.format(python=sys.executable, number=1, error="av.error.OSError(5, '')")
    program.write_text(said.replace("    recording.rename", "    # recording.rename"))
    program.chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    film = make_video(tmp_path / "a.mp4", 1)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(UnusableFile):
        probe_media(film)


class Stopped(FreeWatch):
    """A watch that stops the work."""

    def check(self) -> None:
        """Stop."""
        raise WorkStopped("shutdown")


def test_a_probe_that_is_to_stop_stops_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = make_video(tmp_path / "a.mp4", 1)
    instead_of_python(tmp_path, monkeypatch, "sleep 60")
    begun = time.monotonic()
    with pytest.raises(WorkStopped):
        probe_media(film, Stopped())
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_copy_that_is_killed_from_outside_is_made_again_and_not_encoded_instead(
    tmp_path: Path, number: signal.Signals
) -> None:
    film = make_video(tmp_path / "a.mp4", 1)
    calls = tmp_path / "calls"
    killed = tmp_path / "ffmpeg"
    killed.write_text(f"#!/bin/sh\necho called >>{calls}\nkill -{int(number)} $$\n")
    killed.chmod(0o755)
    with pytest.raises(FfmpegKilled):
        rendition.make_rendition(film, probe_media(film), tmp_path / "out", FreeWatch(), ffmpeg=str(killed))
    assert calls.read_text().splitlines() == ["called"]


CHILDREN = [name for name, binding in BINDINGS.items() if binding.reads & {"source", "said"} and name != "probe_media"]


@pytest.mark.parametrize("stage", CHILDREN)
@pytest.mark.parametrize("script", ["kill -KILL $$", "kill -SEGV $$", "exit 1", "exit 0"])
def test_no_stage_refuses_a_recording_because_its_program_died(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, script: str
) -> None:
    film = make_video(tmp_path / "a.mp4", 1)
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    context = Context(
        source=film,
        sound=None,
        folder=tmp_path,
        media=probe_media(film),
        language="en",
        chunk=None,
        pieces=(),
        turns=(),
        found={},
        settings=get_settings().model_copy(update={"ffmpeg": str(program)}),
        watch=FreeWatch(),
        clip=(1, Span(0, 500)),
        said=(1, film),
    )
    with pytest.raises((StepFailed, OSError, ValueError)) as raised:
        for file in BINDINGS[stage].run(context).files:
            file.path.stat()  # as the runner does: a program that wrote nothing has done nothing
    assert not isinstance(raised.value, UnusableFile)
