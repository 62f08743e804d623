"""Clips: a range of one's own lesson, cut once, shared alone, and gone for everybody when it is deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from annotation.errors import PartnershipOver
from annotation.lessons.clips import (
    LONGEST_MS,
    OpenClipShare,
    ask_for_blur,
    clips_by_number,
    clips_of,
    clips_open_of,
    clips_with,
    delete_clip,
    get_clip,
    get_own_clip,
    list_shared_clips,
    make_clip,
    open_clip_shares,
    restore_clip,
    share_clip,
    withdraw_clip,
)
from core.clock import stopped_at, utc_now
from core.errors import InvalidInput, NotFound
from core.models import Clip, ClipShare, Step
from tests.support.factories import Pair, make_lesson, make_partnership, make_person


def cut(pair: Pair, title: str = "A wait", start_ms: int = 10_000, end_ms: int = 20_000) -> Clip:
    """Make a clip of Ada's lesson."""
    return make_clip(pair.session, pair.ada, pair.lesson.id, title, start_ms, end_ms)


def opened(pair: Pair) -> Clip:
    """Make a clip that is open to Priya."""
    clip = cut(pair)
    share_clip(pair.session, pair.ada, clip.id, pair.partnership.id)
    return clip


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "taken"),
    [
        (0, 1000, True),
        (599_000, 600_000, True),
        (0, 999, False),
        (-1, 5000, False),
        (5000, 5000, False),
        (5000, 1000, False),
        (599_000, 600_001, False),
    ],
)
def test_a_clip_is_a_second_or_more_inside_its_lesson(pair: Pair, start_ms: int, end_ms: int, taken: bool) -> None:
    if taken:
        assert cut(pair, "A wait", start_ms, end_ms).number == 1
        return
    with pytest.raises(InvalidInput, match="at least one second inside"):
        cut(pair, "A wait", start_ms, end_ms)
    assert pair.session.scalars(select(Clip)).all() == []


def test_a_clip_is_half_an_hour_at_most_and_has_a_name(pair: Pair) -> None:
    pair.lesson.duration_ms = 3 * LONGEST_MS
    assert cut(pair, "Long", 0, LONGEST_MS).end_ms == LONGEST_MS
    with pytest.raises(InvalidInput, match="half an hour"):
        cut(pair, "Longer", 0, LONGEST_MS + 1)
    for title in (" ", "x" * 201):
        with pytest.raises(InvalidInput):
            cut(pair, title)


def test_a_clip_that_is_pressed_twice_is_cut_once_and_later_once_more(pair: Pair) -> None:
    now = utc_now()
    with stopped_at(now):
        first = cut(pair)
        assert cut(pair).id == first.id
        assert cut(pair, "Another name").number == 2
        delete_clip(pair.session, pair.ada, first.id)
        pair.session.flush()
        assert cut(pair).number == 3  # what was deleted is not what she means
    with stopped_at(now + timedelta(seconds=11)):
        assert cut(pair).number == 4
    asked = select(Step.chunk_no).where(Step.stage == "cut_clip").order_by(Step.chunk_no)
    assert pair.session.scalars(asked).all() == [1, 2, 3, 4]
    assert set(clips_by_number(pair.session, pair.lesson.id)) == {1, 2, 3, 4}


def test_only_the_owner_makes_shares_or_deletes_a_clip(pair: Pair) -> None:
    clip, session = opened(pair), pair.session
    pair.share()
    acts: list[Callable[[], object]] = [
        lambda: make_clip(session, pair.priya, pair.lesson.id, "Mine", 0, 5000),
        lambda: share_clip(session, pair.priya, clip.id, pair.partnership.id),
        lambda: withdraw_clip(session, pair.priya, clip.id, pair.partnership.id),
        lambda: delete_clip(session, pair.priya, clip.id),
        lambda: restore_clip(session, pair.priya, clip.id),
        lambda: ask_for_blur(session, pair.priya, clip.id),
        lambda: get_own_clip(session, pair.priya, clip.id),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()
    assert get_clip(session, pair.priya, clip.id)[0].id == clip.id


def test_a_clip_opens_itself_to_one_coach_and_nothing_more(pair: Pair) -> None:
    session, clip, other = pair.session, opened(pair), cut(pair, "Another", 30_000, 40_000)
    omar = make_person(session, "Omar")
    make_partnership(session, omar, pair.ada)
    assert get_clip(session, pair.priya, clip.id) == (clip, pair.lesson)
    for person, one in ((pair.priya, other), (omar, clip), (pair.otto, clip)):
        with pytest.raises(NotFound):
            get_clip(session, person, one.id)
    assert [one.id for one in clips_of(session, pair.priya, pair.lesson.id)] == [clip.id]
    assert [one.id for one in clips_of(session, pair.ada, pair.lesson.id)] == [clip.id, other.id]
    assert list_shared_clips(session, pair.priya) == [(clip, "Ada Teacher")]
    assert (list_shared_clips(session, pair.ada), list_shared_clips(session, omar)) == ([], [])
    assert [one.id for one in clips_with(session, pair.ada, pair.partnership.id)] == [clip.id]
    assert list(clips_with(session, pair.otto, pair.partnership.id)) == []


def test_who_is_part_of_an_open_share_is_told_of_it_and_of_the_other_one(pair: Pair) -> None:
    session, clip = pair.session, opened(pair)
    omar = make_person(session, "Omar")
    share_clip(session, pair.ada, clip.id, make_partnership(session, omar, pair.ada).id)

    def others(found: Mapping[str, Sequence[OpenClipShare]]) -> list[str]:
        return sorted(one.other.name for shares in found.values() for one in shares)

    assert others(open_clip_shares(session, pair.ada, [clip.id])) == ["Omar", "Priya Coach"]
    assert others(open_clip_shares(session, pair.priya, [clip.id])) == ["Ada Teacher"]
    assert others(clips_open_of(session, pair.ada, [pair.lesson.id])) == ["Omar", "Priya Coach"]
    assert clips_open_of(session, pair.priya, [pair.lesson.id]) == {}


def test_a_clip_is_withdrawn_at_once_from_one_and_stays_open_to_another(pair: Pair) -> None:
    session, clip = pair.session, opened(pair)
    omar = make_person(session, "Omar")
    with_omar = make_partnership(session, omar, pair.ada)
    share_clip(session, pair.ada, clip.id, with_omar.id)
    withdraw_clip(session, pair.ada, clip.id, pair.partnership.id)
    session.flush()
    with pytest.raises(NotFound):
        get_clip(session, pair.priya, clip.id)
    assert get_clip(session, omar, clip.id)[0].id == clip.id
    taken_back = select(ClipShare.taken_back_at).where(ClipShare.partnership_id == pair.partnership.id)
    when = session.scalar(taken_back)
    withdraw_clip(session, pair.ada, clip.id, pair.partnership.id)  # twice is once
    assert session.scalar(taken_back) == when


def test_a_clip_is_shared_to_who_coaches_her_in_an_active_partnership(pair: Pair) -> None:
    session, clip = pair.session, cut(pair)
    turned = make_partnership(session, pair.ada, pair.priya)
    with pytest.raises(InvalidInput, match="somebody who coaches you"):
        share_clip(session, pair.ada, clip.id, turned.id)
    pair.end()
    with pytest.raises(PartnershipOver):
        share_clip(session, pair.ada, clip.id, pair.partnership.id)
    with pytest.raises(NotFound):
        share_clip(session, pair.ada, clip.id, make_partnership(session, pair.priya, pair.otto).id)


def test_a_deleted_clip_is_gone_for_everybody_and_comes_back_with_its_shares_for_a_day(pair: Pair) -> None:
    session, clip, now = pair.session, opened(pair), utc_now()
    with stopped_at(now):
        delete_clip(session, pair.ada, clip.id)
    with stopped_at(now + timedelta(hours=5)):
        delete_clip(session, pair.ada, clip.id)  # a second press prolongs nothing
    session.flush()
    for person in (pair.ada, pair.priya):
        with pytest.raises(NotFound):
            get_clip(session, person, clip.id)
    for act in (lambda: ask_for_blur(session, pair.ada, clip.id), lambda: share_clip(session, pair.ada, clip.id, "x")):
        with pytest.raises(NotFound):
            act()
    with stopped_at(now + timedelta(days=1, seconds=1)), pytest.raises(NotFound):
        restore_clip(session, pair.ada, clip.id)
    with stopped_at(now + timedelta(days=1)):
        restore_clip(session, pair.ada, clip.id)
    session.flush()
    assert get_clip(session, pair.priya, clip.id)[0].id == clip.id


def test_faces_are_blurred_once_and_only_where_there_is_a_picture(pair: Pair) -> None:
    clip = cut(pair)
    for media in (None, {"video": None}):
        pair.lesson.media = media
        with pytest.raises(InvalidInput, match="no face to blur"):
            ask_for_blur(pair.session, pair.ada, clip.id)
    pair.lesson.media = {"video": {"codec": "h264"}}
    for _ in range(2):
        ask_for_blur(pair.session, pair.ada, clip.id)
    asked = select(Step.chunk_no).where(Step.stage == "blur_clip")
    assert pair.session.scalars(asked).all() == [clip.number]


def test_no_clip_is_cut_of_a_deleted_lesson(pair: Pair) -> None:
    lesson = make_lesson(pair.session, pair.ada, deleted_at=utc_now())
    with pytest.raises(NotFound):
        make_clip(pair.session, pair.ada, lesson.id, "A wait", 0, 5000)
