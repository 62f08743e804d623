"""Installs Hindsight as a systemd service of this user or of the machine."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import HindsightError
from core.settings import Settings

NAME = "hindsight.service"
OURS = "# Written by `hindsight service install`, which writes it anew; remove it with `hindsight service uninstall`."
LOWEST_FREE_PORT = 1024
PRIVATE, READABLE = 0o600, 0o644
# What ffmpeg, the models and the probe work under. The probe takes the network from itself with a user namespace, and
# the models write code into memory: so neither RestrictNamespaces nor MemoryDenyWriteExecute.
CAREFUL = ("NoNewPrivileges=yes", "LockPersonality=yes", "RestrictRealtime=yes", "RestrictSUIDSGID=yes", "UMask=0077")
CLOSED = (
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectControlGroups=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
)


class NoSystemd(HindsightError):
    """Nothing here could start the unit."""

    code = "service_no_systemd"
    sentence = "This machine has no systemd that runs, so nothing was installed. {instead} See docs/operating.md."


class UnitOfOthers(HindsightError):
    """A unit of this name that we did not write."""

    code = "service_unit_not_ours"
    sentence = (
        "{path} was not written by “hindsight service install”, and nothing in it was changed. "
        "Please move it away, or keep it and look after it yourself."
    )


class AccountUnusable(HindsightError):
    """The account that would run it is missing, too mighty, or shut out."""

    code = "service_account_unusable"
    sentence = "{why}"


class SystemctlFailed(HindsightError):
    """Systemd did not do what was asked."""

    code = "service_systemctl_failed"
    sentence = "“{command}” did not work: {why}. The unit is in {path}."


@dataclass(frozen=True, slots=True)
class Service:
    """Where a service is kept and as whom it runs; `account` is empty for a service of the user's own."""

    unit: Path
    settings_file: Path
    account: str = ""

    @property
    def is_of_user(self) -> bool:
        """Tell whether the user's own systemd runs it."""
        return not self.account


def installed_service(*, of_user: bool) -> Service:
    """Return where the service of this user or of the machine is kept, whoever runs it."""
    if of_user:
        return service_of(of_user=True)
    return Service(Path("/etc/systemd/system") / NAME, Path("/etc/hindsight/settings.env"), account="of the machine")


def service_of(*, of_user: bool, account: str = "", root: Path = Path("/"), home: Path | None = None) -> Service:
    """Return the service of this user, or of the machine; raises AccountUnusable."""
    if of_user:
        folder = (home or Path.home()) / ".config"
        return Service(folder / "systemd" / "user" / NAME, folder / "hindsight" / "settings.env")
    return Service(root / "etc/systemd/system" / NAME, root / "etc/hindsight/settings.env", _unprivileged(account))


def _unprivileged(account: str) -> str:
    name = account or os.environ.get("SUDO_USER", "")
    if not name:
        why = (
            "Please say who runs it: “hindsight service install --system --as NAME”. "
            "“useradd --system --create-home hindsight” makes such an account."
        )
        raise AccountUnusable(why=why)
    try:
        found = pwd.getpwnam(name)
    except KeyError as error:
        why = f"There is no account “{name}” on this machine. “useradd --system --create-home {name}” makes it."
        raise AccountUnusable(why=why) from error
    if found.pw_uid == 0 or name == "nobody":  # the one may everything, the other is shared with whoever else uses it
        raise AccountUnusable(why=f"Hindsight does not run as {name}. Please name another account with --as NAME.")
    return found.pw_name


def unit_text(service: Service, settings: Settings, program: Sequence[str]) -> str:
    """Return the unit."""
    data = settings.data_dir.absolute()
    user_home = Path(pwd.getpwnam(service.account).pw_dir) if service.account else Path.home()
    lines = [OURS, "[Unit]", "Description=Hindsight: look back at your lesson together with a coach"]
    if not service.is_of_user:
        lines += ["After=network-online.target", "Wants=network-online.target"]
    lines += [
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        "Type=exec",
        f"ExecStart={' '.join(_quoted(word) for word in (*program, 'serve'))}",
        f"WorkingDirectory={_plain(data)}",
        f"EnvironmentFile={_plain(service.settings_file)}",
        "Restart=always",
        "RestartSec=5",
        "KillMode=mixed",
        "TimeoutStopSec=60",
        *CAREFUL,
    ]
    if not service.is_of_user:
        lines.append(f"User={service.account}")
        lines += CLOSED
        lines.append(f"ReadWritePaths={_quoted(str(data))}")
        lines += [
            f"ReadWritePaths=-{_plain(one)}"  # models that are downloaded
            for one in (settings.models_dir.absolute(), user_home / ".cache")
            if " " not in str(one)
        ]
        if settings.port < LOWEST_FREE_PORT:
            lines.append("AmbientCapabilities=CAP_NET_BIND_SERVICE")
    target = "default.target" if service.is_of_user else "multi-user.target"
    return "\n".join([*lines, "", "[Install]", f"WantedBy={target}", ""])


def _plain(path: Path) -> str:
    """Return a path for a line that takes one path as it stands."""
    return str(path).replace("%", "%%")


def _quoted(word: str) -> str:
    """Return a word for a line that takes several."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(sign in word for sign in " \t'\"\\;") else escaped


def settings_text(settings: Settings, environment: Mapping[str, str]) -> str:
    """Return the file of settings: those that are set here and now, for the service to find."""
    ours = {f"HINDSIGHT_{field.upper()}" for field in Settings.model_fields}
    named = {name: value for name, value in sorted(environment.items()) if name in ours}
    named["HINDSIGHT_DATA_DIR"] = str(settings.data_dir.absolute())
    if "HINDSIGHT_MODELS_DIR" in named:
        named["HINDSIGHT_MODELS_DIR"] = str(settings.models_dir.absolute())
    lines = ["# Settings of the service, one a line (docs/operating.md). After a change: restart the service."]
    for name, value in named.items():
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")
        lines.append(f'{name}="{escaped}"')
    return "\n".join(lines) + "\n"


def require_systemd(running: Path = Path("/run/systemd/system")) -> None:
    """Raise NoSystemd where no systemd runs, saying what does the same there."""
    if running.is_dir() and shutil.which("systemctl"):
        return
    if sys.platform == "darwin":
        instead = "On macOS, a launchd agent that runs “hindsight serve” starts it at login."
    elif Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        instead = "In a container its runtime starts it again: “restart: unless-stopped”, as docker-compose.yml says."
    else:
        instead = "Let what starts programs on this machine run “hindsight serve”."
    raise NoSystemd(instead=instead)


Systemctl = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def run_command(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command of the system and return how it ended."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


def install(service: Service, settings: Settings, program: Sequence[str], *, run: Systemctl = run_command) -> None:
    """Write unit and settings, and start it now and at each boot; a settings file that is there stays.

    Raises UnitOfOthers, AccountUnusable or SystemctlFailed.
    """
    _require_ours(service.unit)
    _prepare_data(service, settings.data_dir.absolute(), program)
    if not service.settings_file.exists():
        _write(service.settings_file, settings_text(settings, os.environ), PRIVATE)
    _write(service.unit, unit_text(service, settings, program), READABLE)
    _systemctl(service, run, "daemon-reload")
    _systemctl(service, run, "enable", NAME)
    _systemctl(service, run, "restart", NAME)
    if service.is_of_user:  # else it would start when its user signs in, and end with her
        done = run(["loginctl", "enable-linger"])
        if done.returncode != 0:
            why = (
                f"{_said(done)}; until root runs “loginctl enable-linger {Path.home().name}” it starts at sign-in only"
            )
            raise SystemctlFailed(command="loginctl enable-linger", why=why, path=service.unit)


def uninstall(service: Service, *, run: Systemctl = run_command) -> bool:
    """Stop it and remove the unit; data and settings stay. False: there was none. Raises UnitOfOthers."""
    if not service.unit.exists():
        return False
    _require_ours(service.unit)
    _systemctl(service, run, "disable", "--now", NAME)
    service.unit.unlink()
    _systemctl(service, run, "daemon-reload")
    return True


def state_of(service: Service, *, run: Systemctl = run_command) -> str:
    """Return in a sentence how the service stands."""
    if not service.unit.exists():
        return f"There is no service: {service.unit} is not there."
    if not _is_ours(service.unit):
        return f"{service.unit} is there, but “hindsight service install” did not write it."
    said = [_said(run([*_of(service), question, NAME])) for question in ("is-enabled", "is-active")]
    return f"{service.unit}: {said[0]}, {said[1]}. Settings: {service.settings_file}."


def _of(service: Service) -> list[str]:
    return ["systemctl", "--user"] if service.is_of_user else ["systemctl"]


def _systemctl(service: Service, run: Systemctl, *words: str) -> None:
    command = [*_of(service), *words]
    done = run(command)
    if done.returncode != 0:
        raise SystemctlFailed(command=" ".join(command), why=_said(done), path=service.unit)


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stdout or done.stderr).split())[:200] or f"it ended with {done.returncode}"


def _is_ours(unit: Path) -> bool:
    return unit.is_file() and unit.read_text("utf-8", errors="replace").startswith(OURS)


def _require_ours(unit: Path) -> None:
    if (unit.exists() or unit.is_symlink()) and not _is_ours(unit):
        raise UnitOfOthers(path=unit)


def _prepare_data(service: Service, data: Path, program: Sequence[str]) -> None:
    """Make the data folder its account's own, and see that the account can run the program."""
    made = not data.exists()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if service.is_of_user:
        return
    found = pwd.getpwnam(service.account)
    if made:
        os.chown(data, found.pw_uid, found.pw_gid)
    elif data.stat().st_uid != found.pw_uid:
        why = f"{data} does not belong to {service.account}. “chown -R {service.account}: {data}” changes that."
        raise AccountUnusable(why=why)
    try:
        tried = subprocess.run(
            [*program, "--version"], user=found.pw_uid, group=found.pw_gid, extra_groups=[], cwd="/", check=False,
            capture_output=True,
        )  # fmt: skip
        fine = tried.returncode == 0
    except OSError:
        fine = False
    if not fine:
        why = f"{service.account} cannot run {program[0]}: is it in a folder that is closed to others, such as /root?"
        raise AccountUnusable(why=why)


def _write(path: Path, text: str, mode: int) -> None:
    """Write a file whole, with its rights from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    partial.chmod(mode)
    partial.replace(path)
