"""Which Pythons and systems Hindsight can be installed on: what the Makefile, README and the locks say of it agrees."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text("utf-8")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the script that the Makefile asks before an installation."""
    monkeypatch.syspath_prepend(str(PROJECT / "requirements"))
    return import_module("machine")


@pytest.fixture
def portable(monkeypatch: pytest.MonkeyPatch, machine: ModuleType) -> ModuleType:
    """Return the script of `make portable`."""
    return import_module("portable")


@pytest.mark.parametrize(
    ("system", "processor", "libc", "macos", "why"),
    [
        ("Linux", "x86_64", "glibc 2.28", "", ""),
        ("Linux", "aarch64", "glibc 2.41", "", ""),
        ("Darwin", "arm64", "", "14.0", ""),
        ("Darwin", "arm64", "", "26.1", ""),
        ("Windows", "AMD64", "", "", "WSL"),
        ("Linux", "riscv64", "glibc 2.41", "", "riscv64"),
        ("Linux", "x86_64", "", "", "Alpine"),
        ("Linux", "x86_64", "glibc 2.17", "", "2.28 or newer"),
        ("Darwin", "x86_64", "", "15.0", "for Intel"),
        ("Darwin", "arm64", "", "13.6.1", "macOS 14 or newer"),
    ],
)
def test_a_machine_that_does_not_do_is_told_why(
    machine: ModuleType, system: str, processor: str, libc: str, macos: str, why: str
) -> None:
    said = machine.wrong_machine(system, processor, libc, macos)
    assert why in said
    assert bool(said) == bool(why)


@pytest.mark.parametrize(
    ("version", "implementation", "bits", "has_lock", "why"),
    [
        *(((3, minor), "cpython", 64, True, "") for minor in (11, 12, 13, 14)),
        ((3, 10), "cpython", 64, True, "it is 3.10"),
        ((3, 15), "cpython", 64, True, "it is 3.15"),
        ((3, 11), "pypy", 64, True, "it is pypy"),
        ((3, 13), "cpython", 32, True, "32 bits"),
        ((3, 14), "cpython", 64, False, "global lock"),
    ],
)
def test_a_python_that_does_not_do_is_told_why(
    machine: ModuleType, version: tuple[int, int], implementation: str, bits: int, has_lock: bool, why: str
) -> None:
    said = machine.wrong_python(version, implementation, bits, has_lock)
    assert why in said
    assert bool(said) == bool(why)


def test_this_very_machine_does() -> None:
    done = subprocess.run(
        [sys.executable, PROJECT / "requirements" / "machine.py"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_readme_names_the_pythons_and_systems_that_are_asked_for(machine: ModuleType, portable: ModuleType) -> None:
    first, last = (f"3.{minor}" for _, minor in (machine.PYTHONS[0], machine.PYTHONS[-1]))
    assert f"Python {first} to {last}" in README
    assert f"macOS {machine.MACOS[0]}" in README
    assert "{}.{}".format(*machine.GLIBC) in README
    assert len(portable.SYSTEMS) == sum(len(processors) for processors in machine.PROCESSORS.values())


def test_make_offers_every_python_that_does(machine: ModuleType) -> None:
    candidates = re.search(r"^CANDIDATES := (.*)$", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert candidates
    for major, minor in machine.PYTHONS:
        assert f" python{major}.{minor}" in candidates[1]


def test_every_lock_is_asked_for_on_every_python_and_system(portable: ModuleType, machine: ModuleType) -> None:
    asked = set(portable.questions())
    for path in (PROJECT / "requirements").glob("*.txt"):
        of_this = {question for question in asked if question[0] == path.name}
        weights = path.name == portable.WEIGHTS
        assert len(of_this) == (1 if weights else len(machine.PYTHONS) * len(portable.SYSTEMS))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            "No solution found when resolving dependencies cause: x==1 has no usable wheels",
            1,
            "x==1 has no usable wheels",
        ),
        ("Failed to fetch: https://example.test/simple/x/ cause: error sending request", 0, "is not checked"),
        ("No solution found. Packages were unavailable because the network was disabled", 0, "is not checked"),
        ("Something that nobody has seen before", 0, "is not checked"),
    ],
)
def test_a_lack_fails_and_a_registry_that_is_away_does_not(
    portable: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: str,
    code: int,
    said: str,
) -> None:
    uv = tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\necho 'error: {words}' >&2\nexit 1\n", "utf-8")
    uv.chmod(0o755)
    monkeypatch.setattr(portable, "UV", uv)
    assert portable.main() == code
    assert said in capsys.readouterr().out


def test_the_time_for_asking_is_bounded(portable: ModuleType) -> None:
    asking = portable.Asking(end=0)
    assert asking.ask("run.txt", (3, 11), "Linux arm64") is None
    assert asking.silent


def test_the_tools_of_the_pages_are_locked_for_every_system() -> None:
    packages = json.loads((PROJECT / "web" / "frontend" / "package-lock.json").read_text("utf-8"))["packages"]
    families: dict[str, set[tuple[str, str]]] = {}
    for name, about in packages.items():
        for system in about.get("os", ()):
            for processor in about.get("cpu", ()):
                if about.get("libc", ["glibc"]) == ["glibc"]:
                    family = re.split(rf"-{system}", name)[0]
                    families.setdefault(family, set()).add((system, processor))
    assert families
    for family, there in families.items():
        assert there >= {("linux", "x64"), ("linux", "arm64"), ("darwin", "arm64")}, family


@pytest.fixture
def makefile(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return what runs the step that makes .venv, in a folder of its own, with one Python that says what it is told."""
    (tmp_path / "Makefile").write_bytes((PROJECT / "Makefile").read_bytes())
    (tmp_path / "requirements").mkdir()
    for name in ("machine.py", "run.txt", "build.txt", "models.txt", "test.txt", "audit.txt", "lock.txt", "peers.txt"):
        (tmp_path / "requirements" / name).write_bytes((PROJECT / "requirements" / name).read_bytes())

    def make(python: str) -> subprocess.CompletedProcess[str]:
        fake = tmp_path / "python"
        fake.write_text(python, "utf-8")
        fake.chmod(0o755)
        command = ["make", "--silent", ".venv/.done/venv", f"PYTHON={fake}"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return make


def test_make_says_what_is_wrong_with_the_python_that_was_named_and_takes_no_other(
    makefile: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = makefile("#!/bin/sh\necho 'Hindsight needs another one: it is 3.10.'\nexit 1\n")
    assert done.returncode == 2
    assert done.stdout.startswith("Hindsight needs another one: it is 3.10. Install one, or name it: make ")
    assert not (tmp_path / ".venv").exists()


def test_make_says_what_is_wrong_with_the_machine(makefile: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = makefile("#!/bin/sh\necho 'Hindsight needs another machine.'\nexit 2\n")
    assert done.returncode == 2
    assert done.stdout == "Hindsight needs another machine.\n"


def test_make_says_so_where_there_is_no_python_of_that_name(
    makefile: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = makefile("#!/no/such/interpreter\n")
    assert done.returncode == 2
    assert done.stdout.startswith("Hindsight needs Python 3.11, 3.12, 3.13 or 3.14, and ")
