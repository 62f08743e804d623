"""The layers of the web: a route reads, builds a view and notes in a short write; rights are asked in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.models.base import Base

WEB = Path(__file__).resolve().parents[2] / "web"
ROUTES = sorted(path for path in (WEB / "routes").rglob("*.py") if path.name != "__init__.py")
REFER_TO_PEOPLE = {
    str(column.name)
    for table in Base.metadata.tables.values()
    for column in table.columns
    if any(key.column.table.name == "person" for key in column.foreign_keys)
} | {"other_id"}
PEOPLE = {"person", "me", "owner", "lead", "coach", "coachee", "author", "reader", "colleague", "other", "observer"}
BUILDS = ("web.views", "web.rendering", "web.pdf.document")  # what is built from rows, and takes its time
ADDRESSES = ("go",)  # an address alone, which the receipt of a form keeps


def called(node: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the names that are called, or passed on, anywhere in a part of a module, with their lines."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            yield part.id, part.lineno


def writes(node: ast.AST) -> Iterator[ast.With]:
    """Yield the blocks that hold a write transaction."""
    for part in ast.walk(node):
        if isinstance(part, ast.With) and any(
            isinstance(item.context_expr, ast.Call)
            and isinstance(item.context_expr.func, ast.Attribute)
            and item.context_expr.func.attr == "write"
            for item in part.items
        ):
            yield part


def built_in_writes(source: str) -> list[str]:
    """Return where a route builds what it shows, itself or by a function beside it, while it holds a write."""
    module = ast.parse(source)
    builders = {
        alias.asname or alias.name
        for node in module.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(BUILDS)
        for alias in node.names
        if alias.name not in ADDRESSES
    }
    local = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    while more := {
        name
        for name, node in local.items()
        if name not in builders and any(used in builders for part in node.body for used, _ in called(part))
    }:
        builders |= more
    return [
        f"{line}: {name}"
        for block in writes(module)
        for part in block.body
        for name, line in called(part)
        if name in builders
    ]


def compared_people(source: str) -> list[str]:
    """Return where a module compares the id of a person: there it decides by itself whose something is."""
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare) and any(is_a_persons(part) for part in (node.left, *node.comparators))
    ]


def is_a_persons(node: ast.AST) -> bool:
    """Tell whether an expression is the id of a person: of somebody by name, or in a column that refers to one."""
    if isinstance(node, ast.Name):
        return node.id in REFER_TO_PEOPLE
    if not isinstance(node, ast.Attribute):
        return False
    who = node.value.id if isinstance(node.value, ast.Name) else ""
    return node.attr in REFER_TO_PEOPLE or (node.attr == "id" and who.lower() in PEOPLE)


@pytest.mark.parametrize("path", ROUTES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_no_route_builds_a_view_while_it_holds_a_write(path: Path) -> None:
    assert built_in_writes(path.read_text()) == []


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.py")), ids=lambda path: path.relative_to(WEB).as_posix())
def test_no_module_of_the_web_decides_whose_something_is(path: Path) -> None:
    assert compared_people(path.read_text()) == []


def test_the_rules_find_what_they_forbid() -> None:
    route = (
        "from web.views.goals import goal_view\n"
        "def answer(session):\n    return goal_view(session)\n"
        "def change():\n    with get_database().write() as session:\n        return answer(session)\n"
    )
    assert built_in_writes(route) == ["6: answer"]
    assert built_in_writes(route.replace("write()", "read()")) == []
    assert compared_people("mine = lesson.owner_id == me.id") == ["1: lesson.owner_id == me.id"]
    assert compared_people("mine = person.id in (walk.observer_id, other)") == [
        "1: person.id in (walk.observer_id, other)"
    ]
    assert compared_people("hers = row.id == showing.id or clip.owner_id is None") == ["1: clip.owner_id is None"]
    assert compared_people("its = goal.partnership_id == row.id") == []
