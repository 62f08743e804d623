"""Logging: one line per event, with lesson, stage, step and attempt; never text that a person wrote or said.

An exception is told by its kind and its places in the code. What it says is left out: that may quote a title, a file's
name, a row.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from core.settings import get_settings

log = logging.getLogger(__name__)

FIELDS = ("lesson", "stage", "step", "attempt", "code", "method", "route", "status", "ms")
QUIET = ("httpx", "alembic")  # the one logs addresses with what a provider put into them, the other says little

_about: ContextVar[dict[str, object]] = ContextVar("about", default={})  # noqa: B039 # replaced, never changed


@contextmanager
def logged_about(**fields: object) -> Iterator[None]:
    """Put these fields on every line that is logged within the block, in this thread."""
    token = _about.set(_about.get() | fields)
    try:
        yield
    finally:
        _about.reset(token)


def set_up_logging() -> None:
    """Log to standard error as the settings say."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if get_settings().log_format == "json" else PlainLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    sys.excepthook = lambda *raised: log.critical("ended", exc_info=raised)
    threading.excepthook = lambda ended: log.error("a thread ended", exc_info=ended.exc_value)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info and record.exc_info[1]:
            line["error"] = places_of(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


class PlainLines(logging.Formatter):
    """The same for somebody who reads along."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(name)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 # the library's name
        """Return the line with its fields at the end."""
        return " ".join([super().formatMessage(record), *(f"{k}={v}" for k, v in fields_of(record).items())])

    def formatException(self, ei: object) -> str:  # noqa: N802 # the library's name
        """Return what was raised, and where."""
        error = ei[1] if isinstance(ei, tuple) else None
        return "\n".join(f"  {place}" for place in places_of(error)) if isinstance(error, BaseException) else ""


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """Return what a line is about: what it says itself, and what the block says that it is in."""
    own = {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
    return _about.get() | own


def places_of(error: BaseException) -> list[str]:
    """Return the kinds of an exception and of what caused it, each with its places in the code, the last one last."""
    lines: list[str] = []
    caused: BaseException | None = error
    while caused is not None:
        why = f" ({caused.strerror})" if isinstance(caused, OSError) and caused.strerror else ""
        places = traceback.extract_tb(caused.__traceback__)
        frames = [f"{place.filename}:{place.lineno} {place.name}" for place in places]
        lines = [*frames, f"{type(caused).__module__}.{type(caused).__qualname__}{why}", *lines]
        caused = caused.__cause__ or (None if caused.__suppress_context__ else caused.__context__)
    return lines
