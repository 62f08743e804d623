"""How large a made school is, as arguments of a command, and what was made of it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is of what; `whole` is how many lessons have all the words of an hour."""

    teachers: int = 120
    lessons: int = 5_000
    comments: int = 500_000
    events: int = 500_000
    whole: int = 40


@dataclass
class Made:
    """Ids of what was made, for whoever wants to look at it."""

    teachers: list[str] = field(default_factory=list)
    pairs: list[tuple[str, str, str]] = field(default_factory=list)  # partnership, coach, coachee
    lessons: list[tuple[str, str]] = field(default_factory=list)  # lesson, owner
    sessions: list[tuple[str, str]] = field(default_factory=list)  # session, partnership
    clips: list[tuple[str, str]] = field(default_factory=list)  # clip, lesson


def sizes_from(arguments: argparse.Namespace) -> Sizes:
    """Return the sizes that were asked for."""
    return Sizes(**{name: getattr(arguments, name) for name in Sizes.__dataclass_fields__})


def add_sizes(arguments: argparse.ArgumentParser) -> None:
    """Add an argument for each size."""
    for name in Sizes.__dataclass_fields__:
        arguments.add_argument(f"--{name}", type=int, default=getattr(Sizes(), name))
