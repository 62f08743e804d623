"""Lines of a session's notes become rows with an author; who wrote the lines of today, nobody knows."""

from __future__ import annotations

import base64
import secrets

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STAGES = ("G", "R", "O", "W")


def upgrade() -> None:
    op.create_table(
        "session_note",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("session_id", sa.String(length=16), nullable=False),
        sa.Column("stage", sa.String(length=1), nullable=False),
        sa.Column("author_id", sa.String(length=16), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["coaching_session.id"],
            name=op.f("fk_session_note_session_id_coaching_session"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_session_note_author_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_note")),
        sa.UniqueConstraint(
            "session_id", "stage", "author_id", name=op.f("uq_session_note_session_id_stage_author_id")
        ),
    )
    op.create_index(op.f("ix_session_note_session_id"), "session_note", ["session_id"], unique=False)
    there = op.get_bind()
    moved = [
        {
            "id": base64.b32encode(secrets.token_bytes(10)).decode().lower(),
            "session_id": row.id,
            "stage": stage,
            "author_id": None,
            "text": row.notes[stage],
            "written_at": row.created_at,
        }
        for row in there.execute(sa.select(MEETING)).all()
        if isinstance(row.notes, dict)
        for stage in STAGES
        if isinstance(row.notes.get(stage), str) and row.notes[stage].strip()
    ]
    op.drop_column("coaching_session", "notes")
    if moved:
        there.execute(sa.insert(NOTE), moved)
        # The words are still where the column was, in the database's files: a worker makes those gone.
        made = {"id": "notes", "what": "", "keys": [], "uploads": [], "asked_at": sa.func.now()}
        there.execute(sa.insert(ERASURE).values(made))


MEETING = sa.table(
    "coaching_session",
    sa.column("id"),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("notes", sa.JSON()),
)
NOTE = sa.table(
    "session_note",
    *(sa.column(name) for name in ("id", "session_id", "stage", "author_id", "text")),
    sa.column("written_at", sa.DateTime(timezone=True)),
)
ERASURE = sa.table(
    "erasure",
    sa.column("id"),
    sa.column("what"),
    sa.column("keys", sa.JSON()),
    sa.column("uploads", sa.JSON()),
    sa.column("asked_at", sa.DateTime(timezone=True)),
)
