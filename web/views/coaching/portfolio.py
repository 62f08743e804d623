"""A coach's portfolio as others read it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from annotation.coaching.partnerships import names_of
from annotation.coaching.portfolio import closed_logs, open_clips, read_items, shown_text
from core.clock import utc_now
from core.models import Person
from core.school_day import full_day
from web.views.lessons.clips import turns_within


def portfolio_data(session: Session, person: Person) -> dict[str, Any]:
    """Return what a portfolio shows to others: what nobody agreed to is left out, and said to be."""
    items = read_items(session, person)
    names = names_of(session, {one.coachee_id for one in items if one.coachee_id})
    clips, closed = open_clips(session, person, items), closed_logs(session, person, items)
    turns = turns_within(session, list(clips.values()))
    words = {
        item_id: "\n".join(f"{turn.role.capitalize()}: {turn.text}" for turn in turns[clip.id])
        for item_id, clip in clips.items()
    }
    shown = []
    for one in items:
        title, text = shown_text(one, words, closed)
        agreed = one.consent == "given" and one.decided_at is not None and title == one.title
        who = names.get(one.coachee_id or "", "")
        day = full_day(one.decided_at) if agreed and one.decided_at else ""
        consent = f"{who} agreed to this item on {day}." if agreed else ""
        shown.append({"number": one.position, "kind": one.kind, "title": title, "text": text, "consent": consent})
    return {"name": person.name, "day": full_day(utc_now()), "items": shown}
