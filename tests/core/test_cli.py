"""The command line: every package's commands are registered, and `--help` loads nothing heavy."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest

from core.cli import GROUP, main
from core.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
HEAVY = ("cv2", "faster_whisper", "ctranslate2", "onnxruntime", "onnx", "av", "scipy")
COMMANDS = sorted(entry_points(group=GROUP).names)
OPERATING = (PROJECT / "docs" / "operating.md").read_text("utf-8")
PAGES = [*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md"), PROJECT / "docker-compose.yml", PROJECT / "Makefile"]
OUTSIDE_THE_PROGRAM = {"HINDSIGHT_PAGES", "HINDSIGHT_FILES", "HINDSIGHT_TEST_DATA"}  # the proxy's, and the tests'


def loaded_by(code: str, modules: tuple[str, ...] = HEAVY) -> set[str]:
    """Return which of some modules a fresh interpreter has loaded after running `code`."""
    report = f"{code}\nimport sys\nprint(*(name for name in {modules!r} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True, cwd=PROJECT)
    return set(run.stdout.splitlines()[-1].split()) if run.stdout.strip() else set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_says_what_it_is_for(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.get_short_help_str()


def test_help_loads_nothing_heavy() -> None:
    code = "from click.testing import CliRunner\nfrom core.cli import main\nCliRunner().invoke(main, ['--help'])"
    assert loaded_by(code) == set()


def test_the_web_process_loads_nothing_heavy() -> None:
    assert loaded_by("from web.app import create_app\ncreate_app()") == set()


def test_a_child_of_serve_loads_no_migrations_since_its_parent_ran_them() -> None:
    code = "import workers.commands, workers.queue.process, web.commands, web.app"
    assert loaded_by(code, ("alembic",)) == set()


def first_cells(heading: str) -> str:
    """Return the first column of the table below a heading of docs/operating.md."""
    section = OPERATING.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `"))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_has_a_row_and_says_itself_what_it_is(name: str) -> None:
    assert f"`HINDSIGHT_{name.upper()}`" in first_cells("Settings")
    assert Settings.model_fields[name].description


def test_every_setting_that_the_docs_and_the_deployment_name_is_there() -> None:
    ours = {f"HINDSIGHT_{name.upper()}" for name in Settings.model_fields} | OUTSIDE_THE_PROGRAM
    for page in PAGES:
        named = set(re.findall(r"\bHINDSIGHT_[A-Z0-9_]*[A-Z0-9]\b", page.read_text("utf-8")))
        assert named - ours - {"HINDSIGHT_S3"} == set(), page.name


def commands_of(group: click.Command, before: str) -> list[str]:
    """Return a command's words, or those of each command in it."""
    if not isinstance(group, click.Group):
        return [before]
    return [words for name, one in group.commands.items() for words in commands_of(one, f"{before} {name}")]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_with_those_in_it(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert re.search(rf"`hindsight {name}[ `]", first_cells("Commands"))
    commands = OPERATING.split("\n## Commands\n")[1].split("\n## ")[0]
    for words in commands_of(command, name):
        assert re.search(rf"`(hindsight )?{words}[ `]", commands), words


def test_every_command_that_the_docs_name_is_there() -> None:
    for page in PAGES:
        named = set(re.findall(r"`hindsight ([a-z][a-z-]+)", page.read_text("utf-8")))
        assert named - set(COMMANDS) == set(), page.name
