"""The room of a session: where the film is by the server's clock, and who has been there lately."""

from __future__ import annotations

from datetime import timedelta

import pytest

from annotation.coaching.session_room import Room, now_ms, people_present, place_of, room_json, room_of
from core.clock import stopped_at, utc_now
from core.models import CoachingSession, Partnership


def test_the_film_of_a_room_is_where_it_was_steered_plus_what_has_gone_by() -> None:
    assert place_of(Room(playing=True, position_ms=1000, speed=2.0, at=5000), 5500) == 2000
    assert place_of(Room(playing=False, position_ms=1000, at=5000), 9000) == 1000


def test_a_room_comes_back_from_its_column_as_it_was_and_an_empty_one_stands_still_at_the_beginning() -> None:
    room = Room(playing=True, position_ms=7, speed=1.25, at=now_ms(), steered_by="ada", number=4)
    assert room_of(CoachingSession(room=room_json(room))) == room
    assert place_of(room_of(CoachingSession(room={})), now_ms()) == 0


@pytest.mark.parametrize(("seconds", "here"), [(-24, True), (0, True), (24, True), (25, False), (-25, False)])
def test_somebody_is_in_the_room_for_less_than_half_a_minute_after_a_sign_of_life(seconds: int, *, here: bool) -> None:
    pair = Partnership(coach_id="priya", coachee_id="ada")
    with stopped_at(utc_now()):
        meeting = CoachingSession(coach_seen_at=None, coachee_seen_at=utc_now() - timedelta(seconds=seconds))
        assert people_present(meeting, pair) == ({"ada"} if here else frozenset())
