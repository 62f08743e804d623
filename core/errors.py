"""Base classes of errors shown to people: a code for the log and a sentence for the person."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar


class PortableError(Exception):
    """An error that another process gets as it was, whatever its constructor asks for."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how pickle builds it again: from what it holds, in plain values; its cause stays here."""
        return _build_again, (type(self), _plain(self.args), _plain(self.__dict__))


def _build_again(kind: type[PortableError], args: tuple[Any, ...], held: dict[str, Any]) -> PortableError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(held)
    return error


def _plain(value: Any) -> Any:
    """Return a value that every process can read: what is neither a number, a text nor made of them, as its text."""
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return tuple(map(_plain, value))
    return value if value is None or type(value) in (bool, int, float, str, bytes) else str(value)


class HindsightError(PortableError):
    """An error with a sentence for the person: what happened, and what to do.

    `code` goes to the log and the API, `status` is the HTTP answer, `sentence` is for the page.
    A subclass may put named places into its sentence: `NameTaken(name="…")`. `fields` are the names of the form's
    fields that it is about, as they are called on any form: the sentence stands at the first that a page has.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    sentence: ClassVar[str] = "Something went wrong."
    fields: tuple[str, ...] = ()

    def __init__(self, *, fields: tuple[str, ...] = (), **places: object) -> None:
        self.fields = fields or self.fields
        self.places: dict[str, Any] = places
        super().__init__(self.sentence.format(**places))


class UnusableFile(HindsightError):
    """A file that cannot become a lesson; the reason is final and a retry does not help."""

    code = "file_unusable"
    status = 422
    sentence = "We could not use this file. Please try another recording."


class NotMedia(UnusableFile):
    """The bytes are no sound and no video that we know."""

    code = "file_not_media"
    sentence = "This file is not a video or sound recording that we can read. Please choose the recording itself."


class EmptyFile(UnusableFile):
    """No bytes."""

    code = "file_empty"
    sentence = "This file is empty. Please check that the recording was saved, and choose it again."


class NothingPlayable(UnusableFile):
    """A container whose tracks none of our decoders reads, or that is encrypted."""

    code = "file_nothing_playable"
    sentence = "This file has no picture or sound that we can play; it may be protected or damaged."


class Implausible(UnusableFile):
    """A file that claims what no recording is: a trap, or damage."""

    code = "file_implausible"
    sentence = "This file claims that it {what}. It may be damaged: please choose the recording itself."


class WorkStopped(PortableError):
    """Work was cancelled, ran past its deadline, or the worker is shutting down."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class StepFailed(HindsightError):
    """A step failed in a way that another try may mend."""

    code = "step_failed"
    status = 500
    sentence = "This step did not finish. We will try it again."


class MachineLacks(HindsightError):
    """The machine lacks what any recording needs: that is no fault of one, so no try of a step counts."""


class ModelMissing(MachineLacks):
    """A model is neither in its folder, nor in an installed package, nor downloadable."""

    code = "model_missing"
    status = 500
    sentence = "The model “{name}” is not on this machine. Please ask your IT person to run “hindsight models prepare”."


class NotAllowed(HindsightError):
    """Signed in, but not for this."""

    code = "not_allowed"
    status = 403
    sentence = "This is not shared with you."


class NotFound(HindsightError):
    """Not there, or not for this person: the two look alike on purpose."""

    code = "not_found"
    status = 404
    sentence = "There is nothing here that is shared with you. It may have been taken back or deleted."


class SignInNeeded(HindsightError):
    """No session."""

    code = "sign_in_needed"
    status = 401
    sentence = "Please sign in first."


class OtherPerson(HindsightError):
    """The page that asks was opened by somebody else than the person who is signed in."""

    code = "other_person"
    status = 409
    sentence = (
        "You are signed in as {name}, and somebody else opened this page, so nothing was sent. What was written here"
        " stays with whoever wrote it. Please reload the page to go on as {name}."
    )


class InvalidInput(HindsightError):
    """A form or a request with something that cannot be taken; say what in `why`."""

    code = "invalid_input"
    status = 422
    sentence = "{why}"


class StorageAway(MachineLacks):
    """The bucket that holds the files cannot be reached, or lets nobody in."""

    code = "storage_away"
    status = 503
    sentence = (
        "The place where recordings are kept cannot be reached just now. Nothing you saved is lost. Please try again in"
        " a few minutes; what is being worked on goes on by itself."
    )


class DiskFull(MachineLacks):
    """No room left where files are kept."""

    code = "disk_full"
    status = 507
    sentence = (
        "The school's machine has run out of disk space. Nothing was lost: please tell your IT person, then try again."
    )


class DoneAtOnce(HindsightError):
    """Two requests did the same at the same moment; the other one has been kept."""

    code = "done_at_once"
    status = 409
    sentence = "This was sent twice at the same moment, and has been saved once. Please reload the page."


class EditedMeanwhile(HindsightError):
    """Somebody else changed the same words since they were shown to be changed; `theirs` is what they say now."""

    code = "edited_meanwhile"
    status = 409
    sentence = (
        "This was changed while you were writing. It now says: “{theirs}”. What you wrote is still here: "
        "save it again to put yours in its place."
    )

    def __init__(self, theirs: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(fields=fields, theirs=theirs)


class NoSchool(HindsightError):
    """There are no people and no lessons where the settings say."""

    code = "no_school"
    status = 500
    sentence = "There is no school in {folder} yet. Is HINDSIGHT_DATA_DIR the folder that you mean?"


@contextmanager
def saying_disk_full() -> Iterator[None]:
    """Turn the system's ways to say that nothing fits any more into DiskFull."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from error
        raise
