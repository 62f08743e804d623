"""PDF documents (PDF/UA) by Typst; text is passed as data, never as markup."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from fastapi.responses import Response

from core.errors import HindsightError
from core.settings import get_settings
from web.pdf.text import MISSING, Glyphs, face_of_han, plain, settable, texts_of, with_texts
from web.transfer.file_names import save_as

log = logging.getLogger("hindsight.web")

TEMPLATES = Path(__file__).parents[1] / "templates" / "papers"
PATIENCE_SECONDS = 60  # a paper takes one
STANDARD = "ua-1"
NOTE_MISSING = (
    f"{MISSING} stands for a character that this paper cannot show. It is kept in Hindsight as it was written."
)
NOTE_PLAIN = (
    "This text holds signs that cannot be set on paper together. Accents and letters written from right to left were "
    f"left out or stand as {MISSING}. All of it is kept in Hindsight as it was written."
)


class PaperFailed(HindsightError):
    """A paper could not be made, whatever was left out."""

    code: ClassVar[str] = "paper_failed"
    status: ClassVar[int] = 503
    sentence: ClassVar[str] = (
        "This paper could not be made. Nothing is lost: what it would show can be read on its page. "
        "Please try again later, and tell your IT person if it happens again."
    )


def render_pdf(name: str, data: Mapping[str, Any]) -> bytes:
    """Return a paper as PDF; `name` is a template of `templates/papers`, which reads `data` as JSON.

    Raises PaperFailed. What the fonts lack is □; what Typst cannot set although the fonts have it is tried without the
    standard for accessible papers, and then as plain letters.
    """
    glyphs = _glyphs()
    fitting = with_texts(data, lambda text: settable(text, glyphs))
    more = _count_missing(fitting) > _count_missing(data)
    note = NOTE_MISSING if more else ""
    face = face_of_han(texts_of(fitting), get_settings().language)
    with_note = fitting | {"note": note, "han": face}
    simple = with_texts(fitting, plain) | {"note": NOTE_PLAIN, "han": face}
    for content, standard in ((with_note, STANDARD), (with_note, None), (simple, STANDARD)):
        made = _made(name, content, standard)
        if made is not None:
            return made
        log.warning("a paper could not be made as it is", extra={"code": "paper_retried"})
    raise PaperFailed


def _count_missing(data: Mapping[str, Any]) -> int:
    return sum(text.count(MISSING) for text in texts_of(data))


def _made(name: str, data: Mapping[str, Any], standard: str | None) -> bytes | None:
    """Return the PDF that a process of its own made, or None. What Typst says of it may quote it, and is dropped."""
    job = {
        "template": f"{TEMPLATES / name}.typ",
        "data": data,
        "fonts": [str(one) for one in _font_folders()],
        "standard": standard,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "web.pdf.child"],
            input=json.dumps(job).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).resolve().parents[2],
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 and done.stdout.startswith(b"%PDF-") else None


@cache
def _font_folders() -> tuple[Path, ...]:
    import manimgx_fonts
    import manimgx_fonts_cjk

    return tuple(Path(package.__file__).parent for package in (manimgx_fonts, manimgx_fonts_cjk))


@cache
def _glyphs() -> Glyphs:
    """Return which characters the fonts have, by their own tables."""
    from fontTools.ttLib import TTCollection, TTFont

    fonts: list[frozenset[int]] = []
    for folder in _font_folders():
        for path in sorted(folder.glob("*.ttf")):
            with TTFont(path, lazy=True) as font:
                fonts.append(frozenset(font.getBestCmap()))
        for path in sorted(folder.glob("*.ttc")):
            with TTCollection(path, lazy=True) as faces:  # all its faces have the same characters
                fonts.append(frozenset(faces.fonts[0].getBestCmap()))
    return Glyphs(fonts)


def paper(name: str, data: Mapping[str, Any], title: str) -> Response:
    """Return a paper to save under a title; raises PaperFailed."""
    return Response(render_pdf(name, data), media_type="application/pdf", headers=save_as(f"{title}.pdf"))
