"""What a leaver may still do in her time of grace: take her data, withdraw, delete, and look after her own account."""

from __future__ import annotations

from enum import Enum

from annotation.errors import LeftSchool
from core.models import Person


class LeaverAct(Enum):
    """Everything that is open to a leaver. What is not named here is closed to her."""

    READ_OWN_PAGE = "read her own page"
    TAKE_DATA = "take everything about her along"
    DELETE_ACCOUNT = "delete her account"
    DELETE_LESSON = "delete one lesson for good"
    DELETE_CONVERSATION = "have a recorded conversation with her deleted"
    WITHDRAW_CONSENT = "withdraw or refuse consent to a portfolio item"
    DELETE_VOICE_PRINT = "delete her voice print"
    SIGN_OUT_DEVICES = "sign a device out"
    CHANGE_PASSWORD = "change or remove her password"  # noqa: S105 - what she may do
    SECOND_FACTOR = "set up, renew or remove her second factor"


def has_left(person: Person) -> bool:
    """Tell whether somebody has left the school; her account is open for what `LeaverAct` names alone."""
    return person.deactivated_at is not None


def require_allowed(person: Person, act: LeaverAct | None) -> None:
    """Raise LeftSchool for a leaver, unless the act is one of hers; None: an act for people of the school."""
    if has_left(person) and act is None:
        raise LeftSchool
