"""Runs a command and measures wall clock, processor time and memory of its whole process tree (Linux)."""

from __future__ import annotations

import os
import platform
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took. `peak_bytes` is the most that its processes had at once, shared pages counted once."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    code: int


def run_measured(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end, its output into a file."""
    peak, over = [0], threading.Event()
    with log.open("wb") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
        )
        watch = threading.Thread(target=_watch, args=(process.pid, peak, over), daemon=True)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    over.set()
    watch.join()
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak[0], process.returncode)


def _watch(pid: int, peak: list[int], over: threading.Event) -> None:
    while not over.wait(1.0):
        peak[0] = max(peak[0], memory_of(family_of(pid)))


def family_of(pid: int) -> list[int]:
    """Return a process and all that it started, as far as they are there."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (parent := _parent(entry)) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    family = [pid]
    for each in family:  # grows while it is read
        family += children.get(each, ())
    return family


def _parent(process: Path) -> int | None:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):  # it ended meanwhile
        return None


def memory_of(processes: Sequence[int]) -> int:
    """Return the bytes that processes have, each shared page divided among those that share it."""
    return sum(_memory(Path("/proc") / str(pid) / "smaps_rollup") for pid in processes)


def _memory(rollup: Path) -> int:
    try:
        lines = rollup.read_text().splitlines()
    except OSError:  # it ended meanwhile
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def machine() -> str:
    """Return what this machine is, for the record."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor() or platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return (
        f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"
    )
