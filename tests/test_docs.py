"""Docs are consistent with the code: glossary, file names, links, decisions."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import core.types
from core.models.base import Base

PROJECT = Path(__file__).resolve().parents[1]
DOCS = sorted([*(PROJECT / "docs").rglob("*.md"), *PROJECT.glob("*.md")])
PACKAGES = (
    "annotation",
    "benchmarks",
    "core",
    "demo",
    "ingest",
    "migrations",
    "tests",
    "transcription",
    "web",
    "workers",
)
DECISIONS = sorted((PROJECT / "docs/decisions").glob("[0-9]*.md"))
FILE = re.compile(rf"`((?:{'|'.join(PACKAGES)})/[\w./-]+)`")


def quoted(page: str) -> set[str]:
    """Return what stands between backticks on a page."""
    return set(re.findall(r"`([^`\n]+)`", (PROJECT / page).read_text()))


def test_the_glossary_has_every_table_and_its_class() -> None:
    mappers = Base.registry.mappers
    wanted = {mapper.class_.__name__ for mapper in mappers} | {str(mapper.local_table) for mapper in mappers}
    assert wanted - quoted("docs/glossary.md") == set()


# Tables that the list of what is kept does not name: parts of a lesson, a partnership or an account, and what holds no
# content (work to do, what changed, what was deleted, a sign-in that is under way).
PARTS = {"clip", "clip_share", "comment_version", "correction", "dictation", "goal_version", "guess", "lesson"}
PARTS |= {"partnership", "place", "share", "shown_measures", "stored_file", "upload"}
NO_CONTENT = {"erasure", "event", "sign_on", "step"}


def test_the_privacy_page_says_of_every_table_what_it_keeps_and_for_how_long() -> None:
    kept = (PROJECT / "docs/privacy.md").read_text().split("## 3. ")[1].split("## 4. ")[0]
    named = {name for row in kept.splitlines() if row.startswith("| ") for name in re.findall(r"`(\w+)`", row)}
    assert set(Base.metadata.tables) - named == PARTS | NO_CONTENT


def test_the_glossary_has_every_type_that_passes_between_packages() -> None:
    types = {name for name, one in inspect.getmembers(core.types, inspect.isclass) if one.__module__ == "core.types"}
    assert types - quoted("docs/glossary.md") == set()


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_every_file_that_the_docs_name_is_there(page: Path) -> None:
    built = {"web/static/build", "web/static/build/licences.md"}  # by the install
    named = {name.rstrip("/") for name in FILE.findall(page.read_text())} - built
    assert {name for name in named if not (PROJECT / name).exists()} == set()


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text())]
    inner = {link for link in links if link and "://" not in link and not link.startswith("mailto:")}
    assert {link for link in inner if not (page.parent / link).exists()} == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_refers_to_a_document_that_is_not_in_the_project(package: str) -> None:
    there = {page.name for page in DOCS}
    missing = {
        (path.relative_to(PROJECT).as_posix(), name)
        for path in (PROJECT / package).rglob("*.py")
        for name in re.findall(r"#.*?\b(\w+\.md)\b|^\s*\"\"\".*?\b(\w+\.md)\b", path.read_text(), re.MULTILINE)
        if not there & set(name)
    }
    assert missing == set()


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name[:4])
def test_a_decision_has_a_number_a_date_and_four_parts_with_something_in_each(page: Path) -> None:
    text = page.read_text()
    assert re.match(rf"# {page.name[:4]}: \S.*\n\nDate: \d{{4}}-\d\d-\d\d\n", text)
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    assert parts[1::2] == ["Status", "Context", "Decision", "Consequences"]
    assert all(part.strip() for part in parts[2::2])


def test_each_number_of_a_decision_is_given_once_and_the_index_lists_all_of_them() -> None:
    numbers = [page.name[:4] for page in DECISIONS]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
    rows = []
    for page in DECISIONS:
        number, title, date = re.findall(r"# (\d+): (.+)\n\nDate: (\S+)", page.read_text())[0]
        rows.append(f"| [{number}]({page.name}) | {date} | {title} |")
    index = (PROJECT / "docs/decisions/README.md").read_text()
    assert [line for line in index.splitlines() if line.startswith("| [")] == rows


def flow_steps() -> list[tuple[str, str]]:
    """Return file and text of each step of the architecture's flows."""
    flows = (PROJECT / "docs/architecture.md").read_text().split("## Three flows")[1]
    return re.findall(r"^\d+\. `([\w/.]+)`: ((?:.|\n(?! *\d+\. |\n))+)", flows, re.MULTILINE)


def defined_in(path: Path) -> set[str]:
    """Return the names of functions and classes that a module defines."""
    if path.suffix == ".ts":
        return set(re.findall(r"(?:function|class) (\w+)", path.read_text()))
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}


def used_in(path: Path) -> set[str]:
    """Return the names that a module imports or looks up in another."""
    nodes = list(ast.walk(ast.parse(path.read_text()))) if path.suffix == ".py" else []
    looked_up = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return looked_up | {name.name for node in nodes if isinstance(node, ast.ImportFrom) for name in node.names}


def test_the_architecture_walks_three_flows() -> None:
    flows = (PROJECT / "docs/architecture.md").read_text().split("## Three flows")[1].split("### ")[1:]
    assert [len(re.findall(r"^\d+\. ", flow, re.MULTILINE)) for flow in flows] == [12, 9, 8]
    assert len(flow_steps()) == 29


@pytest.mark.parametrize(("file", "text"), flow_steps())
def test_every_function_that_a_flow_names_is_in_its_file(file: str, text: str) -> None:
    stages = set(re.findall(r'"(\w+)"', (PROJECT / "core/pipeline/stages.py").read_text()))
    events = {"comment", "share", "gone"}
    first = re.match(r"`(\w+)`", text)
    assert first is not None
    named = set(re.findall(r"`(\w+)`", text))
    assert first[1] in defined_in(PROJECT / file)
    assert named - defined_in(PROJECT / file) - used_in(PROJECT / file) - stages - events == set()


def allowed_imports(contracts: list[dict[str, Any]], packages: set[str], package: str) -> set[str]:
    """Return which other packages one may import, by the contracts that forbid."""
    allowed = packages - {package}
    for contract in contracts:
        if contract["type"] == "independence" and package in contract["modules"]:
            allowed -= set(contract["modules"])
        elif contract["type"] == "forbidden" and package in contract["source_modules"]:
            allowed -= set(contract["forbidden_modules"])
    return allowed


def test_the_table_of_packages_is_what_import_linter_enforces() -> None:
    linter = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]
    packages = set(linter["root_packages"])
    text = (PROJECT / "docs/architecture.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", text.split("## A step")[0], re.MULTILINE)
    table = {name: {one.split(".")[0] for one in re.findall(r"`([\w.]+)`", imports)} for name, imports in rows}
    assert table == {name: allowed_imports(linter["contracts"], packages, name) for name in packages}


def test_the_contract_about_the_public_module_forbids_all_others() -> None:
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    forbidden = next(one["forbidden_modules"] for one in contracts if "public face" in one["name"])
    inside = {path.stem for path in (PROJECT / "transcription").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert {f"transcription.{name}" for name in inside - {"public", "__init__", "__pycache__"}} == set(forbidden)
