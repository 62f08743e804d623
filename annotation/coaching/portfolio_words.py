"""Words of portfolio items: read where they stand. An item keeps fingerprints of what was agreed to, never a copy.

What is deleted, changed or closed to the coach at its source is gone from the item by itself, and what came in since
was not agreed to and is left out. A reflection stands in its item alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.reading import clips_open_to
from annotation.coaching.actions import actions_of_sessions
from annotation.coaching.session_log import LogLine, logs_of
from annotation.coaching.session_notes import STAGE_NAMES, NoteLine, notes_of_sessions
from annotation.coaching.training import answers_of
from core.models import Action, Clip, CoachingSession, ModuleAnswer, Partnership, Person, PortfolioItem
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


def read_items_of(session: Session, coach: Person, items: Sequence[PortfolioItem]) -> list[ReadItem]:
    """Return items of a coach with what of their words may be shown: lines that were there when somebody was asked."""
    sources = sources_of(session, coach, items)
    clips = clips_open_to(session, coach, {one.ref_id for one in items if one.kind == "clip"})
    return [_read_item(one, sources[one.id], clips.get(one.ref_id)) for one in items]


def _read_item(item: PortfolioItem, now: Sequence[str], clip: Clip | None) -> ReadItem:
    agreed = [line for line in now if item.kind == "reflection" or fingerprint(item, line) in item.agreed]
    return ReadItem(
        id=item.id,
        kind=item.kind,
        ref_id=item.ref_id,
        title=item.title if item.kind != "clip" or clip is None else f"Clip: {clip.title}",
        text="\n".join(agreed),
        is_changed=len(agreed) < len(now),
        coachee_id=item.coachee_id,
        consent=item.consent,
        decided_at=item.decided_at,
        position=item.position,
    )


def source_lines(session: Session, coach: Person, item: PortfolioItem) -> list[str]:
    """Return the lines that the source of an item has now, as far as its coach may read them."""
    return sources_of(session, coach, [item])[item.id]


def sources_of(session: Session, coach: Person, items: Sequence[PortfolioItem]) -> dict[str, list[str]]:
    """Return the lines of the source of each of a coach's items, by the id of the item."""
    kinds = {one.kind for one in items}
    answers = answers_of(session, coach) if "task" in kinds else {}
    logs = _log_texts(session, coach, {one.ref_id for one in items if one.kind == "log"}) if "log" in kinds else {}
    return {one.id: _lines_of(one, answers, logs) for one in items}


def _lines_of(item: PortfolioItem, answers: Mapping[str, ModuleAnswer], logs: Mapping[str, str]) -> list[str]:
    if item.kind == "reflection":
        return item.text.split("\n")
    if item.kind == "task":
        answer = answers.get(item.ref_id)
        return [] if answer is None else answer.text.split("\n")
    return logs[item.ref_id].split("\n") if item.kind == "log" and item.ref_id in logs else []


def fingerprints(item: PortfolioItem, lines: Sequence[str]) -> list[str]:
    """Return what is kept of the lines that somebody is asked for."""
    return [fingerprint(item, line) for line in lines]


def fingerprint(item: PortfolioItem, line: str) -> str:
    """Return a hash of a line of an item (SHA-256, hex): the same line in another item has another."""
    return hashlib.sha256(f"{item.id}\n{line}".encode()).hexdigest()


def _log_texts(session: Session, coach: Person, session_ids: Collection[str]) -> dict[str, str]:
    """Return the logs that are open to a coach as plain paragraphs: what happened, notes by stage, the one action."""
    found = (
        select(CoachingSession, Partnership)
        .join(Partnership, Partnership.id == CoachingSession.partnership_id)
        .where(CoachingSession.id.in_(session_ids))
    )
    rows = [(row[0], row[1]) for row in session.execute(found)]
    logs = logs_of(session, coach, rows)
    meetings = [meeting for meeting, _ in rows if meeting.id in logs]
    notes, actions = notes_of_sessions(session, coach, meetings), actions_of_sessions(session, meetings)
    return {
        meeting.id: _log_text(pair, logs[meeting.id], notes[meeting.id], actions.get(meeting.id))
        for meeting, pair in rows
        if meeting.id in logs
    }


def _log_text(
    partnership: Partnership, log: Sequence[LogLine], notes: Sequence[NoteLine], action: Action | None
) -> str:
    lines = [line.what for line in log]
    part: dict[str | None, str] = {partnership.coach_id: " (coach)", partnership.coachee_id: " (coachee)", None: ""}
    lines += [f"{STAGE_NAMES[one.stage]}{part[one.author_id]}: {one.text}" for one in notes]
    if action is not None:
        by = f", by {full_day(action.by)}" if action.by else ""
        lines.append(f"One thing: {action.what}{by}{' (done)' if action.done_at else ''}")
    return "\n".join(lines)
