"""Runs ffmpeg as a child process with progress and cancellation; commands are built with ffmpeg-python."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from core.errors import DiskFull, StepFailed
from core.types import Watch
from ingest.media.child import started_child
from ingest.media.limits import limits_of

POLL_SECONDS = 0.2
STALLED_SECONDS = 120  # no progress for so long: the file is a trap
NO_ROOM = "No space left on device"
THREADS = 2
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # nobody but others sends these


class FfmpegFailed(StepFailed):
    """ffmpeg ended with an error; `detail` is its last words, for the log."""

    code = "ffmpeg_failed"
    sentence = "The recording could not be converted."

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__()

    def __str__(self) -> str:
        return f"{self.sentence} {self.detail}"


class FfmpegKilled(FfmpegFailed):
    """Somebody ended ffmpeg: that says nothing of the file."""

    code = "ffmpeg_killed"
    sentence = "The program that converts recordings was stopped from outside, perhaps for want of memory."


def binary(named: str = "") -> str:
    """Return the ffmpeg that is named, else the one that came with the install."""
    if named:
        return named
    import imageio_ffmpeg

    path: str = imageio_ffmpeg.get_ffmpeg_exe()
    return path


def source_of(path: Path, **options: Any) -> Any:
    """Return ffmpeg-python's input for an uploaded file; it may read nothing but that file."""
    import ffmpeg

    return ffmpeg.input(str(path), protocol_whitelist="file,pipe", **options)


def output(streams: list[Any], target: Path | str, **options: Any) -> Any:
    """Return ffmpeg-python's output of some tracks."""
    import ffmpeg

    return ffmpeg.output(*streams, str(target), **options)


def merge(*outputs: Any) -> Any:
    """Return outputs that one run of ffmpeg writes together."""
    import ffmpeg

    return ffmpeg.merge_outputs(*outputs)


def run_ffmpeg(stream: Any, *, duration_ms: int, watch: Watch, ffmpeg: str = "") -> None:
    """Run until the end, passing progress on; raises WorkStopped, DiskFull or FfmpegFailed."""
    with (
        tempfile.TemporaryFile() as progress,
        started(stream, ffmpeg, duration_ms, stdout=progress) as (process, errors),
    ):
        seen, moved_at = 0, time.monotonic()
        while process.poll() is None:
            watch.check()
            done = progress_ms(progress)
            if done > seen:
                seen, moved_at = done, time.monotonic()
                watch.progress(min(1.0, done / max(1, duration_ms)))
            if time.monotonic() - moved_at > STALLED_SECONDS:
                raise FfmpegFailed("no progress")
            time.sleep(POLL_SECONDS)
        judge(process.returncode, errors)


def run_frames(stream: Any, frame_bytes: int, *, duration_ms: int, watch: Watch, ffmpeg: str = "") -> Iterator[bytes]:
    """Yield raw frames of `frame_bytes` from ffmpeg's standard output; raises like `run_ffmpeg`."""
    with started(stream, ffmpeg, duration_ms, subprocess.PIPE) as (process, errors):
        if process.stdout is None:
            raise StepFailed
        while len(frame := read_frame(process.stdout, frame_bytes, watch)) == frame_bytes:
            yield frame
        process.wait()
        judge(process.returncode, errors)


def read_frame(pipe: IO[bytes], frame_bytes: int, watch: Watch) -> bytes:
    """Return the next so many bytes, fewer at the end; raises WorkStopped, or FfmpegFailed when nothing comes."""
    frame, moved_at = bytearray(), time.monotonic()
    while len(frame) < frame_bytes:
        watch.check()
        if not select.select([pipe], [], [], POLL_SECONDS)[0]:
            if time.monotonic() - moved_at > STALLED_SECONDS:
                raise FfmpegFailed("no progress")
            continue
        piece = os.read(pipe.fileno(), frame_bytes - len(frame))
        if not piece:
            break
        frame += piece
        moved_at = time.monotonic()
    return bytes(frame)


@contextmanager
def started(
    stream: Any, ffmpeg: str, duration_ms: int, stdout: int | IO[bytes]
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """Start ffmpeg in a process group of its own, with limits; it is killed when the block is left early."""
    command = stream.global_args("-nostdin", "-loglevel", "error", "-progress", "pipe:1", "-stats_period", "0.5")
    if stdout == subprocess.PIPE:
        command = stream.global_args("-nostdin", "-loglevel", "error")
    arguments: list[str] = command.overwrite_output().compile(cmd=binary(ffmpeg))
    limits = limits_of(duration_ms).as_shell()
    with (
        tempfile.TemporaryFile() as errors,
        started_child(arguments, stdout=stdout, stderr=errors, limits=limits) as process,
    ):
        yield process, errors


def progress_ms(progress: IO[bytes]) -> int:
    """Return how far ffmpeg is, from the last `out_time_us` that it wrote."""
    progress.seek(0, os.SEEK_END)
    progress.seek(max(0, progress.tell() - 2000))
    times = [line.partition(b"=")[2] for line in progress.read().splitlines() if line.startswith(b"out_time_us=")]
    return int(times[-1]) // 1000 if times and times[-1].lstrip(b"-").isdigit() else 0


def judge(code: int, errors: IO[bytes]) -> None:
    """Raise what a failed run means."""
    if code == 0:
        return
    errors.seek(0, os.SEEK_END)
    errors.seek(max(0, errors.tell() - 1000))
    words = errors.read().decode("utf-8", "replace")
    if NO_ROOM in words:
        raise DiskFull
    raise (FfmpegKilled if -code in FROM_OUTSIDE else FfmpegFailed)(f"exit {code}: {words.strip()}")
