"""What the eye finds in a lesson: a poster, a filmstrip, changes of scene, and how much moves.

One pass of ffmpeg over small pictures feeds OpenCV; it costs a few percent of what the words cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import StepFailed
from core.types import Filmstrip, MediaInfo, Pictures, Span, VideoStream, Watch
from ingest.ffmpeg import output, run_ffmpeg, run_frames, source_of
from ingest.renditions import even, upright

WIDTH = 160  # of a small picture
POSTER_WIDTH = 640
MOST_PICTURES, COLUMNS = 100, 10
MOST_LOOKS = 7200  # one a second for two hours; a film of a few seconds is looked at more often
LONG_MS = 10 * 60_000  # beyond it only key frames are decoded
SCENE_DISTANCE = 0.45  # of hue and brightness histograms, 0..1 (Bhattacharyya)
SHORTEST_SCENE_MS = 4000
DARK, FLAT = 25.0, 8.0  # mean brightness and contrast (0..255) of a picture that shows nothing
MOVED = 18  # difference of brightness from which a pixel has moved

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Look:
    """What is kept of one small picture."""

    at_ms: int
    brightness: float
    contrast: float
    sharpness: float
    distance: float  # of its histogram from the one before, 0..1
    movement: float  # share of pixels that moved since the one before, 0..1


def make_pictures(
    source: Path, info: MediaInfo, poster: Path, filmstrip: Path, watch: Watch, *, ffmpeg: str = ""
) -> Pictures:
    """Write poster and filmstrip as JPEG; raises ValueError for a recording without a picture."""
    if info.video is None:
        raise ValueError("no picture")
    width, height = small_size(info.video)
    every_ms = min(max(1000, info.duration_ms // MOST_LOOKS), max(40, info.duration_ms // 4))
    strip_ms = max(every_ms, -(-info.duration_ms // MOST_PICTURES))
    looks: list[Look] = []
    kept: list[Picture] = []
    before: Picture | None = None
    for number, picture in enumerate(small_pictures(source, info, width, height, every_ms, watch, ffmpeg)):
        at_ms = number * every_ms
        looks.append(look(picture, before, at_ms))
        if at_ms >= len(kept) * strip_ms and len(kept) < MOST_PICTURES:
            kept.append(picture)
        before = picture
        watch.progress(min(0.95, at_ms / info.duration_ms))
    if not looks:
        raise StepFailed
    write_sheet(kept, filmstrip)
    write_poster(source, info.video, best_moment(looks), poster, watch, ffmpeg)
    return Pictures(
        filmstrip=Filmstrip(width, height, COLUMNS, len(kept), strip_ms),
        scenes=scenes(looks, info.duration_ms),
        movement=tuple(round(each.movement, 3) for each in looks),
    )


def small_size(video: VideoStream) -> tuple[int, int]:
    """Return the size of a small picture, upright."""
    width, height = upright(video)
    return WIDTH, min(284, even(WIDTH * height / width))


def small_pictures(
    source: Path, info: MediaInfo, width: int, height: int, every_ms: int, watch: Watch, ffmpeg: str
) -> Iterator[Picture]:
    """Yield one small picture (height, width, BGR) each `every_ms`."""
    options: dict[str, Any] = {"skip_frame": "nokey"} if info.duration_ms > LONG_MS else {}
    index = info.video.index if info.video else 0
    node = output(
        [source_of(source, **options)[str(index)]],
        "pipe:1",
        vf=f"fps={1000 / every_ms:.6f}:round=up,scale={width}:{height}:flags=area",
        f="rawvideo",
        pix_fmt="bgr24",
    )
    for frame in run_frames(node, width * height * 3, watch=watch, ffmpeg=ffmpeg):
        yield np.frombuffer(frame, np.uint8).reshape(height, width, 3)


def look(picture: Picture, before: Picture | None, at_ms: int) -> Look:
    """Measure one picture against the one before."""
    import cv2

    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    distance = movement = 0.0
    if before is not None:
        distance = cv2.compareHist(histogram(picture), histogram(before), cv2.HISTCMP_BHATTACHARYYA)
        change = cv2.absdiff(grey, cv2.cvtColor(before, cv2.COLOR_BGR2GRAY))
        movement = float((change > MOVED).mean())
    sharpness = float(cv2.Laplacian(grey, cv2.CV_64F).var())
    return Look(at_ms, float(grey.mean()), float(grey.std()), sharpness, float(distance), movement)


def histogram(picture: Picture) -> NDArray[np.float32]:
    """Return the normalised histogram of hue and brightness."""
    import cv2

    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
    counts = cv2.calcHist([hsv], [0, 2], None, [16, 16], [0, 180, 0, 256])
    return np.asarray(cv2.normalize(counts, counts), np.float32)


def best_moment(looks: Sequence[Look]) -> int:
    """Return the time of the sharpest picture that shows something, early ones first when alike."""
    worth = [each for each in looks if each.brightness > DARK and each.contrast > FLAT] or list(looks)
    sharp = float(np.quantile([each.sharpness for each in worth], 0.8))
    return next(each.at_ms for each in worth if each.sharpness >= sharp)


def scenes(looks: Sequence[Look], duration_ms: int) -> tuple[Span, ...]:
    """Cut the lesson where the picture changes as a whole; the spans cover it."""
    cuts = [0]
    for each in looks:
        if each.distance > SCENE_DISTANCE and each.at_ms - cuts[-1] >= SHORTEST_SCENE_MS:
            cuts.append(each.at_ms)
    ends = [*cuts[1:], duration_ms]
    return tuple(Span(start, end) for start, end in zip(cuts, ends, strict=True) if end > start)


def write_sheet(pictures: Sequence[Picture], target: Path) -> None:
    """Write the pictures row by row on one sheet."""
    import cv2

    height, width, _ = pictures[0].shape
    rows = -(-len(pictures) // COLUMNS)
    sheet = np.zeros((rows * height, COLUMNS * width, 3), np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, COLUMNS)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = picture
    _, encoded = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, 75])
    target.write_bytes(encoded.tobytes())


def write_poster(source: Path, video: VideoStream, at_ms: int, target: Path, watch: Watch, ffmpeg: str) -> None:
    """Write the picture at a time, at most `POSTER_WIDTH` wide."""
    width, height = upright(video)
    factor = min(1.0, POSTER_WIDTH / width)
    node = output(
        [source_of(source, ss=at_ms / 1000)[str(video.index)]],
        target,
        vf=f"scale={even(width * factor)}:{even(height * factor)}",
        f="mjpeg",
        pix_fmt="yuvj420p",
        **{"frames:v": 1, "q:v": 4},
    )
    run_ffmpeg(node, duration_ms=1, watch=watch, ffmpeg=ffmpeg)
