"""Consent to a voice print: none until she gives it, and gone when she takes it back."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from annotation.people.voice_prints import allow_print, delete_print, find_print
from core.clock import stopped_at, utc_now
from core.models import VoicePrint
from tests.support.factories import Pair


def test_consent_is_given_once_and_a_second_press_keeps_the_first_day_and_the_print(pair: Pair) -> None:
    assert find_print(pair.session, pair.ada) is None
    now = utc_now()
    with stopped_at(now):
        allow_print(pair.session, pair.ada)
    made = find_print(pair.session, pair.ada)
    assert made is not None
    made.voice = [0.5]
    with stopped_at(now + timedelta(days=1)):
        allow_print(pair.session, pair.ada)
    assert (made.consented_at, made.voice) == (now, [0.5])
    assert find_print(pair.session, pair.priya) is None


def test_what_is_taken_back_leaves_nothing_and_a_new_consent_begins_without_a_voice(pair: Pair) -> None:
    allow_print(pair.session, pair.ada)
    allow_print(pair.session, pair.priya)
    for _ in range(2):  # a second press finds nothing
        delete_print(pair.session, pair.ada)
        pair.session.flush()
    assert pair.session.scalars(select(VoicePrint.person_id)).all() == [pair.priya.id]
    allow_print(pair.session, pair.ada)
    anew = find_print(pair.session, pair.ada)
    assert anew is not None
    assert anew.voice is None
