"""Voice activity detection: Silero (MIT, from faster-whisper) on level-adjusted audio."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import Span, Watch
from transcription.speech.audio import SAMPLE_RATE, SAMPLES_A_MS, Samples, read_sound, sound_length_ms

FRAME = 512  # samples that the model judges at once: 32 ms
PIECE_MS = 128 * 1000  # read and judged at once, a whole number of frames; memory stays flat
RUN_UP_MS = 3200  # heard before each piece, so that the model knows where it is
THRESHOLD = 0.3  # far voices are faint (tried: 0.5 misses the back of the room)
LET_GO = 0.15  # speech goes on until it falls below this
SHORTEST_SPEECH_MS = 120
SHORTEST_SILENCE_MS = 200
PAD_MS = 60
TARGET_LEVEL = 0.05  # root mean square that a loud second is brought to
MOST_GAIN = 12.0  # so that an empty room's hiss is not made into voices


def detect_speech(sound: Path, watch: Watch) -> tuple[Span, ...]:
    """Return where somebody speaks, in order, at least `SHORTEST_SILENCE_MS` apart."""
    length_ms = sound_length_ms(sound)
    gain = level_gain(sound, length_ms)
    pieces: list[NDArray[np.float32]] = []
    for start_ms in range(0, length_ms, PIECE_MS):
        watch.check()
        before_ms = max(0, start_ms - RUN_UP_MS)
        samples = read_sound(sound, before_ms, start_ms + PIECE_MS) * gain
        judged = probabilities(np.clip(samples, -1, 1))
        pieces.append(judged[(start_ms - before_ms) * SAMPLES_A_MS // FRAME :])
        watch.progress(min(1.0, (start_ms + PIECE_MS) / length_ms))
    if not pieces:
        return ()
    return spans_of(np.concatenate(pieces), length_ms)


def level_gain(sound: Path, length_ms: int) -> float:
    """Return the factor that brings the louder seconds of a lesson to `TARGET_LEVEL`."""
    levels = [float(np.sqrt(np.mean(second**2))) for second in _seconds(sound, length_ms) if len(second)]
    loud = float(np.quantile(levels, 0.9)) if levels else 0.0
    return float(np.clip(TARGET_LEVEL / loud, 1.0, MOST_GAIN)) if loud > 0 else 1.0


def _seconds(sound: Path, length_ms: int) -> Iterator[Samples]:
    for start_ms in range(0, length_ms, 60_000):
        minute = read_sound(sound, start_ms, min(length_ms, start_ms + 60_000))
        yield from (minute[i : i + SAMPLE_RATE] for i in range(0, len(minute), SAMPLE_RATE))


def probabilities(samples: Samples) -> NDArray[np.float32]:
    """Return for each frame of `FRAME` samples how likely somebody speaks in it."""
    padded = np.pad(samples, (0, -len(samples) % FRAME))
    return np.asarray(_model()(padded), np.float32).ravel()


@cache
def _model() -> Any:
    from faster_whisper.vad import get_vad_model

    return get_vad_model()


def spans_of(judged: NDArray[np.float32], length_ms: int) -> tuple[Span, ...]:
    """Turn probabilities into spans: enter at THRESHOLD, leave at LET_GO, bridge short silences, pad a little."""
    frame_ms = FRAME / SAMPLES_A_MS
    runs: list[list[float]] = []
    speaking = False
    for number, probability in enumerate(judged):
        if not speaking and probability >= THRESHOLD:
            speaking = True
            at_ms = number * frame_ms
            if runs and at_ms - runs[-1][1] < SHORTEST_SILENCE_MS:
                runs[-1][1] = at_ms
            else:
                runs.append([at_ms, at_ms])
        speaking = speaking and probability >= LET_GO
        if speaking:
            runs[-1][1] = (number + 1) * frame_ms
    kept = [run for run in runs if run[1] - run[0] >= SHORTEST_SPEECH_MS]
    return tuple(
        Span(max(0, round(start) - PAD_MS), min(length_ms, round(end) + PAD_MS))
        for start, end in kept
        if start < length_ms
    )
