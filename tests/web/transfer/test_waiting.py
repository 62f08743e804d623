"""Thousands of connections of somebody who asks nothing: others are answered, and keep theirs."""

from __future__ import annotations

import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.browser.school import free_port
from tests.support.web_school import School
from web.security import bodies
from web.transfer import connection, waiting
from web.transfer.connection import GuardedHttp
from web.transfer.waiting import Waiting, allow_many_files

ATTACKER = "127.0.0.2"  # on Linux each of 127.0.0.0/8 is this machine
HEALTH = b"GET /healthz HTTP/1.1\r\nhost: school\r\n\r\n"
HALF_HEAD = b"GET /healthz HTTP/1.1\r\nhost: sch"
HALF_BODY = (
    b"POST /sign-in HTTP/1.1\r\nhost: school\r\ncontent-type: application/x-www-form-urlencoded\r\n"
    b"content-length: 1000\r\n\r\nemail=a"
)


@pytest.fixture
def port(school: School) -> Iterator[int]:
    """Yield where the pages of a school answer, in a thread of this process."""
    if allow_many_files() < 5000:
        pytest.skip("this machine lets no process open 5,000 files")
    with serving(school.app) as number:
        yield number


@contextmanager
def serving(app: ASGIApp) -> Iterator[int]:
    number = free_port()
    config = uvicorn.Config(app, port=number, http=GuardedHttp, log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield number
    finally:
        server.should_exit = True
        thread.join()


def connect(port: int, source: str = "127.0.0.1") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0))
    made.settimeout(30)
    return made


def healthy(browser: socket.socket) -> bool:
    browser.sendall(HEALTH)
    return b" 200 " in browser.recv(4096).split(b"\r\n")[0]


def test_two_thousand_connections_of_one_address_stop_nobody_else(port: int) -> None:
    with ExitStack() as opened:
        browser = opened.enter_context(closing(connect(port)))
        assert healthy(browser)
        for number in range(2000):
            attacker = opened.enter_context(closing(connect(port, ATTACKER)))
            if number % 2:
                attacker.sendall(HALF_HEAD)
        begun = time.monotonic()
        assert healthy(browser)  # an idle connection of another address was not closed
        with closing(connect(port)) as another:
            assert healthy(another)
        assert time.monotonic() - begun < 5
        assert len(GuardedHttp.waiting) <= waiting.MOST


def test_half_bodies_of_nobody_make_room_for_a_whole_one(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_ANONYMOUS", 20)
    whole = HALF_BODY.replace(b"1000", b"7")
    with ExitStack() as opened:
        half = [opened.enter_context(closing(connect(port, ATTACKER))) for _ in range(60)]
        for attacker in half:
            attacker.sendall(HALF_BODY)
        with closing(connect(port)) as browser:
            browser.sendall(whole)
            assert b" 401 " in browser.recv(4096).split(b"\r\n")[0]  # a wrong password: it was read
        assert b" 408 " in half[0].recv(4096).split(b"\r\n")[0]
        half[-1].settimeout(0.2)
        with pytest.raises(TimeoutError):  # the newest ones still have their time
            half[-1].recv(1)


def test_an_answer_that_nobody_reads_is_cut_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STUCK_SECONDS", 0.5)
    over = threading.Event()

    async def give_much(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            for _ in range(100):
                await send({"type": "http.response.body", "body": bytes(1024**2), "more_body": True})
        finally:
            over.set()

    with serving(give_much) as number, closing(connect(number)) as reader:
        reader.sendall(HEALTH)
        assert over.wait(15)
        came = 0
        with suppress(ConnectionError):
            while piece := reader.recv(1024**2):
                came += len(piece)
        assert came < 50 * 1024**2


def test_the_oldest_of_the_most_crowded_address_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST", 3)
    there, closed = Waiting(), list[str]()
    for name, address in (("one", "a"), ("two", "b"), ("three", "b"), ("four", "c")):
        there.add(name, address, partial(closed.append, name))
    assert (closed, len(there)) == (["two"], 3)
    there.discard("two", "b")
    there.add("four", "c", lambda: None)  # it is there already
    assert len(there) == 3
    for name, address in (("one", "a"), ("three", "b"), ("four", "c")):
        there.discard(name, address)
    assert (len(there), there._by_address) == (0, {})


def test_the_pages_may_open_as_many_files_as_the_system_lets_them() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1000), hard))
        most = allow_many_files()
        assert most >= min(hard, waiting.FEWER_FILES) or hard == resource.RLIM_INFINITY
        assert allow_many_files() == most
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
