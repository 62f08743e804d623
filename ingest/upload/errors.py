"""Upload errors shown to people; errors of the recordings themselves are in core.errors."""

from __future__ import annotations

from core.errors import HindsightError


class UploadUnreadable(HindsightError):
    """A header of the protocol is missing or cannot be read; say which in `what`."""

    code = "upload_unreadable"
    status = 400
    sentence = "This upload could not be understood ({what}). Please reload the page and choose the recording again."


class UploadVersion(HindsightError):
    """Not version 1.0.0 of the tus protocol."""

    code = "upload_version"
    status = 412
    sentence = "This upload uses another version of the upload protocol. Please reload the page and try again."


class UploadType(HindsightError):
    """The bytes are not sent as the protocol says."""

    code = "upload_type"
    status = 415
    sentence = "This upload was sent in a form we can't accept. Please reload the page and try again."


class UnknownKind(HindsightError):
    """The file's name does not end like that of a recording."""

    code = "file_kind_unknown"
    status = 415
    sentence = "We can't use this kind of file. Please choose a video or sound recording, such as MP4, MOV or MP3."


class TooLarge(HindsightError):
    """More bytes than are taken, or than were announced."""

    code = "file_too_large"
    status = 413
    sentence = "This recording is too large. Please ask your IT person, or upload a shorter part of it."


class UploadOffset(HindsightError):
    """The client goes on at another place than the file ends; it asks where and tries again."""

    code = "upload_offset"
    status = 409
    sentence = "This upload tried to continue in the wrong place. Nothing is lost: please try again."


class UploadBusy(HindsightError):
    """Somebody else is sending this upload at this moment."""

    code = "upload_busy"
    status = 423
    sentence = "This recording is already being uploaded, perhaps in another window. Nothing is lost."


class TooManyOpen(HindsightError):
    """More unfinished uploads than anybody has."""

    code = "too_many_uploads"
    status = 429
    sentence = (
        "You have begun {most} uploads that are not finished. Please finish some of them, or remove them on the page"
        " Upload, and choose this recording again."
    )
