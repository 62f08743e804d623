"""A school whose sessions had one field for the notes of both keeps each line, of nobody known, on both databases."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import select, text

from core.database.backup import fill_rows
from core.database.db import Database
from core.database.migrate import migrate_database
from core.models import Erasure, SessionNote
from tests.core.database.old_schools import rows_of_version
from tests.support.processes import settings_of
from tests.support.servers import Ground, Servers


def test_each_line_of_the_notes_is_a_row_without_an_author_and_its_column_is_gone(
    servers: Servers, ground: Ground, data_dir: Path
) -> None:
    servers.make(ground)
    address = settings_of(ground).database_address
    migrate_database(address, "0020")
    database = Database(address)
    with database.write() as session:
        connection = session.connection()
        fill_rows(connection, rows_of_version("0020"))
        meeting = connection.scalar(text("SELECT min(id) FROM coaching_session"))
        notes = json.dumps({"G": "Wait longer", "W": "Count to five", "O": " ", "X": "of no stage"})
        connection.execute(
            text("UPDATE coaching_session SET notes = :notes WHERE id = :id"), {"notes": notes, "id": meeting}
        )
    migrate_database(address)
    with database.read() as session:
        lines = session.scalars(select(SessionNote).where(SessionNote.session_id == meeting)).all()
        assert {(one.stage, one.author_id, one.text) for one in lines} == {
            ("G", None, "Wait longer"),
            ("W", None, "Count to five"),
        }
        assert session.get(Erasure, "notes") is not None
    database.dispose()
