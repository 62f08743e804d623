"""What kind of question it is: recall, open, probing, managerial or rhetorical, from its words."""

from __future__ import annotations

import re

from core.types import QuestionKind
from transcription.asking import head_of, plain

_PROBING = re.compile(
    r"^why(?! don't (?:you|we)\b(?! think| agree)| would you (?:like|please)| are you (?:talking|late|out))"
    r"|\b(?:and|so|but|or|then|that|say|tell us|tell me|you know|explain|think about|about) why\b|\bwhy(?: or why not)?$"
    r"|, why (?:do|does|did|is|are|would|can|should|not)"
    r"|\bhow come\b|\bhow (?:do|did|would|can|could|does) (?:you|we|they|he|she)(?: guys| all)? (?:know|figure|get that|get it|come up|decide|prove|tell|find that)"
    r"|\bwhat (?:makes|made) you\b|\b(?:your|his|her|their) (?:reasoning|thinking|evidence|proof|justification)\b"
    r"|\bexplain\b(?! to you)|\bjustify\b|\bconvince (?:me|us|your)\b|\bprove (?:it|that|to)\b|\bhow so\b"
    r"|\bwhat do you mean\b|\btell (?:me|us|your \w+) (?:more|how you|why)\b|\bsay more\b|\bcan you (?:say|tell us) (?:more|why)\b"
    r"|\bwhat were you thinking\b|\bdoes that make sense to you\b|^(?:because|'cause|since)$|\bbecause (?:why|what)$"
)
_TELL_WHY = re.compile(
    r"\b(?:tell (?:me|us|your \w+|them)|explain|show (?:me|us)|i want you to (?:think|tell|explain)|convince|justify|prove|describe)\b"
)
_MANAGERIAL = re.compile(
    r"^(?:okay|ok|ready|all right|alright|right|yes|yeah|got it|questions|any questions|understand|understood|finished|done|all done|clear"
    r"|pardon|excuse me|sorry|huh|you ready|we good|all good|everybody|see)$"
    r"|\b(?:okay|ok|all right|alright)$|\b(?:everybody|everyone|you guys|you all|we) (?:ready|good|set|finished|done|okay|clear)\b"
    r"|\bare (?:you|we|you all|you guys) (?:all )?(?:ready|done|finished|okay|good|set|listening|with me)\b"
    r"|\b(?:any|other|more|have) questions\b|\b(?:make|makes) sense$|\b(?:do|did|does) (?:you|everybody|everyone|anybody|we) (?:all )?(?:understand|need (?:help|more)|have (?:a|your|any|it|enough)|got|finish|hear|get it)\b"
    r"|\b(?:can|could|would|will) (?:you|someone|somebody|everybody|everyone|we|i) (?:all |please |just |guys )*(?:sit|stand|stop|put|take|move|open|close|turn|pass|hand|get|go|come|wait|hold|write|look|listen|be quiet|repeat|speak|use|borrow|help|start|read)\b"
    r"|\bwhy don't (?:you|we)\b|\bwho (?:is|needs|wants|has|would like|hasn't|is ready|'s|wants to)\b.*\b(?:pencil|paper|finished|done|turn|absent|go first|volunteer|ready|read)\b"
    r"|\bwhere (?:is|are|'s) (?:your|my|the|our|everybody)\b.*\b(?:pencil|book|paper|notebook|homework|folder|calculator|worksheet|chair)\b"
    r"|\bhow (?:much|many more) (?:time|minutes)\b|\bwhat (?:are you doing|page)\b|\bis everybody\b|\bhow many of you\b|\bcan (?:you|everybody|everyone|we all) (?:see|hear)\b|\bwhat did you say\b"
)
_RHETORICAL = re.compile(
    r"^(?:you )?know what$|^guess what$|^who (?:cares|knows)\b|^(?:isn't|wasn't) (?:that|it|this) (?:great|nice|fun|cool|amazing|beautiful|lovely|interesting|funny|wonderful)"
    r"|^(?:do )?you know what i mean$|^how (?:cool|great|nice|amazing|lovely) is (?:that|this|it)|^what (?:was i|am i) (?:saying|doing|thinking|talking)"
    r"|^how many times (?:have i|do i)"
)
_OPEN = re.compile(
    r"\b(?:do|did|would|are|were) (?:you|we|you all|you guys|they) (?:think|thinking|notice|feel|wonder|suggest|predict|see)\b"
    r"|\bwhat (?:else|if|other|do you notice|might|could|are some|ideas?|strateg\w+|happens if|would happen)\b"
    r"|\bhow (?:else|could|might|would you|should we|did you|do you feel|about)\b|\bother (?:way|ways|ideas?|strateg\w+)\b"
    r"|\bdifferent (?:way|ways|ideas?|strateg\w+|answer)\b|\b(?:any|other|your) (?:ideas?|thoughts|opinions?)\b|\bi wonder\b|\bwhat about you\b"
    r"|\b(?:can|could|would) (?:anybody|anyone|somebody|someone|you) (?:think of|give|share|suggest|imagine|describe|compare)\b"
    r"|\bwho (?:can|could|would like to|wants to) (?:share|add|tell us (?:about|something))\b|\bwhich (?:do you|would you|one do you|way) (?:prefer|like|think|choose)?"
    r"|\b(?:agree|disagree)\b|\bsimilar|\bdifferences? between\b|\bin your own words\b|\banything else\b|\banyone else\b|\banybody else\b|\bwhat can you\b"
)
_CHECK_TAG = re.compile(r"\bright$")


def press_for_reasons(text: str) -> bool:
    """Tell whether the words ask for reasons, also as a request without a question ("Tell us why.")."""
    flat = " ".join(head_of(plain(text)))
    return bool(_TELL_WHY.search(flat) and re.search(r"\b(?:why|how you|your thinking|your reasoning)\b", flat)) or bool(
        re.match(r"^(?:explain|justify|convince|prove|defend)\b", flat)
    )


def kind_of(text: str, by_teacher: bool) -> tuple[QuestionKind, float]:
    """Return the kind that the words speak for, and how sure that is, 0..1.

    Probing asks a pupil for reasons, so a pupil's own "why" is an open question.
    """
    whole = plain(text)
    flat = " ".join(head_of(whole))
    if _RHETORICAL.search(flat):
        return QuestionKind.RHETORICAL, 0.7
    if _PROBING.search(flat) or press_for_reasons(text):
        return (QuestionKind.PROBING, 0.8) if by_teacher else (QuestionKind.OPEN, 0.6)
    if _MANAGERIAL.search(flat):
        return QuestionKind.MANAGERIAL, 0.75
    if _OPEN.search(flat):
        return QuestionKind.OPEN, 0.6
    return QuestionKind.RECALL, 0.5 if _CHECK_TAG.search(flat) else 0.6
