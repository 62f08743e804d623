"""Where a command writes: a plain file is replaced whole; whatever else has that name stays what it is."""

from __future__ import annotations

import ast
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from core.cli import GROUP, main
from core.outputs import OutputUnusable, check_output, check_output_folder, write_output, write_output_folder

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("annotation", "core", "ingest", "transcription", "web", "workers")
NULL = (1, 3)
FULL = (1, 7)
AS_ROOT = os.geteuid() == 0
# Every option and argument that names an output. What is left out of it is found by the test below.
OUTPUTS = {
    ("analyse", "--json"),
    ("analyse", "--out"),
    ("backup", "folder"),
    ("openapi", "--json"),
    ("questions", "--json"),
    ("speakers", "--rttm"),
}
INPUTS = {
    ("analyse", "--transcript"),
    ("analyse", "file"),
    ("questions", "file"),
    ("restore", "folder"),
    ("speakers", "file"),
}


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    """Return a transcript with one question."""
    path = tmp_path / "lesson.csv"
    path.write_text("speaker,text\nT,Why is the sky blue?\n", encoding="utf-8")
    return path


@pytest.fixture(params=["questions", "openapi"])
def writes(
    request: pytest.FixtureRequest, transcript: Path
) -> Callable[[Path | str], subprocess.CompletedProcess[str]]:
    """Return what runs a command that writes JSON, in a process of its own, with its output at a path."""
    arguments = {"questions": ["questions", str(transcript)], "openapi": ["openapi"]}[request.param]

    def run(target: Path | str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from core.cli import main; main()", *arguments, "--json", str(target)]
        return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)

    return run


def device(path: Path, numbers: tuple[int, int]) -> Path:
    """Make a device of our own, so that a fault destroys nothing that others need; skips where only root may."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(*numbers))
        path.write_bytes(b"")
    except (PermissionError, AttributeError):
        pytest.skip("only root on Linux makes devices, on a disk that has them")
    return path


def names(folder: Path) -> set[str]:
    """Return what lies in a folder."""
    return {path.name for path in folder.iterdir()}


def test_a_command_writes_into_a_device_and_leaves_it_one(
    writes: Callable[[Path | str], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    null = device(tmp_path / "null", NULL)
    done = writes(null)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    assert stat.S_ISCHR(null.lstat().st_mode)
    assert names(tmp_path) == {"null", "lesson.csv"}


def test_a_command_writes_into_a_pipe(
    writes: Callable[[Path | str], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text("utf-8")))
    reader.start()
    done = writes(pipe)
    reader.join(10)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(read[0])
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


def test_a_command_writes_through_a_link_and_leaves_it_one(
    writes: Callable[[Path | str], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "target.json", tmp_path / "link.json"
    target.write_text("old", "utf-8")
    link.symlink_to(target)
    assert writes(link).returncode == 0
    assert link.is_symlink()
    assert json.loads(target.read_text("utf-8"))
    assert names(target.parent) == {"target.json"}


def test_a_command_that_may_not_write_says_so_in_one_sentence_and_ends_with_2(
    writes: Callable[[Path | str], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    for target, why in (
        (tmp_path / "no" / "such.json", "its folder is not there"),
        (tmp_path, "it is a folder"),
        (tmp_path / "lesson.csv" / "x.json", "not a folder"),
        ("/proc/version", "may not write there" if not AS_ROOT else "cannot be written"),
    ):
        done = writes(target)
        assert done.returncode == 2, done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert why in done.stderr
        assert str(target) in done.stderr


def test_a_full_disk_is_said_and_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    full = device(tmp_path / "full", FULL)
    with pytest.raises(OutputUnusable, match="the disk is full"):
        write_output(full, "new")
    (tmp_path / "folder").mkdir()
    old = tmp_path / "folder" / "transcript.vtt"
    old.write_text("old", "utf-8")
    (tmp_path / "folder" / "moments.csv").symlink_to(tmp_path / "nowhere" / "moments.csv")
    with pytest.raises(OutputUnusable, match="its folder is not there"):
        write_output_folder(tmp_path / "folder", {"transcript.vtt": "new", "moments.csv": "new"})
    assert old.read_text("utf-8") == "old"
    assert names(tmp_path / "folder") == {"transcript.vtt", "moments.csv"}


def test_a_plain_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    file.write_text("old and longer", "utf-8")
    file.chmod(0o640)
    inode = file.stat().st_ino
    write_output(file, "new")
    assert file.read_text("utf-8") == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert file.stat().st_ino != inode
    assert names(tmp_path) == {"out.json"}


def test_a_new_file_is_as_open_as_the_user_asks(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_output(tmp_path / "out.json", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.json").stat().st_mode) == 0o600


def test_a_link_to_nothing_makes_the_file_that_it_names(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("target")
    check_output(link)
    write_output(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "target").read_text("utf-8") == "new"


def test_a_file_with_two_names_stays_one_file(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("old and longer", "utf-8")
    second.hardlink_to(first)
    write_output(first, "new")
    assert second.read_text("utf-8") == "new"


def test_a_link_that_goes_round_and_a_socket_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OutputUnusable, match="round in a circle"):
        check_output(tmp_path / "a")
    here = Path.cwd()
    os.chdir(tmp_path)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("socket")
            with pytest.raises(OutputUnusable, match="nothing that takes an output"):
                write_output("socket", "new")
            assert stat.S_ISSOCK(Path("socket").lstat().st_mode)
    finally:
        os.chdir(here)


def test_what_the_caller_has_open_gets_its_text_after_what_stood_there(tmp_path: Path, transcript: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n", "utf-8")
    command = [sys.executable, "-c", "from core.cli import main; main()", "questions", str(transcript)]
    with log.open("ab") as out:
        subprocess.run([*command, "--json", "/dev/stdout"], cwd=PROJECT, stdout=out, check=True)
    before, _, document = log.read_text("utf-8").partition("\n")
    assert before == "before"
    assert json.loads(document)


@pytest.mark.skipif(AS_ROOT, reason="root may write everywhere; the test below asks as somebody else")
def test_a_folder_that_may_not_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    for check in (check_output, check_output_folder):
        with pytest.raises(OutputUnusable, match="this user may not write there"):
            check(tmp_path / "closed" / "out")


AS_NOBODY = """
import os, sys
from pathlib import Path
from core.outputs import OutputUnusable, check_output, check_output_folder, write_output
os.setgroups([]); os.setgid(65534); os.setuid(65534)
closed = Path(sys.argv[1])
for ask in (lambda: check_output(closed / "out"), lambda: check_output_folder(closed / "new" / "folder"),
            lambda: write_output(closed / "out", "x"), lambda: write_output(closed / "mine" , "x")):
    try:
        ask()
    except OutputUnusable as refused:
        print(refused.message)
write_output(closed / "yours", "new")
"""


@pytest.mark.skipif(not AS_ROOT, reason="only root can ask as somebody else")
def test_in_a_read_only_folder_only_what_may_be_written_is_written() -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to others
        closed = Path(folder)
        closed.chmod(0o755)
        _try_as_nobody(closed)


def _try_as_nobody(closed: Path) -> None:
    (closed / "mine").write_text("old", "utf-8")
    (closed / "yours").write_text("old and longer", "utf-8")
    (closed / "yours").chmod(0o666)
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, closed], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.count("this user may not write there") == 4
    assert (closed / "mine").read_text("utf-8") == "old"
    assert (closed / "yours").read_text("utf-8") == "new"
    assert names(closed) == {"mine", "yours"}


def test_a_read_only_disk_is_called_one() -> None:
    refused: list[str] = []
    for path in (Path("/sys/hindsight.json"), Path("/proc/hindsight.json")):
        with pytest.raises(OutputUnusable) as said:
            write_output(path, "new")
        refused.append(said.value.message)
    assert all(" cannot be written: " in sentence for sentence in refused)


def test_a_folder_of_results_may_be_a_link_and_is_gone_when_it_could_not_be_filled(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    write_output_folder(tmp_path / "link", {"a": "1"})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "a").read_text("utf-8") == "1"
    with pytest.raises(OutputUnusable):
        write_output_folder(tmp_path / "new", {"a": "1", "x" * 300: "2"})
    assert names(tmp_path) == {"link", "real"}


@pytest.mark.parametrize("arguments", [["backup"], ["analyse", "lesson.csv", "--out"]])
def test_a_device_is_no_folder_for_results(
    arguments: list[str], data_dir: Path, tmp_path: Path, transcript: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    null = device(tmp_path / "null", NULL)
    ended = CliRunner().invoke(main, [*arguments, str(null)])
    assert ended.exit_code == 2, ended.output
    assert "is not a folder" in ended.stderr
    assert stat.S_ISCHR(null.lstat().st_mode)


def parameters() -> Iterator[tuple[str, str]]:
    """Yield (command, parameter) of each that takes a path or has the name of an output."""
    for entry in entry_points(group=GROUP):
        command = entry.load()
        commands = command.commands.items() if isinstance(command, click.Group) else [("", command)]
        for name, one in commands:
            for parameter in one.params:
                said = parameter.opts[0]
                if isinstance(parameter.type, click.Path | click.File) or said.strip("-") in (
                    *("json", "rttm", "out", "output", "csv", "html", "report", "save", "write"),
                ):
                    yield " ".join(filter(None, (entry.name, name))), said


def test_every_output_of_every_command_is_known_here() -> None:
    assert set(parameters()) == OUTPUTS | INPUTS


def test_no_command_writes_a_file_but_through_the_one_place() -> None:
    writing = {"write_text", "write_bytes", "rename", "mkstemp", "NamedTemporaryFile", "open"}
    found = [
        f"{path.relative_to(PROJECT)}:{node.lineno} {node.attr}"
        for package in PACKAGES
        for path in (PROJECT / package).rglob("*commands.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in writing
    ]
    assert found == []
