"""Diarization error of the pipeline's own way on AMI excerpts, falcon and joined readers.

Run: python -m benchmarks.hearing.speakers DATA MODELS, with the folder `audio` of the test data and the models folder.
"""

from __future__ import annotations

import sys
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pyannote.core import Annotation, Segment
from pyannote.metrics.diarization import DiarizationErrorRate

from benchmarks.material.made_lesson import RATE, Samples, read_sound
from core.types import FreeWatch
from transcription.networks.speaker_networks import OnnxSpeakerModels
from transcription.speakers.diarization import find_speakers
from transcription.speech.detection import detect_speech

Truth = list[tuple[float, float, str]]  # start and end in seconds, speaker


@dataclass(frozen=True, slots=True)
class Score:
    """Seconds of error and of speech at one collar; pooled over recordings they give the rate."""

    missed: float
    false: float
    confused: float
    speech: float

    @property
    def rate(self) -> float:
        """Diarization error rate."""
        return (self.missed + self.false + self.confused) / self.speech if self.speech else 0.0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.missed + other.missed,
            self.false + other.false,
            self.confused + other.confused,
            self.speech + other.speech,
        )


@dataclass(frozen=True, slots=True)
class Case:
    """One recording: its scores at collar 0.25 s and 0, and how many voices were found and are true."""

    name: str
    collared: Score
    exact: Score
    found: int
    true: int


def measure_speakers(data: Path, models_dir: Path) -> Iterator[Case]:
    """Yield how well each recording with reference turns is heard."""
    models = OnnxSpeakerModels(models_dir)
    for name, sound, truth in cases(data):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sound.wav"
            write_sound(path, sound)
            turns = find_speakers(path, detect_speech(path, FreeWatch()), models=models, watch=FreeWatch())
        reference, found = Annotation(), Annotation()
        for track, turn in enumerate(turns):
            found[Segment(turn.start_ms / 1000, turn.end_ms / 1000), track] = turn.speaker
        for track, (start, end, speaker) in enumerate(truth):
            reference[Segment(start, end), track] = speaker
        whole = Segment(0, len(sound) / RATE)
        # pyannote.metrics counts both sides of a border: 0.5 is 0.25 on each
        collared, exact = (score(reference, found, whole, collar) for collar in (0.5, 0.0))
        yield Case(name, collared, exact, len({turn.speaker for turn in turns}), len({row[2] for row in truth}))


def score(reference: Annotation, found: Annotation, whole: Segment, collar: float) -> Score:
    """Return the seconds of each error."""
    parts = DiarizationErrorRate(collar=collar)(reference, found, uem=whole, detailed=True)
    names = ("missed detection", "false alarm", "confusion", "total")
    return Score(*(float(parts[name]) for name in names))


def cases(data: Path) -> Iterator[tuple[str, Samples, Truth]]:
    """Yield name, sound and truth of each recording."""
    rttm = next(iter(sorted((data / "pyannote-audio").glob("*.rttm"))), None)
    rows = [line.split() for line in rttm.read_text(encoding="utf-8").splitlines()] if rttm else []
    for name in sorted({row[1] for row in rows}):
        file = data / "pyannote-audio" / f"{name}.wav"
        if file.is_file():
            own = [row for row in rows if row[1] == name]
            yield name, read_sound(file), [(float(r[3]), float(r[3]) + float(r[4]), r[7]) for r in own]
    if (data / "falcon" / "test.wav").is_file():
        yield "falcon", read_sound(data / "falcon/test.wav"), [(1.7, 3.9, "1"), (6.2, 11.1, "2"), (12.8, 18.0, "3")]
    for seed in (1, 2):
        yield f"readers {seed}", *readers(data, seed)


def readers(data: Path, seed: int) -> tuple[Samples, Truth]:
    """Sentences of five readers in random order with pauses and faint noise; a reader's own pauses count as speech."""
    chance = np.random.default_rng(seed)
    files = sorted((data / "Resemblyzer").rglob("*.flac"))
    parts: list[Samples] = []
    truth: Truth = []
    at = 0.0
    for index in chance.permutation(len(files)):
        spoken = read_sound(files[index])[: 8 * RATE]
        pause = np.zeros(int(chance.uniform(0.2, 1.5) * RATE), np.float32)
        truth.append((at, at + len(spoken) / RATE, files[index].name.split("-")[0]))
        parts += [spoken, pause]
        at += (len(spoken) + len(pause)) / RATE
    sound = np.concatenate(parts)
    return (sound + chance.normal(0, 1e-3, len(sound))).astype(np.float32), truth


def write_sound(path: Path, sound: Samples) -> None:
    """Write what `ingest.media.audio` would."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def main(data: Path, models_dir: Path) -> None:
    """Print one line a recording."""
    for case in measure_speakers(data, models_dir):
        s = case.collared
        shares = [part / s.speech for part in (s.missed, s.false, s.confused)] if s.speech else [0.0] * 3
        print(
            f"{case.name:12} DER {s.rate:.3f} (no collar {case.exact.rate:.3f})"
            f"  missed {shares[0]:.3f} false {shares[1]:.3f} confused {shares[2]:.3f}  found/true {case.found}/{case.true}",
            flush=True,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
