"""Which columns hold content: every text and JSON column, but those that are named here. A new one is content.

Whoever overwrites or deletes content through a writing session leaves an `Erasure` behind, so that the sweeper makes
the old words gone from the database's files too. `tests/access/test_erasure.py` fills every one of these columns.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import JSON, String, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session

from core.clock import utc_now
from core.models import Base, Erasure

# States, kinds, hashes and what machines say: nobody's words, and nothing that tells of a person.
NO_CONTENT: dict[str, frozenset[str]] = {
    "account_link": frozenset({"secret_hash", "kind", "used_on"}),
    "account_notice": frozenset({"event", "device"}),
    "activity": frozenset({"kind"}),
    "coaching_session": frozenset({"room", "moments", "film"}),
    "comment": frozenset({"draft_id", "kind", "stage"}),
    "correction": frozenset({"kind"}),
    "erasure": frozenset({"what", "keys", "uploads"}),
    "event": frozenset({"kind", "partnership_id", "comment_id", "clip_id", "session_id", "person_id"}),
    "goal": frozenset({"measure", "direction"}),
    "lesson": frozenset({"media", "language", "failure_code", "failure_sentence"}),
    "mail": frozenset({"about"}),
    "partnership": frozenset({"kind", "state"}),
    "pending_sign_in": frozenset({"next_address"}),
    "person": frozenset({"password_hash", "subject"}),
    "portfolio_item": frozenset({"kind", "ref_id", "consent", "agreed"}),
    "question": frozenset({"speaker", "role", "kind", "answered_by"}),
    "second_factor": frozenset({"secret"}),
    "session_note": frozenset({"stage"}),
    "sign_in": frozenset({"secret_hash", "device", "road", "known_hash"}),
    "sign_on": frozenset({"nonce", "verifier", "next_address"}),
    "speaker": frozenset({"label", "role"}),
    "step": frozenset({"stage", "queue", "state", "lease_token", "error_code", "error_sentence"}),
    "stored_file": frozenset({"kind", "key", "mime", "sha256", "info"}),
    "turn": frozenset({"speaker", "role"}),
    "upload": frozenset({"mime"}),
    "walk_note": frozenset({"draft_id"}),
}


@cache
def content_columns() -> dict[str, frozenset[str]]:
    """Return the names of the columns with content, by table; tables without any are left out."""
    found = {
        table.name: frozenset(
            column.name
            for column in table.columns
            if isinstance(column.type, String | JSON) and not column.primary_key and not column.foreign_keys
        )
        - NO_CONTENT.get(table.name, frozenset())
        for table in Base.metadata.sorted_tables
    }
    return {name: columns for name, columns in found.items() if columns}


class WritingSession(Session):
    """A session that notes what it overwrites or deletes of content, as an `Erasure` of the same transaction."""


@event.listens_for(WritingSession, "before_flush")
def _note_rows(session: Session, _context: object, _instances: object) -> None:
    content = content_columns()
    if any(row.__tablename__ in content for row in session.deleted):
        session.info["overwrites"] = True
    for row in session.dirty:
        attributes = inspect(row).attrs
        if any(any(attributes[name].history.deleted or ()) for name in content.get(row.__tablename__, ())):
            session.info["overwrites"] = True


@event.listens_for(WritingSession, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    if state.is_delete or state.is_update:
        statement: Any = state.statement
        if statement.table.name in content_columns():
            state.session.info["overwrites"] = True


@event.listens_for(WritingSession, "before_commit")
def _add_erasure(session: Session) -> None:
    session.flush()
    noted = session.info.pop("erasure_recorded", False)
    if session.info.pop("overwrites", False) and not noted:
        session.add(Erasure(what="", keys=[], uploads=[], asked_at=utc_now()))
