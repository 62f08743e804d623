"""Figures of each lesson's measures, apart from the intervals: charts of many lessons read them alone."""

from __future__ import annotations

from statistics import quantiles
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

AT_ONCE = 200  # documents, each of some ten thousand bytes
MEASURES = sa.table(
    "measures", sa.column("lesson_id"), sa.column("document", sa.JSON()), sa.column("figures", sa.JSON())
)


def upgrade() -> None:
    op.add_column("measures", sa.Column("figures", sa.JSON(), nullable=False, server_default="{}"))
    there, last = op.get_bind(), ""
    change = (
        sa.update(MEASURES).where(MEASURES.c.lesson_id == sa.bindparam("its_id")).values(figures=sa.bindparam("its"))
    )
    some = sa.select(MEASURES.c.lesson_id, MEASURES.c.document).order_by(MEASURES.c.lesson_id).limit(AT_ONCE)
    while rows := there.execute(some.where(MEASURES.c.lesson_id > last)).all():
        there.execute(change, [{"its_id": row.lesson_id, "its": figures_of(row.document)} for row in rows])
        last = rows[-1].lesson_id


def figures_of(document: object) -> dict[str, Any]:
    """Return the figures of a document of this version."""
    if not isinstance(document, dict):
        return {}
    heard = document.get("heard_in") or {}
    waits = {}
    for name in ("wait_1_median_ms", "wait_2_median_ms"):
        lengths = [end - start for start, end in heard.get(name, ())]
        low, _, high = quantiles(lengths, n=4, method="inclusive") if len(lengths) > 1 else (None, None, None)
        waits[name] = [len(lengths), low, high]
    return {name: value for name, value in document.items() if name != "heard_in"} | {"waits": waits}
