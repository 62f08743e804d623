"""References instead of copies: a card names its comment, an item of a portfolio has fingerprints of its lines."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

CARD_LENGTH = 200


def upgrade() -> None:
    op.add_column("portfolio_item", sa.Column("agreed", sa.JSON(), nullable=False, server_default="[]"))
    there = op.get_bind()
    item = _table("portfolio_item", "id", "kind", "title", "text", json=["agreed"])
    changed = 0
    for row in there.execute(sa.select(item).where(item.c.kind.in_(("log", "task", "clip")))).all():
        lines = row.text.split("\n") if row.kind != "clip" else []
        values: dict[str, Any] = {"text": "", "agreed": [fingerprint(row.id, line) for line in lines]}
        if row.kind == "clip":
            values["title"] = "Clip"
        there.execute(sa.update(item).where(item.c.id == row.id).values(values))
        changed += 1
    meeting = _table("coaching_session", "id", "partnership_id", "lesson_id", "clip_id", json=["moments"])
    for row in there.execute(sa.select(meeting)).all():
        if any("text" in one for one in cards_in(row.moments)):
            cards = [as_reference(there, row, one) for one in cards_in(row.moments)]
            there.execute(sa.update(meeting).where(meeting.c.id == row.id).values(moments=cards))
            changed += 1
    if not changed:
        return
    # What was copied is still in the database's files: a worker makes it gone.
    erasure = _table("erasure", "id", "what", json=["keys", "uploads"], times=["asked_at"])
    made = {"id": "copies", "what": "", "keys": [], "uploads": [], "asked_at": sa.func.now()}
    there.execute(sa.insert(erasure).values(made))


def cards_in(moments: object) -> list[dict[str, Any]]:
    """Return the cards of a session; anything else is none."""
    return [one for one in moments if isinstance(one, dict)] if isinstance(moments, list) else []


def as_reference(there: sa.Connection, meeting: Any, card: dict[str, Any]) -> dict[str, Any]:
    """Return a card with the id of the comment whose words were copied onto it, and without the words."""
    clip = _table("clip", "id", "start_ms")
    begin = there.scalar(sa.select(clip.c.start_ms).where(clip.c.id == meeting.clip_id)) or 0
    comment = _table("comment", "id", "lesson_id", "partnership_id", "start_ms", "text")
    said = there.execute(
        sa.select(comment.c.id, comment.c.text).where(
            comment.c.lesson_id == meeting.lesson_id,
            comment.c.partnership_id == meeting.partnership_id,
            comment.c.start_ms == int(card.get("start_ms", 0)) + int(begin),
        )
    )
    same = next((row.id for row in said if row.text[:CARD_LENGTH].strip() == card.get("text", "")), None)
    return {"start_ms": card.get("start_ms", 0), "comment_id": same, "by": card.get("by", "")}


def fingerprint(item_id: str, line: str) -> str:
    """Return the hash of a line (annotation/coaching/portfolio_words.py, as it was when this was written)."""
    return hashlib.sha256(f"{item_id}\n{line}".encode()).hexdigest()


def _table(name: str, *columns: str, json: list[str] | None = None, times: list[str] | None = None) -> Any:
    typed: list[Any] = [sa.column(one, sa.JSON()) for one in json or []]
    typed.extend(sa.column(one, sa.DateTime(timezone=True)) for one in times or [])
    return sa.table(name, *(sa.column(one) for one in columns), *typed)
