"""What a school has on the disk can be read by Hindsight's own account alone, whatever was there before."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import entry_points
from pathlib import Path

import click
import httpx
import pytest
from click.testing import CliRunner

from annotation.people.sign_in import begin_sign_in
from core.cli import FOR_ITS_CALLER, GROUP, main
from core.outputs import write_output
from core.settings import get_settings
from core.storage.configured import get_storage
from core.storage.local import LocalStorage
from core.storage.private_files import exposed_paths, private_umask, restrict_data_folder
from tests.browser.school import School, free_port
from tests.support.factories import keep_bytes, make_file, make_lesson, make_person
from tests.support.processes import forget_process, use_ground
from tests.web.routes.lessons.test_uploads import TUS, metadata, patch_headers
from web.security.auth import COOKIE
from workers.doctor import permissions

COMMANDS = sorted(entry_points(group=GROUP).names)
FILE, FOLDER = 0o644, 0o755
GROUP_ID = 4711


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """Let every test begin as on a usual machine, where new files can be read by everybody."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """Return what others can do anything with, as `find FOLDER -perm /077` does."""
    return sorted(
        f"{path.relative_to(folder)} {stat.S_IMODE(path.lstat().st_mode):o}"
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink() and path.lstat().st_mode & 0o077
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_everything(folder: Path) -> None:
    """Give a folder and all in it the modes of an earlier version."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(FOLDER if path.is_dir() else FILE)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_private_unless_it_writes_for_its_caller(name: str) -> None:
    with click.Context(main) as context:
        main.resolve_command(context, [name])
        assert os.umask(0o022) == (0o022 if name in FOR_ITS_CALLER else 0o077)
    assert os.umask(0o022) == 0o022


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("before", ["new", "open"])
def test_a_school_that_is_served_and_its_backup_can_be_read_by_nobody_else(before: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    school = School(folder, free_port(), {})
    if before == "open":
        assert school.run("migrate").wait(60) == 0
        (folder / "uploads").mkdir()
        (folder / "uploads" / "half").write_bytes(b"half")
        keep_bytes(LocalStorage(folder / "files"), "lessons/a/rendition-1.mp4", b"film")
        with closing(sqlite3.connect(folder / "hindsight.sqlite3")) as held:  # so that its journal stays
            held.execute("BEGIN")
            held.execute("SELECT * FROM person").fetchall()
            open_everything(folder)
            assert len(open_to_others(folder)) >= 8
            look_around(school)
    else:
        look_around(school)


def look_around(school: School) -> None:
    """Serve the pages, upload half a film, write a lesson, take a backup; nothing of it can be read by others."""
    school.processes = [school.run("web")]
    try:
        school.wait_until_it_answers()
        with school.opened() as (database, storage), database.write() as session:
            owner = make_person(session)
            lesson = make_lesson(session, owner)
            keep_bytes(storage, f"lessons/{lesson.id}/original-1.mp4", b"film")
            make_file(session, lesson, "original", f"lessons/{lesson.id}/original-1.mp4", bytes=4)
            secret = begin_sign_in(session, owner, "a browser")
        with httpx.Client(base_url=school.address, cookies={COOKIE: secret}, timeout=60) as client:
            headers = {**TUS, "upload-length": "100", "upload-metadata": metadata(filename="film.mp4")}
            where = client.post("/api/uploads", headers=headers).headers["location"]
            assert client.patch(where, headers=patch_headers(0), content=b"half").status_code == 204
        assert {path.name for path in school.data_dir.iterdir()} >= {
            "hindsight.sqlite3",
            "hindsight.sqlite3-wal",
            "hindsight.sqlite3-shm",
            "files",
            "uploads",
        }
        assert open_to_others(school.data_dir) == []
        backup = school.data_dir.with_name("backup")
        backup.mkdir()
        for _ in range(2):
            assert school.run("backup", str(backup)).wait(60) == 0
            assert open_to_others(backup) == []
            open_everything(backup)
    finally:
        school.stop()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield the data folder of a school whose every file is open, as an earlier version left it."""
    use_ground(monkeypatch, {"HINDSIGHT_DATA_DIR": str(tmp_path / "data")})
    monkeypatch.delenv("HINDSIGHT_DATABASE_URL", raising=False)
    monkeypatch.delenv("HINDSIGHT_S3_BUCKET", raising=False)
    forget_process()
    for name in ("files/lessons/a/film.mp4", "uploads/half", "scratch/token/sound.wav", "hindsight.sqlite3"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"content")
    yield tmp_path / "data"
    forget_process()


def test_what_an_earlier_version_left_open_is_told_by_the_doctor_and_mended_by_the_command_that_he_names(
    folder: Path,
) -> None:
    (folder / "hindsight.sqlite3").unlink()
    said = permissions(get_settings())
    assert said.startswith("10 files and folders have the wrong permissions")
    assert "Run “hindsight migrate”" in said
    assert CliRunner().invoke(main, ["migrate"]).exit_code == 0
    assert permissions(get_settings()) == ""
    assert open_to_others(folder) == []


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "thesis").write_text("mine")
    (folder / "files" / "lessons" / "link").symlink_to(theirs / "thesis")
    (folder / "uploads" / "folder").symlink_to(theirs)
    (folder / "scratch" / "broken").symlink_to("/nowhere")
    assert restrict_data_folder(get_settings()) == ""
    assert (mode(theirs), mode(theirs / "thesis")) == (FOLDER, FILE)
    assert open_to_others(folder) == []
    said = permissions(get_settings())
    assert "is a link" in said
    assert "chmod -R go-rwx" in said
    for path in (theirs / "thesis", theirs):
        path.chmod(0o700)
    assert permissions(get_settings()) == ""


def test_a_data_folder_that_is_a_link_is_closed_where_it_leads(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.setenv("HINDSIGHT_DATA_DIR", str(tmp_path / "link"))
    forget_process()
    assert restrict_data_folder(get_settings()) == ""
    assert open_to_others(folder) == []


def test_a_folder_that_others_use_too_stays_open_and_what_is_ours_is_closed(folder: Path) -> None:
    (folder / "website").mkdir()
    (folder / "website" / "index.html").write_text("hello")
    (folder / "notes.txt").write_text("theirs")
    assert restrict_data_folder(get_settings()) == ""
    assert open_to_others(folder) == [". 755", "notes.txt 644", "website 755", "website/index.html 644"]


def test_pipes_and_sockets_hold_nobody_up(folder: Path) -> None:
    os.mkfifo(folder / "uploads" / "pipe", 0o666)
    assert restrict_data_folder(get_settings()) == ""
    assert exposed_paths(get_settings()) == []


def test_a_database_that_lies_elsewhere_is_closed_with_its_journal_and_nothing_beside_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("school.db", "school.db-wal", "school.db-shm", "other.db"):
        (elsewhere / name).write_bytes(b"rows")
    monkeypatch.setenv("HINDSIGHT_DATABASE_URL", f"sqlite:///{elsewhere / 'school.db'}")
    forget_process()
    assert restrict_data_folder(get_settings()) == ""
    assert open_to_others(elsewhere) == [". 755", "other.db 644"]


def test_a_journal_of_sqlite_takes_the_mode_of_its_database(tmp_path: Path) -> None:
    """This is why an open database is closed before it is used: the umask alone would not do."""
    path = tmp_path / "school.sqlite3"
    with private_umask():
        path.touch()
        path.chmod(FILE)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE one (x)")
            assert mode(tmp_path / "school.sqlite3-wal") == FILE


@pytest.mark.parametrize("refuses", [True, False])
@pytest.mark.parametrize("command", ["migrate", "backup", "doctor"])
def test_a_disk_that_keeps_no_permissions_gets_a_sentence_and_is_used(
    refuses: bool, command: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk of vfat says no, some network disks say yes and do nothing."""
    (folder / "hindsight.sqlite3").unlink()
    assert CliRunner().invoke(main, ["migrate"]).exit_code == 0
    open_everything(folder)
    (tmp_path / "backup").mkdir()

    def change(_handle: int, _mode: int) -> None:
        if refuses:
            raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("core.storage.private_files.os.fchmod", change)
    ended = CliRunner().invoke(main, [command, *([str(tmp_path / "backup")] if command == "backup" else [])])
    if command == "doctor":
        assert "permissions: " in ended.stdout
        assert "the wrong permissions" in ended.stdout
        return
    assert ended.exit_code == 0
    warnings = [line for line in ended.stderr.splitlines() if line.startswith("Warning: ")]
    assert len(warnings) == (2 if command == "backup" else 1)  # the data folder's disk, and the backup's
    assert all("may be read by other accounts" in line and "keeps no permissions" in line for line in warnings)
    assert "Traceback" not in ended.output


def test_the_group_of_a_proxy_reads_recordings_and_nothing_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    group = GROUP_ID if os.geteuid() == 0 else os.getgid()
    monkeypatch.setenv("HINDSIGHT_FILES_GROUP", str(group))
    forget_process()
    assert restrict_data_folder(get_settings()) == ""
    keep_bytes(get_storage(), "lessons/b/film.mp4", b"new")
    shared = {path for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077}
    files = folder / "files"
    assert shared == {folder, files, *files.rglob("*")}
    assert {path.stat().st_gid for path in shared} == {group}
    assert {mode(path) for path in shared if path.is_dir()} == {0o710}
    assert {mode(path) for path in shared if path.is_file()} == {0o640}
    assert exposed_paths(get_settings()) == []
    monkeypatch.delenv("HINDSIGHT_FILES_GROUP")
    forget_process()
    assert "the wrong permissions" in permissions(get_settings())
    assert restrict_data_folder(get_settings()) == ""
    assert open_to_others(folder) == []


@pytest.mark.parametrize("command", ["migrate", "serve", "web", "worker", "backup", "restore"])
def test_a_group_that_files_cannot_be_given_to_is_said_before_anything_is_done(
    command: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "hindsight.sqlite3").unlink()
    assert CliRunner().invoke(main, ["migrate"]).exit_code == 0
    monkeypatch.setenv("HINDSIGHT_FILES_GROUP", str(GROUP_ID))
    monkeypatch.setenv("HINDSIGHT_PORT", str(free_port()))
    monkeypatch.setattr("core.storage.private_files.os.geteuid", lambda: 1000)
    monkeypatch.setattr("core.storage.private_files.os.getgroups", list)
    forget_process()
    arguments = [str(tmp_path / "backup")] if command in ("backup", "restore") else []
    ended = CliRunner().invoke(main, [command, *arguments])
    assert ended.exit_code == 1
    assert f"HINDSIGHT_FILES_GROUP={GROUP_ID} cannot be used" in ended.stderr
    assert "usermod" in ended.stderr


def test_a_group_that_is_unknown_is_named_in_a_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HINDSIGHT_FILES_GROUP", "no-such-group")
    forget_process()
    ended = CliRunner().invoke(main, ["migrate"])
    assert ended.exit_code == 2
    assert "HINDSIGHT_FILES_GROUP=no-such-group cannot be used: the name or the number of a group" in ended.stderr


def test_the_files_of_another_account_are_told_with_the_command_that_gives_them_to_us(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(folder / "uploads" / "half", 4712, -1)
    real = os.open

    def open_as_another(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if str(path).endswith("half"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr("core.storage.private_files.os.open", open_as_another)
    monkeypatch.setattr("core.storage.private_files.os.geteuid", lambda: 1000)
    said = restrict_data_folder(get_settings())
    assert said.startswith("1 file or folder in")
    assert f"sudo chown -R 1000 {folder}" in said


@pytest.mark.parametrize(("umask", "wanted"), [(0o022, 0o644), (0o077, 0o600), (0o027, 0o640)])
def test_what_analyse_writes_follows_the_umask_of_its_caller(umask: int, wanted: int, tmp_path: Path) -> None:
    os.umask(umask)
    write_output(tmp_path / "lesson.json", "{}")
    assert mode(tmp_path / "lesson.json") == wanted
    assert [path.name for path in tmp_path.iterdir()] == ["lesson.json"]


def test_what_is_kept_is_private_from_wherever_it_comes(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as another_disk:
        for number, place in enumerate((tmp_path, Path(another_disk))):
            source = place / "film"
            source.write_bytes(b"film")
            LocalStorage(tmp_path / "files").keep(source, f"lessons/a/film-{number}.mp4")
    assert open_to_others(tmp_path / "files") == []


def test_the_store_makes_its_folders_when_the_data_folder_is_missing(tmp_path: Path) -> None:
    source = tmp_path / "film"
    source.write_bytes(b"film")
    LocalStorage(tmp_path / "a" / "b" / "files").keep(source, "lessons/c/film.mp4")
    assert (tmp_path / "a" / "b" / "files" / "lessons" / "c" / "film.mp4").read_bytes() == b"film"
