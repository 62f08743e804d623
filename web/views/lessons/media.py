"""What the player plays and shows beside it: film, poster, filmstrip, movement."""

from __future__ import annotations

from typing import Literal

from core.models import Lesson, StoredFile
from web.views.base import View


class MediaView(View):
    """What the player plays."""

    url: str
    mime: str
    width: int
    height: int
    fps: float  # pictures a second, 0 when there are none or nobody knows
    language: str  # of what is said, empty until it is known


class FilmstripView(View):
    """A sheet of small pictures."""

    url: str
    width: int
    height: int
    columns: int
    count: int
    interval_ms: int


class MovementView(View):
    """Where the picture moves: for each step the share of each cell, 0..100, row by row."""

    columns: int
    rows: int
    every_ms: int
    cells: list[list[int]]


Files = dict[str, StoredFile]


def media_kind(lesson: Lesson, files: Files) -> Literal["video", "sound"] | None:
    """Return whether there is a picture, once that is known."""
    if "rendition" in files:
        return "video" if files["rendition"].mime.startswith("video/") else "sound"
    if lesson.media is not None:
        return "video" if lesson.media.get("video") else "sound"
    return None


def media_view(lesson: Lesson, files: Files) -> MediaView | None:
    """Return what the player plays, if there is a rendition."""
    file = files.get("rendition")
    if file is None:
        return None
    size = {name: int(file.info.get(name) or 0) for name in ("width", "height")}
    fps = float(file.info.get("fps") or 0)
    address = f"/media/lessons/{lesson.id}/rendition"
    return MediaView(url=address, mime=file.mime, fps=fps, language=lesson.language, **size)


def _filmstrip_view(lesson: Lesson, files: Files) -> FilmstripView | None:
    file = files.get("filmstrip")
    if file is None or not file.info:
        return None
    sizes = {name: int(file.info[name]) for name in ("width", "height", "columns", "count", "interval_ms")}
    return FilmstripView(url=f"/media/lessons/{lesson.id}/filmstrip", **sizes)


def poster_url(lesson: Lesson, files: Files) -> str | None:
    """Return the address of the lesson's picture."""
    return f"/media/lessons/{lesson.id}/poster" if "poster" in files else None
