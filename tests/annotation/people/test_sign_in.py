"""Attempts to sign in are counted for all web processes together, and go on being counted when Redis is away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from annotation.errors import TooManyAttempts
from annotation.people.sign_in import PER_ACCOUNT, PER_ADDRESS, Attempts
from tests.faults.full_set import RedisServer, running_queue

MOST = PER_ACCOUNT.amount


@pytest.fixture(scope="module")
def queue() -> Iterator[RedisServer]:
    """Yield a real Redis."""
    with running_queue() as server:
        yield server


def refused(attempts: Attempts, account: str, address: str) -> bool:
    try:
        attempts.begin(account, address)
    except TooManyAttempts:
        return True
    return False


def test_two_web_processes_count_the_guesses_of_one_account_together(queue: RedisServer) -> None:
    queue.flush()
    one, other = Attempts(queue.address), Attempts(queue.address)
    for number in range(MOST):
        assert not refused((one, other)[number % 2], "ada@school.example", f"10.0.0.{number}")
    assert refused(one, "ada@school.example", "10.0.1.1")
    assert refused(other, "ada@school.example", "10.0.1.2")
    assert not refused(other, "bo@school.example", "10.0.1.3")
    one.succeeded("ada@school.example")  # she signed in there
    assert not refused(other, "ada@school.example", "10.0.1.4")


def test_two_web_processes_count_together_what_failed_from_one_address(queue: RedisServer) -> None:
    queue.flush()
    both = (Attempts(queue.address), Attempts(queue.address))
    for number in range(PER_ADDRESS.amount):
        assert not refused(both[number % 2], f"p{number}@school.example", "10.0.0.1")
        both[number % 2].failed("10.0.0.1")
    assert refused(both[0], "somebody@school.example", "10.0.0.1")
    assert not refused(both[1], "somebody@school.example", "10.0.0.2")


def test_a_whole_school_signs_in_from_one_address_at_eight_o_clock() -> None:
    attempts = Attempts()
    for number in range(200):
        assert not refused(attempts, f"p{number}@school.example", "10.0.0.1")
        attempts.succeeded(f"p{number}@school.example")


def test_without_redis_each_process_counts_and_nobody_who_knows_her_password_is_locked_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running_queue() as server:
        attempts = Attempts(server.address)
        assert not refused(attempts, "ada@school.example", "10.0.0.1")
    for _ in range(MOST):
        assert not refused(attempts, "ada@school.example", "10.0.0.1")
    assert refused(attempts, "ada@school.example", "10.0.0.1")
    attempts.succeeded("ada@school.example")
    assert not refused(attempts, "ada@school.example", "10.0.0.1")
    assert "Redis is away" in caplog.text
