"""What whoever starts Hindsight reads first."""

from __future__ import annotations

import pytest

from core.settings import Settings
from workers.commands import FIRST_STEPS, greeting

MISSING = "has no https"


@pytest.mark.parametrize("address", ["http://hindsight.school.example", "http://192.168.0.7:8000"])
def test_an_address_without_https_is_told_to_whoever_starts_it(address: str) -> None:
    said = greeting(Settings(public_url=address), FIRST_STEPS)
    assert f"answers at {address}\n" in said
    assert MISSING in said
    assert "docs/operating.md" in said


@pytest.mark.parametrize("address", ["", "https://hindsight.school.example", "http://localhost:8000", "http://[::1]"])
def test_nothing_is_said_where_https_is_there_or_nothing_travels(address: str) -> None:
    said = greeting(Settings(public_url=address), FIRST_STEPS)
    assert MISSING not in said
    assert FIRST_STEPS in said
