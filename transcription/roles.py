"""Guesses whose voice is whose: the teacher, a pupil, a group; says unsure where the evidence is thin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.types import Role, VoiceTurn

SEVERAL_VOICES = 1.5
"""From so many voices at once on average a turn is group talk, whoever is loudest."""

LEAST_TALK_MS = 10_000
"""With less talk of its own nothing is said about a voice that might be the teacher's."""

CLEAR_LEAD = 1.3
"""How much more evidence the teacher needs than the next voice."""

_STRETCH_MS = 8_000  # a turn longer than this is told, not answered
_SHARE_OF_LONE_VOICE = 0.6  # a voice with this share of talk is the teacher's also without a question heard


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What one voice does outside group talk."""

    talk_ms: int
    turns: int
    stretches_ms: int
    loudness_db: float
    questions: int
    overlapped_ms: int


def find_roles(turns: Sequence[VoiceTurn], questions_per_speaker: Mapping[str, int]) -> dict[str, Role]:
    """A role for every speaker of the turns, from talk outside group work, asking, long turns and loudness."""
    evidence = {speaker: _gather(speaker, turns, questions_per_speaker) for speaker in _speakers(turns)}
    teacher, sure = _teacher(evidence)
    roles = {}
    for speaker, found in evidence.items():
        if found.overlapped_ms > found.talk_ms:
            roles[speaker] = Role.GROUP
        elif speaker == teacher and sure:
            roles[speaker] = Role.TEACHER
        else:
            roles[speaker] = Role.PUPIL if sure else Role.UNSURE
    return roles


def turn_roles(turns: Sequence[VoiceTurn], roles: Mapping[str, Role]) -> tuple[Role, ...]:
    """A role for every turn: its speaker's, but several voices at once are a group whoever is loudest."""
    return tuple(
        Role.GROUP if turn.voices >= SEVERAL_VOICES else roles.get(turn.speaker, Role.UNSURE) for turn in turns
    )


def _speakers(turns: Sequence[VoiceTurn]) -> list[str]:
    return list(dict.fromkeys(turn.speaker for turn in turns))


def _gather(speaker: str, turns: Sequence[VoiceTurn], questions: Mapping[str, int]) -> _Evidence:
    own = [turn for turn in turns if turn.speaker == speaker]
    alone = [turn for turn in own if turn.voices < SEVERAL_VOICES]
    lengths = [turn.end_ms - turn.start_ms for turn in alone]
    talk_ms = sum(lengths)
    loudness = sum(turn.loudness_db * length for turn, length in zip(alone, lengths, strict=True))
    return _Evidence(
        talk_ms=talk_ms,
        turns=len(alone),
        stretches_ms=sum(length for length in lengths if length >= _STRETCH_MS),
        loudness_db=loudness / talk_ms if talk_ms else -100.0,
        questions=questions.get(speaker, 0),
        overlapped_ms=sum(turn.end_ms - turn.start_ms for turn in own) - talk_ms,
    )


def _teacher(evidence: Mapping[str, _Evidence]) -> tuple[str | None, bool]:
    """The likeliest teacher, and whether the evidence is enough to say so."""
    able = {speaker: found for speaker, found in evidence.items() if found.overlapped_ms <= found.talk_ms}
    if not able:
        return None, False
    scores = {speaker: _score(found, able) for speaker, found in able.items()}
    first, *others = sorted(scores, key=lambda speaker: scores[speaker], reverse=True)
    if evidence[first].talk_ms < LEAST_TALK_MS:
        return first, False
    asks_or_leads = evidence[first].questions > 0 or _share(evidence[first], able) >= _SHARE_OF_LONE_VOICE
    return first, asks_or_leads and all(scores[first] >= CLEAR_LEAD * scores[other] for other in others)


def _score(found: _Evidence, able: Mapping[str, _Evidence]) -> float:
    """Shares of talk, turns, long turns and questions, weighed; up to a tenth more for the loudest voice."""
    turns = sum(other.turns for other in able.values())
    stretches = sum(other.stretches_ms for other in able.values())
    questions = sum(other.questions for other in able.values())
    score = 0.4 * _share(found, able)
    score += 0.15 * (found.turns / turns if turns else 0)
    score += 0.15 * (found.stretches_ms / stretches if stretches else 0)
    score += 0.3 * (found.questions / questions if questions else 0)
    loudest = max(other.loudness_db for other in able.values())
    return score * (1 + 0.1 * max(0.0, 1 - (loudest - found.loudness_db) / 12))


def _share(found: _Evidence, able: Mapping[str, _Evidence]) -> float:
    total = sum(other.talk_ms for other in able.values())
    return found.talk_ms / total if total else 0.0
