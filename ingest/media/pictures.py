"""Pictures of a lesson: poster, filmstrip, scene changes and movement.

One pass of ffmpeg over small pictures feeds OpenCV; it costs a few percent of what the words cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import StepFailed
from core.types import Filmstrip, MediaInfo, MovementGrid, Pictures, Span, VideoStream, Watch
from ingest.media.ffmpeg import merge, output, run_ffmpeg, run_frames, source_of
from ingest.media.rendition import even, upright

WIDTH = 160  # of a small picture
POSTER_WIDTH = 640
MOST_PICTURES, COLUMNS = 100, 10
MOST_LOOKS = 7200  # one a second for two hours; a film of a few seconds is looked at more often
LONG_MS = 5 * 60_000  # beyond it only key frames are decoded
SCENE_DISTANCE = 0.45  # of hue and brightness histograms, 0..1 (Bhattacharyya)
SHORTEST_SCENE_MS = 4000
DARK, FLAT = 25.0, 8.0  # mean brightness and contrast (0..255) of a picture that shows nothing
MOVED = 18  # difference of brightness from which a pixel has moved
GRID_COLUMNS, GRID_ROWS = 4, 3  # the cells in which movement is kept
GRID_MS = 5000  # how long a step of the grid lasts

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
    cells: tuple[float, ...]  # the same for each cell of the grid, row by row
    repeated: bool  # the decoder had no newer picture


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
    strip: list[tuple[float, Picture]] = []  # the best picture of each part, and how good it is
    before: Picture | None = None
    for number, picture in enumerate(small_pictures(source, info, width, height, every_ms, watch, ffmpeg)):
        at_ms = number * every_ms
        looks.append(measure_picture(picture, before, at_ms))
        part, worth = at_ms // strip_ms, worth_seeing(looks[-1])
        if part == len(strip) < MOST_PICTURES:
            strip.append((worth, picture))
        elif part == len(strip) - 1 and worth > strip[-1][0]:
            strip[-1] = (worth, picture)
        before = picture
        watch.progress(min(0.95, at_ms / info.duration_ms))
    if not looks:
        raise StepFailed
    write_sheet([picture for _, picture in strip], filmstrip)
    write_poster(source, info.video, best_moment(looks), poster, watch, ffmpeg)
    looks = spread(looks)
    return Pictures(
        filmstrip=Filmstrip(width, height, COLUMNS, len(strip), strip_ms),
        scenes=scenes(looks, info.duration_ms),
        movement=tuple(round(each.movement, 3) for each in looks),
        grid=movement_grid(looks, max(GRID_MS, every_ms)),
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
    read = source_of(source, **options)
    node = output(
        [read[str(index)]],
        "pipe:1",
        # start_time: a picture that begins later than the sound is where it is in the film
        vf=f"fps={1000 / every_ms:.6f}:round=up:start_time=0,scale={width}:{height}:flags=area",
        f="rawvideo",
        pix_fmt="bgr24",
    )
    if info.audio is not None:  # a clock begins with the first track that is read: so the sound is read too
        node = merge(node, output([read[str(info.audio.index)]], "-", c="copy", f="null"))
    for frame in run_frames(node, width * height * 3, duration_ms=info.duration_ms, watch=watch, ffmpeg=ffmpeg):
        yield np.frombuffer(frame, np.uint8).reshape(height, width, 3)


def measure_picture(picture: Picture, before: Picture | None, at_ms: int) -> Look:
    """Measure one picture against the one before."""
    import cv2

    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    distance = 0.0
    moved = np.zeros(grey.shape, np.bool_)
    if before is not None:
        distance = cv2.compareHist(histogram(picture), histogram(before), cv2.HISTCMP_BHATTACHARYYA)
        moved = cv2.absdiff(grey, cv2.cvtColor(before, cv2.COLOR_BGR2GRAY)) > MOVED
    return Look(
        at_ms,
        brightness=float(grey.mean()),
        contrast=float(grey.std()),
        sharpness=float(cv2.Laplacian(grey, cv2.CV_64F).var()),
        distance=float(distance),
        movement=float(moved.mean()),
        cells=cells_of(moved),
        repeated=before is not None and np.array_equal(picture, before),
    )


def cells_of(moved: NDArray[np.bool_]) -> tuple[float, ...]:
    """Return the share that moved in each cell of the grid, row by row; a cell too thin for its picture has none."""
    bands = np.array_split(moved, GRID_ROWS, axis=0)
    cells = (cell for band in bands for cell in np.array_split(band, GRID_COLUMNS, axis=1))
    return tuple(float(cell.mean()) if cell.size else 0.0 for cell in cells)


def spread(looks: Sequence[Look]) -> list[Look]:
    """Share what moved between two pictures among all looks from one to the next.

    Of a long film only key frames are decoded, one every few seconds: between them the same picture is seen again.
    """
    found: list[Look] = []
    for each in reversed(looks):
        later = found[-1] if found else each
        same = each.repeated and found
        found.append(replace(each, movement=later.movement, cells=later.cells) if same else each)
    return found[::-1]


def movement_grid(looks: Sequence[Look], every_ms: int) -> MovementGrid:
    """Return how much moves where, the mean of each step, in hundredths."""
    steps: dict[int, list[tuple[float, ...]]] = {}
    for each in looks:
        steps.setdefault(each.at_ms // every_ms, []).append(each.cells)
    cells = tuple(
        tuple(round(100 * float(share)) for share in np.mean(steps[step], axis=0)) if step in steps else ()
        for step in range(max(steps) + 1)
    )
    return MovementGrid(GRID_COLUMNS, GRID_ROWS, every_ms, cells)


def worth_seeing(each: Look) -> float:
    """Return how much a picture shows: one that is dark or flat shows nothing, else the sharpest is best."""
    return each.sharpness if each.brightness > DARK and each.contrast > FLAT else -1.0


def histogram(picture: Picture) -> NDArray[np.float32]:
    """Return the normalised histogram of hue and brightness."""
    import cv2

    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
    counts = cv2.calcHist([hsv], [0, 2], None, [16, 16], [0, 180, 0, 256])
    return np.asarray(cv2.normalize(counts, counts), np.float32)


def best_moment(looks: Sequence[Look]) -> int:
    """Return the time of the sharpest picture that shows something, early ones first when alike."""
    worth = [each for each in looks if worth_seeing(each) >= 0] or list(looks)
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
