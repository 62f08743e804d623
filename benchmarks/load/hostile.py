"""Hostile-file test: runs damaged recordings through every stage that opens one, and counts exceeded limits.

    python -m benchmarks.load.hostile --files 2000 --corpus FOLDER --docs docs/hostile.md

The files are mutants of honest ones of each kind (`tests/support/hostile_files.py`), and what lies in the folders of broken files.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.errors import HindsightError, StepFailed, UnusableFile
from core.types import FreeWatch
from ingest.media.audio import extract_audio
from ingest.media.pictures import make_pictures
from ingest.media.probe import PROBE_SECONDS, probe_media
from ingest.media.rendition import make_rendition
from tests.support.hostile_files import make_seeds, mutate

LIMIT_SECONDS = PROBE_SECONDS + 3 * 120  # probing, and three stages over some seconds of film
PAST = "PAST THE LIMIT"


def try_file(path: Path) -> tuple[str, float]:
    """Return what became of a file, and how long it took."""
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as name:
            found = put_through(path, Path(name))
    except UnusableFile as error:
        found = f"refused: {error.code}"
    except StepFailed as error:
        found = f"failed with a reason: {error.code}"
    except HindsightError as error:
        found = f"another reason: {error.code}"
    except Exception as error:  # this is what must not happen
        found = f"{PAST}: {type(error).__name__}: {error}"
    took = time.monotonic() - begun
    return (f"{PAST}: {took:.0f} s" if took > LIMIT_SECONDS else found), took


def put_through(path: Path, folder: Path) -> str:
    """Do what the pipeline does with an upload; raises as the stages do."""
    info = probe_media(path)
    make_rendition(path, info, folder / "rendition", FreeWatch())
    if info.video is not None:
        make_pictures(path, info, folder / "poster.jpg", folder / "filmstrip.jpg", FreeWatch())
    if info.audio is not None:
        extract_audio(path, info, folder / "sound.wav", FreeWatch())
    return "plays"


def mutants(count: int, seed: int, place: Path) -> Iterator[Path]:
    """Write mutants one after the other."""
    dice = random.Random(seed)
    seeds = [(path.suffix, path.read_bytes()) for path in make_seeds(place)]
    for number in range(count):
        suffix, data = seeds[number % len(seeds)]
        path = place / f"mutant-{number}{suffix}"
        path.write_bytes(mutate(data, dice))
        yield path


def report(results: list[tuple[str, float]], seconds: float, seed: int, broken: int) -> str:
    """Return the counts as a page."""
    counts = Counter(found for found, _ in results)
    lines = [
        "# Hostile files",
        "",
        f"{len(results) - broken} mutated recordings (seed {seed}) and {broken} files that are broken by themselves, each put through all stages",
        "that open a recording (`probe_media`, `make_rendition`, `make_pictures`, `extract_audio`), as a worker does it:",
        "`make bench-hostile ARGS='--corpus FOLDER'`.",
        "",
        "| what became of it | files |",
        "|---|---|",
        *(f"| {found} | {count} |" for found, count in counts.most_common()),
        "",
        f"Past a limit: {sum(found.startswith(PAST) for found, _ in results)}. The longest took {max(took for _, took in results):.1f} s,"
        f" all together {seconds / 60:.0f} minutes, two at a time.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Make the files, try them, print the counts; ends with 1 if one got past a limit."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=20261124)
    arguments.add_argument("--corpus", type=Path, action="append", default=[], help="folder of broken recordings")
    arguments.add_argument("--docs", type=Path, default=None)
    chosen = arguments.parse_args()
    begun = time.monotonic()
    broken = sorted(path for folder in chosen.corpus for path in folder.rglob("*") if path.is_file())
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2) as pool:
        made = list(mutants(chosen.files, chosen.seed, Path(name)))
        results = []
        for done, result in enumerate(pool.map(try_file, [*broken, *made]), start=1):
            results.append(result)
            if done % 50 == 0:
                print(f"{done} of {len(broken) + len(made)}", file=sys.stderr, flush=True)
    text = report(results, time.monotonic() - begun, chosen.seed, len(broken))
    print(text)
    if chosen.docs is not None:
        chosen.docs.write_text(text, "utf-8")
    sys.exit(1 if any(found.startswith(PAST) for found, _ in results) else 0)


if __name__ == "__main__":
    main()
