"""Resource limits for processes that decode untrusted files, and bounds on what a recording may be."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

from core.errors import Implausible
from core.types import MediaInfo

GIB = 1024**3
MOST_PIXELS = 8192 * 4320  # the largest that cameras make
MOST_HOURS = 24
FEWEST_BYTES_A_SECOND = 100  # the thinnest speech codecs need six times that
SHORT_MS = 10 * 60_000  # below, a short clip of nearly nothing is believed
BOUNDS_MEMORY = sys.platform != "darwin"  # macOS refuses this one limit


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of memory, seconds of one processor, bytes of the largest file written, and files open at once."""

    memory_bytes: int = 4 * GIB
    cpu_seconds: int = 120
    file_bytes: int = 0
    open_files: int = 64

    def as_shell(self) -> str:
        """Return the same as commands of a POSIX shell, for a program that it then becomes."""
        memory = f"ulimit -v {self.memory_bytes // 1024}; " if BOUNDS_MEMORY else ""
        return (
            f"{memory}ulimit -t {self.cpu_seconds};"
            f" ulimit -f {max(1, self.file_bytes // 512)}; ulimit -n {self.open_files};"
        )

    def apply(self) -> None:
        """Bind this very process, for good."""
        for what, most in (
            (resource.RLIMIT_AS, self.memory_bytes),
            (resource.RLIMIT_CPU, self.cpu_seconds),
            (resource.RLIMIT_FSIZE, self.file_bytes),
            (resource.RLIMIT_NOFILE, self.open_files),
        ):
            if what == resource.RLIMIT_AS and not BOUNDS_MEMORY:
                continue
            _, hard = resource.getrlimit(what)  # what the school's own system allows may be less
            bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (bound, bound))


@cache
def without_network() -> tuple[str, ...]:
    """Return what runs a program in a network of its own with nothing in it, where this system lets us; else nothing.

    Beside it, what decodes may open nothing but files (`protocol_whitelist`).
    """
    prefix = ("unshare", "--user", "--net")
    if shutil.which(prefix[0]) is None:
        return ()
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    return prefix if tried.returncode == 0 else ()


def limits_of(duration_ms: int) -> Limits:
    """Return what a run of ffmpeg over so long a recording may use: time for a slow machine, room for its result."""
    return Limits(cpu_seconds=600 + 12 * (duration_ms // 1000), file_bytes=32 * GIB)


def refuse_implausible(info: MediaInfo, size: int) -> None:
    """Raise Implausible for what no camera makes: pictures beyond any sensor, or hours in a handful of bytes."""
    if info.video is not None and info.video.width * info.video.height > MOST_PIXELS:
        raise Implausible(what=f"has pictures of {info.video.width} x {info.video.height}")
    hours = info.duration_ms / 3_600_000
    if hours > MOST_HOURS:
        raise Implausible(what=f"is {hours:.0f} hours long")
    if info.duration_ms > SHORT_MS and size * 1000 < FEWEST_BYTES_A_SECOND * info.duration_ms:
        raise Implausible(what=f"is {hours:.1f} hours long but holds only {size // 1000} kB")
