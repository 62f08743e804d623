"""Reads segments of lesson audio: WAV, 16 kHz, one channel, 16 bit, as `ingest.media.audio` writes it."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SAMPLE_RATE = 16_000
SAMPLES_A_MS = SAMPLE_RATE // 1000


@contextmanager
def _opened(path: Path) -> Iterator[wave.Wave_read]:
    with wave.open(str(path), "rb") as file:
        form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        if form != (1, 2, SAMPLE_RATE):
            raise ValueError(f"{path.name}: not 16 kHz, one channel, 16 bit: {form}")
        yield file


def sound_length_ms(path: Path) -> int:
    """Return the length of the sound; raises ValueError or wave.Error for another format."""
    with _opened(path) as file:
        return file.getnframes() // SAMPLES_A_MS


def read_sound(path: Path, start_ms: int, end_ms: int) -> Samples:
    """Return the samples of a range, in -1..1, reading only that piece; shorter where the sound ends."""
    with _opened(path) as file:
        first = min(max(0, start_ms) * SAMPLES_A_MS, file.getnframes())
        file.setpos(first)
        raw = file.readframes(max(0, end_ms * SAMPLES_A_MS - first))
    return np.frombuffer(raw, "<i2").astype(np.float32) / np.float32(32768)
