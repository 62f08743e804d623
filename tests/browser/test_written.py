"""Whatever happens to line, session and tab: what was written is there, and once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Place
from tests.browser.written import run

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.mark.parametrize("seed", range(6))
def test_what_was_written_is_there_once_whatever_happened(browser: Browser, place: Place, seed: int) -> None:
    written, there, did = run(browser, place, seed)
    assert (written - there, there - written) == ({}, {}), did
    assert written
