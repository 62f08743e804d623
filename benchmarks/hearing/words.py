"""Word error rate (jiwer, Whisper's normaliser) of the recogniser on short sentences by children and adults."""

from __future__ import annotations

from pathlib import Path

import jiwer
from whisper_normalizer.english import EnglishTextNormalizer

from benchmarks.material.made_lesson import RATE, read_sound, rows_of
from core.types import FreeWatch
from workers.pipeline.stage_functions import load_recogniser


def measure_words(data: Path, models_dir: Path, model: str, every: int = 1) -> dict[str, float]:
    """Return the error rate (0..1) of children and of adults, on every n-th sentence of `data`/speechocean762."""
    recogniser, normal = load_recogniser(model, models_dir), EnglishTextNormalizer()
    said: dict[str, tuple[list[str], list[str]]] = {"children": ([], []), "adults": ([], [])}
    folder = data / "speechocean762"
    for row in list(rows_of(folder))[::every]:
        file = folder / row["file"]
        if file.is_file():
            heard = " ".join(word.text for word in recogniser.words(read_sound(file), "en", FreeWatch()))
            true, found = said["children" if int(row["age"]) <= 12 else "adults"]
            true.append(normal(row["text"]))
            found.append(normal(heard))
    return {who: jiwer.wer(true, found) for who, (true, found) in said.items() if true}


def words_seconds(data: Path, models_dir: Path, model: str) -> float:
    """Return how many seconds the words of a minute of speech take, on one thread."""
    import time

    import numpy as np

    from benchmarks.material.made_lesson import reader

    recogniser = load_recogniser(model, models_dir)
    spoken = np.concatenate([each.samples for each in reader(data, "3080")])[: 60 * RATE]
    begun = time.perf_counter()
    list(recogniser.words(spoken, "en", FreeWatch()))
    return (time.perf_counter() - begun) * 60 * RATE / len(spoken)
