"""What can be refused to people, each with its sentence."""

from __future__ import annotations

from core.errors import HindsightError


class AlreadyBegun(HindsightError):
    """The first account is there."""

    code = "already_begun"
    status = 409
    sentence = "Hindsight already has its first account. Please sign in, or ask for an invitation."


class EmailTaken(HindsightError):
    """Somebody has this address."""

    code = "email_taken"
    status = 409
    fields = ("email",)
    sentence = "There is already an account with this email address."


class LinkUnusable(HindsightError):
    """Unknown, used, or too old: the three look alike on purpose."""

    code = "link_unusable"
    status = 404
    sentence = "This link does not work any more. Please ask for a new one."


class LinkUsed(LinkUnusable):
    """Whoever holds the link and did not use it must learn that somebody else did."""

    code = "link_used"
    sentence = (
        "This link does not work any more: it was used {when}{on}. If that was not you, please tell the person who"
        " looks after Hindsight at your school at once."
    )


class StaffUnreadable(HindsightError):
    """A file that is no staff list."""

    code = "staff_unreadable"
    status = 422
    fields = ("file",)
    sentence = "This file cannot be read as a staff list: {why}."


class LastLead(HindsightError):
    """Nobody else could carry the programme on."""

    code = "last_lead"
    status = 409
    fields = ("is_lead",)
    sentence = "There would be no programme lead left. Please make somebody else the lead first."


class LeftSchool(HindsightError):
    """A leaver's account: only her own page is open."""

    code = "left_school"
    status = 403
    sentence = "Your account is closed. On your own page you can still take away or delete what is yours."


class SignOnFailed(HindsightError):
    """The provider's answer cannot be used."""

    code = "sign_on_failed"
    status = 401
    sentence = "Signing in with {name} did not work. Please try again, or use your password."


class NotOnTheList(HindsightError):
    """Known to the provider, not to the school's staff list."""

    code = "not_on_the_list"
    status = 403
    sentence = "{email} is not on your school's list in Hindsight. Please ask your programme lead to add you."


class WrongSignIn(HindsightError):
    """Unknown account or wrong password: the two look alike on purpose."""

    code = "wrong_sign_in"
    status = 401
    fields = ("email", "password", "old")
    sentence = "This email address and password do not fit together. Please try again."


class FirstPassword(HindsightError):
    """An account without a password: who asks must show in another way that it is hers."""

    code = "first_password"
    status = 403
    sentence = (
        "Your account has no password. To set one, please sign in again with your school account first, or use a link"
        " that is mailed to you."
    )


class TooManyAttempts(HindsightError):
    """Somebody is guessing, or has forgotten."""

    code = "too_many_attempts"
    status = 429
    sentence = "That was tried too often. Please wait a quarter of an hour and try again."


class PartnershipRefused(HindsightError):
    """One manages the other, at some distance."""

    code = "partnership_refused"
    status = 409
    fields = ("coachee_id", "other_id", "observed_id")
    sentence = (
        "{manager} is in the line management of {managed}. Coaching is never performance management, "
        "so they cannot be partners. Please choose a colleague from outside that line."
    )


class PartnershipExists(HindsightError):
    """The same two people, the same kind, still going."""

    code = "partnership_exists"
    status = 409
    fields = ("coachee_id", "other_id")
    sentence = "These two are already partners in this way."


class PartnershipOver(HindsightError):
    """Ended or suspended."""

    code = "partnership_over"
    status = 409
    sentence = "This partnership is not active, so nothing new can be added to it."


class TooManyGoals(HindsightError):
    """Three are active."""

    code = "too_many_goals"
    status = 409
    fields = ("title",)
    sentence = "Three goals are active already. Please close one first: fewer goals change more."


class TitleDiffers(HindsightError):
    """Deleting asks for the name of what goes."""

    code = "title_differs"
    status = 422
    fields = ("title", "email")
    sentence = "Please type {what} exactly as it is written, then delete it."

    def __init__(self, what: str = "the lesson's title") -> None:
        super().__init__(what=what)
