"""A proxy that takes little at once, or no PATCH: an upload gets through, or the page says what is in its way."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.models import StoredFile
from tests.browser.conftest import Place
from tests.browser.school import free_port
from tests.faults.watching import wait_until

pytestmark = pytest.mark.browser

CADDY = Path(sys.executable).with_name("caddy")
SMALL = "request_body {\n max_size 1MiB\n }"
TINY = "request_body {\n max_size 100KiB\n }"
NO_PATCH = "@blocked method PATCH PUT DELETE\n respond @blocked 405"
RECORDING_BYTES = 5 * 1024**2 + 17


@contextmanager
def proxy(place: Place, folder: Path, rules: str) -> Iterator[str]:
    """Yield the address of a real proxy with rules of its own before the school."""
    if not CADDY.is_file():
        reason = "no Caddy from a wheel on this machine"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    address = f"http://127.0.0.1:{free_port()}"
    config = folder / "Caddyfile"
    pages = place.school.address.removeprefix("http://")
    config.write_text(f"{{\n admin off\n}}\n{address} {{\n {rules}\n reverse_proxy {pages}\n}}\n")
    command = [str(CADDY), "run", "--adapter", "caddyfile", "--config", str(config)]
    with subprocess.Popen(command, env=os.environ | {"HOME": str(folder)}, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: answers(address), "the proxy answers", 30)
            yield address
        finally:
            process.terminate()


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def upload(page: Page, address: str, name: str, folder: Path) -> None:
    recording = folder / name
    recording.write_bytes(os.urandom(RECORDING_BYTES))
    page.goto(f"{address}/upload")
    page.locator("input[type=file]").set_input_files(recording)


def arrived(place: Place, name: str) -> int | None:
    with place.school.opened() as (database, _), database.read() as session:
        return session.scalar(select(StoredFile.bytes).where(StoredFile.name == name, StoredFile.kind == "original"))


@pytest.mark.parametrize(
    ("rules", "name"), [(SMALL, "small.mp4"), (NO_PATCH, "no patch.mp4"), (f"{SMALL}\n {NO_PATCH}", "both.mp4")]
)
def test_a_recording_gets_through_a_proxy_that_takes_little_or_no_patch(
    teacher: Page, place: Place, tmp_path: Path, rules: str, name: str
) -> None:
    with proxy(place, tmp_path, rules) as address:
        upload(teacher, address, name, tmp_path)
        wait_until(lambda: arrived(place, name) == RECORDING_BYTES, "the recording is whole", 60)


def test_a_proxy_that_refuses_even_small_pieces_is_named_with_what_to_change(
    teacher: Page, place: Place, tmp_path: Path
) -> None:
    with proxy(place, tmp_path, TINY) as address:
        upload(teacher, address, "tiny.mp4", tmp_path)
        said = teacher.get_by_role("status").filter(has_text=re.compile("school's proxy refuses.*client_max_body_size"))
        expect(said).to_be_visible(timeout=60_000)
        teacher.screenshot(path="test-results/narrow-proxy.png")
    assert arrived(place, "tiny.mp4") is None
