"""Settings that cannot be used are named in plain sentences."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli import main
from tests.support.processes import forget_process
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


@pytest.mark.parametrize("address", ["foo", "nothing://here", "postgresql+psycopg://nobody@127.0.0.1:1/none"])
def test_a_database_that_does_not_answer_is_said_in_a_sentence(
    address: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HINDSIGHT_DATABASE_URL", address)
    forget_process()
    ended = CliRunner().invoke(main, ["migrate"])
    assert ended.exit_code == 1
    assert ended.stderr.startswith("Error: The database does not answer as it should")
    assert "Traceback" not in ended.output


@pytest.mark.embedded(reason="a folder that holds no SQLite yet")
@pytest.mark.parametrize("arguments", [["backup", "copy"], ["password-link", "ada@school.example"]])
def test_where_there_is_no_school_nothing_is_made_of_one(
    arguments: list[str], data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HINDSIGHT_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    forget_process()
    ended = CliRunner().invoke(main, arguments)
    assert ended.exit_code == 1
    assert "There is no school in" in ended.stderr
    assert not (tmp_path / "none").exists()
