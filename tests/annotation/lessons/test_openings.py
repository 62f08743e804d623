"""Openings: every look of another person is noted once in ten minutes, and read by the owner alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from annotation.lessons.clips import make_clip, share_clip
from annotation.lessons.measures_over_time import show_to, showings_of, withdraw_showing
from annotation.lessons.openings import (
    due_measures_openings,
    due_openings,
    measures_openings,
    opening_is_due,
    openings,
    record_measures_openings,
    record_opening,
    record_openings,
)
from core.clock import stopped_at, utc_now
from core.errors import NotFound
from core.models import Opening
from tests.support.factories import Pair, make_lesson, make_share


def noted(pair: Pair) -> list[str]:
    """Return the kinds of all that was noted, the oldest first."""
    pair.session.flush()
    return list(pair.session.scalars(select(Opening.kind).order_by(Opening.opened_at)))


def test_a_look_is_one_opening_for_ten_minutes_whatever_is_opened(pair: Pair) -> None:
    pair.share()
    now = utc_now()
    for minutes, kind in ((0, "page"), (9, "film"), (10, "words")):
        with stopped_at(now + timedelta(minutes=minutes)):
            record_opening(pair.session, pair.priya, pair.lesson, kind=kind)  # type: ignore[arg-type]
            pair.session.flush()
    assert noted(pair) == ["page", "words"]


def test_an_owner_leaves_no_note_on_her_own_lesson(pair: Pair) -> None:
    clip = make_clip(pair.session, pair.ada, pair.lesson.id, "A wait", 0, 5000)
    assert not opening_is_due(pair.session, pair.ada, pair.lesson)
    assert not opening_is_due(pair.session, pair.ada, pair.lesson, clip)
    record_openings(pair.session, pair.ada, [pair.lesson], [clip], "page")
    assert noted(pair) == []


def test_what_stood_in_a_list_is_opened_all_the_same_and_what_was_opened_is_not_listed_as_well(pair: Pair) -> None:
    pair.share()
    record_opening(pair.session, pair.priya, pair.lesson, kind="listed")
    pair.session.flush()
    assert not opening_is_due(pair.session, pair.priya, pair.lesson, kind="listed")
    assert opening_is_due(pair.session, pair.priya, pair.lesson, kind="page")
    record_opening(pair.session, pair.priya, pair.lesson)
    assert sorted(noted(pair)) == ["listed", "page"]
    assert not opening_is_due(pair.session, pair.priya, pair.lesson)


def test_a_clip_and_its_lesson_are_two_things_and_two_people_leave_two_notes(pair: Pair) -> None:
    session = pair.session
    clip = make_clip(session, pair.ada, pair.lesson.id, "A wait", 0, 5000)
    share_clip(session, pair.ada, clip.id, pair.partnership.id)
    pair.share()
    record_opening(session, pair.priya, pair.lesson, clip)
    session.flush()
    assert due_openings(session, pair.priya, [pair.lesson], [clip], "page") == ({pair.lesson.id}, set())
    record_opening(session, pair.priya, pair.lesson)
    session.flush()
    assert due_openings(session, pair.priya, [pair.lesson], [clip], "page") == (set(), set())
    assert due_openings(session, pair.otto, [pair.lesson], [clip], "page") == ({pair.lesson.id}, {clip.id})


def test_what_was_withdrawn_meanwhile_is_not_opened_and_leaves_no_note(pair: Pair) -> None:
    session, share = pair.session, pair.share()
    second = make_lesson(session, pair.ada)
    make_share(session, second, pair.partnership)
    clip = make_clip(session, pair.ada, pair.lesson.id, "A wait", 0, 5000)
    share.taken_back_at = utc_now()
    session.flush()
    for lessons, clips in (([pair.lesson, second], []), ([second], [clip])):
        with pytest.raises(NotFound):
            record_openings(session, pair.priya, lessons, clips, "page")
    assert noted(pair) == []


def test_the_owner_reads_who_opened_what_openings_first_and_nobody_else_does(pair: Pair) -> None:
    session, now = pair.session, utc_now()
    pair.share()
    clip = make_clip(session, pair.ada, pair.lesson.id, "A wait", 0, 5000)
    share_clip(session, pair.ada, clip.id, pair.partnership.id)
    with stopped_at(now - timedelta(hours=1)):
        record_opening(session, pair.priya, pair.lesson)
    with stopped_at(now):
        record_opening(session, pair.priya, pair.lesson, clip, kind="film")
    with stopped_at(now + timedelta(hours=1)):
        record_opening(session, pair.priya, pair.lesson, kind="listed")
    session.flush()
    found = [(one.kind, person.name, title) for one, person, _, title in openings(session, pair.ada)]
    assert found == [("film", "Priya Coach", "A wait"), ("page", "Priya Coach", None), ("listed", "Priya Coach", None)]
    assert openings(session, pair.priya) == []
    assert openings(session, pair.ada, make_lesson(session, pair.ada).id) == []
    assert len(openings(session, pair.ada, pair.lesson.id)) == 3


def test_measures_that_are_shown_are_noted_while_they_are_and_once_in_ten_minutes(pair: Pair) -> None:
    session, now, ids = pair.session, utc_now(), [pair.partnership.id]
    assert due_measures_openings(session, pair.priya, ids, "page") == []
    show_to(session, pair.ada, pair.partnership.id)
    showing = showings_of(session, pair.ada)[0][0]
    with stopped_at(now):
        record_measures_openings(session, pair.priya, ids, "listed")
        session.flush()
        record_measures_openings(session, pair.priya, ids)
        session.flush()
        record_measures_openings(session, pair.priya, ids)
        session.flush()
    assert sorted(one.kind for one, _ in measures_openings(session, pair.ada)) == ["listed", "page"]
    assert {person.id for _, person in measures_openings(session, pair.ada)} == {pair.priya.id}
    with stopped_at(now + timedelta(minutes=10)):
        assert due_measures_openings(session, pair.priya, ids, "page") == [showing.id]
        for nobody in (pair.ada, pair.otto):
            assert due_measures_openings(session, nobody, ids, "page") == []
        withdraw_showing(session, pair.ada, showing.id)
        session.flush()
        assert due_measures_openings(session, pair.priya, ids, "page") == []
    assert measures_openings(session, pair.priya) == []
