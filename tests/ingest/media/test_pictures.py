"""What the eye finds in a film: pictures worth seeing, changes of scene, how much moves and where."""

from __future__ import annotations

import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from numpy.typing import NDArray

from core.types import FreeWatch, Pictures
from ingest.media.pictures import Look, cells_of, make_pictures, movement_grid, spread
from ingest.media.probe import probe_media


def film(path: Path, *filters: str, options: tuple[str, ...] = ()) -> Path:
    """Write a film whose parts are made by ffmpeg's own sources, one after the other."""
    inputs = [part for each in filters for part in ("-f", "lavfi", "-i", each)]
    joined = "".join(f"[{n}:v]" for n in range(len(filters))) + f"concat=n={len(filters)}[v]"
    coding = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-y", *inputs, "-filter_complex", joined, "-map", "[v]"]
    subprocess.run([*command, *coding, *options, str(path)], check=True, stdin=subprocess.DEVNULL)
    return path


def see(path: Path) -> tuple[Pictures, NDArray[np.uint8]]:
    """Return what is found, and the filmstrip's sheet."""
    sheet = path.parent / "sheet.jpg"
    found = make_pictures(path, probe_media(path), path.parent / "poster.jpg", sheet, FreeWatch())
    return found, picture_of(sheet)


def picture_of(path: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(path)), np.uint8)


BLACK, TEST = "color=black:size=160x120:rate=10", "testsrc2=size=160x120:rate=10"


def test_the_filmstrip_and_the_poster_show_no_black_when_there_is_something_to_see(tmp_path: Path) -> None:
    found, sheet = see(film(tmp_path / "a.mp4", f"{BLACK}:duration=3", f"{TEST}:duration=9"))
    assert found.filmstrip is not None
    first = sheet[: found.filmstrip.height, found.filmstrip.width * 3 : found.filmstrip.width * 4]
    assert first.mean() > 40
    assert picture_of(tmp_path / "poster.jpg").mean() > 40


def test_in_a_part_that_is_black_and_then_light_the_light_picture_is_kept(tmp_path: Path) -> None:
    parts = [source for _ in range(60) for source in (f"{BLACK}:duration=1", f"{TEST}:duration=3")]
    found, sheet = see(film(tmp_path / "a.mp4", *parts))
    assert found.filmstrip is not None
    assert found.filmstrip.interval_ms == 2400  # so every fourth part begins with black
    size = (found.filmstrip.height, found.filmstrip.width)
    pictures = [
        sheet[row * size[0] : (row + 1) * size[0], column * size[1] : (column + 1) * size[1]]
        for row, column in (divmod(n, found.filmstrip.columns) for n in range(found.filmstrip.count))
    ]
    assert min(picture.mean() for picture in pictures) > 40


def test_a_cut_is_a_new_scene(tmp_path: Path) -> None:
    found, _ = see(film(tmp_path / "a.mp4", "color=red:size=160x120:rate=10:duration=8", f"{TEST}:duration=8"))
    assert [scene.start_ms for scene in found.scenes] == [0, 8000]


def test_movement_is_told_where_it_is(tmp_path: Path) -> None:
    blinking = "geq=lum='if(lt(X,40),128+127*sin(N),60)':cb=128:cr=128"
    found, _ = see(film(tmp_path / "a.mp4", f"color=gray:size=160x120:rate=10:duration=12,{blinking}"))
    assert found.grid is not None
    assert len(found.grid.cells) == 3
    for cells in found.grid.cells:
        left = [cells[row * 4] for row in range(3)]
        rest = [share for n, share in enumerate(cells) if n % 4]
        assert min(left) > 40
        assert max(rest) < 5


def test_a_picture_that_begins_after_the_sound_keeps_the_films_clock(tmp_path: Path) -> None:
    plain = film(tmp_path / "plain.mp4", "color=red:size=160x120:rate=10:duration=6", f"{TEST}:duration=6")
    late = tmp_path / "late.ts"
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-y", "-itsoffset", "5", "-i", str(plain)]
    tone = ["-f", "lavfi", "-i", "sine=duration=17", "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac"]
    subprocess.run([*command, *tone, str(late)], check=True, stdin=subprocess.DEVNULL)
    found, _ = see(late)
    assert found.scenes[1].start_ms == pytest.approx(11_000, abs=1000)


def look(at_ms: int, movement: float, *, repeated: bool = False) -> Look:
    return Look(at_ms, 100, 50, 10, 0, movement, (movement,) * 12, repeated)


def test_between_key_frames_movement_is_shared_instead_of_being_a_jump() -> None:
    seen = [look(0, 0), look(1000, 0, repeated=True), look(2000, 0, repeated=True), look(3000, 0.4)]
    assert [each.movement for each in spread([*seen, look(4000, 0, repeated=True)])] == [0, 0.4, 0.4, 0.4, 0]


def test_the_grid_is_the_mean_of_each_step() -> None:
    moved = np.zeros((12, 16), np.bool_)
    moved[:4, 12:] = True
    assert [round(share) for share in cells_of(moved)] == [0, 0, 0, 1] + [0] * 8
    grid = movement_grid([look(0, 0.2), look(4000, 0.4), look(6000, 1.0)], 5000)
    assert [cells[0] for cells in grid.cells] == [30, 100]


def test_a_film_that_is_a_thin_strip_has_no_movement_where_it_has_no_picture(tmp_path: Path) -> None:
    found, _ = see(film(tmp_path / "a.mp4", "testsrc2=size=1280x16:rate=10:duration=2"))
    assert found.grid is not None
    assert all(0 <= share <= 100 for step in found.grid.cells for share in step)
