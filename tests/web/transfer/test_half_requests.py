"""Requests that begin and do not end are given up after a while; whoever sends slowly, but sends, is not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import uvicorn

from tests.browser.school import School as Pages
from tests.browser.school import free_port
from tests.support.servers import Servers, make_ground
from tests.support.web_school import School
from web.app import create_app
from web.security import bodies
from web.security.auth import COOKIE
from web.transfer import connection
from web.transfer.connection import GuardedHttp

SHORT = 1.0


@pytest.fixture
def port(school: School, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Yield where the pages of a school answer, in a thread of this process, with little patience."""
    for module, name in (
        (connection, "HEAD_SECONDS"),
        (connection, "LINGER_SECONDS"),
        (connection, "IDLE_SECONDS"),
        (bodies, "SILENT_SECONDS"),
    ):
        monkeypatch.setattr(module, name, SHORT)
    number = free_port()
    config = uvicorn.Config(create_app(), port=number, http=GuardedHttp, log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield number
    server.should_exit = True
    thread.join()


def connect(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port))
    made.settimeout(15)
    return made


def head(school: School, who: str, path: str, *more: str, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: school", f"cookie: {COOKIE}={school.secrets[who]}", *more, "", ""]
    return "\r\n".join(lines).encode()


def end_of(line: socket.socket) -> tuple[bytes, float]:
    """Return what is answered until the connection is closed, and how long that takes."""
    begun, told = time.monotonic(), b""
    try:
        while piece := line.recv(65_536):
            told += piece
    except ConnectionResetError:
        pass
    return told, time.monotonic() - begun


@pytest.mark.parametrize("begun", [b"P", b"POST /sign-in HTTP/1.1\r\nhost: school\r\nx-a: ", b"\r\n"])
def test_headers_that_do_not_end_are_answered_408_and_closed(port: int, begun: bytes) -> None:
    with closing(connect(port)) as line:
        line.sendall(begun)
        told, took = end_of(line)
    assert told.startswith(b"HTTP/1.1 408 ")
    assert SHORT / 2 < took < 15


def test_headers_that_drip_are_given_up_too(port: int) -> None:
    with closing(connect(port)) as line:
        line.sendall(b"GET / HTTP/1.1\r\n")
        begun = time.monotonic()
        with pytest.raises(OSError, match=r"."):
            while time.monotonic() - begun < SHORT * 8:
                line.sendall(b"x-a: b\r\n")
                time.sleep(0.1)
        assert time.monotonic() - begun < SHORT * 5


def test_a_connection_on_which_nothing_is_asked_is_closed_without_a_word(port: int) -> None:
    with closing(connect(port)) as line:
        assert end_of(line)[0] == b""


@pytest.mark.parametrize(
    "begun",
    [
        b"GET / HTTP/1.1\r\nhost: school\r\nx-a: ",
        b"POST /sign-in HTTP/1.1\r\nhost: school\r\ntransfer-encoding: chunked\r\n\r\n1;a=",
        b"POST /sign-in HTTP/1.1\r\nhost: school\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx-a: ",
    ],
    ids=["headers", "signs between chunks", "trailers"],
)
def test_headers_without_an_end_fill_no_memory(port: int, begun: bytes) -> None:
    sent = 0
    with closing(connect(port)) as line:
        line.sendall(begun)
        with pytest.raises(OSError, match=r"."):
            while sent < 50 * 1024**2:
                sent += line.send(b"a" * 65_536)
    assert sent < 20 * 1024**2  # what lies in the buffers of the system


BEGUN = {
    "json": ("owner", "/api/lessons/{lesson}/comments", "content-type: application/json"),
    "form": ("owner", "/me/called", "content-type: application/x-www-form-urlencoded"),
    "file": ("owner", "/lessons/{lesson}/transcript", "content-type: multipart/form-data; boundary=b"),
    "sound": ("coach", "/api/walks/{open_walk}/sound", "content-type: audio/webm"),
}


@pytest.mark.parametrize("kind", BEGUN)
@pytest.mark.parametrize("size", ["content-length: 1000", "transfer-encoding: chunked"])
def test_a_body_that_stops_is_answered_408_and_closed(port: int, school: School, kind: str, size: str) -> None:
    who, path, form = BEGUN[kind]
    with closing(connect(port)) as line:
        line.sendall(head(school, who, path.format(**school.ids), form, size))
        line.sendall(b"1\r\n-\r\n" if "chunked" in size else b"--b")
        told, took = end_of(line)
    assert told.startswith(b"HTTP/1.1 408 ")
    assert b"stopped on its way" in told
    assert SHORT / 2 < took < 15


def test_a_slow_but_living_sound_is_taken(port: int, school: School) -> None:
    path = f"/api/walks/{school.ids['open_walk']}/sound"
    with closing(connect(port)) as line:
        line.sendall(head(school, "coach", path, "content-type: audio/webm", "content-length: 16", "connection: close"))
        for _ in range(16):
            line.sendall(b"s")
            time.sleep(SHORT / 4)
        told, _ = end_of(line)
    assert told.startswith(b"HTTP/1.1 204 ")


def test_a_body_that_drips_for_ever_is_given_up(port: int, school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "GRACE_SECONDS", SHORT * 2)
    path = f"/api/walks/{school.ids['open_walk']}/sound"
    begun = time.monotonic()
    with closing(connect(port)) as line:
        line.sendall(head(school, "coach", path, "content-type: audio/webm", "content-length: 1000"))
        with pytest.raises(OSError, match=r"."):
            while time.monotonic() - begun < SHORT * 10:
                line.sendall(b"s")
                time.sleep(0.2)
    assert time.monotonic() - begun < SHORT * 6


def test_an_upload_that_stops_keeps_what_has_come(port: int, school: School) -> None:
    tus = ("tus-resumable: 1.0.0", "connection: close")
    with closing(connect(port)) as line:
        line.sendall(
            head(school, "owner", "/api/uploads", *tus, "upload-length: 100", "upload-metadata: filename YS5tcDQ=")
        )
        told, _ = end_of(line)
    path = next(one for one in told.decode().split("\r\n") if one.lower().startswith("location"))[10:]
    more = ("upload-offset: 0", "content-type: application/offset+octet-stream", "content-length: 100")
    with closing(connect(port)) as line:
        line.sendall(head(school, "owner", path, *tus, *more, method="PATCH") + b"12345")
        told, _ = end_of(line)
    assert told.startswith(b"HTTP/1.1 408 ")
    with closing(connect(port)) as line:
        line.sendall(head(school, "owner", path, *tus, method="HEAD"))
        told, _ = end_of(line)
    assert b"upload-offset: 5" in told.lower()


def test_an_answer_that_comes_before_the_body_reaches_its_sender(port: int) -> None:
    with closing(connect(port)) as line:
        line.sendall(b"POST /api/lessons/x/comments HTTP/1.1\r\nhost: school\r\ncontent-length: 400000000\r\n\r\n")
        line.sendall(b"x" * 100_000)
        assert line.recv(65_536).startswith(b"HTTP/1.1 401 ")
        told, took = end_of(line)
    assert took < 15, told


def test_a_small_body_behind_an_early_answer_leaves_the_connection_open(port: int) -> None:
    with closing(connect(port)) as line:
        for _ in range(3):
            line.sendall(b"POST /api/lessons/x/comments HTTP/1.1\r\nhost: school\r\ncontent-length: 5\r\n\r\n")
            assert line.recv(65_536).startswith(b"HTTP/1.1 401 ")
            line.sendall(b"12345")
            time.sleep(SHORT / 2)


def resident(pages: Pages) -> int:
    """Return how many MB the process of the pages holds."""
    lines = Path(f"/proc/{pages.processes[0].pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def send_nothing_of_use(pages: Pages, size: str, most: int) -> None:
    """Send zeros to an API and to a form, as nobody, until the connection is closed."""
    piece = bytes(65_536)
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        for path in ("/api/lessons/x/comments", "/sign-in"):
            begin = f"POST {path} HTTP/1.1\r\nhost: school\r\ncontent-type: {kind}\r\n{size}\r\n\r\n"
            with closing(connect(pages.port)) as line, suppress(OSError):
                line.sendall(begin.encode())
                for _ in range(most // len(piece)):
                    line.sendall(b"10000\r\n" + piece + b"\r\n" if "chunked" in size else piece)


@pytest.mark.parametrize("size", ["content-length: 200000000", "transfer-encoding: chunked"])
def test_two_hundred_megabytes_of_nobody_leave_the_memory_as_it_is(size: str, servers: Servers, tmp_path: Path) -> None:
    ground = make_ground(servers, tmp_path / "data")
    pages = Pages(tmp_path / "data", free_port(), dict(ground))
    pages.processes = [pages.run("web")]
    try:
        pages.wait_until_it_answers()
        send_nothing_of_use(pages, size, 1_000_000)  # what is loaded with the first refusal is loaded once
        before = resident(pages)
        send_nothing_of_use(pages, size, 50_000_000)
        assert resident(pages) - before < 20
    finally:
        pages.stop()
        servers.remove(ground)
