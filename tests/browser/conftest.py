"""Fixtures of the browser tests: one Chromium, a context for each person."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from tests.browser.school import chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield the system's Chromium, else Playwright's own, else skip (outside CI)."""
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(
                executable_path=chromium(),
                args=["--no-sandbox", "--disable-quic", "--disable-background-networking", "--mute-audio"],
            )
        except Error as error:
            reason = f"no Chromium on this machine (apt install chromium, or playwright install chromium): {error}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        yield started
        started.close()
