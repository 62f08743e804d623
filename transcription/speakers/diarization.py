"""Speaker diarization: segmentation in overlapping windows, an embedding a segment, then clustering.

Each window of 10 s owns its middle 5 s. Within it every local speaker's runs are embedded where he speaks
alone; so a pupil's short answer is not swallowed by the teacher who speaks before and after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log10
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.types import Span, VoiceTurn, Watch
from transcription.networks.speaker_networks import SpeakerModels
from transcription.speakers.clustering import cluster_voices
from transcription.speech.audio import SAMPLES_A_MS, Samples, read_sound, sound_length_ms
from transcription.speech.intervals import clip, intersect, near, total_ms, union

WINDOW_MS, STEP_MS = 10_000, 5_000
MARGIN_MS = (WINDOW_MS - STEP_MS) // 2
FRAME_MS = 270 / SAMPLES_A_MS  # 16.875: step of the segmentation's frames
FIRST_FRAME_MS = 495.5 / SAMPLES_A_MS  # where the middle of the first frame lies
LOCAL = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2))  # who speaks in each of the seven classes
BRIDGED_MS = 250  # a run goes on over a gap shorter than this
LONGEST_PIECE_MS = 3000
DECISIVE_MS = 800  # alone for so long, a piece helps to decide who there is
SHORTEST_EMBEDDED_MS = 250
JOINED_MS = 300  # turns of one voice closer than this are one
SHORTEST_TURN_MS = 200
COUNT_MS = 50  # step at which the voices heard at once are counted
BELIEVED = 0.5  # of a run heard by the voice activity model too: then its silences are believed, else the run is whole
EARLY_MS, LATE_MS = 40, 100  # by so much the voice activity model begins too early, and in a room's echo ends too late
PAUSE_MS = 500  # a shorter silence of it is no pause
BATCH = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of one local speaker in one window, at most `LONGEST_PIECE_MS` long, with how it sounds alone.

    `heard` is where in it there is sound.
    """

    start_ms: int
    end_ms: int
    alone_ms: int
    voice: NDArray[np.float32] | None
    heard: tuple[Span, ...]


def find_speakers(
    sound: Path,
    speech: Sequence[Span],
    *,
    models: SpeakerModels,
    watch: Watch,
    speakers: int | None = None,
) -> tuple[VoiceTurn, ...]:
    """Return the turns of all voices in order of time; turns of two voices may overlap.

    `speech` is what the voice activity model heard; `speakers` fixes how many voices there are.
    """
    length_ms = sound_length_ms(sound)
    speech = trim(speech)
    crowd = np.zeros(-(-length_ms // COUNT_MS), np.float32)
    pieces: list[Piece] = []
    for start_ms, samples, frames in windows(sound, length_ms, models):
        watch.check()
        watch.progress(min(1.0, max(0, start_ms) / max(1, length_ms)))
        mine = owned(start_ms, length_ms)
        count_voices(crowd, start_ms, frames, mine)
        pieces += pieces_of(start_ms, samples, frames, speech, mine, models)
    known = [piece for piece in pieces if piece.voice is not None]
    if not known:
        return ()
    groups = group_pieces(known, speakers)
    named = name_pieces(pieces, known, groups)
    turns = join_turns(named)
    return tuple(with_sound(turns, crowd, sound))


def trim(speech: Sequence[Span]) -> tuple[Span, ...]:
    """Return speech without what the voice activity model adds at its ends, and without its short silences."""
    trimmed = (Span(s.start_ms + EARLY_MS, s.end_ms - LATE_MS) for s in speech)
    return union((span for span in trimmed if span.length_ms > 0), PAUSE_MS)


def windows(sound: Path, length_ms: int, models: SpeakerModels) -> Iterator[tuple[int, Samples, NDArray[np.bool_]]]:
    """Yield start, samples and who speaks [frames, 3] of each window."""
    wanted = range(-MARGIN_MS, max(1, length_ms - MARGIN_MS), STEP_MS)
    for first in range(0, len(wanted), BATCH):
        starts = wanted[first : first + BATCH]
        batch = np.stack([_window(sound, start_ms) for start_ms in starts])
        for start_ms, samples, judged in zip(starts, batch, models.segment(batch).argmax(axis=2), strict=True):
            yield start_ms, samples, local_speakers(judged)


def _window(sound: Path, start_ms: int) -> Samples:
    samples = read_sound(sound, max(0, start_ms), start_ms + WINDOW_MS)
    before = max(0, -start_ms) * SAMPLES_A_MS
    return np.pad(samples, (before, WINDOW_MS * SAMPLES_A_MS - before - len(samples)))


def owned(start_ms: int, length_ms: int) -> Span:
    """Return the middle of a window, whose turns it decides."""
    return Span(max(0, start_ms + MARGIN_MS), max(0, min(length_ms, start_ms + MARGIN_MS + STEP_MS)))


def count_voices(crowd: NDArray[np.float32], start_ms: int, frames: NDArray[np.bool_], mine: Span) -> None:
    """Write into `crowd` (one number each `COUNT_MS`) how many voices a window hears in its own middle."""
    steps = np.arange(mine.start_ms // COUNT_MS, min(len(crowd), -(-mine.end_ms // COUNT_MS)))
    at = np.round((steps * COUNT_MS + COUNT_MS / 2 - start_ms - FIRST_FRAME_MS) / FRAME_MS).astype(np.intp)
    crowd[steps] = frames[np.clip(at, 0, len(frames) - 1)].sum(axis=1)


def local_speakers(judged: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return who speaks [frames, 3] from the class of each frame."""
    table = np.zeros((len(LOCAL), 3), bool)
    for number, who in enumerate(LOCAL):
        table[number, list(who)] = True
    return table[judged]


def pieces_of(
    start_ms: int,
    samples: Samples,
    frames: NDArray[np.bool_],
    speech: Sequence[Span],
    mine: Span,
    models: SpeakerModels,
) -> Iterator[Piece]:
    """Yield the pieces of a window's own middle, each with the voice of its speaker.

    The segmentation bridges pauses of a second, the voice activity model misses faint voices: its silences count
    inside a run that it heard for the most part.
    """
    alone = frames.sum(axis=1) == 1
    for local in range(frames.shape[1]):
        for first, last in runs_of(frames[:, local]):
            begin = start_ms + round(FIRST_FRAME_MS + (first - 0.5) * FRAME_MS)
            end = start_ms + round(FIRST_FRAME_MS + (last - 0.5) * FRAME_MS)
            for run in clip([Span(begin, end)], mine):
                heard = intersect([run], near(speech, run))
                heard = heard if total_ms(heard) >= BELIEVED * run.length_ms else (run,)
                yield from _cut(run, heard, start_ms, samples, frames[:, local] & alone, models)


def _cut(
    span: Span,
    heard: Sequence[Span],
    window_ms: int,
    samples: Samples,
    alone: NDArray[np.bool_],
    models: SpeakerModels,
) -> Iterator[Piece]:
    count = -(-span.length_ms // LONGEST_PIECE_MS)
    edges = [span.start_ms + span.length_ms * i // count for i in range(count + 1)] if count else []
    for begin, end in pairwise(edges):
        first, last = (round((at - window_ms - FIRST_FRAME_MS) / FRAME_MS) for at in (begin, end))
        solo = np.flatnonzero(alone[max(0, first) : max(0, last)]) + max(0, first)
        alone_ms = round(len(solo) * FRAME_MS)
        voice = None
        if alone_ms >= SHORTEST_EMBEDDED_MS:
            step = round(FRAME_MS * SAMPLES_A_MS)
            voice = models.embed(np.concatenate([samples[i * step : (i + 1) * step] for i in solo]))
        yield Piece(begin, end, alone_ms, voice, clip(heard, Span(begin, end)))


def runs_of(active: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last-plus-one frame of each run; gaps shorter than `BRIDGED_MS` are bridged."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    runs: list[tuple[int, int]] = []
    for first, last in edges.reshape(-1, 2).tolist():
        if runs and (first - runs[-1][1]) * FRAME_MS < BRIDGED_MS:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return runs


def group_pieces(known: Sequence[Piece], speakers: int | None) -> list[int]:
    """Return a group for each piece that has a voice; pieces that are long alone decide which groups there are."""
    voices = np.stack([piece.voice for piece in known if piece.voice is not None])
    lengths = np.array([piece.alone_ms for piece in known])
    decisive = np.flatnonzero(lengths >= DECISIVE_MS)
    if not len(decisive):
        decisive = np.arange(len(known))
    groups = cluster_voices(voices[decisive], lengths[decisive].tolist(), speakers)
    centres = np.stack([voices[decisive][groups == g].mean(axis=0) for g in np.unique(groups)])
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    nearest = np.unique(groups)[np.argmax(voices @ centres.T, axis=1)]
    nearest[decisive] = groups
    return [int(g) for g in nearest]


def name_pieces(pieces: Sequence[Piece], known: Sequence[Piece], groups: Sequence[int]) -> list[tuple[Piece, int]]:
    """Give every piece a group; one that is never heard alone takes the nearest in time."""
    named = list(zip(known, groups, strict=True))
    middles = np.array([(piece.start_ms + piece.end_ms) / 2 for piece in known])
    for piece in pieces:
        if piece.voice is None:
            at = (piece.start_ms + piece.end_ms) / 2
            named.append((piece, groups[int(np.argmin(np.abs(middles - at)))]))
    return sorted(named, key=lambda each: (each[0].start_ms, each[0].end_ms))


def join_turns(named: Sequence[tuple[Piece, int]]) -> list[VoiceTurn]:
    """Join pieces of one voice that are close, drop specks, and number the voices as they first appear."""
    turns: list[tuple[Span, int]] = []
    for group in {group for _, group in named}:
        spans = union((span for piece, own in named if own == group for span in piece.heard), JOINED_MS)
        turns += [(span, group) for span in spans if span.length_ms >= SHORTEST_TURN_MS]
    turns.sort(key=lambda each: (each[0].start_ms, each[0].end_ms))
    names: dict[int, str] = {}
    for _, group in turns:
        names.setdefault(group, f"S{len(names) + 1}")
    return [VoiceTurn(span.start_ms, span.end_ms, names[group]) for span, group in turns]


def with_sound(turns: Sequence[VoiceTurn], crowd: NDArray[np.float32], sound: Path) -> Iterator[VoiceTurn]:
    """Add to each turn how many voices are heard at once in it, and how loud it is (dB of full scale)."""
    for turn in turns:
        counted = crowd[turn.start_ms // COUNT_MS : -(-turn.end_ms // COUNT_MS)]
        spoken = counted[counted > 0]
        samples = read_sound(sound, turn.start_ms, turn.end_ms)
        level = float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
        yield replace(
            turn,
            voices=round(float(spoken.mean()), 2) if len(spoken) else 1.0,
            loudness_db=round(20 * log10(max(level, 1e-6)), 1),
        )
