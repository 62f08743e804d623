"""Playback places, shared clips and coaching sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("upload", sa.Column("is_growing", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "clip",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("lesson_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lesson.id"], name=op.f("fk_clip_lesson_id_lesson"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clip")),
        sa.UniqueConstraint("lesson_id", "number", name=op.f("uq_clip_lesson_id_number")),
    )
    with op.batch_alter_table("clip", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clip_lesson_id"), ["lesson_id"], unique=False)

    op.create_table(
        "place",
        sa.Column("lesson_id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lesson.id"], name=op.f("fk_place_lesson_id_lesson"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_place_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lesson_id", "person_id", name=op.f("pk_place")),
    )
    op.create_table(
        "clip_share",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("clip_id", sa.String(length=16), nullable=False),
        sa.Column("partnership_id", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"], name=op.f("fk_clip_share_clip_id_clip"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["partnership_id"],
            ["partnership.id"],
            name=op.f("fk_clip_share_partnership_id_partnership"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clip_share")),
    )
    with op.batch_alter_table("clip_share", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clip_share_clip_id"), ["clip_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_clip_share_partnership_id"), ["partnership_id"], unique=False)

    op.create_table(
        "coaching_session",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("partnership_id", sa.String(length=16), nullable=False),
        sa.Column("lesson_id", sa.String(length=16), nullable=True),
        sa.Column("clip_id", sa.String(length=16), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("room", sa.JSON(), nullable=False),
        sa.Column("moments", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("action", sa.String(length=500), nullable=False),
        sa.Column("action_by", sa.Date(), nullable=True),
        sa.Column("coach_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("coachee_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["clip_id"], ["clip.id"], name=op.f("fk_coaching_session_clip_id_clip"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lesson.id"], name=op.f("fk_coaching_session_lesson_id_lesson"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["partnership_id"],
            ["partnership.id"],
            name=op.f("fk_coaching_session_partnership_id_partnership"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coaching_session")),
    )
    with op.batch_alter_table("coaching_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_coaching_session_lesson_id"), ["lesson_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coaching_session_partnership_id"), ["partnership_id"], unique=False)
    op.create_table(
        "dictation",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("lesson_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lesson.id"], name=op.f("fk_dictation_lesson_id_lesson"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_dictation_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dictation")),
        sa.UniqueConstraint("lesson_id", "number", name=op.f("uq_dictation_lesson_id_number")),
    )
    with op.batch_alter_table("dictation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dictation_lesson_id"), ["lesson_id"], unique=False)
