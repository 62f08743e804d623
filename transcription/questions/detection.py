"""Question detection: a logistic score over lexical features, with hand-set weights. Returns a probability.

Recognised speech has its question marks missing or wrong, so a mark is one feature among others. The rules are
English grammar (inversion, wh-words, tags) and the manners of classrooms; no weight was fitted to any data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import exp

from transcription.questions.vocabulary import (
    ALONE,
    AUX,
    LEADING,
    NUMBERS,
    PRAISE,
    PREPOSITION,
    PRONOUN,
    SUBJECT,
    WH,
    WH_AFTER_PREPOSITION,
    WH_CONTRACTED,
    WH_GOES_ON,
    WH_WHEN,
    WHICH_GOES_ON,
)

GAP = {"is", "are", "was", "were", "equals", "makes", "called", "into", "because", "means", "be", "a", "the"}
"""Words that nobody ends on who does not leave the rest to the class."""

LONGEST_LETTERS = 1000
"""Of an utterance: nobody asks in more, and only a recogniser that writes no full stops puts so many together."""

REPLY = re.compile(r"^(yes|yeah|yep|no|nope|mm-?hmm?|uh-?huh|because|cause|'cause|i don't know|i think|it's|um|uh)\b")


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds an utterance. `marked`: this transcript does use question marks; `after_own`: she goes on."""

    teacher: bool
    hands_over: bool = False
    reply: str = ""
    marked: bool = False
    after_own: bool = False


WEIGHTS = {
    "always": -2.5,
    "mark": 6.0,
    "no_mark_where_marks_are_used": -3.0,
    "wh_with_auxiliary": 4.6,
    "wh_head": 3.2,
    "wh_relative": -2.4,
    "which_relative": -1.0,
    "how_head": 1.6,
    "wh_exclaimed": -3.0,
    "why_head": 3.8,
    "order": -1.0,
    "inverted": 4.6,
    "inverted_later": 3.4,
    "wh_inverted_later": 3.6,
    "wh_in_place": 3.4,
    "anybody_head": 3.4,
    "alone": 3.6,
    "okay_alone": 1.2,
    "okay_tag": 3.2,
    "right_tag": 4.2,
    "tag": 4.8,
    "you_verb": 1.1,
    "or_choice": 1.6,
    "breaks_off": 0.3,
    "breaks_off_at_verb": 1.6,
    "wonders": 2.8,
    "checks_all": 3.2,
    "is_curious": 1.4,
    "offers": 2.2,
    "any_at_end": 3.4,
    "asks_to_tell": 0.3,
    "hands_over": 0.3,
    "replied_to": 0.5,
    "teacher_hands_over": 1.0,
    "teacher_replied_to": 0.8,
    "calls_on": 1.2,
    "right_after_own": 2.6,
    "leaves_a_gap": 2.4,
    "teacher": 0.2,
    "short_answer": -0.4,
    "let_us": -2.0,
    "long": -0.3,
}

_OKAY_TAG = re.compile(r"[\w,] (?:okay|ok|all right|alright|yes|yeah)$")
_NOTES = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_TAG = re.compile(
    r"\b(?:is|are|was|were|do|does|did|have|has|can|could|would|should|will)(?:n't| not) (?:it|they|we"
    r"|you|he|she|that|i|there)$"
    r"|, (?:is it|are they|are we|do you|do we|does it|can we|will you|yes|yeah|huh|correct|eh|no"
    r"|or not|or no|what)$"
    r"|n't\b.* (?:is|was|does|did|can|has) (?:it|he|she|that|there)$"
    r"| (?:huh|or not|or no|you know what i mean|does that make sense|do you understand|do you see"
    r"|can you see|is that right|is that okay)$"
)
_RIGHT_TAG = re.compile(r"(?:^|, |\w )right$|\w, right,? \w+$")
_NOT_A_TAG = re.compile(
    r"\b(?:that's|you're|you are|is|it's|was|are|the|all|on|to|exactly|got it|oh|ah|be|they're|he's|she's"
    r"|look|your|is that|"
    r"get it|out|up|there|my|a|yes|yeah|and|or|left|not|quite|absolutely),? right$"
)
_WONDER = re.compile(r"\b(?:i wonder|let me ask|my question is|the question is)\b")
_NOT_OKAY_TAG = re.compile(
    r"\b(?:that's|is|are|it's|be|oh|ah|i'm|am|doing|was|um|uh|looks|yeah|yes|okay|no),? (?:okay|ok"
    r"|all right|alright|yes|yeah)$"
)
_CHECKS_ALL = re.compile(
    r"\b(?:everybody|everyone|you guys|you all|we all) (?:ready|agree|good|set|okay|done|finished"
    r"|understand|got it|see|with me)\b"
    r"|^ever (?:heard|seen|been)\b|\byou (?:all )?with me$|^(?:does )?(?:make|makes|made) sense\b"
    r"|^(?:understand|remember|see) (?:what|how|that|this|why)\b.*(?:saying|mean|did|is)$"
)
_CURIOUS = re.compile(r"\b(?:i'm wondering|i am wondering|i'm curious|i was wondering)\b")
_OFFERS = re.compile(r"\byou (?:want to|want me|wanna|sure|ready|okay|all right|done|finished)\b(?! .*\b(?:if|when)\b)")
_ANY_AT_END = re.compile(
    r"\bany questions\b|"
    r"\bany (?:ideas?|questions?|thoughts|volunteers|guesses|other (?:ideas?|questions|ways?|thoughts))$"
)
_COMPARES = re.compile(r"\b(?:\w+er|more|less|most|\w+est|better|best|right|correct|or|yours|it)\b")
_TELL = re.compile(
    r"^(?:please |can you |could you |)(?:tell (?:me|us|your|the|them|everybody)|explain|describe"
    r"|give (?:me|us) an? "
    r"|show (?:me|us) (?:how|why|what)|convince)\b"
)
_LATER = re.compile(
    r"(?:, |\b(?:so|then|and|but|or|because|now) )(?:um |uh |like |then |so )*"
    r"(?:(?:do|does|did|is|are|was|were|can|could|would|should|will|don't|doesn't|isn't|aren't|didn't"
    r"|can't|have|has) "
    r"(?:i|you|he|she|it|we|they|there|this|that|these|those|anybody|anyone|the|your)\b"
    r"|(?:what|how|why|who|where|which|which one) (?:is|are|was|were|do|does|did|can|could|would|should"
    r"|will)\b"
    r"|(?:what's|who's|where's|why|how (?:many|much|about|come)|what about|which (?:one|ones|way))\b"
    r"(?! (?:i|you|we|he|she|they|it|the|this|that)\b))"
)
_WH_INVERTED = re.compile(
    r"\b(?:what|how|why|where|who|which|when)(?: \w+){0,3}? (?:do|does|did|can|could|would|should|will"
    r"|are|is|was|were|am|have|has|don't|didn't) "
    r"(?:i|you|he|she|it|we|they|there|this|that|these|those|the|your|my|our)\b"
)
_INDIRECT = re.compile(
    r"\b(?:know|knows|see|understand|remember|figure out|find out|tell you|showing|shows|that's|about"
    r"|is|think about) "
    r"(?:what|how|why|where|who|which|when)\b"
)
_IN_PLACE = re.compile(
    r"(?:\b(?:is|are|equals?|times|plus|minus|by|of|to|for|at|the|as|be|would be|was|into|from|do|did"
    r"|divided by|called|get|gets|have|has|because|becomes|say|says|mean|means|with|and|or|like) "
    r"(?:what|how much|how many|who|where|which one|what else|why|when)|\bhow many|\bhow much|\bor what"
    r"|\bsays who)$"
)
_BLANK = re.compile(
    r"\b(?:times|plus|minus|divided by) what\b|\b(?:is|equals) how (?:much|many)\b|\w what(?: else)?$"
    r"|, (?:since )?(?:when|what|who|where|why)$"
)
_CHOICE = re.compile(r"^(?:is it |a |an |the )?\w+(?: \w+){0,3} or (?:a |an |the )?\w+(?: \w+){0,3}$")
_CUT = re.compile(r"(?:\.\.\.|…|--|—|–|-)$")
_OPEN_END = re.compile(r"\b(?:is|are|equals?|was|because|times|plus|minus|called|or)$")
_EXCLAIMED = re.compile(r"^(?:what an? |how (?:nice|lovely|great|cool|wonderful|interesting|funny|about that))")
_YOU = re.compile(
    r"^(?:you|you guys|you all|everybody|everyone|we all|anybody|guys)(?: all)? (?:see|know|remember"
    r"|got|get"
    r"|agree|understand|want|think|mean|ready|have|need|sure|done|good|okay|ok|with|hear|guys)\b"
)
_ANYBODY = re.compile(
    r"^(?:(?:anybody|anyone|anything)\b(?! (?:can|could|who|that|will|may)\b)"
    r"|any (?:other|more|one|ideas?|questions?|thoughts|volunteers|guesses|comments|idea)\b)"
)


def plain(text: str) -> str:
    """Return the words in lower case, with commas, without notes in brackets and other punctuation.

    Of more than `LONGEST_LETTERS` the last are taken: the rules look at all pairs of places in them.
    """
    text = _NOTES.sub(" ", text[-LONGEST_LETTERS:]).replace("’", "'").replace("‘", "'").lower()
    text = re.sub(r"[\"“”?!;:…]|\.(?!\d)|--|—|–| -|-(?=\s|$)", " ", text)
    return re.sub(r"\s+,", ",", " ".join(text.split())).strip(" ,")


def head_of(text: str) -> list[str]:
    """Return the words of a plain text without what only leads in: "okay, so", or a name and a comma."""
    words = text.split()
    while len(words) > 1:
        bare = words[0].rstrip(",")
        called = words[0].endswith(",") and bare not in WH and bare not in AUX
        twice = bare == words[1].rstrip(",")
        if bare in LEADING or called or twice:
            words = words[1:]
        else:
            break
    return [w.rstrip(",") for w in words]


def features(text: str, around: Around) -> list[str]:
    """Name what speaks for and against asking; each name has a weight in `WEIGHTS`."""
    flat = plain(text)
    words = head_of(flat)
    found = ["always"]
    if "?" in text:
        found.append("mark")
    elif around.marked:
        found.append("no_mark_where_marks_are_used")
    if not words:
        return found
    found += _head_features(words)
    found += _later_features(flat, words, text.strip())
    return found + _around_features(words, around)


def _around_features(words: list[str], around: Around) -> list[str]:
    replied = bool(REPLY.match(plain(around.reply)))
    rules: tuple[tuple[str, bool], ...] = (
        ("teacher", around.teacher),
        ("hands_over", around.hands_over),
        ("replied_to", replied),
        ("teacher_hands_over", around.teacher and around.hands_over),
        ("teacher_replied_to", around.teacher and replied),
        ("right_after_own", around.teacher and around.after_own and words == ["right"]),
        ("leaves_a_gap", around.teacher and around.hands_over and len(words) > 1 and words[-1] in GAP),
        ("calls_on", around.teacher and around.hands_over and len(words) == 1 and words[0] not in PRAISE),
    )
    return [name for name, holds in rules if holds]


def _head_features(words: list[str]) -> list[str]:
    first, second, rest = words[0], words[1] if len(words) > 1 else "", " ".join(words)
    rules: tuple[tuple[str, bool], ...] = (
        ("wh_exclaimed", bool(_EXCLAIMED.match(rest))),
        ("alone", rest in ALONE),
        ("why_head", first in WH_CONTRACTED),
        ("wh_with_auxiliary", first in WH_WHEN and second in AUX),
        ("which_relative", first == "which" and second in WHICH_GOES_ON and not _COMPARES.search(rest)),
        ("wh_with_auxiliary", first in WH and (second in AUX or second in WH_GOES_ON)),
        ("wh_with_auxiliary", first in WH and len(words) > 2 and words[2] in AUX and second not in PRONOUN),
        ("how_head", first == "how" and second.split("'")[0] not in PRONOUN),
        ("wh_relative", first in WH and first != "which" and second.split("'")[0] in PRONOUN),
        ("wh_head", first in WH or (first in PREPOSITION and second in WH_AFTER_PREPOSITION)),
        ("order", _is_order(first, second, words)),
        ("inverted", first in AUX and second != "" and (second in SUBJECT or _is_name_after(first, words))),
        ("anybody_head", bool(_ANYBODY.match(rest))),
        ("let_us", first in {"let's", "let", "please"}),
        ("you_verb", bool(_YOU.match(rest))),
    )
    return [name for name, holds in rules if holds][:1]


def _is_order(first: str, second: str, words: list[str]) -> bool:
    """Tell "do the next one" and "have a seat" from "do they fit" and "do these two fit"."""
    if first == "do":
        return second in {"it", "that", "this", "your", "my"} or (second in {"the", "all", "both"} and len(words) <= 7)
    return first == "have" and second in {"a", "the", "your", "some", "it", "that", "one", "all"}


def _is_name_after(first: str, words: list[str]) -> bool:
    """Tell "does Maya agree" and "is three bigger" from the orders "do number four" and "have a look"."""
    return first not in {"do", "have", "don't", "will", "may", "might", "can"} and len(words) >= 3


def _later_features(flat: str, words: list[str], text: str) -> list[str]:
    if flat in {"okay", "ok", "right"}:
        return ["okay_alone"]
    if flat in {"all right", "alright", "yes", "yeah"}:
        return []
    later = bool(_LATER.search(flat, 1))
    inverted = _WH_INVERTED.search(flat)
    cut = bool(_CUT.search(text.rstrip("?")))
    at_verb = len(words) > 1 and bool(_OPEN_END.search(flat))
    rules: tuple[tuple[str, bool], ...] = (
        ("okay_tag", len(words) > 2 and bool(_OKAY_TAG.search(flat)) and not _NOT_OKAY_TAG.search(flat)),
        ("right_tag", bool(_RIGHT_TAG.search(flat)) and not _NOT_A_TAG.search(flat)),
        ("tag", len(words) > 2 and bool(_TAG.search(flat))),
        ("inverted_later", later),
        (
            "wh_inverted_later",
            not later and inverted is not None and inverted.start() > 0 and not _INDIRECT.search(flat),
        ),
        ("wh_in_place", len(words) > 1 and bool(_IN_PLACE.search(flat) or _BLANK.search(flat))),
        ("or_choice", len(words) <= 8 and bool(_CHOICE.match(" ".join(words)))),
        ("wonders", bool(_WONDER.search(flat))),
        ("checks_all", bool(_CHECKS_ALL.search(flat))),
        ("is_curious", bool(_CURIOUS.search(flat))),
        ("offers", bool(_OFFERS.search(flat))),
        ("any_at_end", len(words) > 2 and bool(_ANY_AT_END.search(flat))),
        ("asks_to_tell", bool(_TELL.match(" ".join(words)))),
        ("breaks_off_at_verb", cut and at_verb),
        ("breaks_off", cut and not at_verb),
        ("short_answer", len(words) <= 2 and all(_is_short_answer(w) for w in words)),
        ("long", len(words) > 25),
    )
    return [name for name, holds in rules if holds]


def _is_short_answer(word: str) -> bool:
    return word in NUMBERS or word.isdigit() or word in {"yes", "no", "yeah"}


def asks(text: str, around: Around) -> float:
    """Return how sure it is, 0..1, that the utterance asks."""
    score = sum(WEIGHTS[name] for name in set(features(text, around)))
    return 1.0 / (1.0 + exp(-score))
