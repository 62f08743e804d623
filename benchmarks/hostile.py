"""Puts mutated recordings through probing and conversion as a worker does, and counts what gets past a limit.

python -m benchmarks.hostile --files 2000
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.errors import HindsightError, StepFailed, UnusableFile
from core.types import FreeWatch
from ingest.probe import PROBE_SECONDS, probe_media
from ingest.renditions import make_rendition
from tests.mutants import make_seeds, mutate

LIMIT_SECONDS = PROBE_SECONDS + 120  # probing and converting one second of film


def try_file(path: Path, folder: Path) -> tuple[str, float]:
    """Return what became of a file, and how long it took."""
    begun = time.monotonic()
    try:
        info = probe_media(path)
        folder.parent.mkdir(exist_ok=True)
        make_rendition(path, info, folder, FreeWatch())
        found = "plays"
    except UnusableFile as error:
        found = f"refused: {error.code}"
    except StepFailed as error:
        found = f"failed: {error.code}"
    except HindsightError as error:
        found = f"other: {error.code}"
    except Exception as error:  # this is what must not happen
        found = f"PAST THE LIMIT: {type(error).__name__}: {error}"
    took = time.monotonic() - begun
    return (f"PAST THE LIMIT: {took:.0f} s" if took > LIMIT_SECONDS else found), took


def main() -> None:
    """Make the files, try them, print the counts."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=20261124)
    chosen = arguments.parse_args()
    dice = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        seeds = make_seeds(place)
        data = [seed.read_bytes() for seed in seeds]

        def one(number: int) -> tuple[str, float]:
            path = place / f"mutant-{number}{seeds[number % len(seeds)].suffix}"
            path.write_bytes(mutants[number])
            result = try_file(path, place / f"made-{number}")
            path.unlink()
            return result

        mutants = [mutate(data[number % len(data)], dice) for number in range(chosen.files)]
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(one, range(chosen.files)))
    counts = Counter(found for found, _ in results)
    for found, count in counts.most_common():
        print(f"{count:6} {found}")
    longest = max(took for _, took in results)
    past = sum(count for found, count in counts.items() if found.startswith("PAST"))
    print(f"{chosen.files} files, {past} past a limit, the longest took {longest:.1f} s")
    sys.exit(1 if past else 0)


if __name__ == "__main__":
    main()
