"""Resolves names of scripts and styles to hashed URLs, from Vite's manifest."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

BUILD = Path(__file__).parent / "static" / "build"
FAVICON = BUILD.parent / "favicon.svg"
PREFIX = "/static/build/"


@cache
def _manifest() -> dict[str, Any]:
    path = BUILD / "manifest.json"
    if not path.is_file():  # a checkout whose pages are not built still serves plain ones
        return {}
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return loaded


def _entry(name: str) -> dict[str, Any] | None:
    manifest = _manifest()
    return manifest.get(f"src/pages/{name}") or manifest.get(f"src/styles/{name}") or manifest.get(name)


def asset(name: str) -> str:
    """Return the address of an entry such as `lesson.ts` or `main.css`; empty when the pages are not built."""
    entry = _entry(name)
    return PREFIX + str(entry["file"]) if entry else ""


def asset_css(name: str) -> list[str]:
    """Return the addresses of the styles that an entry brings."""
    entry = _entry(name)
    return [PREFIX + str(file) for file in entry.get("css", [])] if entry else []
