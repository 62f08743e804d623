"""Tests mirror the packages: each module of `annotation` has a test file of its name, and none outlives its module."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
# Modules of `annotation` that need no test file of their name, each with the reason.
WITHOUT: dict[str, str] = {}


def wanted_test(module: Path) -> str:
    """Return where the test of a module is, from the project's folder."""
    return (Path("tests") / module.parent / f"test_{module.name}").as_posix()


def modules_of(package: str) -> set[Path]:
    """Return the modules of a package from the project's folder, without the files that only name a folder."""
    found = (PROJECT / package).rglob("*.py")
    return {path.relative_to(PROJECT) for path in found if path.name != "__init__.py"}


def test_every_module_of_annotation_has_a_test_file_of_its_name() -> None:
    wanted = {wanted_test(one) for one in modules_of("annotation") if one.as_posix() not in WITHOUT}
    assert {one for one in wanted if not (PROJECT / one).is_file()} == set()


def test_no_test_file_of_annotation_is_left_without_its_module() -> None:
    there = {path.relative_to(PROJECT).as_posix() for path in (PROJECT / "tests/annotation").rglob("test_*.py")}
    assert there - {wanted_test(one) for one in modules_of("annotation")} == set()


def test_a_module_that_needs_no_test_file_is_there_and_says_why() -> None:
    assert {name for name, why in WITHOUT.items() if not why or not (PROJECT / name).is_file()} == set()
