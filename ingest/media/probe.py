"""Media probing: container, duration, and the first video and audio tracks that decode.

The file is hostile until proved otherwise, so it is opened in a process of its own: a decoder that crashes
or hangs costs the file, not the worker.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import EmptyFile, NothingPlayable, NotMedia, StepFailed, UnusableFile
from core.types import AudioStream, FreeWatch, MediaInfo, VideoStream, Watch
from ingest.media.child import is_over, started_child
from ingest.media.limits import refuse_implausible

PROBE_SECONDS = 90  # and the time that a slow disk takes to read the file
SLOW_BYTES_A_SECOND = 10_000_000
POLL_SECONDS = 0.2
REFUSALS: dict[str, type[UnusableFile]] = {cls.code: cls for cls in (EmptyFile, NotMedia, NothingPlayable)}

log = logging.getLogger(__name__)


class ProbeFailed(StepFailed):
    """Nothing was found out about the file: whoever looked at it was killed, crashed, or took too long."""

    code = "probe_failed"
    sentence = (
        "We could not look into this recording: the school's machine is too busy, or the file is damaged. Please try"
        " again later, or choose another recording."
    )


def probe_media(path: Path, watch: Watch | None = None) -> MediaInfo:
    """Return what is in a file; raises EmptyFile, NotMedia, NothingPlayable or Implausible, which the file itself says.

    Raises ProbeFailed, which is about this try alone, and WorkStopped.
    """
    size = path.stat().st_size
    if size == 0:
        raise EmptyFile
    info = _understood(_answer(path, size, watch or FreeWatch()))
    refuse_implausible(info, size)
    return info


def _answer(path: Path, size: int, watch: Watch) -> bytes:
    """Return what the child writes."""
    command = [sys.executable, "-m", "ingest.media.probe_child", str(path.absolute())]
    project = Path(__file__).resolve().parents[2]
    until = time.monotonic() + PROBE_SECONDS + size / SLOW_BYTES_A_SECOND
    with started_child(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, folder=project) as process:
        while not is_over(process, POLL_SECONDS):
            watch.check()
            if time.monotonic() > until:
                log.warning("a probe gave no answer")
                raise ProbeFailed
        if process.returncode != 0 or process.stdout is None:
            log.warning("a probe ended with %s", process.returncode)
            raise ProbeFailed
        return process.stdout.read()


def _understood(answer: bytes) -> MediaInfo:
    try:
        document: dict[str, Any] = json.loads(answer)
        refusal = REFUSALS[document["refused"]] if "refused" in document else None
        info = None if refusal else media_from_json(document)
    except (ValueError, KeyError, TypeError) as error:
        raise ProbeFailed from error
    if info is None:
        raise refusal or ProbeFailed
    return info


def media_to_json(info: MediaInfo) -> dict[str, Any]:
    """Return the plain form that is stored in `Lesson.media`."""
    return asdict(info)


def media_from_json(document: dict[str, Any]) -> MediaInfo:
    """Return the frozen form of what `media_to_json` wrote."""
    video, audio = document["video"], document["audio"]
    return MediaInfo(
        container=document["container"],
        duration_ms=document["duration_ms"],
        video=VideoStream(**video) if video else None,
        audio=AudioStream(**audio) if audio else None,
        notes=tuple(document["notes"]),
    )
