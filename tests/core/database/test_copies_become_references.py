"""A school with copies of words on cards and in portfolios keeps them as references, on both databases."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import text

from annotation.coaching.portfolio_words import fingerprint
from core.database.backup import fill_rows
from core.database.db import Database
from core.database.migrate import migrate_database
from core.models import PortfolioItem
from tests.core.database.old_schools import rows_of_version
from tests.support.processes import settings_of
from tests.support.servers import Ground, Servers


def test_copies_become_references_and_their_words_are_gone(servers: Servers, ground: Ground, data_dir: Path) -> None:
    servers.make(ground)
    address = settings_of(ground).database_address
    migrate_database(address, "0016")
    database = Database(address)
    with database.write() as session:
        fill_rows(session.connection(), rows_of_version("0016"))
        connection = session.connection()
        item = connection.scalar(text("SELECT min(id) FROM portfolio_item"))
        meeting = connection.scalar(text("SELECT min(id) FROM coaching_session"))
        comment = connection.scalar(text("SELECT min(id) FROM comment"))
        log = "Began on Monday\nGoal: wait longer"
        connection.execute(
            text("UPDATE portfolio_item SET kind = 'log', text = :log WHERE id = :id"), {"log": log, "id": item}
        )
        start = connection.scalar(text("SELECT start_ms FROM comment WHERE id = :id"), {"id": comment})
        begin = connection.scalar(text("SELECT min(start_ms) FROM clip")) or 0
        where = "lesson_id = (SELECT lesson_id FROM coaching_session WHERE id = :id), partnership_id ="
        where += " (SELECT partnership_id FROM coaching_session WHERE id = :id), text = 'A quiet word'"
        connection.execute(text(f"UPDATE comment SET {where} WHERE id = :comment"), {"id": meeting, "comment": comment})
        cards = [
            {"start_ms": start - begin, "text": "A quiet word", "by": "somebody"},
            {"start_ms": 7, "text": "The moment at 0:07", "by": "somebody"},
        ]
        connection.execute(
            text("UPDATE coaching_session SET moments = :cards WHERE id = :id"),
            {"cards": json.dumps(cards), "id": meeting},
        )
    migrate_database(address)
    with database.read() as session:
        connection = session.connection()
        kept = session.get_one(PortfolioItem, item)
        assert kept.text == ""
        assert kept.agreed == [fingerprint(kept, line) for line in log.split("\n")]
        moments = connection.scalar(text("SELECT moments FROM coaching_session WHERE id = :id"), {"id": meeting})
        moments = json.loads(moments) if isinstance(moments, str) else moments
        assert moments == [
            {"start_ms": start - begin, "comment_id": comment, "by": "somebody"},
            {"start_ms": 7, "comment_id": None, "by": "somebody"},
        ]
    database.dispose()
