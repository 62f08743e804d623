"""Finds who speaks when: windows of 10 s are split into voices, their pieces are joined over the recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.types import Span, VoiceTurn, Watch
from transcription.clustering import Labels, cluster_voices, nearest_voice, voice_centres
from transcription.speaker_models import FIRST_FRAME_MS, FRAME_MS, SAMPLE_RATE, WINDOW_MS, Floats, SpeakerModels

SoundReader = Callable[[int, int], Floats]
"""Samples at 16 kHz from one millisecond to another."""

STEP_MS = 5_000
LONGEST_PIECE_MS = 3_000
BRIDGED_IN_WINDOW_MS = 250
BRIDGED_MS = 300
SHORTEST_TURN_MS = 200
SHORTEST_PRINT_MS = 250
"""With less sound of a voice alone there is nothing to compare."""
SURE_PRINT_MS = 800
"""Only prints of so much sound make voices; shorter ones join them."""
SPEECH_MARGIN_MS = 250

_MEMBERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one local voice of one window; `alone_ms` of it nobody else is heard; `voices` on average."""

    start_ms: int
    end_ms: int
    local: tuple[int, int]
    alone_ms: int
    voices: float
    loudness_db: float
    voice_print: Floats | None


def find_speakers(
    sound: Path,
    speech: Sequence[Span],
    *,
    models: SpeakerModels,
    speakers: int | None = None,
    watch: Watch,
) -> tuple[VoiceTurn, ...]:
    """Who speaks when in a sound file, by start; `speakers` forces their number. Without speech: nobody.

    Raises `WorkStopped` when the watch says so, and `ValueError` for fewer than one speaker.
    """
    from transcription.sound import read_sound, sound_length_ms

    def read(start_ms: int, end_ms: int) -> Floats:
        return read_sound(sound, start_ms, end_ms)

    return speakers_in(read, sound_length_ms(sound), speech, models=models, speakers=speakers, watch=watch)


def speakers_in(
    read: SoundReader,
    length_ms: int,
    speech: Sequence[Span],
    *,
    models: SpeakerModels,
    speakers: int | None = None,
    watch: Watch,
) -> tuple[VoiceTurn, ...]:
    """What `find_speakers` does, for any source of sound."""
    if speakers is not None and speakers < 1:
        raise ValueError("at least one speaker")
    pieces: list[Piece] = []
    for number, start_ms in enumerate(_window_starts(length_ms)):
        watch.check()
        own = _owned(start_ms, length_ms)
        if any(span.end_ms > own.start_ms and span.start_ms < own.end_ms for span in speech):
            window = _padded(read(start_ms, min(start_ms + WINDOW_MS, length_ms)))
            found = pieces_in_window(models, window, start_ms, own, number)
            pieces += [piece for piece in found if _is_speech(piece, speech)]
        watch.progress(min(1.0, own.end_ms / length_ms))
    return join_pieces(pieces, _name_voices(pieces, speakers))


def _window_starts(length_ms: int) -> range:
    """Starts of the windows; the last one may reach beyond the end by less than a step."""
    return range(0, max(length_ms - WINDOW_MS + STEP_MS, 1), STEP_MS)


def _owned(start_ms: int, length_ms: int) -> Span:
    """The middle of a window, where it has heard enough on both sides; the first and last reach to the ends."""
    margin = (WINDOW_MS - STEP_MS) // 2
    first = start_ms == 0
    last = start_ms + WINDOW_MS >= length_ms
    return Span(0 if first else start_ms + margin, length_ms if last else start_ms + margin + STEP_MS)


def _padded(samples: Floats) -> Floats:
    full = WINDOW_MS * SAMPLE_RATE // 1000
    return np.pad(samples[:full], (0, max(0, full - len(samples)))).astype(np.float32)


def _is_speech(piece: Piece, speech: Iterable[Span]) -> bool:
    """Whether the voice detector heard anything there: the segmentation also takes some noises for voices."""
    return any(
        span.end_ms + SPEECH_MARGIN_MS > piece.start_ms and span.start_ms - SPEECH_MARGIN_MS < piece.end_ms
        for span in speech
    )


def pieces_in_window(models: SpeakerModels, window: Floats, start_ms: int, own: Span, number: int) -> Iterator[Piece]:
    """The pieces of every local voice within the part of the window that it owns."""
    probabilities = models.voices(window)
    active = _MEMBERS[np.argmax(probabilities, axis=1)] > 0
    voices = probabilities @ _MEMBERS.sum(axis=1)
    centres = start_ms + FIRST_FRAME_MS + FRAME_MS * np.arange(len(active))
    owned = (centres >= own.start_ms) & (centres < own.end_ms)
    for local in range(active.shape[1]):
        for first, end in _runs(active[:, local] & owned):
            alone = active[first:end, local] & (active[first:end].sum(axis=1) == 1)
            samples = _samples_of(window, first, alone)
            alone_ms = len(samples) * 1000 // SAMPLE_RATE
            whole = _samples_of(window, first, np.ones(end - first, dtype=bool))
            yield Piece(
                start_ms=max(own.start_ms, round(centres[first] - FRAME_MS / 2)),
                end_ms=min(own.end_ms, round(centres[end - 1] + FRAME_MS / 2)),
                local=(number, local),
                alone_ms=alone_ms,
                voices=max(1.0, float(voices[first:end].mean())),
                loudness_db=_loudness_db(whole),
                voice_print=models.voice_print(samples) if alone_ms >= SHORTEST_PRINT_MS else None,
            )


def _runs(active: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and end frame of each run, short gaps bridged, long ones cut into equal pieces."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    joined: list[list[int]] = []
    for first, end in edges.reshape(-1, 2).tolist():
        if joined and (first - joined[-1][1]) * FRAME_MS < BRIDGED_IN_WINDOW_MS:
            joined[-1][1] = end
        else:
            joined.append([first, end])
    for first, end in joined:
        parts = max(1, int(np.ceil((end - first) * FRAME_MS / LONGEST_PIECE_MS)))
        cuts = np.linspace(first, end, parts + 1).round().astype(int).tolist()
        yield from zip(cuts[:-1], cuts[1:], strict=True)


def _samples_of(window: Floats, first: int, wanted: NDArray[np.bool_]) -> Floats:
    """The samples of the wanted frames, `first` being the number of the first one in the window."""
    frame = round(FRAME_MS * SAMPLE_RATE / 1000)
    start = round(FIRST_FRAME_MS * SAMPLE_RATE / 1000 - frame / 2) + first * frame
    part = window[start : start + len(wanted) * frame]
    return part[np.repeat(wanted, frame)[: len(part)]]


def _loudness_db(samples: Floats) -> float:
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    return 10 * float(np.log10(max(power, 1e-10)))


def _name_voices(pieces: Sequence[Piece], speakers: int | None) -> Labels:
    """A voice for each piece: the sure prints make the voices, the others join, the silent follow their neighbours."""
    heard = [index for index, piece in enumerate(pieces) if piece.voice_print is not None]
    labels = np.zeros(len(pieces), dtype=np.int64)
    if not heard:
        return labels
    sure = [index for index in heard if pieces[index].alone_ms >= SURE_PRINT_MS] or heard
    prints = np.stack([_print_of(pieces[index]) for index in sure])
    lengths = np.array([pieces[index].alone_ms for index in sure], dtype=np.int64)
    labels[sure] = cluster_voices(prints, lengths, speakers)
    centres = voice_centres(prints, lengths, labels[sure])
    short = sorted(set(heard) - set(sure))
    if short:
        labels[short] = nearest_voice(np.stack([_print_of(pieces[index]) for index in short]), centres)
    for index in sorted(set(range(len(pieces))) - set(heard)):
        labels[index] = labels[min(heard, key=lambda other: _strangeness(pieces[index], pieces[other]))]
    return labels


def _print_of(piece: Piece) -> Floats:
    if piece.voice_print is None:
        raise ValueError("a piece without a voice print")
    return piece.voice_print


def _strangeness(piece: Piece, other: Piece) -> tuple[bool, int]:
    """Orders pieces: the same local voice of the window first, then by distance in time."""
    return piece.local != other.local, abs(piece.start_ms - other.start_ms)


def join_pieces(pieces: Sequence[Piece], labels: Labels) -> tuple[VoiceTurn, ...]:
    """Turns by start: pieces of one voice joined over short gaps, too short turns dropped, S1 the first heard."""
    turns: list[tuple[int, list[Piece]]] = []
    open_turns: dict[int, list[Piece]] = {}
    for index in sorted(range(len(pieces)), key=lambda index: (pieces[index].start_ms, pieces[index].end_ms)):
        piece, label = pieces[index], int(labels[index])
        running = open_turns.get(label)
        if running is not None and piece.start_ms - max(p.end_ms for p in running[-8:]) < BRIDGED_MS:
            running.append(piece)
        else:
            open_turns[label] = [piece]
            turns.append((label, open_turns[label]))
    names: dict[int, str] = {}
    result = []
    for label, parts in turns:
        start_ms, end_ms = parts[0].start_ms, max(part.end_ms for part in parts)
        if end_ms - start_ms >= SHORTEST_TURN_MS:
            name = names.setdefault(label, f"S{len(names) + 1}")
            result.append(VoiceTurn(start_ms, end_ms, name, *_average(parts)))
    return tuple(result)


def _average(parts: Sequence[Piece]) -> tuple[float, float]:
    """Mean voices and loudness (of the power, dBFS), longer pieces counting more."""
    lengths = np.array([max(1, part.end_ms - part.start_ms) for part in parts], dtype=np.float64)
    voices = float(np.average([part.voices for part in parts], weights=lengths))
    power = float(np.average([10 ** (part.loudness_db / 10) for part in parts], weights=lengths))
    return round(voices, 3), round(10 * float(np.log10(max(power, 1e-10))), 2)
