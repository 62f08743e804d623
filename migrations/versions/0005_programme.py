"""Staff list, account links, mail, requests, planned sessions, actions, training, walks, portfolio, retention.

Somebody invited becomes a person who has not joined yet (with the invitation's id); what a session was to do becomes an
action.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_on",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=128), nullable=False),
        sa.Column("next_address", sa.String(length=500), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_sign_on")),
    )
    op.create_table(
        "account_link",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_account_link_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_link")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_account_link_secret_hash")),
    )
    with op.batch_alter_table("account_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_link_person_id"), ["person_id"], unique=False)

    op.create_table(
        "mail",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("about", sa.String(length=80), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_mail_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("about", name=op.f("uq_mail_about")),
    )
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_person_id"), ["person_id"], unique=False)

    op.create_table(
        "module_answer",
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("module", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_module_answer_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "module", name=op.f("pk_module_answer")),
    )
    op.create_table(
        "portfolio_item",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("owner_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("ref_id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("coachee_id", sa.String(length=16), nullable=True),
        sa.Column("consent", sa.String(length=12), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["coachee_id"], ["person.id"], name=op.f("fk_portfolio_item_coachee_id_person"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["person.id"], name=op.f("fk_portfolio_item_owner_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio_item")),
    )
    with op.batch_alter_table("portfolio_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_portfolio_item_coachee_id"), ["coachee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_portfolio_item_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "goal_version",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("goal_id", sa.String(length=16), nullable=False),
        sa.Column("changed_by_id", sa.String(length=16), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name=op.f("fk_goal_version_changed_by_id_person")),
        sa.ForeignKeyConstraint(
            ["goal_id"], ["goal.id"], name=op.f("fk_goal_version_goal_id_goal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_version")),
    )
    with op.batch_alter_table("goal_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_goal_version_goal_id"), ["goal_id"], unique=False)

    op.create_table(
        "walk",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("observer_id", sa.String(length=16), nullable=False),
        sa.Column("observed_id", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lesson_id", sa.String(length=16), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("goal_id", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["goal_id"], ["goal.id"], name=op.f("fk_walk_goal_id_goal"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["lesson_id"], ["lesson.id"], name=op.f("fk_walk_lesson_id_lesson"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["observed_id"], ["person.id"], name=op.f("fk_walk_observed_id_person")),
        sa.ForeignKeyConstraint(["observer_id"], ["person.id"], name=op.f("fk_walk_observer_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk")),
    )
    with op.batch_alter_table("walk", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_walk_observed_id"), ["observed_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_walk_observer_id"), ["observer_id"], unique=False)

    op.create_table(
        "walk_note",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("walk_id", sa.String(length=16), nullable=False),
        sa.Column("draft_id", sa.String(length=80), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["walk_id"], ["walk.id"], name=op.f("fk_walk_note_walk_id_walk"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk_note")),
        sa.UniqueConstraint("draft_id", name=op.f("uq_walk_note_draft_id")),
    )
    with op.batch_alter_table("walk_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_walk_note_walk_id"), ["walk_id"], unique=False)

    op.create_table(
        "action",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("partnership_id", sa.String(length=16), nullable=False),
        sa.Column("session_id", sa.String(length=16), nullable=True),
        sa.Column("goal_id", sa.String(length=16), nullable=True),
        sa.Column("what", sa.String(length=500), nullable=False),
        sa.Column("by", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["goal_id"], ["goal.id"], name=op.f("fk_action_goal_id_goal"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["partnership_id"],
            ["partnership.id"],
            name=op.f("fk_action_partnership_id_partnership"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["coaching_session.id"],
            name=op.f("fk_action_session_id_coaching_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action")),
        sa.UniqueConstraint("session_id", name=op.f("uq_action_session_id")),
    )
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_action_goal_id"), ["goal_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_action_partnership_id"), ["partnership_id"], unique=False)

    op.add_column("person", sa.Column("subject", sa.String(length=400), nullable=True))
    op.create_index(op.f("ix_person_subject"), "person", ["subject"], unique=True)
    op.add_column("person", sa.Column("wants_mail", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("person", sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE person SET joined_at = created_at")
    op.execute(INVITED_BECOME_PEOPLE)
    op.execute(INVITATIONS_BECOME_LINKS)
    op.drop_table("invitation")

    op.execute(ACTIONS_OF_SESSIONS)
    op.drop_column("coaching_session", "action_by")
    op.drop_column("coaching_session", "action")
    op.add_column("coaching_session", sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_coaching_session_planned_at"), "coaching_session", ["planned_at"], unique=False)
    op.add_column("coaching_session", sa.Column("repeats", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("goal", sa.Column("outcome", sa.String(), nullable=False, server_default=""))

    for table, column, to in (
        ("partnership", "asked_by_id", "person"),
        ("opening", "clip_id", "clip"),
        ("lesson", "conversation_id", "partnership"),
    ):
        there = sa.Column(column, sa.String(length=16), sa.ForeignKey(f"{to}.id"), nullable=True)
        op.add_column(table, there, inline_references=True)
    op.add_column("clip_share", sa.Column("until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("lesson", sa.Column("coaches_meet", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in ("media_warned_at", "media_gone_at", "words_warned_at", "words_gone_at"):
        op.add_column("lesson", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


INVITED_BECOME_PEOPLE = """
    INSERT INTO person (id, email, name, department, password_hash, is_lead, manager_id, created_at)
    SELECT id, email, name, department, '', FALSE, manager_id, created_at FROM invitation AS one
    WHERE used_at IS NULL AND email NOT IN (SELECT email FROM person) AND NOT EXISTS (
        SELECT 1 FROM invitation AS later WHERE later.email = one.email AND later.used_at IS NULL
        AND (later.created_at > one.created_at OR (later.created_at = one.created_at AND later.id > one.id)))
"""
INVITATIONS_BECOME_LINKS = """
    INSERT INTO account_link (id, secret_hash, person_id, kind, made_at, expires_at)
    SELECT id, secret_hash, id, 'join', created_at, expires_at FROM invitation
    WHERE used_at IS NULL AND id IN (SELECT id FROM person)
"""
ACTIONS_OF_SESSIONS = """
    INSERT INTO action (id, partnership_id, session_id, what, "by", created_at)
    SELECT id, partnership_id, id, action, action_by, created_at FROM coaching_session WHERE action <> ''
"""
