"""Notices every statement that may end somebody's right, and writes an event of it in the same transaction.

It looks at the statements themselves, so no function has to think of it: whatever changes one of these columns or
deletes from one of these tables is noticed, by the ORM or not. Open pages then ask their rights again (`web/live/`).
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, insert

from core.clock import utc_now
from core.database.events import RIGHTS
from core.models import Event

ANY = frozenset[str]()
WATCHED = {  # table: the columns on which rights stand; none named: all of them
    "share": ANY,
    "clip_share": ANY,
    "partnership": ANY,
    "stored_file": ANY,
    "portfolio_item": frozenset({"consent", "deleted_at"}),
    "second_factor": ANY,
    "coaching_session": frozenset({"partnership_id"}),
    "sign_in": frozenset({"expires_at", "person_id", "secret_hash", "road"}),
    "person": frozenset({"deactivated_at", "is_lead", "manager_id", "password_hash"}),
    "lesson": frozenset({"deleted_at", "owner_id", "conversation_id", "coaches_meet_at"}),
    "clip": frozenset({"deleted_at"}),
}
UNWATCHED = {"unwatched": True}  # option of a connection that fills or changes tables before anybody follows anything
STATEMENT = re.compile(r"\s*(?:WITH .*?\)\s*)?(UPDATE|DELETE FROM)\s+\"?(\w+)\"?(.*)", re.IGNORECASE | re.DOTALL)
SET_COLUMN = re.compile(r"(?:\bSET|,)\s*\"?(\w+)\"?\s*=", re.IGNORECASE)


def may_end_a_right(statement: str) -> bool:
    """Tell whether an SQL statement changes something on which somebody's right stands."""
    found = STATEMENT.match(statement)
    if found is None or (table := found[2].lower()) not in WATCHED:
        return False
    columns = WATCHED[table]
    if found[1].upper() != "UPDATE" or not columns:
        return True
    return any(name.lower() in columns for name in SET_COLUMN.findall(found[3]))


def note_end_of_right(
    connection: Connection, _cursor: object, statement: str, _parameters: object, _context: object, _many: bool
) -> None:
    """Write the event (listener of `before_cursor_execute`).

    Before: a lesson takes its events with it, and SQLite would give the number of the last of them, which open pages
    know already, to an event that is written after them.
    """
    if may_end_a_right(statement) and not connection.get_execution_options().get("unwatched"):
        connection.execute(insert(Event).values(kind=RIGHTS, at=utc_now()))
