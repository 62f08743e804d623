"""Accuracy benchmark: writes a table, a JSON file and docs/accuracy.md. Run: make bench-accuracy.

`python -m benchmarks.hearing.accuracy [DATA] [--json FILE] [--docs FILE] [--quick]`: DATA is a folder of the shape of the
project's test data (audio/, classroom/); what it does not hold is left out and said.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import reduce
from operator import add
from pathlib import Path
from statistics import mean

from benchmarks.hearing.lessons import judge_lesson, median_error, peak_mb
from benchmarks.hearing.pictures import pictures_seconds
from benchmarks.hearing.questions import measure_kinds, measure_text, measure_waits
from benchmarks.hearing.speakers import measure_speakers
from benchmarks.hearing.words import measure_words, words_seconds
from core.settings import get_settings

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: on what data, whether that was tuned on, what is wanted of it, and what to know when it is bad."""

    measure: str
    data: str
    tuned: bool
    value: float
    unit: str = ""
    wanted: float | None = None
    more_is_better: bool = False
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the figure is what was wanted; None: nothing was."""
        if self.wanted is None:
            return None
        return self.value >= self.wanted if self.more_is_better else self.value <= self.wanted


def speaker_rows(audio: Path, models: Path) -> Iterator[Row]:
    """Diarization on meetings."""
    cases = list(measure_speakers(audio, models))
    meetings = [case for case in cases if not case.name.startswith(("falcon", "readers"))]
    note = "What is missed is speech that neither model hears: laughter and single words far from the microphone."
    if meetings:
        data = f"{len(meetings)} AMI excerpts, far microphone, pooled"
        total = reduce(add, (case.collared for case in meetings))
        yield Row("DER, collar 0.25 s", data, True, 100 * total.rate, "%", 20, note=note)
        exact = reduce(add, (case.exact for case in meetings))
        yield Row("DER, no collar", data, True, 100 * exact.rate, "%")
        worst = max(meetings, key=lambda case: case.collared.rate)
        yield Row("DER of the worst, collar 0.25 s", worst.name, True, 100 * worst.collared.rate, "%", note=note)
    others = [case for case in cases if case not in meetings]
    if others:
        total = reduce(add, (case.collared for case in others))
        yield Row(
            "DER, collar 0.25 s", "three speakers in turn; five readers joined, twice", True, 100 * total.rate, "%"
        )


def lesson_rows(audio: Path, models: Path, seeds: range) -> Iterator[Row]:
    """Voices, shares, waits and activities of made lessons, of both halves."""
    for half in ("report", "tune"):
        judged = [judge_lesson(audio, models, half, seed) for seed in seeds]
        data, tuned = f"{len(judged)} made lessons of 7 min ({half})", half == "tune"
        outside = 100 * mean(each.der_outside for each in judged)
        note = "The rest is ends of words that the room's echo blurs, soft endings, and short answers given to another child."
        yield Row("DER outside group work, no collar", data, tuned, outside, "%", 12, note=note)
        yield Row(
            "DER, whole lesson, no collar",
            data,
            tuned,
            100 * mean(each.der_whole for each in judged),
            "%",
            note="Children who speak at once are told apart badly; that time is group talk and counts for nobody.",
        )
        share = mean(abs(each.share_of_talk) for each in judged)
        yield Row("teacher's share of talk, error", data, tuned, share, "points", 5)
        share = max(abs(each.share_of_talk) for each in judged)
        yield Row("teacher's share of talk, worst error", data, tuned, share, "points", 5)
        share = mean(abs(each.share_of_lesson) for each in judged)
        yield Row("teacher's share of the lesson, error", data, tuned, share, "points")
        yield Row(
            "wait times, median error",
            data,
            tuned,
            median_error(judged),
            "ms",
            300,
            note="Waits hang on who is heard: a child given to the teacher hides the wait.",
        )
        lost = sum(each.waits_lost for each in judged) / sum(len(j.wait_errors) + j.waits_lost for j in judged)
        yield Row("wait times not found", data, tuned, 100 * lost, "%")
        right = 100 * mean(each.activities_right for each in judged)
        yield Row("time whose activity is named rightly", data, tuned, right, "%", more_is_better=True)
        if not tuned:
            yield Row(
                "hearing voices, seconds a minute of lesson", data, tuned, mean(j.seconds_a_minute for j in judged)
            )


def question_rows(classroom: Path) -> Iterator[Row]:
    """Questions and kinds of classroom transcripts."""
    for half in ("report", "tune"):
        data, tuned = f"TalkMoves, {half} half", half == "tune"
        scores = measure_text(classroom / "talkmoves_dev.csv", half)
        finding, probing = scores["finding"]["f1"], scores["probing"]["f1"]
        note = "Missed are statements that ask by their tone alone, which no text shows."
        yield Row("finding questions without marks, F1", data, tuned, finding, "", 0.80, True, note)
        note = "The human label keeps “what do you mean” for another class, and we count it."
        yield Row("probing against the rest, F1", data, tuned, probing, "", 0.75, True, note)
        kinds = measure_kinds(classroom / "talkmoves_dev.csv", half)
        yield Row(
            "probing, recall-like and other questions, macro-F1",
            data,
            tuned,
            kinds,
            more_is_better=True,
            note="Only two of our kinds have a human label that is near them.",
        )
    waits = measure_waits(seed=20261124)
    made = "200 made exchanges, word times off by up to 400 ms"
    for name in ("wait_1", "wait_2"):
        yield Row(
            f"{name.replace('_', ' time ')}, median error", made, False, waits[f"{name}_median_error_ms"], "ms", 300
        )


def word_rows(audio: Path, models: Path, model: str, every: int) -> Iterator[Row]:
    """Words."""
    for who, rate in measure_words(audio, models, model, every).items():
        data = f"speechocean762, {who}, one sentence at a time" + (f", one of {every}" if every > 1 else "")
        yield Row(
            "word error rate",
            data,
            False,
            100 * rate,
            "%",
            note="Learners of English with an accent, out of any context.",
        )


def cost_rows(rows: list[Row], audio: Path, models: Path, model: str, quick: bool) -> Iterator[Row]:
    """What comes after the words, against the words; and memory."""
    hearing = next((row.value for row in rows if row.measure.startswith("hearing voices")), None)
    words = words_seconds(audio, models, model)
    for minutes in (2, 12):
        yield Row(
            "pictures, of the words' time",
            f"720p film of {minutes} minutes",
            False,
            100 * pictures_seconds(minutes) / words,
            "%",
            10,
            note="Films of up to five minutes are looked at frame by frame, which takes some seconds; longer ones by their key frames.",
        )
    if hearing is not None:
        yield Row(
            "everything after the words, of the words' time",
            f"one thread, {model}, {words:.1f} s a minute of speech",
            False,
            100 * hearing / words,
            "%",
            25,
        )
    if not quick:
        for minutes in (30, 180):
            yield Row(
                "peak memory of hearing voices", f"{minutes} minutes", False, peak_mb(audio, models, minutes), "MB"
            )


def table_of(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| measure | data | tuned on it | figure | wanted | reached |", "|---|---|---|---|---|---|"]
    for row in rows:
        value = f"{row.value:.3f}" if not row.unit and row.value < 1 else f"{row.value:.1f} {row.unit}".strip()
        sign = "at least" if row.more_is_better else "at most"
        wanted = "" if row.wanted is None else f"{sign} {row.wanted:g} {row.unit}".strip()
        reached = {None: "", True: "yes", False: "**no**"}[row.reached]
        lines.append(
            f"| {row.measure} | {row.data} | {'yes' if row.tuned else 'no'} | {value} | {wanted} | {reached} |"
        )
    return "\n".join(lines)


def page_of(rows: list[Row]) -> str:
    """Return docs/accuracy.md."""
    bad = [row for row in rows if row.reached is False and not row.tuned] + [
        row for row in rows if row.reached is None and row.note and not row.tuned
    ]
    said = [f"- **{row.measure}** ({row.data}): {row.value:.3g} {row.unit}".rstrip() + f". {row.note}" for row in bad]
    return "\n".join(
        [
            "# How right it is",
            "",
            "Written by `make bench-accuracy`; do not edit. The data is not shipped (licences), the command runs on any folder of the",
            "same shape. “Tuned on it” is said of data that somebody looked at while thresholds were chosen: believe the others.",
            "There is no real classroom sound with reference turns to be had: the lessons are made from real voices of adult",
            "readers and of children, with a room's echo and noise (`benchmarks/material/made_lesson.py`); the halves share no voice.",
            "",
            table_of(rows),
            "",
            "## What is bad about it",
            "",
            *said,
            "- Everything but the meetings and the transcripts is read speech: real lessons have laughter, chairs and half sentences.",
            "- No figure says how good the kinds `recall`, `open`, `managerial` and `rhetorical` are: there are no labels to be had.",
            "",
        ]
    )


def main() -> int:
    """Measure, print the table, write the JSON and the page."""
    shared = Path(os.environ.get("HINDSIGHT_TEST_DATA", PROJECT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=shared)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--quick", action="store_true", help="fewer lessons and sentences, no long recordings")
    chosen = parser.parse_args()
    audio, classroom = chosen.data / "audio", chosen.data / "classroom"
    if not audio.is_dir() and not classroom.is_dir():
        print(
            f"There is neither audio/ nor classroom/ in {chosen.data}: name a folder with references.", file=sys.stderr
        )
        return 2
    settings = get_settings()
    models, model = settings.models_dir, settings.asr_model
    rows: list[Row] = []
    if (classroom / "talkmoves_dev.csv").is_file():
        rows += question_rows(classroom)
    if audio.is_dir():
        rows += speaker_rows(audio, models)
        if (audio / "speechocean762").is_dir() and (audio / "Resemblyzer").is_dir():
            rows += lesson_rows(audio, models, range(1, 3 if chosen.quick else 6))
            rows += word_rows(audio, models, model, 10 if chosen.quick else 2)
            rows += cost_rows(rows, audio, models, model, chosen.quick)
    print(table_of(rows))
    if chosen.json:
        document = [asdict(row) | {"reached": row.reached} for row in rows]
        chosen.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if chosen.docs:
        chosen.docs.write_text(page_of(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
