"""Media probing: container, duration, and the first video and audio tracks that decode.

The file is hostile until proved otherwise, so it is opened in a process of its own: a decoder that crashes
or hangs costs the file, not the worker.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import EmptyFile, NothingPlayable, NotMedia, UnusableFile
from core.types import AudioStream, MediaInfo, VideoStream
from ingest.media.limits import refuse_implausible, without_network

PROBE_SECONDS = 90
REFUSALS: dict[str, type[UnusableFile]] = {cls.code: cls for cls in (EmptyFile, NotMedia, NothingPlayable)}


def probe_media(path: Path) -> MediaInfo:
    """Return what is in a file; raises EmptyFile, NotMedia, NothingPlayable or Implausible."""
    if path.stat().st_size == 0:
        raise EmptyFile
    try:
        run = subprocess.run(
            [*without_network(), sys.executable, "-m", "ingest.media.probe_child", str(path.absolute())],
            capture_output=True,
            timeout=PROBE_SECONDS,
            check=False,
            cwd=Path(__file__).resolve().parents[2],
        )
    except subprocess.TimeoutExpired:
        raise NothingPlayable from None
    if run.returncode != 0:  # the decoder crashed
        raise NothingPlayable
    answer: dict[str, Any] = json.loads(run.stdout)
    if "refused" in answer:
        raise REFUSALS[answer["refused"]]
    info = media_from_json(answer)
    refuse_implausible(info, path.stat().st_size)
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
