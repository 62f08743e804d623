"""Diarisation error (pyannote.metrics, collar 0.25 s) of `find_speakers` on AMI excerpts, falcon and joined readers.

Run: python -m benchmarks.speakers DATA MODELS, with the folder of the test data and the models folder.
The whole sound is given as speech, so that the voice activity model is left out of the figures.
"""

from __future__ import annotations

import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from pyannote.core import Annotation, Segment
from pyannote.metrics.diarization import DiarizationErrorRate

from core.types import FreeWatch, Span
from transcription.speaker_models import OnnxSpeakerModels
from transcription.speakers import find_speakers

RATE = 16_000
Truth = list[tuple[float, float, str]]
Case = tuple[str, NDArray[np.float32], Truth]


def read(file: Path) -> NDArray[np.float32]:
    """Any sound as 16 kHz mono."""
    resampler = av.AudioResampler("flt", "mono", RATE)
    parts: list[NDArray[np.float32]] = []
    with av.open(str(file)) as container:
        for frame in [*container.decode(audio=0), None]:
            parts += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    return np.concatenate(parts).astype(np.float32)


def cases(data: Path) -> Iterator[Case]:
    """Name, sound and truth (start s, end s, speaker) of every recording."""
    rows = [line.split() for line in (data / "pyannote-audio/debug.train.rttm").read_text().splitlines()]
    for name in ("trn01", "trn03", "trn04", "trn05"):
        truth = [(float(r[3]), float(r[3]) + float(r[4]), r[7]) for r in rows if r[1] == name]
        yield name, read(data / f"pyannote-audio/{name}.wav"), truth
    yield "falcon", read(data / "falcon/test.wav"), [(1.7, 3.9, "1"), (6.2, 11.1, "2"), (12.8, 18.0, "3")]
    for seed in (1, 2):
        yield f"readers, seed {seed}", *readers(data, seed)


def readers(data: Path, seed: int) -> tuple[NDArray[np.float32], Truth]:
    """Sentences of five readers in random order with pauses and faint noise; a reader's own pauses count as speech."""
    chance = np.random.default_rng(seed)
    files = sorted((data / "Resemblyzer").rglob("*.flac"))
    parts: list[NDArray[np.float32]] = []
    truth: Truth = []
    at = 0.0
    for index in chance.permutation(len(files)):
        spoken = read(files[index])[: 8 * RATE]
        pause = np.zeros(int(chance.uniform(0.2, 1.5) * RATE), np.float32)
        truth.append((at, at + len(spoken) / RATE, files[index].name.split("-")[0]))
        parts += [spoken, pause]
        at += (len(spoken) + len(pause)) / RATE
    sound = np.concatenate(parts)
    return (sound + chance.normal(0, 1e-3, len(sound))).astype(np.float32), truth


def main(data: Path, models_dir: Path) -> None:
    """Print one line a recording."""
    models = OnnxSpeakerModels(models_dir)
    for name, sound, truth in cases(data):
        length_ms = len(sound) * 1000 // RATE
        reference, found = Annotation(), Annotation()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sound.wav"
            with wave.open(str(path), "wb") as file:
                file.setparams((1, 2, RATE, 0, "NONE", ""))
                file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
            begun = time.perf_counter()
            turns = find_speakers(path, [Span(0, length_ms)], models=models, watch=FreeWatch())
            seconds = time.perf_counter() - begun
        for track, turn in enumerate(turns):
            found[Segment(turn.start_ms / 1000, turn.end_ms / 1000), track] = turn.speaker
        for track, (start, end, speaker) in enumerate(truth):
            reference[Segment(start, end), track] = speaker
        metric = DiarizationErrorRate(collar=0.5)  # pyannote.metrics counts both sides of a border
        parts = metric(reference, found, uem=Segment(0, length_ms / 1000), detailed=True)
        shares = [parts[part] / parts["total"] for part in ("missed detection", "false alarm", "confusion")]
        voices = f"{len({turn.speaker for turn in turns})}/{len({row[2] for row in truth})}"
        print(
            f"{name:16} DER {parts['diarization error rate']:.3f}"
            f"  missed {shares[0]:.3f} false {shares[1]:.3f} confused {shares[2]:.3f}"
            f"  found/true {voices}  {seconds:.1f} s for {length_ms / 1000:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
