"""The proxy runs as another account than the pages: it sends films, and can read nothing else of the school."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from annotation.people.sign_in import begin_sign_in
from tests.browser.school import School, free_port
from tests.deployment.test_behind_a_proxy import running_proxy
from tests.support.factories import make_file, make_lesson, make_person
from web.security.auth import COOKIE

pytestmark = [
    pytest.mark.embedded(reason="it is about files in a folder"),
    pytest.mark.timeout(240),
]

PROXY, FILES_GROUP = 4712, 4711
FILM = bytes(range(256)) * 1000


@dataclass(frozen=True)
class Served:
    """A school behind a proxy of another account."""

    folder: Path
    key: str
    answer: httpx.Response


def served(named: str, group: int) -> Iterator[Served]:
    """Play a film to its owner through a proxy that has one group, while the settings name a group or none."""
    if os.geteuid() != 0:
        pytest.skip("only root can start a program as another account")
    home = Path(tempfile.mkdtemp(prefix="two-accounts-"))  # pytest's own folders are closed to others
    try:
        home.chmod(0o755)
        of_the_proxy = home / "proxy"
        of_the_proxy.mkdir()
        os.chown(of_the_proxy, PROXY, group)
        pages = School(
            home / "data", free_port(), {"HINDSIGHT_PROXY_SENDS_FILES": "true", "HINDSIGHT_FILES_GROUP": named}
        )
        pages.processes = [pages.run("web")]
        try:
            pages.wait_until_it_answers()
            with pages.opened() as (database, storage), database.write() as session:
                owner = make_person(session)
                lesson = make_lesson(session, owner)
                source = pages.data_dir / "film"
                source.write_bytes(FILM)
                key = f"lessons/{lesson.id}/rendition-1.mp4"
                storage.keep(source, key)
                make_file(session, lesson, "rendition", key, bytes=len(FILM))
                secret = begin_sign_in(session, owner, "a browser")
            (pages.data_dir / "uploads").mkdir(mode=0o700, exist_ok=True)
            with running_proxy(pages, of_the_proxy, PROXY, group) as address:
                path = f"{address}/media/lessons/{lesson.id}/rendition"
                yield Served(pages.data_dir, key, httpx.get(path, cookies={COOKIE: secret}, timeout=60))
        finally:
            pages.stop()
    finally:
        shutil.rmtree(home)


@pytest.fixture(scope="module")
def in_the_group() -> Iterator[Served]:
    yield from served(str(FILES_GROUP), FILES_GROUP)


@pytest.fixture(scope="module")
def in_another_group() -> Iterator[Served]:
    yield from served("", FILES_GROUP)


def reads(*command: object, group: int = FILES_GROUP) -> bool:
    """Say whether the proxy's account can do something."""
    run = subprocess.run(
        [str(word) for word in command], user=PROXY, group=group, extra_groups=[], capture_output=True, check=False
    )
    return run.returncode == 0


def test_a_proxy_in_the_group_sends_a_film(in_the_group: Served) -> None:
    assert (in_the_group.answer.status_code, in_the_group.answer.content == FILM) == (200, True)
    assert reads("cat", in_the_group.folder / "files" / in_the_group.key)


def test_a_proxy_in_the_group_can_neither_list_nor_write_nor_read_anything_else(in_the_group: Served) -> None:
    folder = in_the_group.folder
    film = folder / "files" / in_the_group.key
    for database in ("hindsight.sqlite3", "hindsight.sqlite3-wal", "hindsight.sqlite3-shm"):
        assert not reads("cat", folder / database)
    for listed in (folder, folder / "files", folder / "files" / "lessons", film.parent, folder / "uploads"):
        assert not reads("ls", listed)
    assert not reads("touch", film)
    assert not reads("touch", film.parent / "planted")
    assert not reads("cat", film, group=PROXY)  # the account without the group is a stranger


def test_a_proxy_of_no_group_of_ours_gets_nothing(in_another_group: Served) -> None:
    assert in_another_group.answer.status_code in (403, 404)
    assert FILM[:256] not in in_another_group.answer.content
    assert not reads("cat", in_another_group.folder / "files" / in_another_group.key)
    assert not reads("ls", in_another_group.folder)
