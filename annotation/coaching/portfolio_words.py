"""Words of portfolio items: read where they stand. An item keeps fingerprints of what was agreed to, never a copy.

What is deleted, changed or closed to the coach at its source is gone from the item by itself, and what came in since
was not agreed to and is left out. A reflection stands in its item alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from annotation.access.reading import may_see
from annotation.coaching.actions import action_of
from annotation.coaching.session_log import log_of
from annotation.coaching.session_notes import STAGE_NAMES, session_notes_of
from annotation.coaching.training import answers_of
from core.errors import NotFound
from core.models import Clip, CoachingSession, Partnership, Person, PortfolioItem
from core.school_day import full_day


@dataclass(frozen=True, slots=True)
class ReadItem:
    """An item with its words as they are now; `is_changed`: its source says something that nobody agreed to."""

    id: str
    kind: str
    ref_id: str
    title: str
    text: str
    is_changed: bool
    coachee_id: str | None
    consent: str
    decided_at: datetime | None
    position: int


def read_item(session: Session, item: PortfolioItem) -> ReadItem:
    """Return an item with what of its words may be shown: the lines of its source that were there when it was asked."""
    coach = session.get_one(Person, item.owner_id)
    now = source_lines(session, coach, item)
    agreed = [line for line in now if item.kind == "reflection" or fingerprint(item, line) in item.agreed]
    title = item.title
    if item.kind == "clip":
        clip = session.get(Clip, item.ref_id)
        title = f"Clip: {clip.title}" if clip is not None and may_see(session, coach, clip) else item.title
    return ReadItem(
        id=item.id,
        kind=item.kind,
        ref_id=item.ref_id,
        title=title,
        text="\n".join(agreed),
        is_changed=len(agreed) < len(now),
        coachee_id=item.coachee_id,
        consent=item.consent,
        decided_at=item.decided_at,
        position=item.position,
    )


def source_lines(session: Session, coach: Person, item: PortfolioItem) -> list[str]:
    """Return the lines that the source of an item has now, as far as its coach may read them."""
    if item.kind == "reflection":
        return item.text.split("\n")
    if item.kind == "task":
        answer = answers_of(session, coach).get(item.ref_id)
        return [] if answer is None else answer.text.split("\n")
    meeting = session.get(CoachingSession, item.ref_id) if item.kind == "log" else None
    if meeting is None:
        return []
    partnership = session.get_one(Partnership, meeting.partnership_id)
    try:
        return log_text(session, coach, meeting, partnership).split("\n")
    except NotFound:  # closed to him for now
        return []


def fingerprints(item: PortfolioItem, lines: Sequence[str]) -> list[str]:
    """Return what is kept of the lines that somebody is asked for."""
    return [fingerprint(item, line) for line in lines]


def fingerprint(item: PortfolioItem, line: str) -> str:
    """Return a hash of a line of an item (SHA-256, hex): the same line in another item has another."""
    return hashlib.sha256(f"{item.id}\n{line}".encode()).hexdigest()


def log_text(session: Session, person: Person, meeting: CoachingSession, partnership: Partnership) -> str:
    """Return a log as plain paragraphs: what happened, the notes by stage, the one action."""
    lines = [line.what for line in log_of(session, person, meeting, partnership)]
    part: dict[str | None, str] = {partnership.coach_id: " (coach)", partnership.coachee_id: " (coachee)", None: ""}
    lines += [
        f"{STAGE_NAMES[one.stage]}{part[one.author_id]}: {one.text}"
        for one in session_notes_of(session, person, meeting)
    ]
    action = action_of(session, meeting)
    if action is not None:
        by = f", by {full_day(action.by)}" if action.by else ""
        lines.append(f"One thing: {action.what}{by}{' (done)' if action.done_at else ''}")
    return "\n".join(lines)
