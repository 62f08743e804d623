"""How well questions, probing and waits are found: `python -m benchmarks.hearing.questions [TALKMOVES.csv] [--half report]`.

The classroom transcripts (TalkMoves, CC BY-NC-SA 4.0) are for measuring only. They are parted by transcript: the
SHA-256 of a transcript's name is even (`tune`: rules may be looked at with it) or odd (`report`: figures only).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import random
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from statistics import median

from core.types import QuestionKind, Role, Span, Turn, Word
from transcription.questions.kinds import kind_of
from transcription.questions.lesson_questions import SURE, find_questions, judge
from transcription.questions.utterances import Utterance, split_sentences

Row = dict[str, str]


def half_of(transcript: str) -> str:
    """Return `tune` or `report` for the name of a transcript."""
    return "report" if int(hashlib.sha256(transcript.encode()).hexdigest(), 16) % 2 else "tune"


def score(pairs: Iterable[tuple[bool, bool]]) -> dict[str, float]:
    """Return precision, recall and F1 of (true, found) pairs."""
    pairs = list(pairs)
    both = sum(true and found for true, found in pairs)
    found = sum(found for _, found in pairs)
    true = sum(true for true, _ in pairs)
    f1 = 2 * both / (found + true) if found + true else 0.0
    return {"precision": both / max(found, 1), "recall": both / max(true, 1), "f1": f1, "true": true}


def found_in(rows: Sequence[Row], strip: bool) -> tuple[set[int], set[int]]:
    """Return the rows of one transcript that hold a question, and those that hold a probing one."""
    utterances = [
        Utterance(sentence, row["speaker"], Role.TEACHER if row["speaker"] == "T" else Role.PUPIL, number)
        for number, row in enumerate(rows)
        for sentence in split_sentences(row["sentence"].replace("?", ".") if strip else row["sentence"])
    ]
    asking = [u for u, sure in zip(utterances, judge(utterances), strict=True) if sure >= SURE]
    probing = {u.row for u in asking if kind_of(u.text, u.role is Role.TEACHER)[0] is QuestionKind.PROBING}
    return {u.row for u in asking}, probing


def measure_text(table: Path, half: str) -> dict[str, dict[str, float]]:
    """Return the scores of finding (each `?` made a full stop) and of probing (as written) on one half."""
    with table.open(encoding="utf-8", newline="") as file:
        everything = [row for row in csv.DictReader(file) if half_of(row["transcript_id"]) == half]
    finding: list[tuple[bool, bool]] = []
    probing: list[tuple[bool, bool]] = []
    for _, group in groupby(everything, key=lambda row: row["transcript_id"]):
        rows = list(group)
        asked = found_in(rows, strip=True)[0]
        pressed = found_in(rows, strip=False)[1]
        for number, row in enumerate(rows):
            finding.append(("?" in row["sentence"], number in asked))
            probing.append((row["teacher_label"] == "press_for_reasoning", number in pressed))
    return {"finding": score(finding), "probing": score(probing)}


def measure_kinds(table: Path, half: str) -> float:
    """Return the macro-F1 over the sentences that a teacher asks: reasons, accuracy, and neither (human labels).

    press_for_reasoning is our `probing`, press_for_accuracy our `recall` or `open`; the rest is what is left.
    """
    with table.open(encoding="utf-8", newline="") as file:
        everything = [row for row in csv.DictReader(file) if half_of(row["transcript_id"]) == half]
    asked = [row for row in everything if row["speaker"] == "T" and "?" in row["sentence"]]
    pairs: list[tuple[str, str]] = []
    for row in asked:
        kind = kind_of(row["sentence"], True)[0]
        ours = {QuestionKind.PROBING: "reasons", QuestionKind.RECALL: "accuracy", QuestionKind.OPEN: "accuracy"}
        labels = {"press_for_reasoning": "reasons", "press_for_accuracy": "accuracy"}
        pairs.append((labels.get(row["teacher_label"], "other"), ours.get(kind, "other")))
    names = ("reasons", "accuracy", "other")
    return sum(score((true == name, found == name) for true, found in pairs)["f1"] for name in names) / len(names)


def measure_waits(seed: int, exchanges: int = 200) -> dict[str, float]:
    """Return the median error (ms) of both waits on made intervals whose word times drift by up to 400 ms."""
    rng = random.Random(seed)
    turns: list[Turn] = []
    speech: list[Span] = []
    truth: list[tuple[int, int]] = []
    at = 0
    for _ in range(exchanges):
        asks_ms, first, answers_ms, second = (
            rng.randint(1_200, 4_000),
            rng.randint(200, 6_000),
            rng.randint(500, 5_000),
            rng.randint(200, 3_000),
        )
        words = _drifting(["What", "do", "plants", "need", "to", "grow?"], at, asks_ms, rng)
        turns.append(Turn(at, at + asks_ms, "S1", Role.TEACHER, "", words))
        answer = at + asks_ms + first
        turns.append(Turn(answer, answer + answers_ms, "S2", Role.PUPIL, "They need light."))
        thanks = answer + answers_ms + second
        turns.append(Turn(thanks, thanks + 1_500, "S1", Role.TEACHER, "Thank you for that."))
        speech += [Span(t.start_ms + rng.randint(-60, 60), t.end_ms + rng.randint(-60, 60)) for t in turns[-3:]]
        truth.append((first, second))
        at = thanks + 1_500 + rng.randint(1_000, 4_000)
    asked = [q for q in find_questions(turns, None, speech) if q.role is Role.TEACHER]
    by_row = {q.row: q for q in asked}
    pairs = [(by_row[3 * n], waits) for n, waits in enumerate(truth) if 3 * n in by_row]
    return {
        "found": len(pairs) / exchanges,
        "wait_1_median_error_ms": median(abs((q.wait_1_ms or 0) - first) for q, (first, _) in pairs),
        "wait_2_median_error_ms": median(abs((q.wait_2_ms or 0) - second) for q, (_, second) in pairs),
    }


def _drifting(words: Sequence[str], at_ms: int, length_ms: int, rng: random.Random) -> tuple[Word, ...]:
    step = length_ms // len(words)
    ends = [at_ms + (n + 1) * step + rng.randint(-step // 3, step // 3) for n in range(len(words))]
    ends[-1] = at_ms + length_ms + rng.randint(-400, 400)
    ends = sorted(ends)
    starts = [at_ms, *ends[:-1]]
    return tuple(Word(s, max(e, s + 1), w, 0.9) for s, e, w in zip(starts, ends, words, strict=True))


def main() -> None:
    """Print the scores as JSON."""
    shared = Path(os.environ.get("HINDSIGHT_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", nargs="?", type=Path, default=shared / "classroom" / "talkmoves_dev.csv")
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    chosen = parser.parse_args()
    results: dict[str, object] = {"half": chosen.half, **measure_text(chosen.table, chosen.half)}
    results["waits"] = measure_waits(seed=20261124)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
