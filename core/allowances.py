"""Allowances: how often one person may begin on a day what takes disk. Each is far above what anybody does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal, cast

from sqlalchemy import delete, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core.database.insert import insert_or_find
from core.errors import HindsightError
from core.models import DailyUse
from core.school_day import SchoolDay
from core.settings import get_settings

Use = Literal["upload", "walk_sound", "spoken_comment", "transcript", "clip"]
MOST_A_DAY: dict[Use, int] = {"walk_sound": 40, "spoken_comment": 300, "transcript": 100, "clip": 200}  # else as set


class TooManyToday(HindsightError):
    """So many on one day that it is a mistake, or meant to fill the disk."""

    code = "too_many_today"
    status = 429
    sentence = (
        "This was done {most} times today, which is as often as one person can. What is there stays."
        " Please go on tomorrow, or ask your IT person if you need more."
    )


def count_use(session: Session, person_id: str, kind: Use) -> None:
    """Count that somebody begins one more today, in the transaction that begins it; raises TooManyToday.

    Until its end no other of hers of this kind is counted.
    """
    most = MOST_A_DAY.get(kind, get_settings().uploads_a_day)
    day = SchoolDay.today()
    row = DailyUse(person_id=person_id, day=day, kind=kind, used=0)
    insert_or_find(session, row, lambda: session.get(DailyUse, (person_id, day, kind)))
    its = (DailyUse.person_id == person_id, DailyUse.day == day, DailyUse.kind == kind, DailyUse.used < most)
    counted = session.execute(update(DailyUse).where(*its).values(used=DailyUse.used + 1))
    if cast("CursorResult[Any]", counted).rowcount == 0:
        raise TooManyToday(most=most)


def forget_old_uses(session: Session) -> None:
    """Delete the counts of days that are over."""
    session.execute(delete(DailyUse).where(DailyUse.day < SchoolDay.today() - timedelta(days=1)))
