"""Child process that probes an untrusted file: `python -m ingest.media.probe_child FILE` prints JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import av.container
import av.error
import av.stream
from av.video.frame import VideoFrame

from core.errors import NothingPlayable, NotMedia, UnusableFile
from core.types import AudioStream, MediaInfo, VideoStream
from ingest.media.limits import Limits

# What a lesson is recorded in. Not here: playlists and scripts that name other files (hls, concat, sdp, dash).
CONTAINERS = frozenset(
    [
        "mov",
        "mp4",
        "m4a",
        "3gp",
        "3g2",
        "mj2",
        "matroska",
        "webm",
        "avi",
        "mpegts",
        "mpeg",
        "mp3",
        "wav",
        "w64",
        "flac",
        "ogg",
        "aac",
        "flv",
        "asf",
        "aiff",
        "caf",
        "amr",
    ]
)
DECODE_TRIES = 400  # packets that may fail before a track counts as unplayable
MS = 1000
READ_BYTES = 1 << 20
UNUSABLE = (av.error.FFmpegError, ValueError, OSError)


def require_of_file(error: Exception, path: Path) -> None:
    """Return when an error is the file's own; raise it, or what the disk says, when it is this machine's.

    A demuxer says "I/O error" of damaged files too: then the file is read once without it.
    """
    if isinstance(error, MemoryError):
        raise error
    if isinstance(error, OSError):
        read_whole(path)


@cache
def read_whole(path: Path) -> None:
    """Read a file to its end, once; raises OSError."""
    with path.open("rb") as file:
        while file.read(READ_BYTES):
            pass


def probe(path: Path) -> MediaInfo:
    """Open, look, and decode one frame of each kind."""
    try:
        with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
            names = container.format.name.split(",")
            if not CONTAINERS.intersection(names):
                raise NotMedia
            video = first_video(container, path)
            audio = first_audio(container, path)
            if video is None and audio is None:
                raise NothingPlayable if container.streams else NotMedia
            claimed = claimed_ms(container)
            container_name = names[0]
    except UNUSABLE as error:
        require_of_file(error, path)
        raise NotMedia from error
    measured, damaged = measured_ms(path)
    duration = measured if measured and abs(measured - claimed) > max(2 * MS, claimed // 50) else claimed or measured
    if duration <= 0:
        raise NothingPlayable
    notes = [note for note, true in (("no_sound", audio is None), ("no_picture", video is None)) if true]
    if damaged or measured < claimed * 0.95:
        notes.append("truncated")
    return MediaInfo(container_name, duration, video, audio, tuple(notes))


def first_video(container: av.container.InputContainer, path: Path) -> VideoStream | None:
    """Return the first moving picture that decodes; a cover picture is none."""
    for stream in container.streams.video:
        if stream.disposition & av.stream.Disposition.attached_pic:
            continue
        frame = first_frame(path, stream.index)
        if isinstance(frame, VideoFrame):
            rate = stream.average_rate or stream.guessed_rate or Fraction(25)
            return VideoStream(
                codec=stream.codec_context.name,
                width=frame.width,
                height=frame.height,
                fps=round(float(rate), 3),
                rotation=clockwise(frame.rotation),
                pixel_format=frame.format.name,
                index=stream.index,
            )
    return None


def first_audio(container: av.container.InputContainer, path: Path) -> AudioStream | None:
    """Return the first sound track that decodes."""
    for stream in container.streams.audio:
        frame = first_frame(path, stream.index)
        if isinstance(frame, av.AudioFrame):
            return AudioStream(stream.codec_context.name, frame.layout.nb_channels, frame.sample_rate, stream.index)
    return None


def clockwise(counter_clockwise: int) -> int:
    """Return the clockwise quarter turn, from the display matrix's counter-clockwise degrees."""
    return round(-counter_clockwise / 90) * 90 % 360


def first_frame(path: Path, index: int) -> object | None:
    """Return the first frame of a stream that decodes, or None."""
    with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
        packets = container.demux(container.streams[index])
        for _ in range(DECODE_TRIES):
            try:
                frames = next(packets).decode()
            except StopIteration:
                return None
            except UNUSABLE as error:
                require_of_file(error, path)
                continue
            if frames:
                return frames[0]
    return None


def claimed_ms(container: av.container.InputContainer) -> int:
    """Return the length that the headers give, 0 when they give none."""
    return max(0, int(container.duration * MS / av.time_base)) if container.duration else 0


def measured_ms(path: Path) -> tuple[int, bool]:
    """Return where the last packet ends, and whether reading broke off: headers lie, packets do not."""
    first: float | None = None
    last = 0.0
    try:
        with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
            for packet in container.demux():
                if packet.pts is None or packet.stream.type not in {"video", "audio"} or packet.time_base is None:
                    continue
                start = float(packet.pts * packet.time_base)
                first = start if first is None else min(first, start)
                last = max(last, start + float((packet.duration or 0) * packet.time_base))
    except UNUSABLE as error:
        require_of_file(error, path)
        return int((last - (first or 0)) * MS), True
    return int((last - (first or 0)) * MS), False


def main() -> None:
    """Print what was found, or why the file is refused."""
    Limits().apply()
    av.logging.set_level(None)
    try:
        answer = asdict(probe(Path(sys.argv[1])))
    except UnusableFile as error:
        answer = {"refused": error.code}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
