"""One at most, as constraints: open shares and showings, partnerships that go on, goals, rooms, plans, visits, items.

What two requests at once have left behind is mended first: of open shares and showings the newest stays open; of
partnerships of one kind one goes on; a fourth active goal is put aside; of rooms of one film the newest stays open; an
item that is twice in a portfolio stays once; an active partnership within a management line is suspended.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CONSTRAINTS = (
    ("uq_partnership_going", "partnership", ["coach_id", "coachee_id", "kind"], "state <> 'ended'"),
    ("uq_goal_slot", "goal", ["partnership_id", "slot"], "closed_at IS NULL"),
    ("uq_share_open", "share", ["lesson_id", "partnership_id"], "taken_back_at IS NULL"),
    ("uq_clip_share_open", "clip_share", ["clip_id", "partnership_id"], "taken_back_at IS NULL"),
    ("uq_shown_measures_open", "shown_measures", ["owner_id", "partnership_id"], "taken_back_at IS NULL"),
    (
        "uq_coaching_session_planned",
        "coaching_session",
        ["partnership_id"],
        "planned_at IS NOT NULL AND began_at IS NULL AND ended_at IS NULL",
    ),
    ("uq_coaching_session_film", "coaching_session", ["partnership_id", "film"], "ended_at IS NULL"),
    ("uq_walk_unsaved", "walk", ["observer_id", "observed_id", "title"], "saved_at IS NULL"),
    ("uq_portfolio_item_source", "portfolio_item", ["owner_id", "kind", "ref_id"], "ref_id <> ''"),
)
OPEN = "taken_back_at IS NULL"
SUSPENDED_SHARES = ("share", "clip_share", "shown_measures")


def upgrade() -> None:
    op.add_column("coaching_session", sa.Column("film", sa.String(length=24), nullable=True))
    op.execute("ALTER TABLE goal ADD COLUMN slot INTEGER CONSTRAINT ck_goal_slot CHECK (slot BETWEEN 1 AND 3)")
    op.execute("UPDATE coaching_session SET film = 'clip:' || clip_id WHERE clip_id IS NOT NULL")
    op.execute(
        "UPDATE coaching_session SET film = 'lesson:' || lesson_id WHERE clip_id IS NULL AND lesson_id IS NOT NULL"
    )
    now = sa.literal(datetime.now(UTC), sa.DateTime(timezone=True))
    end_doubles(now)
    suspend_within_a_line(now)
    for table, keys, when in (
        ("share", ("lesson_id", "partnership_id"), "created_at"),
        ("clip_share", ("clip_id", "partnership_id"), "created_at"),
        ("shown_measures", ("owner_id", "partnership_id"), "shown_at"),
    ):
        later = doubles(table, keys, OPEN, f"{when} DESC, id DESC")
        change(table, later, taken_back_at=now)
    put_goals_in_slots(now)
    rooms = doubles("coaching_session", ("partnership_id", "film"), "film IS NOT NULL AND ended_at IS NULL", NEWEST)
    change(
        "coaching_session",
        rooms,
        ended_at=now,
        began_at=sa.func.coalesce(sa.column("began_at"), sa.column("created_at")),
    )
    waiting = "planned_at IS NOT NULL AND began_at IS NULL AND ended_at IS NULL"
    change("coaching_session", doubles("coaching_session", ("partnership_id",), waiting, NEWEST), planned_at=None)
    put_visits_together()
    op.execute(ITEMS_TWICE)
    for name, table, columns, where in CONSTRAINTS:
        rule = sa.text(where)
        op.create_index(name, table, columns, unique=True, sqlite_where=rule, postgresql_where=rule)


NEWEST = "created_at DESC, id DESC"
ITEMS_TWICE = """
    DELETE FROM portfolio_item WHERE ref_id <> '' AND id NOT IN (
        SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY owner_id, kind, ref_id ORDER BY CASE consent
            WHEN 'withdrawn' THEN 0 WHEN 'refused' THEN 1 WHEN 'given' THEN 2 ELSE 3 END, added_at, id) AS place
            FROM portfolio_item WHERE ref_id <> '') AS counted WHERE place = 1)
"""


def rows(statement: str) -> list[Any]:
    return list(op.get_bind().execute(sa.text(statement)))


def doubles(table: str, keys: tuple[str, ...], where: str, order: str) -> list[str]:
    """Return the ids of all rows but the first of each group."""
    seen: set[tuple[Any, ...]] = set()
    found = []
    for row in rows(f"SELECT id, {', '.join(keys)} FROM {table} WHERE {where} ORDER BY {order}"):  # noqa: S608
        key = tuple(row[1:])
        if key in seen:
            found.append(row.id)
        seen.add(key)
    return found


def change(table: str, ids: list[str], **values: Any) -> None:
    its = sa.table(table, sa.column("id"), *(sa.column(name) for name in values))
    for one in ids:
        op.execute(sa.update(its).where(its.c.id == one).values(**values))


def end_doubles(now: Any) -> None:
    """Of two people's partnerships of one kind the one that has come farthest goes on."""
    order = "CASE state WHEN 'active' THEN 0 WHEN 'suspended' THEN 1 ELSE 2 END, created_at, id"
    ended = doubles("partnership", ("coach_id", "coachee_id", "kind"), "state <> 'ended'", order)
    change("partnership", ended, state="ended", ended_at=now)
    close(ended, now)


def suspend_within_a_line(now: Any) -> None:
    managers = {row.id: row.manager_id for row in rows("SELECT id, manager_id FROM person")}
    pairs = rows("SELECT id, coach_id, coachee_id FROM partnership WHERE state = 'active'")
    crossed = [
        one.id
        for one in pairs
        if one.coach_id in above(managers, one.coachee_id) or one.coachee_id in above(managers, one.coach_id)
    ]
    change("partnership", crossed, state="suspended")
    close(crossed, now)


def above(managers: dict[str, str | None], person_id: str) -> set[str]:
    found: set[str] = set()
    one = managers.get(person_id)
    while one is not None and one not in found and one != person_id:
        found.add(one)
        one = managers.get(one)
    return found


def close(partnership_ids: list[str], now: Any) -> None:
    for table in SUSPENDED_SHARES:
        its = sa.table(table, sa.column("partnership_id"), sa.column("taken_back_at"))
        for one in partnership_ids:
            still = sa.update(its).where(its.c.partnership_id == one, its.c.taken_back_at.is_(None))
            op.execute(still.values(taken_back_at=now))


def put_goals_in_slots(now: Any) -> None:
    taken: dict[str, int] = {}
    for row in rows("SELECT id, partnership_id FROM goal WHERE closed_at IS NULL ORDER BY created_at, id"):
        slot = taken[row.partnership_id] = taken.get(row.partnership_id, 0) + 1
        if slot <= 3:
            change("goal", [row.id], slot=slot)
        else:
            change("goal", [row.id], closed_at=now)


def put_visits_together() -> None:
    """Of unsaved visits that were begun twice the newest stays, with the notes of all."""
    keys = ("observer_id", "observed_id", "title")
    order = "began_at DESC, id DESC"
    for one in doubles("walk", keys, "saved_at IS NULL", order):
        places = {"id": one}
        newest = f"""SELECT id FROM walk WHERE saved_at IS NULL AND (observer_id, observed_id, title) =
            (SELECT observer_id, observed_id, title FROM walk WHERE id = :id) ORDER BY {order} LIMIT 1"""  # noqa: S608
        notes = f"UPDATE walk_note SET walk_id = ({newest}) WHERE walk_id = :id"  # noqa: S608
        op.execute(sa.text(notes).bindparams(**places))
        op.execute(sa.text("DELETE FROM walk WHERE id = :id").bindparams(**places))
