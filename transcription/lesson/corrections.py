"""Corrections anchored in time, so that they apply to any later run of the analysis.

A voice is named by when it was heard, a turn, a question and an activity by where they are: numbers and labels
change with every run, the recording does not. Everything here is pure; `understanding.py` applies it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise

from core.types import Activity, ActivityKind, Question, QuestionKind, Role, Span, Turn, VoiceTurn, Word
from transcription.speakers.turns import NOBODY
from transcription.speech.intervals import clip, total_ms, union

ANCHORS = 12
"""So many of a voice's longest turns say which voice is meant."""

SAME = 0.5
"""A turn that covers this share of what it and a correction cover together is the one that was meant."""

KNOWN = 0.25
"""A voice must be heard in this share of the anchors to be the one that was meant."""

TOUCHED = 0.3
"""A question that shares this much of the shorter of the two with a correction is the one that was meant."""


@dataclass(frozen=True, slots=True)
class VoiceCorrection:
    """Everywhere, the voice `heard` in these spans has a name, a role, or is the same as the voice heard `into`."""

    heard: tuple[Span, ...]
    name: str | None = None
    role: Role | None = None
    into: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnCorrection:
    """The turn at `span` is a teacher's, a pupil's or a group's, or was spoken by the voice heard `into`."""

    span: Span
    role: Role | None = None
    into: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class WordsCorrection:
    """What is said in `span` is `text`; empty: nothing."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class QuestionCorrection:
    """At `span` a question of this kind is asked; None: no question is."""

    span: Span
    kind: QuestionKind | None


@dataclass(frozen=True, slots=True)
class ActivityCorrection:
    """In `span` the class does this."""

    span: Span
    kind: ActivityKind


Correction = VoiceCorrection | TurnCorrection | WordsCorrection | QuestionCorrection | ActivityCorrection
TalkCorrection = VoiceCorrection | TurnCorrection | WordsCorrection


@dataclass(frozen=True, slots=True)
class Talk:
    """Who says what, and by which name a voice is called."""

    turns: tuple[Turn, ...]
    voices: tuple[VoiceTurn, ...]
    names: Mapping[str, str] = field(default_factory=dict)


def correct_talk(talk: Talk, correction: TalkCorrection) -> Talk | None:
    """Return the talk put right, or None when what was meant is not there (any more)."""
    if isinstance(correction, VoiceCorrection):
        return _correct_voice(talk, correction)
    if isinstance(correction, TurnCorrection):
        return _correct_turn(talk, correction)
    return _correct_words(talk, correction)


# Voices


def anchors_of(turns: Sequence[Turn], speaker: str) -> tuple[Span, ...]:
    """Return when a voice is heard, by its longest turns: how a correction remembers whom it means."""
    own = sorted((t for t in turns if t.speaker == speaker), key=lambda t: t.start_ms - t.end_ms)
    return union(Span(turn.start_ms, turn.end_ms) for turn in own[:ANCHORS])


def whose_voice(turns: Sequence[Turn], anchors: Sequence[Span]) -> str | None:
    """Return the speaker who is heard most in the anchors, or None when nobody is heard in enough of them."""
    heard = Counter[str]()
    for turn in turns:
        heard[turn.speaker] += total_ms(clip(anchors, Span(turn.start_ms, turn.end_ms)))
    speaker, most_ms = max(heard.items(), key=lambda each: each[1], default=("", 0))
    return speaker if most_ms and most_ms >= KNOWN * total_ms(anchors) else None


def role_of(turns: Sequence[Turn], speaker: str) -> Role:
    """Return the role that a voice has in most of its time; group talk counts only when there is nothing else."""
    spoken = Counter[Role]()
    for turn in turns:
        if turn.speaker == speaker:
            spoken[turn.role] += turn.end_ms - turn.start_ms
    alone = {role: ms for role, ms in spoken.items() if role is not Role.GROUP} or spoken
    return max(alone, key=lambda role: alone[role], default=Role.UNSURE)


def _correct_voice(talk: Talk, correction: VoiceCorrection) -> Talk | None:
    speaker = whose_voice(talk.turns, correction.heard)
    if speaker is None:
        return None
    if correction.into:
        into = whose_voice(talk.turns, correction.into)
        if into is None:
            return None
        talk, speaker = _merge(talk, speaker, into), into
    if correction.role is not None:
        talk = _declare(talk, speaker, correction.role)
    if correction.name is not None:
        talk = replace(talk, names={**talk.names, speaker: correction.name})
    return talk


def _merge(talk: Talk, speaker: str, into: str) -> Talk:
    role = role_of(talk.turns, into)
    turns = [
        replace(turn, speaker=into, role=turn.role if turn.role is Role.GROUP else role)
        if turn.speaker == speaker
        else turn
        for turn in talk.turns
    ]
    voices = (replace(voice, speaker=into) if voice.speaker == speaker else voice for voice in talk.voices)
    names = {label: name for label, name in talk.names.items() if label != speaker or into == speaker}
    return Talk(_joined(turns), tuple(voices), names)


def _declare(talk: Talk, speaker: str, role: Role) -> Talk:
    """Give a voice its role; where several speak at once it stays group talk, unless it is known from there alone.

    With the first teacher the others, of whom nothing could be said without one, become pupils.
    """
    only_group = role_of(talk.turns, speaker) is Role.GROUP
    first = role is Role.TEACHER and not any(turn.role is Role.TEACHER for turn in talk.turns)

    def now(turn: Turn) -> Role:
        if turn.speaker == speaker:
            return role if role is Role.GROUP or only_group or turn.role is not Role.GROUP else turn.role
        return Role.PUPIL if first and turn.role is Role.UNSURE and turn.speaker != NOBODY else turn.role

    return replace(talk, turns=tuple(replace(turn, role=now(turn)) for turn in talk.turns))


def _joined(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Make one of two turns of a voice that overlap since it was merged."""
    found: list[Turn] = []
    last: dict[str, int] = {}
    for turn in sorted(turns, key=lambda each: (each.start_ms, each.end_ms)):
        i = last.get(turn.speaker)
        if i is not None and found[i].end_ms > turn.start_ms and found[i].role is turn.role:
            words = tuple(sorted((*found[i].words, *turn.words), key=lambda word: word.start_ms))
            text = _text(words) if words else f"{found[i].text} {turn.text}".strip()
            found[i] = replace(found[i], end_ms=max(found[i].end_ms, turn.end_ms), words=words, text=text)
        else:
            last[turn.speaker] = len(found)
            found.append(turn)
    return tuple(found)


# One turn


def _correct_turn(talk: Talk, correction: TurnCorrection) -> Talk | None:
    i = max(range(len(talk.turns)), key=lambda n: _alike(talk.turns[n], correction.span), default=None)
    if i is None or _alike(talk.turns[i], correction.span) == 0:
        return None
    into = whose_voice(talk.turns, correction.into) if correction.into else None
    if correction.into and into is None:
        return None
    meant = talk.turns[i]
    pieces = [meant] if _alike(meant, correction.span) >= SAME else _cut(meant, correction.span)
    k = max(range(len(pieces)), key=lambda n: _alike(pieces[n], correction.span))
    speaker, role = _new_owner(talk.turns, meant, correction.role, into)
    changed = pieces[k] = replace(pieces[k], speaker=speaker, role=role)
    voices = _relabel(talk.voices, meant.speaker, changed)
    turns = _joined([*talk.turns[:i], *pieces, *talk.turns[i + 1 :]])
    return replace(talk, turns=turns, voices=voices)


def _new_owner(turns: Sequence[Turn], meant: Turn, role: Role | None, into: str | None) -> tuple[str, Role]:
    """Return whose the turn is now; one that is not its voice's kind of person gets a voice of its own."""
    if into is not None:
        return into, role if role is not None else role_of(turns, into)
    if role is None or role is role_of(turns, meant.speaker):
        return meant.speaker, role if role is not None else meant.role
    numbers = [int(t.speaker[1:]) for t in turns if t.speaker[1:].isdigit()]
    return f"S{max(numbers, default=0) + 1}", role


def _alike(turn: Turn, span: Span) -> float:
    """Return how much of what a turn and a span cover together they share, 0..1."""
    shared = min(turn.end_ms, span.end_ms) - max(turn.start_ms, span.start_ms)
    return max(0, shared) / max(1, max(turn.end_ms, span.end_ms) - min(turn.start_ms, span.start_ms))


def _cut(turn: Turn, span: Span) -> list[Turn]:
    """Cut a turn at the ends of a span; each word goes where its middle is."""
    inside = (at for at in (span.start_ms, span.end_ms) if turn.start_ms < at < turn.end_ms)
    edges = [turn.start_ms, *inside, turn.end_ms]
    pieces = []
    for start_ms, end_ms in pairwise(edges):
        first, last = start_ms == edges[0], end_ms == edges[-1]
        words = tuple(w for w in turn.words if (first or _middle(w) >= start_ms) and (last or _middle(w) < end_ms))
        pieces.append(replace(turn, start_ms=start_ms, end_ms=end_ms, words=words, text=_text(words)))
    return pieces


def _relabel(voices: Sequence[VoiceTurn], speaker: str, turn: Turn) -> tuple[VoiceTurn, ...]:
    """Give what a voice speaks inside a turn to the turn's speaker, as one voice unless it is a group's."""
    found: list[VoiceTurn] = []
    for voice in voices:
        start_ms, end_ms = max(voice.start_ms, turn.start_ms), min(voice.end_ms, turn.end_ms)
        if voice.speaker != speaker or start_ms >= end_ms:
            found.append(voice)
            continue
        heard = voice.voices if turn.role is Role.GROUP else 1.0
        found.append(replace(voice, start_ms=start_ms, end_ms=end_ms, speaker=turn.speaker, voices=heard))
        if voice.start_ms < start_ms:
            found.append(replace(voice, end_ms=start_ms))
        if end_ms < voice.end_ms:
            found.append(replace(voice, start_ms=end_ms))
    return tuple(sorted(found, key=lambda each: (each.start_ms, each.end_ms)))


# Words


def correct_text(turn: Turn, text: str) -> WordsCorrection | None:
    """Return the correction that makes a turn say `text`, no longer than what changed; None: it says that already."""
    old, new = [word.text for word in turn.words], text.split()
    if old == new:
        return None
    if not old:
        return WordsCorrection(Span(turn.start_ms, turn.end_ms), " ".join(new))
    same = [a == b for a, b in zip(old, new, strict=False)]
    first = same.index(False) if False in same else len(same)
    most = min(len(old), len(new)) - first
    last = next((n for n in range(most) if old[-1 - n] != new[-1 - n]), most)
    start, end = first, len(old) - last
    if start == end:  # only added: the word before (or the first) goes along, so that there is a place
        start, end, first, last = (start - 1, end, first - 1, last) if start else (start, end + 1, first, last - 1)
    changed = turn.words[start:end]
    return WordsCorrection(Span(changed[0].start_ms, changed[-1].end_ms), " ".join(new[first : len(new) - last]))


def _correct_words(talk: Talk, correction: WordsCorrection) -> Talk | None:
    span = correction.span

    def fits(turn: Turn) -> tuple[int, int]:
        within = sum(span.start_ms <= _middle(word) < span.end_ms for word in turn.words)
        return within, min(turn.end_ms, span.end_ms) - max(turn.start_ms, span.start_ms)

    i = max(range(len(talk.turns)), key=lambda n: fits(talk.turns[n]), default=None)
    if i is None or max(fits(talk.turns[i])) <= 0:
        return None
    turn = talk.turns[i]
    before = [word for word in turn.words if _middle(word) < span.start_ms]
    meant = [word for word in turn.words if span.start_ms <= _middle(word) < span.end_ms]
    after = [word for word in turn.words if _middle(word) >= span.end_ms]
    words = (*before, *say(meant, correction.text.split(), span), *after)
    changed = replace(turn, words=words, text=_text(words))
    return replace(talk, turns=(*talk.turns[:i], changed, *talk.turns[i + 1 :]))


def say(words: Sequence[Word], texts: Sequence[str], span: Span) -> list[Word]:
    """Return words that say `texts`: as many as there were keep their times, else they share the time there is."""
    if len(words) == len(texts):
        pairs = zip(words, texts, strict=True)
        return [word if word.text == text else replace(word, text=text, probability=1.0) for word, text in pairs]
    start_ms, end_ms = (words[0].start_ms, words[-1].end_ms) if words else (span.start_ms, span.end_ms)
    return _spread(texts, start_ms, end_ms)


def _spread(texts: Sequence[str], start_ms: int, end_ms: int) -> list[Word]:
    """Share a range among words by their letters."""
    edges = [0, *accumulate(len(text) for text in texts)]
    length_ms = max(end_ms - start_ms, len(texts))
    at = [start_ms + length_ms * edge // max(1, edges[-1]) for edge in edges]
    return [Word(at[i], at[i + 1], text, 1.0) for i, text in enumerate(texts)]


# Questions and activities


def question_meant(questions: Sequence[Question], span: Span) -> int | None:
    """Return the index of the question that lies at `span`, or None."""

    def shared(question: Question) -> float:
        start_ms, end_ms = question.start_ms or 0, question.end_ms or 0
        both = min(end_ms, span.end_ms) - max(start_ms, span.start_ms)
        return both / max(1, min(end_ms - start_ms, span.length_ms))

    best = max(range(len(questions)), key=lambda n: shared(questions[n]), default=None)
    return best if best is not None and shared(questions[best]) >= TOUCHED else None


def turn_at(turns: Sequence[Turn], span: Span) -> Turn | None:
    """Return the turn that holds most of `span`, or None."""
    last = bisect_right(turns, span.end_ms, key=lambda turn: turn.start_ms)
    best = max(
        turns[:last], key=lambda turn: min(turn.end_ms, span.end_ms) - max(turn.start_ms, span.start_ms), default=None
    )
    return best if best is not None and best.end_ms > span.start_ms else None


def paint_activity(activities: Sequence[Activity], correction: ActivityCorrection) -> tuple[Activity, ...]:
    """Return the activities with one of them laid over the others; the lesson stays covered, equal neighbours join."""
    if not activities:
        return ()
    lesson = Span(activities[0].start_ms, activities[-1].end_ms)
    start_ms = max(correction.span.start_ms, lesson.start_ms)
    end_ms = min(correction.span.end_ms, lesson.end_ms)
    if start_ms >= end_ms:
        return tuple(activities)
    before = [replace(a, end_ms=min(a.end_ms, start_ms)) for a in activities if a.start_ms < start_ms]
    after = [replace(a, start_ms=max(a.start_ms, end_ms)) for a in activities if a.end_ms > end_ms]
    found: list[Activity] = []
    for each in (*before, Activity(start_ms, end_ms, correction.kind), *after):
        if found and found[-1].kind is each.kind:
            found[-1] = replace(found[-1], end_ms=each.end_ms)
        else:
            found.append(each)
    return tuple(found)


def _middle(word: Word) -> float:
    return (word.start_ms + word.end_ms) / 2


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)
