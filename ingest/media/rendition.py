"""Renditions: remuxes or transcodes a recording into a file that every browser plays.

What a browser can play as it is, is remuxed: no picture is encoded again. Everything else becomes H.264 and AAC.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.types import MediaInfo, Rendition, Span, VideoStream, Watch
from ingest.media.ffmpeg import THREADS, FfmpegFailed, FfmpegKilled, output, run_ffmpeg, source_of

MAX_WIDTH, MAX_HEIGHT, MAX_FPS = 1280, 720, 30
KEYFRAME_SECONDS = 2  # a seek lands at once
PLAYABLE_PIXELS = frozenset({"yuv420p", "yuvj420p"})
MP4_SOUND = frozenset({"aac", "mp3", "mp3float"})
WEBM_VIDEO = frozenset({"vp8", "vp9", "libvpx", "libvpx-vp9"})
WEBM_SOUND = frozenset({"opus", "vorbis", "libopus", "libvorbis"})
MIME = {"mp4": "video/mp4", "webm": "video/webm", "ipod": "audio/mp4"}


def make_rendition(source: Path, info: MediaInfo, target: Path, watch: Watch, *, ffmpeg: str = "") -> Rendition:
    """Write the rendition to `target`; raises WorkStopped, DiskFull or FfmpegFailed."""
    container = remux_container(info)
    if container:
        try:
            run_ffmpeg(remux(source, info, target, container), duration_ms=info.duration_ms, watch=watch, ffmpeg=ffmpeg)
        except FfmpegKilled:
            raise
        except FfmpegFailed:  # damaged where copying stumbles; decoding gets over it
            target.unlink(missing_ok=True)
        else:
            return described(info, container, remuxed=True)
    container = "mp4" if info.video else "ipod"
    run_ffmpeg(transcode(source, info, target, container), duration_ms=info.duration_ms, watch=watch, ffmpeg=ffmpeg)
    return described(info, container, remuxed=False)


def remux_container(info: MediaInfo) -> str:
    """Return the muxer (`mp4`, `webm` or `ipod`) in which the tracks play as they are, or an empty string."""
    sound = info.audio.codec if info.audio else None
    if info.video is None:
        return "ipod" if sound == "aac" else ""
    if info.video.codec == "h264" and info.video.pixel_format in PLAYABLE_PIXELS:
        return "mp4" if sound is None or sound in MP4_SOUND else ""
    webm = info.video.codec in WEBM_VIDEO and info.video.pixel_format == "yuv420p" and not info.video.rotation
    return "webm" if webm and (sound is None or sound in WEBM_SOUND) else ""


def remux(source: Path, info: MediaInfo, target: Path, container: str) -> Any:
    """Copy the tracks into another container; the index goes to the front so that playing starts at once."""
    options: dict[str, Any] = {"c": "copy", "map_metadata": -1, "map_chapters": -1, "f": container}
    if container != "webm":
        options["movflags"] = "+faststart"
    return output(tracks(source, info), target, **options)


def cut_clip(source: Path, info: MediaInfo, span: Span, target: Path, watch: Watch, *, ffmpeg: str = "") -> Rendition:
    """Write a range of the recording as a file of its own, exact to the picture, without anything of the rest."""
    container = "mp4" if info.video else "ipod"
    duration_ms = span.end_ms - span.start_ms
    run_ffmpeg(transcode(source, info, target, container, span), duration_ms=duration_ms, watch=watch, ffmpeg=ffmpeg)
    return described(info, container, remuxed=False)


def transcode(source: Path, info: MediaInfo, target: Path, container: str, span: Span | None = None) -> Any:
    """Decode and encode as H.264 and AAC; ffmpeg turns the picture upright by itself."""
    options: dict[str, Any] = {"map_metadata": -1, "map_chapters": -1, "f": container, "movflags": "+faststart"}
    if info.video:
        options |= {
            "vf": f"{scaling(info.video)},format=yuv420p",
            "c:v": "libx264",
            "preset": "veryfast",
            "crf": 23,
            "force_key_frames": f"expr:gte(t,n_forced*{KEYFRAME_SECONDS})",
            "threads": THREADS,
        }
    if info.audio:
        options |= {"c:a": "aac", "b:a": "128k", "ac": min(2, info.audio.channels), "ar": 48000}
    return output(tracks(source, info, span), target, **options)


def scaling(video: VideoStream) -> str:
    """Return the filter that bounds size and rate, with even sides, for the picture turned upright."""
    width, height = bounded(video)
    sides = f"scale={width}:{height}"
    return f"fps={MAX_FPS},{sides}" if video.fps > MAX_FPS + 1 else sides


def described(info: MediaInfo, container: str, *, remuxed: bool) -> Rendition:
    """Say what was made, with the size as it is shown."""
    if info.video is None:
        return Rendition(MIME[container], 0, 0, remuxed)
    width, height = upright(info.video) if remuxed else bounded(info.video)
    fps = info.video.fps if remuxed else min(info.video.fps, MAX_FPS)
    return Rendition(MIME[container], width, height, remuxed, fps)


def bounded(video: VideoStream) -> tuple[int, int]:
    """Return the size to encode: upright, within the bounds, with even sides."""
    width, height = upright(video)
    factor = min(1.0, MAX_WIDTH / max(width, height), MAX_HEIGHT / min(width, height))
    return even(width * factor), even(height * factor)


def upright(video: VideoStream) -> tuple[int, int]:
    """Return width and height as the picture is shown."""
    return (video.height, video.width) if video.rotation in {90, 270} else (video.width, video.height)


def even(length: float) -> int:
    """Return the nearest even length, 2 at least."""
    return max(2, round(length / 2) * 2)


def tracks(source: Path, info: MediaInfo, span: Span | None = None) -> list[Any]:
    """Return the picture and the sound that were probed, whole or a range of them, and nothing else of the file."""
    seconds = {"ss": span.start_ms / 1000, "t": (span.end_ms - span.start_ms) / 1000} if span else {}
    node = source_of(source, **seconds)
    return [node[str(track.index)] for track in (info.video, info.audio) if track]
