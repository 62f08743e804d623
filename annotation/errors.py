"""Domain errors about people and coaching, each with a code and a sentence for the person."""

from __future__ import annotations

from core.errors import HindsightError
from core.settings import get_settings


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
    sentence = "This link no longer works. Please ask for a new one."


class LinkUsed(LinkUnusable):
    """Whoever holds the link and did not use it must learn that somebody else did."""

    code = "link_used"
    sentence = (
        "This link no longer works: it was used {when}{on}. If that was not you, please tell the person who"
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
    sentence = "There would be no programme lead left. Please make someone else the lead first."


class LeftSchool(HindsightError):
    """A leaver's account: only her own page is open."""

    code = "left_school"
    status = 403
    sentence = "Your account is closed. On your own page you can still take away or delete what is yours."


class SignOnFailed(HindsightError):
    """The provider's answer cannot be used; `reason` is for the log."""

    code = "sign_on_failed"
    status = 401
    sentence = "Signing in with {name} did not work. Please try again, or {other}."

    def __init__(self, name: str, reason: str) -> None:
        self.reason = reason
        super().__init__(name=name, other="use your password" if get_settings().passwords else "tell your IT person")


class NotOnTheList(HindsightError):
    """Known to the provider, not to the school's staff list; `reason` is for the log."""

    code = "not_on_the_list"
    status = 403
    sentence = "{email} is not on your school's list in Hindsight. Please ask your programme lead to add you."

    def __init__(self, email: str, reason: str = "not_on_the_list") -> None:
        self.reason = reason
        super().__init__(email=email)


class NumberChanged(HindsightError):
    """The address is known, under another number of the provider's: a new account there, or another person."""

    code = "number_changed"
    status = 403
    sentence = (
        "{name} now has a different account for {email}, so Hindsight can't tell whether it is still you. "
        "Nothing is lost. Please ask your IT person to run “hindsight sign-on-reset {email}”, then sign in again."
    )
    reason = "number_changed"


class WrongSignIn(HindsightError):
    """Unknown account or wrong password: the two look alike on purpose."""

    code = "wrong_sign_in"
    status = 401
    fields = ("email", "password", "old")
    sentence = "That email and password don't match. Please try again."


class FirstPassword(HindsightError):
    """An account without a password: who asks must show in another way that it is hers."""

    code = "first_password"
    status = 403
    sentence = (
        "Your account has no password. To set one, please sign in again with your school account first, or use a link"
        " that is mailed to you."
    )


class WrongPassword(HindsightError):
    """Signed in, and asked for her password once more."""

    code = "wrong_password"
    status = 401
    fields = ("password",)
    sentence = "That isn't your password. Please try again."


class WrongCode(HindsightError):
    """Wrong, too old, or used before: the three look alike on purpose."""

    code = "wrong_code"
    status = 401
    fields = ("code",)
    sentence = (
        "That code isn't right. Each code works once: please type the next one your app shows, "
        "and check that your phone sets its clock automatically."
    )


class CodeNeeded(HindsightError):
    """The password was right a while ago, or in another browser; nothing waits for a code here."""

    code = "sign_in_again"
    status = 401
    sentence = "Please sign in again: your password was typed too long ago, or in another browser."


class SecondFactorNeeded(HindsightError):
    """The school's rule asks for one, and there is none yet."""

    code = "second_factor_needed"
    status = 403
    sentence = "Your school asks for a second factor beside your password. Please set it up first."


class AlreadySetUp(HindsightError):
    """A second factor is there."""

    code = "second_factor_there"
    status = 409
    sentence = "Your second factor is already set up. To change to another app, remove it first."


class NothingSetUp(HindsightError):
    """There is no second factor."""

    code = "second_factor_not_there"
    status = 409
    sentence = "There is no second factor for your account."


class SetupNotBegun(HindsightError):
    """A code came, and no secret was shown before."""

    code = "second_factor_not_begun"
    status = 409
    sentence = "Please start again: the picture for your app is no longer valid."


class PasswordsOff(HindsightError):
    """The school has single sign-on alone, or this account has no password."""

    code = "passwords_off"
    status = 403
    sentence = "There is no password here: you sign in with your school's own account."


class TooManyAttempts(HindsightError):
    """Somebody is guessing, or has forgotten."""

    code = "too_many_attempts"
    status = 429
    sentence = "Too many attempts. Please wait a quarter of an hour and try again."


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
    sentence = "These two already have a partnership of this kind."


class PartnershipOver(HindsightError):
    """Ended, or not begun."""

    code = "partnership_over"
    status = 409
    sentence = "This partnership is not active, so nothing new can be added to it."


class ConversationClosed(HindsightError):
    """A recorded conversation, which nothing opens to others."""

    code = "conversation_closed"
    status = 422
    sentence = "This is a recorded conversation, for your own mirror. Neither it nor a clip of it can be shared."


class PartnershipSuspended(PartnershipOver):
    """A line of management has come between the two."""

    code = "partnership_suspended"
    sentence = (
        "This partnership is suspended, because one of you is now in the other's line management. Nothing new can be"
        " added to it until the staff list changes again and the colleague who is coached chooses to go on."
    )


class OnlyCoacheeResumes(HindsightError):
    """The coach pressed it, or his page was old."""

    code = "only_coachee_resumes"
    status = 403
    sentence = "Only the colleague who is coached can choose to go on."


class WalkStopped(HindsightError):
    """A line of management has come between observer and observed."""

    code = "walk_stopped"
    status = 409
    sentence = (
        "One of you is now in the other's line management, so this learning walk has stopped. Nothing new can be"
        " written in it."
    )


class TooManyGoals(HindsightError):
    """Three are active."""

    code = "too_many_goals"
    status = 409
    fields = ("title",)
    sentence = "You already have three active goals. Please close one first: fewer goals change more."


class TitleDiffers(HindsightError):
    """Deleting asks for the name of what goes."""

    code = "title_differs"
    status = 422
    fields = ("title", "email")
    sentence = "Please type {what} exactly as it is written, then delete it."

    def __init__(self, what: str = "the lesson's title") -> None:
        super().__init__(what=what)


class SentBefore(HindsightError):
    """What is sent carries the id of something that was sent before, and says something else."""

    code = "sent_before"
    status = 409
    sentence = (
        "This was sent before with other words, perhaps from another tab or device. Both are kept: what was sent, and"
        " what you wrote here."
    )
