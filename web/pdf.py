"""Papers: PDF/UA made with Typst. What people wrote goes in as data and is never read as markup."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi.responses import Response

FOLDER = Path(__file__).parent / "templates" / "papers"


def pdf_of(name: str, data: Mapping[str, Any]) -> bytes:
    """Return a paper as PDF; `name` is a template of `templates/papers`, which reads `data` as JSON."""
    import typst

    made = typst.compile(
        FOLDER / f"{name}.typ",
        root=FOLDER,
        format="pdf",
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards="ua-1",
    )
    assert isinstance(made, bytes)
    return made


@cache
def _fonts() -> Any:
    """Only what the package carries: the same paper on every machine."""
    import typst

    return typst.Fonts(include_system_fonts=False)


def paper(name: str, data: Mapping[str, Any], title: str) -> Response:
    """Return a paper to save under a title."""
    return Response(pdf_of(name, data), media_type="application/pdf", headers=save_as(f"{title}.pdf"))


def save_as(name: str) -> dict[str, str]:
    """Return the header with which a browser saves what it gets, under a name of any letters (RFC 6266)."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in " .-_") else "_" for letter in name)
    return {"content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"}
