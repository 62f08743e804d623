"""The service: a unit that systemd takes, settings that only its owner reads, and no unit of other people's touched."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli import main
from core.settings import get_settings
from tests.support.processes import forget_process
from workers.serve import console_command
from workers.service import (
    AccountUnusable,
    NoSystemd,
    Service,
    SystemctlFailed,
    UnitOfOthers,
    install,
    require_systemd,
    service_of,
    settings_text,
    state_of,
    uninstall,
    unit_text,
)

needs_verify = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


class Systemd:
    """Answers in systemd's place, and keeps what it was asked."""

    def __init__(self, fails: str = "") -> None:
        self.asked: list[str] = []
        self.fails = fails

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Note a command down, and succeed unless it is the one that fails."""
        self.asked.append(" ".join(command))
        code = int(bool(self.fails) and self.fails in self.asked[-1])
        return subprocess.CompletedProcess(command, code, "enabled" if not code else "", "no bus")


@pytest.fixture
def of_user(tmp_path: Path, data_dir: Path) -> Service:
    del data_dir
    return service_of(of_user=True, home=tmp_path / "home")


def lines_of(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


@needs_verify
@pytest.mark.parametrize("folder", ["data", "the school's data", 'a "b" 100%'])
@pytest.mark.parametrize("scope", ["user", "system"])
def test_systemd_takes_the_unit_whatever_the_data_folder_is_called(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch, scope: str, folder: str
) -> None:
    data = data_dir / folder
    data.mkdir()
    monkeypatch.setenv("HINDSIGHT_DATA_DIR", str(data))
    get_settings.cache_clear()
    service = service_of(of_user=scope == "user", account="daemon", root=tmp_path, home=tmp_path)
    service.settings_file.parent.mkdir(parents=True)
    service.settings_file.write_text("")
    unit = tmp_path / "hindsight.service"
    unit.write_text(unit_text(service, get_settings(), console_command()))
    command = ["systemd-analyze", "verify", *(["--user"] if scope == "user" else []), str(unit)]
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    about_ours = [line for line in done.stderr.splitlines() if "hindsight" in line]
    assert (done.returncode, about_ours) == (0, []), done.stderr


def test_the_unit_runs_as_an_unprivileged_account_closed_but_for_its_data(tmp_path: Path, data_dir: Path) -> None:
    unit = lines_of(unit_text(service_of(of_user=False, account="daemon", root=tmp_path), get_settings(), ["/x/h"]))
    assert unit["User"] == "daemon"
    assert unit["ExecStart"] == "/x/h serve"
    assert unit["Restart"] == "always"
    assert unit["ProtectSystem"] == "strict"
    assert unit["WorkingDirectory"] == str(data_dir)
    assert unit["WantedBy"] == "multi-user.target"
    assert not {"RestrictNamespaces", "MemoryDenyWriteExecute", "PrivateNetwork"} & set(unit)  # probe and models


@pytest.mark.parametrize("port", ["80", "8000"])
def test_a_low_port_is_allowed_to_the_service_of_the_machine(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setenv("HINDSIGHT_PORT", port)
    get_settings.cache_clear()
    unit = unit_text(service_of(of_user=False, account="daemon", root=tmp_path), get_settings(), ["/x/h"])
    assert ("CAP_NET_BIND_SERVICE" in unit) == (port == "80")


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_what_the_unit_takes_away_leaves_ffmpeg_and_the_probe_working() -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv")
    from ingest.media.ffmpeg import binary

    for command in (["unshare", "--user", "--net", "true"], [binary(""), "-version"]):
        alone = subprocess.run(command, capture_output=True, check=False).returncode
        bound = subprocess.run(["setpriv", "--no-new-privs", *command], capture_output=True, check=False).returncode
        assert bound == alone


def test_an_installed_service_starts_now_at_boot_and_without_its_user_and_only_she_reads_its_settings(
    of_user: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HINDSIGHT_SMTP_PASSWORD", 'quiet "corner" $HOME')
    get_settings.cache_clear()
    systemd = Systemd()
    install(of_user, get_settings(), ["/x/hindsight"], run=systemd)
    assert systemd.asked == [
        "systemctl --user daemon-reload",
        "systemctl --user enable hindsight.service",
        "systemctl --user restart hindsight.service",
        "loginctl enable-linger",
    ]
    assert of_user.settings_file.stat().st_mode & 0o777 == 0o600
    assert 'HINDSIGHT_SMTP_PASSWORD="quiet \\"corner\\" \\$HOME"' in of_user.settings_file.read_text()
    assert "quiet" not in of_user.unit.read_text()
    assert "enabled, enabled" in state_of(of_user, run=systemd)


def test_settings_that_were_changed_stay_when_it_is_installed_again(of_user: Service) -> None:
    install(of_user, get_settings(), ["/x/hindsight"], run=Systemd())
    of_user.settings_file.write_text("HINDSIGHT_PORT=9000\n")
    install(of_user, get_settings(), ["/y/hindsight"], run=Systemd())
    assert of_user.settings_file.read_text() == "HINDSIGHT_PORT=9000\n"
    assert "ExecStart=/y/hindsight serve" in of_user.unit.read_text()


def test_a_unit_of_other_people_is_neither_replaced_nor_removed(of_user: Service) -> None:
    of_user.unit.parent.mkdir(parents=True)
    of_user.unit.write_text("[Service]\nExecStart=/bin/true\n")
    systemd = Systemd()
    with pytest.raises(UnitOfOthers):
        install(of_user, get_settings(), ["/x/h"], run=systemd)
    with pytest.raises(UnitOfOthers):
        uninstall(of_user, run=systemd)
    assert of_user.unit.read_text() == "[Service]\nExecStart=/bin/true\n"
    assert systemd.asked == []
    assert not of_user.settings_file.exists()
    assert "did not write it" in state_of(of_user, run=systemd)


def test_an_uninstalled_service_is_stopped_and_leaves_its_settings(of_user: Service) -> None:
    assert not uninstall(of_user, run=Systemd())
    install(of_user, get_settings(), ["/x/h"], run=Systemd())
    systemd = Systemd()
    assert uninstall(of_user, run=systemd)
    assert systemd.asked == ["systemctl --user disable --now hindsight.service", "systemctl --user daemon-reload"]
    assert not of_user.unit.exists()
    assert of_user.settings_file.exists()
    assert "There is no service" in state_of(of_user, run=systemd)


@pytest.mark.parametrize(("fails", "words"), [("restart", "no bus"), ("enable-linger", "starts at sign-in only")])
def test_what_systemd_refuses_is_said(of_user: Service, fails: str, words: str) -> None:
    with pytest.raises(SystemctlFailed, match=words):
        install(of_user, get_settings(), ["/x/h"], run=Systemd(fails))


def test_the_settings_of_the_service_are_read_by_a_shell_as_they_were(data_dir: Path) -> None:
    odd = 'a "b" \\ $HOME `id` %n é'
    text = settings_text(get_settings(), {"HINDSIGHT_OIDC_NAME": odd, "HOME": "/elsewhere", "HINDSIGHT_TEST_DATA": "x"})
    script = f'set -a; {text}\nprintf %s "$HINDSIGHT_OIDC_NAME"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == odd
    assert set(lines_of(text)) == {"HINDSIGHT_OIDC_NAME", "HINDSIGHT_DATA_DIR"}
    assert str(data_dir) in text


@pytest.mark.parametrize(
    ("account", "words"),
    [("", "--as NAME"), ("nobody-of-this-name", "There is no account"), ("root", "not run as root")],
)
def test_the_account_is_named_is_there_and_is_not_root(
    account: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    with pytest.raises(AccountUnusable, match=words):
        service_of(of_user=False, account=account)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_the_data_folder_becomes_the_accounts_own_and_one_of_somebody_else_is_named(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = service_of(of_user=False, account="daemon", root=tmp_path)
    with pytest.raises(AccountUnusable, match="chown -R daemon:"):
        install(service, get_settings(), ["/bin/true"], run=Systemd())
    fresh = data_dir / "fresh"
    monkeypatch.setenv("HINDSIGHT_DATA_DIR", str(fresh))
    get_settings.cache_clear()
    with pytest.raises(AccountUnusable, match="cannot run /root/none"):
        install(service, get_settings(), ["/root/none"], run=Systemd())
    install(service, get_settings(), ["/bin/true"], run=Systemd())
    assert fresh.stat().st_uid == pwd.getpwnam("daemon").pw_uid
    assert fresh.stat().st_mode & 0o777 == 0o700


def test_where_there_is_no_systemd_that_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoSystemd, match=r"“hindsight serve”|its runtime"):
        require_systemd(tmp_path / "nowhere")
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(NoSystemd, match="launchd"):
        require_systemd(tmp_path / "nowhere")


def test_a_dry_run_prints_the_unit_and_changes_nothing(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    forget_process()
    ended = CliRunner().invoke(main, ["service", "install", "--user", "--dry-run"])
    assert ended.exit_code == 0
    assert "[Install]\nWantedBy=default.target" in ended.stdout
    assert not (tmp_path / "home").exists()
    assert list(data_dir.iterdir()) == []
