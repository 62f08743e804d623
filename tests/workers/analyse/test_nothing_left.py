"""`hindsight analyse` leaves no process behind, however it ends: looked for in its whole session."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.workers.analyse.test_analyse import PROJECT, command, write_noise

pytestmark = [
    pytest.mark.alone(reason="it ends processes"),
    pytest.mark.skipif(sys.platform != "linux", reason="the processes of a session are listed in /proc"),
]

SOON_SECONDS = 2.0  # for what notices by a pipe that somebody was killed


def processes_of(session: int) -> dict[int, str]:
    """Return the processes of a session that are not over, with what they were called as."""
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        try:
            state, _, _, its_session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            if entry.name.isdigit() and int(its_session) == session and state not in "ZX":
                found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ").strip()
        except OSError:
            continue
    return found


@contextmanager
def analysing(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Yield an analysis in a session of its own, and the file that tells that its ffmpeg has begun to hang."""
    begun = tmp_path / "begun"
    ffmpeg = tmp_path / "ffmpeg"
    ffmpeg.write_text(f"#!/bin/sh\ntouch {begun}\nsleep 100\n")
    ffmpeg.chmod(0o755)
    with subprocess.Popen(
        command("analyse", write_noise(tmp_path / "noise.wav", 3), "--json", tmp_path / "out.json"),
        cwd=PROJECT,
        env=os.environ | {"HINDSIGHT_FFMPEG": str(ffmpeg), "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            yield running, begun
        finally:
            for left in processes_of(running.pid):
                os.kill(left, signal.SIGKILL)


def await_that(holds: Callable[[], bool], seconds: float) -> bool:
    """Return whether it holds before so many seconds are over."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def member_of(session: int) -> int:
    """Return the process of the pool."""
    return next(number for number, called in processes_of(session).items() if "pool_member" in called)


def test_an_analysis_that_is_done_leaves_no_process(tmp_path: Path) -> None:
    arguments = command("analyse", write_noise(tmp_path / "noise.wav", 3), "--json", tmp_path / "out.json")
    with subprocess.Popen(arguments, cwd=PROJECT, start_new_session=True) as running:
        assert running.wait(120) == 0
        assert processes_of(running.pid) == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("whole_group", [False, True], ids=["alone", "group"])
def test_an_analysis_that_is_stopped_leaves_no_process(
    tmp_path: Path, number: signal.Signals, whole_group: bool
) -> None:
    with analysing(tmp_path) as (running, begun):
        assert await_that(begun.exists, 60)
        assert len(processes_of(running.pid)) >= 3  # the command, a member of its pool, and ffmpeg
        (os.killpg if whole_group else os.kill)(running.pid, number)
        _, said = running.communicate(timeout=30)
        assert processes_of(running.pid) == {}
        assert (running.returncode, said) == (130, "Stopped; nothing was written.\n")
        assert list(tmp_path.glob("hindsight-*")) == []


def test_a_process_of_the_pool_that_is_killed_ends_the_analysis_with_a_sentence(tmp_path: Path) -> None:
    with analysing(tmp_path) as (running, begun):
        assert await_that(begun.exists, 60)
        os.kill(member_of(running.pid), signal.SIGKILL)
        _, said = running.communicate(timeout=30)
        assert (running.returncode, "Traceback" in said) == (3, False)
        assert await_that(lambda: processes_of(running.pid) == {}, SOON_SECONDS)


def test_all_ends_with_an_analysis_that_is_killed(tmp_path: Path) -> None:
    with analysing(tmp_path) as (running, begun):
        assert await_that(begun.exists, 60)
        running.kill()
        running.wait(10)
        assert await_that(lambda: processes_of(running.pid) == {}, SOON_SECONDS)
