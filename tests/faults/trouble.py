"""An HTTP proxy for the S3 store that injects errors, delays and cut connections."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Literal

Kind = Literal["none", "error", "slow", "half"]
PIECE_BYTES = 32 * 1024
PIECE_SECONDS = 0.1  # of each piece, when it is slow


class Proxy(ThreadingHTTPServer):
    """Passes requests on; those of one method meet trouble, for ever or so many times."""

    daemon_threads = True

    def __init__(self, store: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.store = store.removeprefix("http://")
        self.kind: Kind = "none"
        self.method, self.times, self.met = "", -1, 0

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}"

    def make(self, kind: Kind, method: str = "", times: int = -1) -> None:
        """Make trouble from now on."""
        self.kind, self.method, self.times, self.met = kind, method, times, 0

    def trouble_of(self, method: str) -> Kind:
        """Return what the next request meets."""
        if self.kind == "none" or method != self.method or self.met == self.times:
            return "none"
        self.met += 1
        return self.kind


class Handler(BaseHTTPRequestHandler):
    """One connection of ours."""

    protocol_version = "HTTP/1.1"
    server: Proxy

    def pass_on(self) -> None:
        """Do one request."""
        trouble = self.server.trouble_of(self.command)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if trouble == "error":
            self.send_response(500)
            self.send_header("content-length", "0")
            self.end_headers()
            return
        store = http.client.HTTPConnection(self.server.store, timeout=30)
        try:
            store.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                store.putheader(name, value)
            breaks_off = trouble == "half" and bool(body)
            store.endheaders(body[: len(body) // 2] if breaks_off else body)
            if breaks_off:
                self.close_connection = True
                return
            answer = store.getresponse()
            self.answer(answer, answer.read(), trouble)
        finally:
            store.close()

    def answer(self, answer: http.client.HTTPResponse, content: bytes, trouble: Kind) -> None:
        """Give the store's answer, as slowly or as little of it as the trouble is."""
        self.send_response(answer.status)
        length = answer.headers.get("content-length", "0") if self.command == "HEAD" else str(len(content))
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("content-length", length)
        self.end_headers()
        if trouble == "half":
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        for start in range(0, len(content), PIECE_BYTES):
            self.wfile.write(content[start : start + PIECE_BYTES])
            if trouble == "slow":
                time.sleep(PIECE_SECONDS)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on  # noqa: N815 # the names that http.server looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running_proxy(store: str) -> Iterator[Proxy]:
    """Yield a proxy before a store."""
    with Proxy(store) as proxy:
        thread = Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
