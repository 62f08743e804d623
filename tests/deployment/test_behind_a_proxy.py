"""The pages behind the proxy of docker-compose.yml: a real Caddy with the Caddyfile that a school uses."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from annotation.people.sign_in import PER_ADDRESS, begin_sign_in
from tests.browser.school import School, free_port
from tests.faults.watching import wait_until
from tests.support.factories import make_file, make_lesson, make_person
from tests.support.servers import Servers, running_pages
from tests.web.routes.lessons.test_uploads import TUS, metadata, patch_headers
from web.security.auth import COOKIE

PROJECT = Path(__file__).resolve().parents[2]
CADDY = Path(sys.executable).with_name("caddy")
PIECE = bytes(1024**2)


@pytest.fixture(scope="module")
def pages(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """Yield the pages alone, running, in a school of nobody with a mail server; no worker is there to send."""
    settings = {"HINDSIGHT_PROXY_SENDS_FILES": "true", "HINDSIGHT_SMTP_HOST": "127.0.0.1"}
    with running_pages(servers, tmp_path_factory.mktemp("proxied"), settings) as school:
        yield school


@pytest.fixture(scope="module")
def proxy(pages: School, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address at which people come."""
    with running_proxy(pages, tmp_path_factory.mktemp("caddy")) as address:
        yield address


@contextmanager
def running_proxy(pages: School, home: Path, user: int | None = None, group: int | None = None) -> Iterator[str]:
    """Yield the address of a proxy before the pages; it runs as another account, of one group, when root names it."""
    if not CADDY.is_file():
        reason = "no Caddy from a wheel on this machine"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    address, program, config = f"http://127.0.0.1:{free_port()}", home / "caddy", home / "Caddyfile"
    shutil.copy(CADDY, program)  # the environment may lie where that account cannot look
    shutil.copy(PROJECT / "Caddyfile", config)
    named = {"HINDSIGHT_PUBLIC_URL": address, "HINDSIGHT_PAGES": f"127.0.0.1:{pages.port}", "HOME": str(home)}
    named |= {"HINDSIGHT_FILES": str(pages.data_dir / "files")}
    with subprocess.Popen(
        [program, "run", "--config", config],
        env=os.environ | named,
        stderr=subprocess.DEVNULL,
        cwd=home,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
    ) as process:
        try:
            wait_until(lambda: answers(address), "the proxy answers", 90)
            yield address
        finally:
            process.terminate()


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_attempts_are_counted_by_the_person_who_asks_not_by_the_proxy_and_nobody_can_pretend(
    pages: School, proxy: str
) -> None:
    def ask(number: int, source: str, **headers: str) -> int:
        with httpx.Client(transport=httpx.HTTPTransport(local_address=source), timeout=30) as client:
            form = {"email": f"{source}-{number}@school.example"}
            return client.post(f"{proxy}/forgotten", data=form, headers=headers).status_code

    assert {ask(number, "127.0.0.2") for number in range(PER_ADDRESS.amount)} == {303}
    assert ask(99, "127.0.0.2") == 429
    assert ask(99, "127.0.0.2", **{"x-forwarded-for": "127.0.0.9"}) == 429
    assert ask(99, "127.0.0.3") == 303


def test_an_upload_passes_through_while_it_comes(pages: School, proxy: str) -> None:
    with pages.opened() as (database, _), database.write() as session:
        secret = begin_sign_in(session, make_person(session), "a browser")
    half = threading.Event()

    def body() -> Iterator[bytes]:
        yield from [PIECE] * 8
        assert half.wait(60)
        yield from [PIECE] * 8

    with httpx.Client(base_url=proxy, cookies={COOKIE: secret}, timeout=60) as client:
        headers = {**TUS, "upload-length": str(16 * len(PIECE)), "upload-metadata": metadata(filename="film.mp4")}
        where = client.post("/api/uploads", headers=headers).headers["location"]
        there = pages.data_dir / "uploads" / where.rpartition("/")[2]
        answered: list[httpx.Response] = []
        sending = threading.Thread(
            target=lambda: answered.append(client.patch(where, headers=patch_headers(0), content=body()))
        )
        sending.start()
        try:
            wait_until(lambda: there.exists() and there.stat().st_size >= 7 * len(PIECE), "half of it is on the disk")
        finally:
            half.set()
            sending.join()
    assert answered[0].status_code == 204


def test_a_film_is_sent_by_the_proxy_to_whoever_may_see_it_and_to_nobody_else(pages: School, proxy: str) -> None:
    film = random.Random(1).randbytes(3_000_000)
    with pages.opened() as (database, storage), database.write() as session:
        owner = make_person(session)
        lesson = make_lesson(session, owner)
        source = pages.data_dir / "film"
        source.write_bytes(film)
        key = f"lessons/{lesson.id}/rendition-1.mp4"
        storage.keep(source, key)
        make_file(session, lesson, "rendition", key, bytes=len(film))
        hers, others = begin_sign_in(session, owner, "a"), begin_sign_in(session, make_person(session), "b")
        in_a_folder = storage.path_of(key) is not None
    path = f"/media/lessons/{lesson.id}/rendition"
    with httpx.Client(cookies={COOKIE: hers}) as client:
        named = client.get(f"http://127.0.0.1:{pages.port}{path}")
        part = client.get(f"{proxy}{path}", headers={"range": "bytes=1000000-1999999"})
        whole, head = client.get(f"{proxy}{path}"), client.head(f"{proxy}{path}")
    assert (named.content == b"") == in_a_folder
    assert (part.status_code, part.headers["content-range"]) == (206, f"bytes 1000000-1999999/{len(film)}")
    assert part.content == film[1_000_000:2_000_000]
    assert whole.content == film
    assert (whole.headers["content-type"], whole.headers["cache-control"]) == ("video/mp4", "private, no-cache")
    assert "x-accel-redirect" not in whole.headers
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(film)))
    with httpx.Client(cookies={COOKIE: others}) as client:
        assert client.get(f"{proxy}{path}").status_code == 404
        assert client.get(f"{proxy}/{key}").status_code == 404


def test_who_asks_while_the_pages_are_restarted_waits_and_is_answered(pages: School, proxy: str) -> None:
    pages.stop()
    answered: list[int] = []
    asking = threading.Thread(target=lambda: answered.append(httpx.get(f"{proxy}/healthz", timeout=60).status_code))
    asking.start()
    pages.processes = [pages.run("web")]
    asking.join()
    assert answered == [200]
