"""Stereo to mono: mixes two microphones at equal loudness and avoids phase cancellation."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.types import Watch

PIECE = 1 << 20  # frames that are read at once: memory stays flat
ALIKE = 0.5  # correlation from which two channels are one sound, or, below its negative, one sound and its mirror
MOST_GAIN = 4.0  # by which the quieter of two microphones is raised (12 dB)


@dataclass(frozen=True, slots=True)
class Channels:
    """How loud two channels are (root mean square, 0..1), and how alike (correlation, -1..1)."""

    left: float
    right: float
    alike: float


def gains(channels: Channels) -> tuple[float, float]:
    """Return by what each channel is multiplied before the two are added.

    One sound on both: their mean. One the mirror of the other (a wrong cable): their difference, since the mean
    would be silence. Two microphones: the quieter one is raised, so that pupils on one side are heard.
    """
    if channels.alike <= -ALIKE:
        return 0.5, -0.5
    if channels.alike >= ALIKE or not channels.left or not channels.right:
        return 0.5, 0.5
    loud = max(channels.left, channels.right)
    left, right = (min(MOST_GAIN, loud / level) for level in (channels.left, channels.right))
    return 0.5 * left, 0.5 * right


def mix_down(stereo: Path, target: Path, watch: Watch) -> None:
    """Write the two channels of a 16 bit WAV as one."""
    left, right = gains(compare(stereo, watch))
    with wave.open(str(stereo), "rb") as source, wave.open(str(target), "wb") as file:
        file.setparams((1, 2, source.getframerate(), 0, "NONE", ""))
        for piece in pieces(source):
            watch.check()
            mixed = piece[:, 0] * left + piece[:, 1] * right
            file.writeframes(np.clip(mixed, -32768, 32767).astype("<i2").tobytes())


def compare(stereo: Path, watch: Watch) -> Channels:
    """Listen through both channels."""
    squares, product, count = np.zeros(2), 0.0, 0
    with wave.open(str(stereo), "rb") as source:
        for piece in pieces(source):
            watch.check()
            squares += np.sum(piece**2, axis=0)
            product += float(np.sum(piece[:, 0] * piece[:, 1]))
            count += len(piece)
    left, right = (float(np.sqrt(each / max(1, count))) / 32768 for each in squares)
    return Channels(left, right, product / max(1.0, float(np.sqrt(squares[0] * squares[1]))))


def pieces(source: wave.Wave_read) -> Iterator[NDArray[np.float64]]:
    """Yield the samples [frames, 2] piece by piece."""
    while raw := source.readframes(PIECE):
        yield np.frombuffer(raw, "<i2").reshape(-1, 2).astype(np.float64)
