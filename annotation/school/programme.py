"""Programme statistics for the lead: pairs, and session counts over several people; no content.

Never content, never a measure, and never a number beside a name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.reading import partnerships_of
from annotation.people.people import require_lead
from core.clock import utc_now
from core.models import CoachingSession, Partnership, Person
from core.school_day import SchoolDay

FEWEST_PAIRS = 3
WEEKS = 6


@dataclass(frozen=True, slots=True)
class Week:
    """A week from its Monday; `sessions` is None where too few pairs met to count them without naming them."""

    monday: date
    sessions: int | None


def count_weeks(met: Iterable[tuple[datetime, str, str]], today: date, weeks: int = WEEKS) -> list[Week]:
    """Count sessions a week of the school's calendar, newest first, from (when, coach, coachee)."""
    this = SchoolDay.of(today).monday
    found: dict[date, list[tuple[str, str]]] = {this - timedelta(weeks=k): [] for k in range(weeks)}
    for when, coach, coachee in met:
        monday = SchoolDay.of(when).monday
        if monday in found:
            found[monday].append((coach, coachee))
    return [
        Week(monday, len(pairs) if len({frozenset(pair) for pair in pairs}) >= FEWEST_PAIRS else None)
        for monday, pairs in found.items()
    ]


def sessions_by_week(session: Session, lead: Person) -> list[Week]:
    """Return how many sessions took place each week, over all partnerships but the lead's own.

    Who knows the lead's own could subtract them. There is no total, from which a week that is not shown could be told.
    """
    require_lead(lead)
    rows = session.execute(
        select(CoachingSession.began_at, Partnership.coach_id, Partnership.coachee_id)
        .join(Partnership, Partnership.id == CoachingSession.partnership_id)
        .where(~partnerships_of(lead))
        .where(CoachingSession.ended_at.is_not(None), CoachingSession.began_at > utc_now() - timedelta(weeks=WEEKS + 1))
    )
    met = [(row[0], row[1], row[2]) for row in rows if row[0] is not None]
    return count_weeks(met, SchoolDay.of(utc_now()))
