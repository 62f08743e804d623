"""Receipts (idempotency keys with their answers): a request sent twice is done once, and answered the same again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.database.insert import insert_or_find
from core.models import Receipt

KEPT = timedelta(days=30)  # longer than any browser or proxy sends something again


def do_once(session: Session, person_id: str, request: str, do: Callable[[], str]) -> tuple[str, bool]:
    """Return what `do` returns, or returned when the same person made the same request before; and whether it is new.

    `request` is an id with all that is said under it; the same id with other content is a request of its own, and one
    without an id ("") is always new. The receipt is part of the transaction: what is refused leaves none, and of two at
    once the second waits for the first.
    """
    if not request:
        return do(), True
    key = sha256(f"{person_id} {request}".encode()).hexdigest()
    made = Receipt(key=key, person_id=person_id, answer="", at=utc_now())
    receipt, is_new = insert_or_find(session, made, lambda: session.get(Receipt, key))
    if is_new:
        receipt.answer = do()
    return receipt.answer, is_new


def forget_old_receipts(session: Session) -> None:
    """Delete the receipts of what nobody sends again any more."""
    session.execute(delete(Receipt).where(Receipt.at < utc_now() - KEPT))
