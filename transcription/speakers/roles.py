"""Role classification: teacher, pupil or group for each voice, from talk time, loudness and questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2

from core.types import Role, VoiceTurn

CROWDED = 1.5  # voices at once from which a turn is group talk
CROWD_SHARE = 0.6  # of a voice's time, from which it is known from group work alone
ENOUGH_MS = 8_000  # heard alone for so long, a voice can be told to be the teacher's
LEAD = 1.25  # the best score must be so many times the second


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of one voice."""

    talk_ms: int
    crowd_ms: int
    turns: int
    loudness_db: float  # mean, weighted by length
    questions: int


def find_roles(
    turns: Sequence[VoiceTurn], questions: Mapping[str, int], known_teacher: str | None = None
) -> dict[str, Role]:
    """Return the role of each voice; all are unsure when nobody stands out.

    `questions` counts what each voice asks; `known_teacher` is whose voice was known again. A single voice that is
    heard long enough is the teacher's.
    """
    heard = {speaker: hear(turns, speaker, questions.get(speaker, 0)) for speaker in {t.speaker for t in turns}}
    teacher = known_teacher if known_teacher in heard else find_teacher(heard)
    if teacher is None:
        return dict.fromkeys(heard, Role.UNSURE)
    return {speaker: Role.TEACHER if speaker == teacher else _pupil(own) for speaker, own in heard.items()}


def turn_roles(turns: Sequence[VoiceTurn], roles: Mapping[str, Role]) -> tuple[Role, ...]:
    """Return the role of each turn: one in which several voices speak at once is group talk."""
    return tuple(Role.GROUP if turn.voices >= CROWDED else roles[turn.speaker] for turn in turns)


def hear(turns: Sequence[VoiceTurn], speaker: str, questions: int) -> Heard:
    """Sum up a voice over its turns."""
    own = [turn for turn in turns if turn.speaker == speaker]
    lengths = [turn.end_ms - turn.start_ms for turn in own]
    crowd = sum(length for turn, length in zip(own, lengths, strict=True) if turn.voices >= CROWDED)
    loudness = sum(turn.loudness_db * length for turn, length in zip(own, lengths, strict=True))
    return Heard(sum(lengths), crowd, len(own), loudness / max(1, sum(lengths)), questions)


def find_teacher(heard: Mapping[str, Heard]) -> str | None:
    """Return the voice that leads outside group work, or None when it is not clear."""
    known = {speaker: own for speaker, own in heard.items() if own.talk_ms - own.crowd_ms >= ENOUGH_MS}
    if not known:
        return None
    loudest = max(own.loudness_db for own in known.values())
    scores = sorted(((score(own, loudest), speaker) for speaker, own in known.items()), reverse=True)
    if len(scores) > 1 and scores[0][0] < LEAD * scores[1][0]:
        return None
    return scores[0][1]


def score(own: Heard, loudest_db: float) -> float:
    """Return how much a voice leads: seconds outside group work, raised by asking and turns, lowered when quiet."""
    seconds = (own.talk_ms - own.crowd_ms) / 1000
    return seconds * (1 + 0.3 * log2(1 + own.questions)) * 2 ** ((own.loudness_db - loudest_db) / 12)


def _pupil(own: Heard) -> Role:
    return Role.GROUP if own.crowd_ms >= CROWD_SHARE * own.talk_ms else Role.PUPIL
