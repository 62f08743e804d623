"""Settings that cannot be used are named in plain sentences."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from core.cli import main
from workers.commands import _json_target
from workers.serve import HostUnusable, wait_for_port


@pytest.mark.parametrize("command", ["serve", "doctor", "migrate"])
def test_each_setting_that_cannot_be_used_is_named_in_a_sentence(
    command: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.settings import get_settings

    monkeypatch.setenv("HINDSIGHT_PORT", "abc")
    monkeypatch.setenv("HINDSIGHT_TIME_ZONE", "Mars/Olympus")
    get_settings.cache_clear()
    ended = CliRunner().invoke(main, [command])
    assert ended.exit_code == 2
    assert ended.stderr.splitlines() == [
        "HINDSIGHT_PORT=abc cannot be used: a whole number from 1 to 65535 is wanted. See docs/operating.md.",
        "HINDSIGHT_TIME_ZONE=Mars/Olympus cannot be used: a time zone such as Europe/London is wanted. "
        "See docs/operating.md.",
    ]


def test_a_host_that_is_nowhere_is_not_called_a_port_in_use() -> None:
    with pytest.raises(HostUnusable, match=r"HINDSIGHT_HOST=no-such-host\.invalid"):
        wait_for_port("no-such-host.invalid", 8000)


def test_the_document_may_lie_in_the_folder_that_out_makes(tmp_path: Path) -> None:
    document = str(tmp_path / "results" / "lesson.json")
    assert _json_target(document, tmp_path / "results") == document
    with pytest.raises(click.BadParameter):
        _json_target(document, tmp_path / "elsewhere")
