"""Which names and addresses never leave this machine."""

from __future__ import annotations

import pytest

from core.addresses import is_this_machine


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("school.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost.school.example", False),
        ("notlocalhost", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("::", False),
        ("128.0.0.1", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_a_name_that_only_looks_like_this_machine_is_another(host: str, *, here: bool) -> None:
    assert is_this_machine(host) == here
