"""The docs name what exists: the glossary knows every table and type, and what the architecture names is there."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import core.types
from core.models.base import Base

PROJECT = Path(__file__).resolve().parents[1]
DOCS = sorted([*(PROJECT / "docs").rglob("*.md"), *PROJECT.glob("*.md")])
ROOMS = ("annotation", "benchmarks", "core", "demo", "ingest", "migrations", "tests", "transcription", "web", "workers")
FILE = re.compile(rf"`((?:{'|'.join(ROOMS)})/[\w./-]+)`")


def quoted(page: str) -> set[str]:
    """Return what stands between backticks on a page."""
    return set(re.findall(r"`([^`\n]+)`", (PROJECT / page).read_text()))


def test_the_glossary_has_every_table_and_its_class() -> None:
    mappers = Base.registry.mappers
    wanted = {mapper.class_.__name__ for mapper in mappers} | {str(mapper.local_table) for mapper in mappers}
    assert wanted - quoted("docs/glossary.md") == set()


def test_the_glossary_has_every_type_that_passes_between_packages() -> None:
    types = {name for name, one in inspect.getmembers(core.types, inspect.isclass) if one.__module__ == "core.types"}
    assert types - quoted("docs/glossary.md") == set()


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_every_file_that_the_docs_name_is_there(page: Path) -> None:
    built = {"web/static/build", "web/static/build/licences.md"}  # by the install
    named = {name.rstrip("/") for name in FILE.findall(page.read_text())} - built
    assert {name for name in named if not (PROJECT / name).exists()} == set()
