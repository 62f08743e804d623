"""A test that fails once in a whole run is run again and named, and too many of them fail the run."""

from __future__ import annotations

import pytest

from tests.support import unsteady

pytest_plugins = ["pytester"]

FAILS_ONCE = """
import pytest
SEEN = set()

@pytest.mark.parametrize("number", range({count}))
def test_fails_the_first_time(number):
    if number not in SEEN:
        SEEN.add(number)
        raise AssertionError

def test_passes():
    pass
"""
FAILS = "def test_fails():\n    raise AssertionError\n"
ARGUMENTS = ("-p", "tests.support.unsteady", "-p", "no:randomly", "--reruns", "1")


def test_a_few_tests_that_pass_the_second_time_are_named_and_the_run_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILS_ONCE.format(count=unsteady.ALLOWED))
    result = pytester.runpytest_inprocess(*ARGUMENTS)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*run again*", *[f"*first_time*{number}]" for number in range(unsteady.ALLOWED)]])
    result.stdout.no_fnmatch_line("*::test_passes")


def test_one_more_fails_the_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILS_ONCE.format(count=unsteady.ALLOWED + 1))
    result = pytester.runpytest_inprocess(*ARGUMENTS)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_test_that_fails_twice_fails_the_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILS)
    result = pytester.runpytest_inprocess(*ARGUMENTS)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(failed=1)


def test_workers_side_by_side_are_counted_together(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILS_ONCE.format(count=unsteady.ALLOWED + 1))
    result = pytester.runpytest_subprocess(*ARGUMENTS, "-n", "2")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
