"""Room of a coaching session: where the film is for both, and who is here; plain data and its reading."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from core.clock import utc_now
from core.models import CoachingSession, Partnership

HERE = timedelta(seconds=25)  # since the last sign of life


@dataclass(frozen=True, slots=True)
class Room:
    """What both players follow: where the film is at a moment of the server's clock (`at`, ms since 1970)."""

    playing: bool = False
    position_ms: int = 0
    speed: float = 1.0
    at: int = 0
    steered_by: str = ""
    number: int = 0  # of the order; a later one wins


def now_ms() -> int:
    """Return the server's clock in ms since 1970 (UTC)."""
    return round(utc_now().timestamp() * 1000)


def room_of(meeting: CoachingSession) -> Room:
    """Return what both players follow."""
    return Room(**meeting.room)


def place_of(room: Room, at: int) -> int:
    """Return where the film is at a moment of the server's clock."""
    return room.position_ms + (round((at - room.at) * room.speed) if room.playing else 0)


def room_json(room: Room) -> dict[str, Any]:
    """Return a room as its column keeps it."""
    return asdict(room)


def people_present(meeting: CoachingSession, partnership: Partnership) -> frozenset[str]:
    """Return who has given a sign of life lately."""
    seen = {partnership.coach_id: meeting.coach_seen_at, partnership.coachee_id: meeting.coachee_seen_at}
    return frozenset(who for who, at in seen.items() if at is not None and abs(utc_now() - at) < HERE)
