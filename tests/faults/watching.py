"""Reads a lesson's state from outside while real processes work on it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from core.database.db import Database
from core.models import Step
from tests.faults.invariants import is_settled

PATIENCE_SECONDS = 90


def wait_until(true: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for something; raises AssertionError when it does not come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited in vain until {what}")


def state_of(database: Database, lesson_id: str, stage: str) -> set[str]:
    """Return the states of a stage's steps."""
    with database.read() as session:
        return set(session.scalars(select(Step.state).where(Step.lesson_id == lesson_id, Step.stage == stage)))


def wait_for(database: Database, lesson_id: str, stage: str, state: str) -> None:
    """Wait until a step of the stage is in a state."""
    wait_until(lambda: state in state_of(database, lesson_id, stage), f"{stage} is {state}")


def wait_settled(database: Database, lesson_id: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until nothing of the lesson is under way."""

    def settled() -> bool:
        try:
            with database.read() as session:
                return is_settled(session, lesson_id)
        except OperationalError:  # a database that is killed by the test is asked again
            return False

    wait_until(settled, "the lesson is settled", seconds)


def processes_of(text: str) -> list[int]:
    """Return the processes whose arguments or folder name this text (Linux)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if text.encode() in line and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found
