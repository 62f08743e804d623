"""The default time zone: that of the machine."""

from __future__ import annotations

import os
import warnings
from functools import cache
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, ZoneInfoNotFoundError, available_timezones

import tzlocal

LOCALTIME = Path("/etc/localtime")


@cache
def machine_zone() -> str:
    """Return the name of this machine's zone, from `TZ` or the system; empty where it tells none."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if is_zone(named):
        return named
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # so it says that nothing is set
            name = tzlocal.get_localzone_name()
    except (LookupError, OSError, ValueError, Warning):  # nothing, two that contradict each other, or no known name
        name = ""
    return name if is_zone(name) else _zone_of_file(LOCALTIME)


def is_zone(name: str) -> bool:
    """Tell whether a zone of this name is known."""
    try:
        return bool(name) and ZoneInfo(name).key == name
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return False


def _zone_of_file(localtime: Path) -> str:
    """Return the name of a zone that was copied or mounted without its name, as containers often have it."""
    try:
        rules = localtime.read_bytes()
    except OSError:
        return ""
    same = [
        name
        for folder in TZPATH
        for name in sorted(available_timezones())
        if (file := Path(folder, name)).is_file() and file.stat().st_size == len(rules) and file.read_bytes() == rules
    ]
    places = [name for name in same if "/" in name and not name.startswith(("Etc/", "US/", "Canada/", "posix/"))]
    return next(iter([*places, *same]), "")
