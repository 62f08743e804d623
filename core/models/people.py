"""Tables of people, devices, account links, credentials and account notices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, new_id


class Person(Base):
    """Somebody of the school. Coach and coachee are roles in a partnership, not of a person."""

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # in the one form of `address_key`
    name: Mapped[str] = mapped_column(String(120))
    called: Mapped[str] = mapped_column(String(60), default="")  # what she said we should call her; empty: nothing
    department: Mapped[str] = mapped_column(String(120), default="")
    password_hash: Mapped[str] = mapped_column(String(255), default="")  # empty: none, she signs in by single sign-on
    subject: Mapped[str | None] = mapped_column(String(400), index=True, unique=True)  # OpenID Connect: issuer, sub
    is_lead: Mapped[bool] = mapped_column(default=False)
    manager_id: Mapped[str | None] = mapped_column(Id, ForeignKey("person.id"), index=True)
    wants_mail: Mapped[bool] = mapped_column(default=True)  # reminders; never the link of a password
    created_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]  # None: on the staff list, invited, has not signed in yet
    deactivated_at: Mapped[datetime | None]  # a leaver; what she recorded stays hers for a while


class SignIn(Base):
    """A device that is signed in. The cookie carries a random secret; only its hash is kept."""

    __tablename__ = "sign_in"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)  # sha256, hex
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id", ondelete="CASCADE"), index=True)
    device: Mapped[str] = mapped_column(String(200), default="")
    road: Mapped[str] = mapped_column(String(8), default="")  # link, password or provider; empty: before 0008
    known_hash: Mapped[str | None] = mapped_column(String(64))  # the browser's KnownDevice
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class KnownDevice(Base):
    """A browser in which somebody signed in before. Its cookie is no credential: it has its own count of attempts."""

    __tablename__ = "known_device"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # sha256, hex
    person_id: Mapped[str] = mapped_column(
        Id, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    seen_at: Mapped[datetime]  # when she last signed in there


class PendingSignIn(Base):
    """A sign-in whose password was right and whose code is still asked for. It opens nothing; it is no session."""

    __tablename__ = "pending_sign_in"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # sha256, hex
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id", ondelete="CASCADE"), index=True)
    next_address: Mapped[str] = mapped_column(String(500))
    expires_at: Mapped[datetime]


class SecondFactor(Base):
    """The app that makes somebody's codes (TOTP, RFC 6238)."""

    __tablename__ = "second_factor"

    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(255))  # sealed: core/sealing.py
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]  # None: shown to her, no code of it has been typed yet, so it asks nobody
    last_step: Mapped[int] = mapped_column(default=0)  # the newest time step whose code was taken; none is taken twice


class RecoveryCode(Base):
    """A code that works once instead of one of the app's. Only its hash is kept."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # sha256 of account and code, hex
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id", ondelete="CASCADE"), index=True)
    used_at: Mapped[datetime | None]


class AccountLink(Base):
    """A single-use link with which somebody sets a password: `join` when invited, `reset` when she forgot it."""

    __tablename__ = "account_link"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)  # sha256, hex
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_on: Mapped[str] = mapped_column(String(200), default="")  # the device
    opened_at: Mapped[datetime | None]  # when somebody, or a filter of mails, first looked at it


class AccountNotice(Base):
    """What happened to an account, for its person. The sentence of an event is in annotation/people/credentials."""

    __tablename__ = "account_notice"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id", ondelete="CASCADE"), index=True)
    event: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    device: Mapped[str] = mapped_column(String(200), default="")  # where it was done, as the browser calls itself


class ResetRequest(Base):
    """An address for which a link to a new password was asked; a worker looks whether it has an account."""

    __tablename__ = "reset_request"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(254))
    asked_at: Mapped[datetime]


class SignOn(Base):
    """A sign-in by OpenID Connect that is under way at the school's provider; the browser holds its secret."""

    __tablename__ = "sign_on"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # sha256, hex; also the `state`
    nonce: Mapped[str] = mapped_column(String(64))
    verifier: Mapped[str] = mapped_column(String(128))  # PKCE
    next_address: Mapped[str] = mapped_column(String(500))
    expires_at: Mapped[datetime]


class Mail(Base):
    """A message that waits to be sent by a worker; its text is emptied once it is sent."""

    __tablename__ = "mail"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id", ondelete="CASCADE"), index=True)
    about: Mapped[str | None] = mapped_column(String(80), unique=True)  # what is told once is told once
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str]
    made_at: Mapped[datetime]
    next_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
