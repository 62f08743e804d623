"""Account notices, known devices, reset requests, and first openings of account links.

Addresses are brought into one form, unless two accounts would then have the same one. Whoever has a password beside
single sign-on is told, since until now it could have been set by whoever had her invitation.
"""

from __future__ import annotations

import base64
import secrets
import unicodedata
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_device",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_known_device_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("secret_hash", "person_id", name=op.f("pk_known_device")),
    )
    op.create_index(op.f("ix_known_device_person_id"), "known_device", ["person_id"], unique=False)
    op.create_table(
        "account_notice",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_account_notice_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_notice")),
    )
    op.create_index(op.f("ix_account_notice_person_id"), "account_notice", ["person_id"], unique=False)
    op.create_table(
        "reset_request",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reset_request")),
    )
    op.add_column("sign_in", sa.Column("road", sa.String(length=8), nullable=False, server_default=""))
    op.add_column("sign_in", sa.Column("known_hash", sa.String(length=64), nullable=True))
    op.add_column("account_link", sa.Column("used_on", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("account_link", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))
    person = sa.table("person", *(sa.column(name) for name in ("id", "email", "password_hash", "subject")))
    there = op.get_bind()
    taken = set(there.scalars(sa.select(person.c.email)))
    for row in there.execute(sa.select(person.c.id, person.c.email)).all():
        if (known := address_key(row.email)) not in taken:
            there.execute(sa.update(person).where(person.c.id == row.id).values(email=known))
            taken.add(known)
    beside = sa.select(person.c.id).where(person.c.subject.is_not(None), person.c.password_hash != "")
    notice = sa.table(
        "account_notice",
        *(sa.column(name) for name in ("id", "person_id", "event", "device")),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    for person_id in there.scalars(beside).all():
        made = base64.b32encode(secrets.token_bytes(10)).decode().lower()
        told = {"id": made, "person_id": person_id, "event": "password-beside-provider", "device": ""}
        there.execute(sa.insert(notice).values({"at": datetime.now(UTC), **told}))


def address_key(email: str) -> str:
    """Return the one form of an address (see annotation/people/people.py, as it was when this was written)."""
    local, _, domain = unicodedata.normalize("NFKC", email).strip().lower().rpartition("@")
    labels = (
        label if label.isascii() else f"xn--{label.encode('punycode').decode()}"
        for label in domain.rstrip(".").split(".")
    )
    return f"{local}@{'.'.join(labels)}" if local else email
