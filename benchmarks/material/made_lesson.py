"""Synthetic lessons with known speakers and pauses: an adult reader as teacher, recorded children as pupils.

Exposition, discussion with waits, group work (several children at once) and independent work follow each other; the
room has an echo and a noise, and the children sit far from the camera. `tune` and `report` share neither a reader
nor a child. Real classroom sound with reference turns may not be had (docs/accuracy.md).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

from core.types import Activity, ActivityKind, Role, Span
from transcription.speech.intervals import clip, union

Samples = NDArray[np.float32]
Half = Literal["tune", "report"]

RATE = 16_000
TEACHERS: dict[Half, tuple[str, ...]] = {
    "tune": ("2033", "367"),
    "report": ("2609", "3080"),
}  # 1688 has noise of its own
CHILDREN = 6
FRAME_MS, QUIET_DB, BRIDGED_MS = 20, 28.0, 300
SHORTEST_SENTENCE_MS = 1500
LEVEL = 0.08  # of everything that is said, root mean square
NOISE_DB = 15.0  # speech of the teacher over the noise of the room
ECHO_SECONDS = 0.45  # until an echo is 60 dB down
FAR_DB = 7.0  # how much quieter a child is than the teacher


@dataclass(frozen=True, slots=True)
class Spoken:
    """Something said, from its first sound to its last, and where in it there is voice."""

    samples: Samples
    voiced: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class TrueTurn:
    """Who truly speaks."""

    start_ms: int
    end_ms: int
    speaker: str
    role: Role


@dataclass(frozen=True, slots=True)
class Exchange:
    """A teacher's question (`question` is its sound), a child's answer, and the teacher again."""

    question: Span
    wait_1_ms: int
    wait_2_ms: int


@dataclass(frozen=True, slots=True)
class MadeLesson:
    """Sound at 16 kHz in -1..1, and all that is true of it."""

    name: str
    samples: Samples
    turns: tuple[TrueTurn, ...]
    groups: tuple[Span, ...]
    exchanges: tuple[Exchange, ...]
    activities: tuple[Activity, ...]

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return len(self.samples) * 1000 // RATE


@dataclass(slots=True)
class Desk:
    """What a lesson is put together on. `at` is in samples."""

    chance: np.random.Generator
    teacher: list[Spoken]
    children: dict[str, list[Spoken]]
    length: int
    sound: Samples = field(init=False)
    at: int = 0
    turns: list[TrueTurn] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sound = np.zeros(self.length, np.float32)

    def say(self, speaker: str, spoken: Spoken, at: int) -> int:
        """Let somebody speak at a sample; returns where it ends."""
        samples = spoken.samples[: max(0, self.length - at)]
        role = Role.TEACHER if speaker == "teacher" else Role.PUPIL
        heard = samples if role is Role.TEACHER else samples * np.float32(10 ** (-FAR_DB / 20))
        self.sound[at : at + len(samples)] += heard
        start_ms, length_ms = at * 1000 // RATE, len(samples) * 1000 // RATE
        for span in clip(spoken.voiced, Span(0, length_ms)):
            self.turns.append(TrueTurn(start_ms + span.start_ms, start_ms + span.end_ms, speaker, role))
        return at + len(samples)

    def teach(self) -> None:
        """Let the teacher say something."""
        self.at = self.say("teacher", self.any_of(self.teacher), self.at)

    def any_of(self, spoken: list[Spoken]) -> Spoken:
        """Return one of the recordings by chance."""
        return spoken[int(self.chance.integers(len(spoken)))]

    def wait(self, shortest: float, longest: float) -> int:
        """Let nobody speak for some seconds; returns how many ms."""
        seconds = float(self.chance.uniform(shortest, longest))
        self.at += round(seconds * RATE)
        return round(seconds * 1000)


def make_lesson(data: Path, half: Half, seed: int, minutes: float = 7.0) -> MadeLesson:
    """Return a lesson; the same seed makes the same lesson. `data` is the folder `audio` of the test data."""
    chance = np.random.default_rng((seed, len(half)))
    teacher = TEACHERS[half][seed % len(TEACHERS[half])]
    names = children_of(data, half)
    chosen = [names[int(i)] for i in chance.permutation(len(names))[:CHILDREN]]
    desk = Desk(chance, reader(data, teacher), {name: child(data, name) for name in chosen}, int(minutes * 60 * RATE))
    parts = [(explain, 1.0), (discuss, 1.6), (work_in_groups, 2.0), (discuss, 1.2), (work_alone, 1.0), (discuss, 0.5)]
    while desk.at < desk.length:
        for part, part_minutes in parts:
            start = desk.at
            kind = part(desk, min(desk.length, start + int(part_minutes * 60 * RATE * min(1.0, minutes / 7))))
            end = min(desk.at, desk.length)
            if start < end:
                desk.activities.append(Activity(start * 1000 // RATE, end * 1000 // RATE, kind))
    groups = tuple(Span(a.start_ms, a.end_ms) for a in desk.activities if a.kind is ActivityKind.GROUP)
    turns = tuple(sorted(desk.turns, key=lambda turn: (turn.start_ms, turn.end_ms)))
    sound = in_a_room(desk.sound, chance)
    return MadeLesson(f"{half} {seed}", sound, turns, groups, tuple(desk.exchanges), tuple(desk.activities))


def explain(desk: Desk, until: int) -> ActivityKind:
    """The teacher speaks, with breaths."""
    while desk.at < until:
        desk.teach()
        desk.wait(0.4, 1.5)
    return ActivityKind.EXPOSITION


def discuss(desk: Desk, until: int) -> ActivityKind:
    """Question, wait, answer, wait: wait times are drawn like a lesson's (most under three seconds)."""
    while desk.at < until:
        asked = len(desk.turns)
        desk.teach()
        question = Span(desk.turns[asked].start_ms, desk.turns[-1].end_ms) if len(desk.turns) > asked else None
        first_ms = desk.wait(0.6, 4.5)
        name = list(desk.children)[int(desk.chance.integers(len(desk.children)))]
        desk.at = desk.say(name, desk.any_of(desk.children[name]), desk.at)
        second_ms = desk.wait(0.5, 2.5)
        if question is not None and desk.at < desk.length:
            desk.exchanges.append(Exchange(question, first_ms, second_ms))
        desk.teach()
        desk.wait(0.6, 2.0)
    return ActivityKind.DISCUSSION


def work_in_groups(desk: Desk, until: int) -> ActivityKind:
    """All children speak at once, each with pauses; now and then the teacher."""
    for name, spoken in desk.children.items():
        at = desk.at + int(desk.chance.uniform(0, 2) * RATE)
        while at < until:
            at = desk.say(name, desk.any_of(spoken), at) + int(desk.chance.uniform(0.3, 4.0) * RATE)
    at = desk.at + int(desk.chance.uniform(10, 25) * RATE)
    while at < until:
        at = desk.say("teacher", desk.any_of(desk.teacher), at) + int(desk.chance.uniform(15, 40) * RATE)
    desk.at = max(until, desk.at)
    return ActivityKind.GROUP


def work_alone(desk: Desk, until: int) -> ActivityKind:
    """Nearly nobody speaks."""
    desk.teach()
    desk.at = max(until, desk.at)
    return ActivityKind.INDEPENDENT


def in_a_room(sound: Samples, chance: np.random.Generator) -> Samples:
    """Add an echo (noise that dies away exponentially) and the noise of a room, and bring all to a camera's level."""
    from scipy.signal import fftconvolve, lfilter

    length = int(ECHO_SECONDS * RATE)
    times = np.arange(length) / RATE
    echo = chance.normal(size=length) * 10 ** (-3 * times / ECHO_SECONDS)
    echo *= 0.5 / np.sqrt(np.sum(echo**2))
    echo[0] = 1.0
    wet = fftconvolve(sound, echo)[: len(sound)]
    spoken = np.sqrt(np.mean(wet[np.abs(sound) > 0] ** 2)) if np.any(sound) else 1.0
    noise = lfilter([1.0], [1.0, -0.9], chance.normal(size=len(sound)))
    noise *= spoken * 10 ** (-NOISE_DB / 20) / np.sqrt(np.mean(noise**2))
    heard = wet + noise
    return np.asarray(heard * (0.05 / np.sqrt(np.mean(heard**2))), np.float32).clip(-1, 1)


def sounding(spoken: Samples) -> tuple[Span, ...]:
    """Return where a clean recording sounds, bridged: its frames nearer (in dB) to its loud ones than to its noise."""
    size = RATE * FRAME_MS // 1000
    frames = spoken[: len(spoken) // size * size].reshape(-1, size)
    levels = 20 * np.log10(np.sqrt(np.mean(frames**2, axis=1)) + 1e-9)
    if not len(levels):
        return ()
    noise, loudest = np.quantile(levels, (0.05, 0.95))
    loud = np.flatnonzero(levels > loudest - min(QUIET_DB, 0.6 * (loudest - noise)))
    return union((Span(int(i) * FRAME_MS, (int(i) + 1) * FRAME_MS) for i in loud), BRIDGED_MS)


def cut(recording: Samples, voiced: Sequence[Span]) -> Spoken:
    """Return the part of a recording that holds these spans, brought to one level."""
    start_ms, end_ms = voiced[0].start_ms, voiced[-1].end_ms
    kept = recording[start_ms * RATE // 1000 : end_ms * RATE // 1000]
    level = max(1e-6, float(np.sqrt(np.mean(kept**2))))
    spans = tuple(Span(span.start_ms - start_ms, span.end_ms - start_ms) for span in voiced)
    return Spoken(np.asarray(kept * (LEVEL / level), np.float32), spans)


@cache
def reader(data: Path, number: str) -> list[Spoken]:
    """Return what an adult reader says, in sentences of a few seconds: cut where she pauses."""
    sentences: list[Spoken] = []
    for file in sorted((data / "Resemblyzer").rglob(f"{number}-*.flac")):
        recording, said = read_sound(file), list[Span]()
        for span in sounding(recording):
            said.append(span)
            if said[-1].end_ms - said[0].start_ms >= SHORTEST_SENTENCE_MS:
                sentences.append(cut(recording, said))
                said = []
    return sentences


@cache
def child(data: Path, number: str) -> list[Spoken]:
    """Return the utterances of a child."""
    folder = data / "speechocean762"
    files = (folder / row["file"] for row in rows_of(folder) if row["speaker"] == number)
    recordings = (read_sound(file) for file in files if file.is_file())
    return [cut(recording, voiced) for recording in recordings if (voiced := sounding(recording))]


def children_of(data: Path, half: Half) -> list[str]:
    """Return the children of one half, every other one."""
    names = sorted({row["speaker"] for row in rows_of(data / "speechocean762") if int(row["age"]) <= 12})
    return names[0 if half == "tune" else 1 :: 2]


def rows_of(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of `refs.tsv`."""
    with (folder / "refs.tsv").open(encoding="utf-8", newline="") as table:
        yield from csv.DictReader(table, delimiter="\t")


def read_sound(path: Path) -> Samples:
    """Return a recording as 16 kHz mono in -1..1."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "mono", RATE)
        parts = [part.to_ndarray()[0] for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        parts += [part.to_ndarray()[0] for part in resampler.resample(None)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
