"""The demo lives in the folder that it is given, and leaves alone whatever somebody else put there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from annotation.people.passwords import NewPassword
from annotation.people.people import make_first_account
from core.cli import main
from core.database.db import Database
from core.database.rewriting import empty_journal
from core.models import Lesson
from core.settings import get_settings
from core.storage.configured import get_storage
from tests.browser.school import free_port
from tests.support.factories import keep_bytes, make_person
from tests.support.processes import forget_process
from workers.demo import COACH, COACHEE, LEAD, create_demo_school, require_demo_place
from workers.serve import console_command, prepare


def demo() -> Result:
    forget_process()
    return CliRunner().invoke(main, ["demo"])


def content(folder: Path) -> dict[Path, bytes]:
    """Return what lies in a folder; a reader makes SQLite's index of the journal, and an empty journal."""
    found = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {
        path: data
        for path, data in found.items()
        if not path.name.endswith("-shm") and (data or "-wal" not in path.name)
    }


@pytest.mark.slow
@pytest.mark.embedded(reason="it is about the name of the folder")
@pytest.mark.parametrize(("given", "used"), [("looking-around", "looking-around"), (None, "data-demo")])
def test_the_demo_lives_in_the_folder_that_is_given_and_else_in_data_demo(
    tmp_path: Path, given: str | None, used: str
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HINDSIGHT_")}
    environment |= {"HINDSIGHT_PORT": str(free_port()), "HINDSIGHT_ASR_WORKERS": "1"}
    if given:
        environment["HINDSIGHT_DATA_DIR"] = given
    with subprocess.Popen(
        [*console_command(), "demo"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        said = next((line for line in process.stdout if "Recordings are kept in" in line), "")
        process.terminate()
    assert f"kept in {tmp_path / used}." in said
    assert [path.name for path in tmp_path.iterdir()] == [used]
    assert len(list((tmp_path / used / "files").rglob("original-*.mp4"))) == 1


def a_school(database: Database) -> None:
    with database.write() as session:
        make_first_account(session, "Ada", "ada@lessons.example", NewPassword("a long password"))


def a_school_with_addresses_of_the_demo(database: Database) -> None:
    with database.write() as session:
        make_first_account(session, *LEAD, NewPassword("a long password"))
        for name, email in (COACH, COACHEE):
            make_person(session, name, email=email)


def a_recording(_database: Database) -> None:
    keep_bytes(get_storage(), "lessons/a/original-a.mp4", b"film")


def a_letter(_database: Database) -> None:
    (get_settings().data_dir / "letter.txt").write_text("Dear parents")


def an_unfinished_upload(_database: Database) -> None:
    get_settings().uploads_dir.mkdir(exist_ok=True)
    (get_settings().uploads_dir / "half").write_bytes(b"film")


def a_link(_database: Database) -> None:
    (get_settings().data_dir / "files").symlink_to(get_settings().data_dir.parent)


@pytest.mark.parametrize(
    "strange", [a_school, a_school_with_addresses_of_the_demo, a_recording, a_letter, an_unfinished_upload, a_link]
)
def test_what_somebody_else_put_there_is_left_alone_and_said_in_a_sentence(
    database: Database, strange: Callable[[Database], None]
) -> None:
    strange(database)
    empty_journal(database)
    folder = get_settings().data_dir
    before = content(folder)
    ended = demo()
    assert ended.exit_code == 1, ended.output
    assert "The demo wants an empty place" in ended.stderr
    assert "Nothing was changed." in ended.stderr
    assert content(folder) == before
    with database.read() as session:
        assert session.scalars(select(Lesson)).all() == []


@pytest.mark.embedded(reason="the database lies elsewhere than the folder")
def test_a_database_that_is_named_is_looked_at_too_and_its_password_is_not_told(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_school(database)
    monkeypatch.setenv("HINDSIGHT_DATABASE_URL", get_settings().database_address)
    monkeypatch.setenv("HINDSIGHT_DATA_DIR", str(tmp_path / "new"))
    ended = demo()
    assert ended.exit_code == 1
    assert "holds a school" in ended.stderr
    assert not (tmp_path / "new").exists()


def test_the_demos_own_school_is_opened_again_and_an_empty_one_is_taken(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HINDSIGHT_PORT", str(free_port()))
    get_settings.cache_clear()
    require_demo_place(get_settings())
    prepare(get_settings())
    (get_settings().scratch_dir / "cut-off.mp4").write_bytes(b"half")
    require_demo_place(get_settings())
    create_demo_school()
    require_demo_place(get_settings())
    create_demo_school()
    with database.read() as session:
        assert len(session.scalars(select(Lesson)).all()) == 1
