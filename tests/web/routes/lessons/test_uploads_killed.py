"""A server killed in the middle of an upload, by the real thing."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import socket
import subprocess
import sys
import time

import pytest

from core.settings import get_settings
from core.storage.configured import get_storage
from tests.support.web_school import School
from tests.web.routes.lessons.test_uploads import TUS, begin, patch_headers
from web.security.auth import COOKIE


def start(port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "uvicorn", "web.app:create_app", "--factory", "--port", str(port)]
    server = subprocess.Popen([*command, "--log-level", "error"], env=dict(os.environ))
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server
        except OSError:
            time.sleep(0.1)
    server.kill()
    raise AssertionError("the server did not start")


@pytest.mark.alone(reason="it kills a server while it receives")
def test_a_server_killed_while_it_receives_goes_on_where_it_was(school: School) -> None:
    recording = random.Random(3).randbytes(8 * 1024**2 + 5)
    where = begin(school.browser("owner"), len(recording))
    cookie = {"cookie": f"{COOKIE}={school.secrets['owner']}"}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = start(port)
    try:
        sending = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        sending.putrequest("PATCH", where)
        for name, value in {**patch_headers(0), **cookie, "content-length": str(len(recording))}.items():
            sending.putheader(name, value)
        sending.endheaders(recording[: 5 * 1024**2])
        path = get_settings().uploads_dir / where.rpartition("/")[2]
        until = time.monotonic() + 20
        while not (path.exists() and path.stat().st_size >= 2 * 1024**2) and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        server.kill()
        server.wait()
    sending.close()
    server = start(port)
    try:
        again = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        again.request("HEAD", where, headers={**TUS, **cookie})
        head = again.getresponse()
        head.read()
        offset = int(head.headers["upload-offset"])
        assert 2 * 1024**2 <= offset < len(recording)
        again.request("PATCH", where, recording[offset:], {**patch_headers(offset), **cookie})
        done = again.getresponse()
        done.read()
        assert done.status == 204
        again.close()
    finally:
        server.kill()
        server.wait()
    (key,) = get_storage().keys(f"lessons/{done.headers['hindsight-lesson']}")
    with get_storage().local(key) as stored:
        assert hashlib.sha256(stored.read_bytes()).digest() == hashlib.sha256(recording).digest()
