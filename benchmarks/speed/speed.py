"""Speed of `hindsight analyse` compared with other transcription programs on one film; writes docs/speed.md.

Run: make bench-speed (briefly: ARGS="--minutes 3 --rounds 1"). Each run is a process of its own; rounds go forwards and
backwards in turn, so that a machine that warms up favours nobody. What is measured is kept in build/, so that an
interrupted run goes on where it stopped; --again forgets it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import imageio_ffmpeg
import jiwer
from whisper_normalizer.english import EnglishTextNormalizer

from benchmarks.material.spoken_lesson import make_spoken_lesson, write_film
from benchmarks.speed.processes import machine, run_measured
from core.settings import get_settings
from transcription.networks.model_files import whisper_model

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).with_name("hindsight")
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}  # nobody waits for a hub that is not there
BEAM = "2"  # as Hindsight's


@dataclass(frozen=True, slots=True)
class Runner:
    """One who writes down words: what to run on a film, and how its words are read from the folder it wrote into."""

    name: str
    command: Callable[[Path, Path], list[str]]
    words: Callable[[Path], str]
    does: str


@dataclass(frozen=True, slots=True)
class Words:
    """How a text differs from what was said."""

    true: int
    deleted: int
    inserted: int
    changed: int

    @property
    def error_rate(self) -> float:
        """Word error rate."""
        return (self.deleted + self.inserted + self.changed) / max(1, self.true)


def runners(model: str, peers: Path, threads: int) -> list[Runner]:
    """Return everybody who is installed."""
    alone = [sys.executable, "-m", "benchmarks.speed.faster_whisper_baseline"]
    found = [
        Runner(
            "hindsight analyse",
            lambda film, out: [str(COMMAND), "analyse", str(film), "--json", str(out / "analysis.json"), "--quiet"],
            lambda out: " ".join(
                word["text"] for word in json.loads((out / "analysis.json").read_text("utf-8"))["words"]
            ),
            "words with times, speakers, roles, questions, pictures, activities, measures; finds the language itself",
        ),
        Runner(
            "faster-whisper, sequential",
            lambda film, out: [*alone, "sequential", model, str(film), str(out / "words.txt"), str(threads)],
            lambda out: (out / "words.txt").read_text("utf-8"),
            "words with times",
        ),
        Runner(
            "faster-whisper, batched",
            lambda film, out: [*alone, "batched", model, str(film), str(out / "words.txt"), str(threads)],
            lambda out: (out / "words.txt").read_text("utf-8"),
            "words with times, batches of 8, its own voice activity filter",
        ),
    ]
    shared = ["--compute_type", "int8", "--threads", str(threads), "--language", "en", "--beam_size", BEAM]
    shared += ["--output_format", "txt"]
    ctranslate2, whisperx = peers / "bin" / "whisper-ctranslate2", peers / "bin" / "whisperx"
    for extra, does in (([], "words with times"), (["--batched", "True"], "the same, batches of 8")):
        if ctranslate2.is_file():
            found.append(
                Runner(
                    " ".join(["whisper-ctranslate2", *(["--batched"] if extra else [])]),
                    lambda film, out, extra=extra: [  # type: ignore[misc] # bound now, not later
                        *(str(ctranslate2), str(film), "--model_directory", model, *shared),
                        *("--word_timestamps", "True", "--output_dir", str(out), *extra),
                    ],
                    lambda out: (out / "film.txt").read_text("utf-8"),
                    does,
                )
            )
    if whisperx.is_file():
        found.append(
            Runner(
                "whisperx --no_align",
                lambda film, out: [
                    *(str(whisperx), str(film), "--model", model, *shared, "--no_align", "--output_dir", str(out))
                ],
                lambda out: (out / "film.txt").read_text("utf-8"),
                "sentences with times (no times of words without alignment), batches of 8, pyannote's voice activity model",
            )
        )
    return found


def give_ffmpeg(folder: Path) -> None:
    """Put the ffmpeg of the install where whisperx looks for one: on the path."""
    folder.mkdir(exist_ok=True)
    (folder / "ffmpeg").unlink(missing_ok=True)
    (folder / "ffmpeg").symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


def what_needs_a_hub(model: str, peers: Path, film: Path, folder: Path) -> list[str]:
    """Ask the peers for what they need a hub for, on a short film, and return what they say here."""
    ctranslate2, whisperx = peers / "bin" / "whisper-ctranslate2", peers / "bin" / "whisperx"
    first = [
        str(film),
        "--compute_type",
        "int8",
        "--language",
        "en",
        "--output_dir",
        str(folder),
        "--output_format",
        "txt",
    ]
    tries = [
        ("whisperx with alignment", whisperx, ["--model", model]),
        ("whisperx --diarize", whisperx, ["--model", model, "--no_align", "--diarize"]),
        (
            "whisper-ctranslate2 --hf_token (diarization)",
            ctranslate2,
            ["--model_directory", model, "--hf_token", "none"],
        ),
    ]
    said = []
    for name, program, options in tries:
        if program.is_file():
            log = folder / "hub.log"
            cost = run_measured([str(program), *first, *options], log, OFFLINE)
            lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
            last = lines[-1][:200].replace(str(PROJECT), "") if lines else f"ended with {cost.code}"
            said.append(f"{name}: " + ("works here" if cost.code == 0 else f"`{last}`"))
    return said


def compare(truth: str, heard: str) -> Words:
    """Compare two texts after Whisper's own normalisation; “4 6”, “46” and “four six” are the same."""
    normal = EnglishTextNormalizer()
    said, found_words = (re.sub(r"(\d)", r" \1 ", normal(text)) for text in (truth, heard))
    found = jiwer.process_words(said, found_words)
    true = found.hits + found.substitutions + found.deletions
    return Words(true, found.deletions, found.insertions, found.substitutions)


def measure(
    everybody: Sequence[Runner], film: Path, truth: str, rounds: int, folder: Path
) -> dict[str, list[dict[str, Any]]]:
    """Run everybody in each round, and return what each run took; what was measured before is not run again."""
    kept = folder / "runs.json"
    runs: dict[str, list[dict[str, Any]]] = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
    plan = [(number, one) for number in range(rounds) for one in (everybody if number % 2 == 0 else everybody[::-1])]
    for place, (number, one) in enumerate(plan, 1):
        done = runs.setdefault(one.name, [])
        if len(done) > number:
            continue
        print(f"{place} of {len(plan)}: {one.name} ...", end=" ", flush=True)
        out = folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        log = folder / "last.log"
        cost = run_measured(one.command(film, out), log, OFFLINE)
        if cost.code != 0:
            raise SystemExit(f"\n{one.name} ended with {cost.code}:\n{log.read_text('utf-8', 'replace')[-2000:]}")
        row: dict[str, Any] = asdict(cost) | {"words": asdict(compare(truth, one.words(out)))}
        if (out / "analysis.json").is_file():
            row["stages"] = json.loads((out / "analysis.json").read_text("utf-8"))["timing"]["wall_ms"]
        done.append(row)
        kept.write_text(json.dumps(runs, indent=1), encoding="utf-8")
        print(f"{cost.seconds:.0f} s, word error rate {100 * Words(**row['words']).error_rate:.1f} %", flush=True)
    return runs


def wall(runs: Sequence[dict[str, Any]]) -> float:
    """Return the mean of the wall clock, in seconds."""
    return mean(float(run["seconds"]) for run in runs)


def goals(runs: dict[str, list[dict[str, Any]]]) -> list[tuple[str, str, str, bool]]:
    """Return what was wanted, and whether it was reached: goal, figure, wanted, reached."""
    ours = runs["hindsight analyse"]
    rate = {name: Words(**each[0]["words"]).error_rate for name, each in runs.items()}
    found = []
    for name, most in (("faster-whisper, sequential", 0.6), ("faster-whisper, batched", 1.25)):
        ratio = wall(ours) / wall(runs[name])
        found.append((f"everything, of the time of {name}", f"{ratio:.2f}", f"at most {most:g}", ratio <= most))
    sequential = rate["faster-whisper, sequential"]
    own = rate["hindsight analyse"]
    text = f"{100 * own:.1f} %"
    found.append(("word error rate", text, f"at most {100 * sequential:.1f} %, sequential's", own <= sequential))
    for name, each in runs.items():
        if name.startswith(("whisper-", "whisperx")):
            ratio = wall(ours) / wall(each)
            found.append((f"everything, of the time of {name}", f"{ratio:.2f}", "under 1", ratio < 1))
    return found


def page(
    everybody: Sequence[Runner],
    runs: dict[str, list[dict[str, Any]]],
    hub: Sequence[str],
    minutes: float,
    said: int,
    missing: bool,
) -> str:
    """Return docs/speed.md."""
    rounds = min(len(each) for each in runs.values())
    lines = [
        "# How fast it is",
        "",
        "Written by `make bench-speed`; do not edit. One film of "
        f"{minutes:g} minutes with a picture (H.264) and {said} words of which each is known: readers,",
        "learners of English and children of 6 to 12, joined with the pauses of a lesson (`benchmarks/material/spoken_lesson.py`). The same model",
        f"(Whisper base, int8, beam {BEAM}) for all. Wall clock from starting the program to its end, mean of {rounds} rounds there and back;",
        f"processor seconds and memory are those of all its processes. Machine: {machine()}, nothing else running.",
        "Hindsight runs one process a core with one thread each; the others get one thread a core. They are told the language,",
        "Hindsight is not. faster-whisper has its own defaults (five temperatures to fall back on, text before as prompt; batched: its voice",
        "filter, no times inside a window) but for the beam and `word_timestamps`. Words are compared after Whisper's normaliser, numbers digit by digit (jiwer).",
        "",
        "| program | wall s | each round | x real time | of sequential | word errors | dropped | made up | changed | processor s | peak MB |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    base = wall(runs["faster-whisper, sequential"])
    for one in everybody:
        each = runs[one.name]
        words = Words(**each[0]["words"])
        peak = max(run["peak_bytes"] for run in each) / 1e6
        spent = mean(run["cpu_seconds"] for run in each)
        lines.append(
            f"| {one.name} | {wall(each):.0f} | {', '.join(format(run['seconds'], '.0f') for run in each)} | {minutes * 60 / wall(each):.1f}"
            f" | {wall(each) / base:.2f} | {100 * words.error_rate:.1f} % | {words.deleted} | {words.inserted} | {words.changed}"
            f" | {spent:.0f} | {peak:.0f} |"
        )
    lines += ["", "What each does in that time:", "", *(f"- **{one.name}**: {one.does}." for one in everybody), ""]
    lines += ["| wanted | figure | limit | reached |", "|---|---|---|---|"]
    lines += [
        f"| {goal} | {value} | {limit} | {'yes' if good else '**no**'} |" for goal, value, limit, good in goals(runs)
    ]
    lines += [
        "",
        "Where Hindsight's time goes, seconds from the beginning to the end of each stage (several run at once):",
        "",
    ]
    stages = runs["hindsight analyse"][-1]["stages"]
    lines += ["| stage | s |", "|---|---|", *(f"| {name} | {ms / 1000:.1f} |" for name, ms in stages.items()), ""]
    lines += ["## What the others could not do here", ""]
    if missing:
        lines.append("- whisper-ctranslate2 and whisperx are not installed (`make bench-speed` installs them).")
    lines += ["Without network, asked on a short film:", "", *(f"- {each}" for each in hub), ""] if hub else [""]
    lines += [
        "## What is bad about it",
        "",
        "- The words are read aloud, not taught: a quarter of them is wrong for everybody, since most voices are learners' and children's.",
        "- whisperx is installed without its pins (it wants another torch than the one at hand) and runs without alignment and diarization:",
        "  its models for these are on hubs. So no figure says how fast it is with them; it would be slower.",
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure, print the page, and write it."""
    shared = Path(os.environ.get("HINDSIGHT_TEST_DATA", PROJECT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=shared, help="folder with audio/ as the test data has it")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--peers", type=Path, default=PROJECT / "build" / "peers", help="their environment")
    parser.add_argument("--again", action="store_true", help="forget what an interrupted run has measured")
    parser.add_argument("--docs", type=Path)
    chosen = parser.parse_args()
    audio = chosen.data / "audio"
    if not (audio / "speechocean762" / "refs.tsv").is_file():
        print(f"There are no recordings with known words in {audio}: name a folder that has them.", file=sys.stderr)
        return 2
    folder = PROJECT / "build" / "bench-speed" / f"{chosen.minutes:g}"
    if chosen.again:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    settings, film = get_settings(), folder / "film.mp4"
    print(f"Making a film of {chosen.minutes:g} minutes.", flush=True)
    lesson = make_spoken_lesson(audio, chosen.minutes)
    short = make_spoken_lesson(audio, 0.3)
    if not film.is_file():
        write_film(lesson, folder / "new.mp4", imageio_ffmpeg.get_ffmpeg_exe())
        (folder / "new.mp4").replace(film)
    write_film(short, folder / "short.mp4", imageio_ffmpeg.get_ffmpeg_exe())
    model = str(whisper_model("base", settings.models_dir))
    give_ffmpeg(folder / "tools")
    everybody = runners(model, chosen.peers, os.cpu_count() or 1)
    runs = measure(everybody, film, lesson.text, chosen.rounds, folder)
    hub = what_needs_a_hub(model, chosen.peers, folder / "short.mp4", folder)
    said = Words(**runs["hindsight analyse"][0]["words"]).true
    text = page(
        everybody, runs, hub, chosen.minutes, said, missing=not any("whisperx" in one.name for one in everybody)
    )
    print(text)
    if chosen.docs is not None:
        chosen.docs.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
