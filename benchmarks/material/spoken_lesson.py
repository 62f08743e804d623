"""Synthetic lessons of any length with known words: recorded readers and children, joined by pauses.

The readers read from books in the public domain. LibriSpeech's own transcripts do not come with the sound, so `readers.tsv`
was written down by us, from what we know of the books and from what recognisers heard, and nobody has checked it against
them: its mistakes hit every program alike. The children's and learners' words come with speechocean762.
"""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.hearing.speakers import write_sound
from benchmarks.material.made_lesson import LEVEL, RATE, Samples, read_sound, rows_of

PICTURE = Path(__file__).resolve().parents[2] / "demo" / "lesson.mp4"
READERS = Path(__file__).with_name("readers.tsv")
NOISE_DB = 25.0  # what is said over the noise of the room
ALONE_EVERY, ALONE = 20, (8.0, 25.0)  # sentences between two stretches of work in silence, and their seconds
THINK_SHARE, THINK, BREATH = 0.15, (2.0, 5.0), (0.3, 1.5)  # how often a pause is one to think in; seconds


@dataclass(frozen=True, slots=True)
class SpokenLesson:
    """Sound at 16 kHz in -1..1, and the words that are said in it, in order."""

    samples: Samples
    text: str


def make_spoken_lesson(data: Path, minutes: float, seed: int = 1) -> SpokenLesson:
    """Return a lesson of about so many minutes; `data` is the folder `audio` of the test data."""
    chance = np.random.default_rng(seed)
    sentences, length = list(read_sentences(data)), int(minutes * 60 * RATE)
    parts: list[Samples] = []
    words: list[str] = []
    at = 0
    while at < length:
        for number, index in enumerate(chance.permutation(len(sentences)), 1):
            spoken, text = sentences[index]
            pause = THINK if chance.random() < THINK_SHARE else BREATH
            seconds = chance.uniform(*(ALONE if number % ALONE_EVERY == 0 else pause))
            parts += [spoken, np.zeros(int(seconds * RATE), np.float32)]
            words.append(text)
            at += len(parts[-2]) + len(parts[-1])
            if at >= length:
                break
    sound = np.concatenate(parts)
    noise = chance.normal(0, LEVEL * 10 ** (-NOISE_DB / 20), len(sound))
    return SpokenLesson(np.asarray(sound + noise, np.float32).clip(-1, 1), " ".join(words))


def read_sentences(data: Path) -> Iterator[tuple[Samples, str]]:
    """Yield what readers, learners and children say, each at one level, and its words."""
    with READERS.open(encoding="utf-8", newline="") as table:
        books = [
            (data / "Resemblyzer" / f"{row['file']}.flac", row["text"]) for row in csv.DictReader(table, delimiter="\t")
        ]
    folder = data / "speechocean762"
    for file, text in [*books, *((folder / row["file"], row["text"]) for row in rows_of(folder))]:
        if file.is_file():
            samples = read_sound(file)
            yield np.asarray(samples * (LEVEL / max(1e-6, float(np.sqrt(np.mean(samples**2))))), np.float32), text


def write_film(lesson: SpokenLesson, target: Path, ffmpeg: str) -> None:
    """Write the lesson as MP4 with a picture, that of the demo's film again and again."""
    sound = target.with_suffix(".wav")
    write_sound(sound, lesson.samples)
    command = [ffmpeg, "-v", "error", "-y", "-stream_loop", "-1", "-i", str(PICTURE), "-i", str(sound)]
    command += ["-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-b:a", "96k", "-shortest", str(target)]
    subprocess.run(command, check=True)
    sound.unlink()
