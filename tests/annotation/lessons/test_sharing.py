"""Sharing a lesson: with one partnership, until a day is over, taken back at once; and what the pill says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from annotation.access.reading import may_see
from annotation.errors import ConversationClosed, PartnershipOver, PartnershipSuspended
from annotation.lessons.clips import make_clip, share_clip
from annotation.lessons.sharing import (
    about_share,
    close_expired,
    closing,
    end_of,
    has_expired,
    last_day,
    open_shares,
    pill_text,
    require_coached_in,
    share_lesson,
    with_last_day,
    withdraw,
    withdraw_share,
)
from core.clock import stopped_at, utc_now
from core.database.events import About
from core.errors import InvalidInput, NotFound
from core.models import Clip, ClipShare, Event, Person, Share
from core.settings import get_settings
from tests.support.factories import Pair, make_lesson, make_partnership, make_person

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@dataclass
class Opened:
    """A share and who can see what it opens, as a pill is written from it."""

    share: Share
    other: Person


@dataclass
class OpenedClip:
    """The same of a clip."""

    share: ClipShare
    other: Person
    clip: Clip


def to(name: str, until: datetime | None = None) -> Opened:
    """Open a lesson to somebody."""
    return Opened(Share(until=until), Person(id=name, name=f"{name} Coach", called=""))


def clip_to(name: str, clip_id: str = "one") -> OpenedClip:
    """Open a clip to somebody."""
    return OpenedClip(ClipShare(), Person(id=name, name=f"{name} Coach", called=""), Clip(id=clip_id))


@pytest.mark.parametrize(
    ("shares", "clips", "text"),
    [
        ([], [], "Only you"),
        ([to("Priya")], [], "You and Priya"),
        ([to("Priya"), to("Omar")], [], "You and your two coaches"),
        ([to(name) for name in ("A", "B", "C", "D", "E")], [], "You and your 5 coaches"),
        ([], [clip_to("Priya")], "Only you, and one clip with Priya"),
        ([], [clip_to("Priya"), clip_to("Priya", "two")], "Only you, and two clips with Priya"),
        ([], [clip_to("Priya"), clip_to("Omar")], "Only you, and one clip with two coaches"),
        ([to("Priya")], [clip_to("Priya")], "You and Priya"),
        ([to("Priya")], [clip_to("Priya"), clip_to("Omar")], "You and Priya, and one clip with Omar"),
    ],
)
def test_a_pill_says_who_can_see_a_lesson_and_nobody_twice(
    shares: list[Opened], clips: list[OpenedClip], text: str
) -> None:
    assert pill_text(shares, clips) == text


def test_a_pill_names_the_last_day_unless_one_share_has_none() -> None:
    with stopped_at(NOON):
        march, april = end_of(date(2026, 12, 12)), end_of(date(2027, 4, 1))
        assert pill_text([to("Priya", march)]) == "You and Priya, until 12 December 2026"
        assert with_last_day("You", [march, april]) == "You, until 1 April 2027"
        assert with_last_day("You", [march, None]) == "You"
        assert with_last_day("You", []) == "You"


def test_a_day_is_over_at_midnight_of_the_school_and_its_last_day_is_that_day(
    monkeypatch: pytest.MonkeyPatch, data_dir: object
) -> None:
    monkeypatch.setenv("HINDSIGHT_TIME_ZONE", "Pacific/Auckland")
    get_settings.cache_clear()
    day = date(2026, 12, 12)
    there = end_of(day).astimezone(ZoneInfo("Pacific/Auckland"))
    assert (there.date(), there.hour, there.minute) == (date(2026, 12, 13), 0, 0)
    assert (last_day(end_of(day)), last_day(None)) == (day, None)


def test_a_share_ends_today_at_the_earliest_and_in_this_century(data_dir: object) -> None:
    with stopped_at(NOON):
        assert closing(None) is None
        assert closing(date(2026, 11, 30)) == datetime(2026, 12, 1, tzinfo=UTC)
        assert closing(date(2100, 12, 31)) == datetime(2101, 1, 1, tzinfo=UTC)
        for wrong in (date(2026, 11, 29), date(2101, 1, 1)):
            with pytest.raises(InvalidInput, match="choose a day"):
                closing(wrong)


def test_sharing_again_moves_the_date_of_the_one_share(pair: Pair) -> None:
    tomorrow = utc_now().date() + timedelta(days=1)
    first = share_lesson(pair.session, pair.ada, pair.lesson, pair.partnership.id, tomorrow)
    second = share_lesson(pair.session, pair.ada, pair.lesson, pair.partnership.id, None)
    assert (second.id, second.until) == (first.id, None)
    assert may_see(pair.session, pair.priya, pair.lesson)


def test_a_share_whose_time_is_over_is_closed_and_sharing_again_is_a_new_one(pair: Pair) -> None:
    now = utc_now()
    first = share_lesson(pair.session, pair.ada, pair.lesson, pair.partnership.id, now.date())
    with stopped_at(now + timedelta(days=2)):
        second = share_lesson(pair.session, pair.ada, pair.lesson, pair.partnership.id, None)
    assert second.id != first.id
    assert first.taken_back_at == first.until  # it was open no longer than its owner said


def test_only_the_owner_shares_with_who_coaches_her_now(pair: Pair) -> None:
    session, lesson = pair.session, pair.lesson
    turned = make_partnership(session, pair.ada, pair.otto)
    others = make_partnership(session, pair.otto, pair.priya)
    refused: list[tuple[Person, str, type[Exception]]] = [
        (pair.priya, pair.partnership.id, NotFound),
        (pair.ada, turned.id, InvalidInput),
        (pair.ada, others.id, NotFound),
        (pair.ada, "nothing", NotFound),
    ]
    for person, partnership_id, error in refused:
        with pytest.raises(error):
            share_lesson(session, person, lesson, partnership_id, None)
    conversation = make_lesson(session, pair.ada, conversation_id=others.id)
    with pytest.raises(ConversationClosed):
        share_lesson(session, pair.ada, conversation, pair.partnership.id, None)
    assert session.scalars(select(Share)).all() == []
    require_coached_in(session, pair.ada, pair.partnership.id, "why")
    with pytest.raises(InvalidInput, match="why"):
        require_coached_in(session, pair.priya, pair.partnership.id, "why")


@pytest.mark.parametrize(
    ("ends", "error"),
    [
        (Pair.end, PartnershipOver),
        (lambda pair: pair.end("suspended"), PartnershipSuspended),
        (Pair.put_in_line, PartnershipSuspended),
    ],
)
def test_nothing_is_shared_with_a_partnership_that_is_over_or_suspended(
    pair: Pair, ends: Callable[[Pair], None], error: type[Exception]
) -> None:
    ends(pair)
    with pytest.raises(error):
        share_lesson(pair.session, pair.ada, pair.lesson, pair.partnership.id, None)


def test_a_share_is_taken_back_at_once_by_the_owner_and_stays_as_it_was_closed(pair: Pair) -> None:
    share = share_lesson(pair.session, pair.ada, pair.lesson, pair.partnership.id, None)
    with pytest.raises(NotFound):
        withdraw_share(pair.session, pair.priya, share.id)
    withdraw_share(pair.session, pair.ada, share.id)
    pair.session.flush()
    assert not may_see(pair.session, pair.priya, pair.lesson)
    when = share.taken_back_at
    withdraw(pair.session, share, pair.lesson.id)
    assert share.taken_back_at == when


def test_each_learns_of_the_shares_that_she_is_part_of_and_of_no_other_coach(pair: Pair) -> None:
    session = pair.session
    omar = make_person(session, "Omar")
    for partnership in (pair.partnership, make_partnership(session, omar, pair.ada)):
        share_lesson(session, pair.ada, pair.lesson, partnership.id, None)

    def others(person: Person) -> set[str]:
        return {one.other.name for one in open_shares(session, person, [pair.lesson.id]).get(pair.lesson.id, [])}

    assert others(pair.ada) == {"Priya Coach", "Omar"}
    assert (others(pair.priya), others(pair.otto)) == ({"Ada Teacher"}, set())
    assert open_shares(session, pair.ada, []) == {}


def test_what_has_expired_is_closed_for_good_and_told_to_its_partnership(pair: Pair) -> None:
    session, now = pair.session, utc_now()
    clip = make_clip(session, pair.ada, pair.lesson.id, "A wait", 0, 5000)
    share = share_lesson(session, pair.ada, pair.lesson, pair.partnership.id, now.date())
    of_clip = share_clip(session, pair.ada, clip.id, pair.partnership.id, now.date())
    endless = share_lesson(session, pair.ada, pair.lesson, make_partnership(session, pair.otto, pair.ada).id, None)
    assert (has_expired(session), close_expired(session)) == (False, 0)
    last = session.scalars(select(Event.number).order_by(Event.number.desc())).first() or 0
    with stopped_at(now + timedelta(days=2)):
        assert has_expired(session)
        assert close_expired(session) == 2
        assert (has_expired(session), close_expired(session)) == (False, 0)
    session.expire_all()
    assert (share.taken_back_at, of_clip.taken_back_at) == (share.until, of_clip.until)
    assert endless.taken_back_at is None
    told = select(Event.clip_id).where(Event.kind == "share", Event.number > last)
    assert set(session.scalars(told)) == {None, clip.id}
    assert about_share(of_clip) == About(partnership_id=pair.partnership.id, clip_id=clip.id)
    assert about_share(share) == About(partnership_id=pair.partnership.id)
