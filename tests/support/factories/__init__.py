"""Factories: functions that create rows with sensible defaults, a module for each domain."""

from __future__ import annotations

from tests.support.factories.coaching import Pair, make_pair, make_partnership, make_share
from tests.support.factories.lessons import keep_bytes, make_file, make_lesson
from tests.support.factories.people import START, make_person

__all__ = [
    "START",
    "Pair",
    "keep_bytes",
    "make_file",
    "make_lesson",
    "make_pair",
    "make_partnership",
    "make_person",
    "make_share",
]
