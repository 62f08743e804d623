"""Question classification: recall, open, probing, managerial or rhetorical, from the words."""

from __future__ import annotations

import re

from core.types import QuestionKind
from transcription.questions.detection import head_of, plain

_PROBING = re.compile(
    r"^why(?! don't (?:you|we)\b(?! think| agree)| would you (?:like|please)| are (?:you|we) (?:talking"
    r"|so|late|out|lying|sitting|standing|up)| is (?:this|it) not)"
    r"|\b(?:and|so|but|or|say|tell us|tell me|you know|explain|think about"
    r"|more about) why\b(?! don't (?:you|we)\b)|\bwhy(?: or why not)?$"
    r"|, why (?:do|does|did|is|are|would|can|should|not|don't they)"
    r"|\bhow come\b|^how (?:do|did|would|can|could) you(?: guys| all)? (?:know(?! when)|prove)|\bhow (?:do|did"
    r"|would|can|could) you(?: guys| all)? know (?:that|it|this|you)"
    r"|\b(?:and|then|so) how (?:do|did) you know\b|\bwhat (?:makes|made) you\b(?! think of)|\b(?:your|his|her"
    r"|their) (?:reasoning|justification)\b"
    r"|\bjustify\b|\bconvince (?:me|us|your)\b|\bprove (?:it|that|to)\b|\bhow so\b"
    r"|\b(?:can|could|would) you (?:say|tell us) (?:more|why)\b|\bsay more\b|\bwho (?:wants"
    r"|would like) to explain\b"
    r"|\b(?:can|could) you explain (?:how|why|what you|your)\b"
    r"|^(?:because|'cause|since)$|\bbecause(?: why| what)?$"
)
_NOT_YET = re.compile(
    r"\b(?:ready to|going to|gonna|then you|write|need to|neighbor|partner about|whiteboards?"
    r"|see why|know why (?:i|we))\b.*\b(?:explain|why|how)\b"
)
_TELL_WHY = re.compile(
    r"\b(?:tell|show) (?:me|us|your \w+|them)\b.*\bwhy\b|^(?:explain|say) why\b|^explain (?:your"
    r"|how you)\b|^(?:justify|prove|convince|defend)\b"
    r"|\btell (?:me|us) (?:about )?your (?:thinking|reasoning)\b"
)
_MANAGERIAL = re.compile(
    r"^(?:okay|ok|ready|all right|alright|right|yes|yeah|got it|questions|any questions|understand"
    r"|understood|finished|done|all done|clear"
    r"|pardon|excuse me|sorry|huh|you ready|we good|all good|everybody|see)$"
    r"|\b(?:okay|ok|all right|alright)$|\b(?:everybody|everyone|you guys|you all|we) (?:ready|good|set"
    r"|finished|done|okay|clear)\b"
    r"|\bare (?:you|we|you all|you guys) (?:all )?(?:ready|done|finished|okay|good|set|listening|with me)\b"
    r"|\b(?:any|other|more|have) questions\b|\b(?:make|makes) sense$|\b(?:do|did|does) (?:you|everybody"
    r"|everyone|anybody|we) (?:all )?(?:understand|need (?:help|more)|have (?:a|your|any|it|enough)|got"
    r"|finish|hear|get it)\b"
    r"|\b(?:can|could|would|will) (?:you|someone|somebody|everybody|everyone|we|i) (?:all |please "
    r"|just |guys )*(?:sit|stand|stop|put|take|move|open|close|turn|pass|hand|get|go|come|wait|hold"
    r"|write|look|listen|be quiet|repeat|speak|use|borrow|help|start|read)\b"
    r"|\bwhy don't (?:you|we)\b|\bwho (?:is|needs|wants|has|would like|hasn't|is ready|'s"
    r"|wants to)\b.*\b(?:pencil|paper|finished|done|turn|absent|go first|volunteer|ready|read)\b"
    r"|\bwhere (?:is|are|'s) (?:your|my|the|our|everybody)\b.*\b(?:pencil|book|paper|notebook|homework"
    r"|folder|calculator|worksheet|chair)\b"
    r"|\bhow (?:much|many more) (?:time|minutes)\b|\bwhat (?:are you doing|page)\b|\bis everybody\b"
    r"|\bhow many of you\b|\bcan (?:you|everybody|everyone|we all) (?:see|hear)\b|\bwhat did you say\b"
)
_RHETORICAL = re.compile(
    r"^(?:you )?know what$|^guess what$|^who (?:cares|knows)\b|^(?:isn't|wasn't) (?:that|it"
    r"|this) (?:great|nice|fun|cool|amazing|beautiful|lovely|interesting|funny|wonderful)"
    r"|^(?:do )?you know what i mean$|^how (?:cool|great|nice|amazing|lovely) is (?:that|this|it)"
    r"|^what (?:was i|am i) (?:saying|doing|thinking|talking)"
    r"|^how many times (?:have i|do i)"
)
_OPEN = re.compile(
    r"\b(?:do|did|would|are|were) (?:you|we|you all|you guys|they) (?:think|thinking|notice|feel|wonder"
    r"|suggest|predict|see)\b"
    r"|\bwhat (?:else|if|other|do you notice|might|could|are some|ideas?|strateg\w+|happens if"
    r"|would happen)\b"
    r"|\bhow (?:else|could|might|would you|should we|did you|do you feel|about)\b|\bother (?:way|ways"
    r"|ideas?|strateg\w+)\b"
    r"|\bwhat do you mean\b"
    r"|\bdifferent (?:way|ways|ideas?|strateg\w+|answer)\b|\b(?:any|other|your) (?:ideas?|thoughts"
    r"|opinions?)\b|\bi wonder\b|\bwhat about you\b"
    r"|\b(?:can|could|would) (?:anybody|anyone|somebody|someone|you) (?:think of|give|share|suggest"
    r"|imagine|describe|compare)\b"
    r"|\bwho (?:can|could|would like to|wants to) (?:share|add|tell us (?:about|something))\b"
    r"|\bwhich (?:do you|would you|one do you|way) (?:prefer|like|think|choose)?"
    r"|\b(?:agree|disagree)\b|\bsimilar|\bdifferences? between\b|\bin your own words\b"
    r"|\banything else\b|\banyone else\b|\banybody else\b|\bwhat can you\b"
)
_CHECK_TAG = re.compile(r"\w,? (?:right|correct|yeah|huh|\w+n't (?:it|they|we|you|he|she|that|there))$")


def press_for_reasons(text: str) -> bool:
    """Tell whether the words ask for reasons now, also as a request without a question ("Tell us why.")."""
    flat = " ".join(head_of(plain(text)))
    return bool(_TELL_WHY.search(flat)) and not _NOT_YET.search(flat)


def kind_of(text: str, by_teacher: bool) -> tuple[QuestionKind, float]:
    """Return the kind that the words speak for, and how sure that is, 0..1.

    Probing asks a pupil for reasons, so a pupil's own "why" is an open question.
    """
    whole = plain(text)
    flat = " ".join(head_of(whole))
    if _RHETORICAL.search(flat):
        return QuestionKind.RHETORICAL, 0.7
    if (_PROBING.search(flat) and not _NOT_YET.search(flat)) or press_for_reasons(text):
        return (QuestionKind.PROBING, 0.8) if by_teacher else (QuestionKind.OPEN, 0.6)
    if _MANAGERIAL.search(flat):
        return QuestionKind.MANAGERIAL, 0.75
    if _OPEN.search(flat):
        return QuestionKind.OPEN, 0.6
    return QuestionKind.RECALL, 0.5 if _CHECK_TAG.search(flat) else 0.6


def only_checks(text: str) -> bool:
    """Tell a statement with a tag after it ("It floats, right?"): with no pause for an answer it expects none."""
    return bool(_CHECK_TAG.search(plain(text)))
