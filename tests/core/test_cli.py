"""The command line: every package's commands are registered, and `--help` loads nothing heavy."""

from __future__ import annotations

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


def loaded_by(code: str) -> set[str]:
    """Return the heavy modules that a fresh interpreter has loaded after running `code`."""
    report = f"{code}\nimport sys\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
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


def test_every_setting_and_command_is_documented() -> None:
    text = (PROJECT / "docs" / "operating.md").read_text("utf-8")
    for name in Settings.model_fields:
        assert f"`HINDSIGHT_{name.upper()}`" in text
    for name in COMMANDS:
        assert f"`hindsight {name}" in text
