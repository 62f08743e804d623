"""Lessons: one's own to rename, delete and bring back; listed by day; watched from where one stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from annotation.errors import TitleDiffers
from annotation.lessons.clips import make_clip, share_clip
from annotation.lessons.comments import CommentText, add_comment
from annotation.lessons.lessons import (
    Stage,
    delete_for_good,
    delete_lesson,
    delete_now,
    file_of,
    files_of,
    get_lesson,
    get_own_lesson,
    lessons_with,
    let_coaches_meet,
    list_deleted,
    list_everything_own,
    list_leaving,
    list_own,
    list_shared,
    place_in,
    remember_place,
    rename_lesson,
    restart_work,
    restore_lesson,
    stages_of,
    stop_work,
)
from annotation.lessons.openings import record_opening
from core.clock import stopped_at, utc_now
from core.database.db import Database
from core.errors import InvalidInput, NotFound
from core.models import Clip, ClipShare, Comment, Lesson, Opening, Place, Step
from tests.support.factories import START, Pair, make_file, make_lesson, make_partnership, make_person, make_share


def test_a_lesson_takes_its_clips_what_was_said_on_them_and_who_opened_them_along(any_database: Database) -> None:
    with any_database.write() as session:
        coach, coachee = make_person(session, "Priya"), make_person(session, "Tom")
        pair = make_partnership(session, coach, coachee)
        lesson = make_lesson(session, coachee, duration_ms=60_000)
        clip = make_clip(session, coachee, lesson.id, "A wait", 10_000, 20_000)
        share_clip(session, coachee, clip.id, pair.id)
        said, _ = add_comment(session, coach, lesson, CommentText("Here", 12_000), clip=clip, partnership_id=pair.id)
        answer, is_new = add_comment(session, coachee, lesson, CommentText("Yes", 12_000), parent_id=said.id)
        assert (is_new, answer.clip_id, answer.partnership_id) == (True, clip.id, pair.id)
        record_opening(session, coach, lesson, clip)
        session.flush()
    with any_database.write() as session:
        delete_for_good(session, lesson.id)
    with any_database.read() as session:
        for table in (Lesson, Clip, ClipShare, Comment, Opening):
            assert session.scalar(select(func.count()).select_from(table)) == 0, table


def test_nobody_but_the_owner_changes_a_lesson_that_is_shared(pair: Pair) -> None:
    session = pair.session
    pair.share()
    assert get_lesson(session, pair.priya, pair.lesson.id) is pair.lesson
    acts: list[Callable[[], object]] = [
        lambda: get_own_lesson(session, pair.priya, pair.lesson.id),
        lambda: rename_lesson(session, pair.priya, pair.lesson.id, title="Mine"),
        lambda: delete_lesson(session, pair.priya, pair.lesson.id, pair.lesson.title),
        lambda: delete_now(session, pair.priya, pair.lesson.id, pair.lesson.title),
        lambda: restore_lesson(session, pair.priya, pair.lesson.id),
        lambda: restart_work(session, pair.priya, pair.lesson.id),
        lambda: stop_work(session, pair.priya, pair.lesson.id),
        lambda: let_coaches_meet(session, pair.priya, pair.lesson.id, True),
        lambda: get_lesson(session, pair.otto, pair.lesson.id),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()
    assert pair.lesson.deleted_at is None


def test_a_lesson_is_deleted_under_its_title_and_comes_back_with_its_shares_for_a_week(pair: Pair) -> None:
    session, now = pair.session, utc_now()
    pair.share()
    pair.lesson.title = "Year  9 fractions"
    with pytest.raises(TitleDiffers):
        delete_lesson(session, pair.ada, pair.lesson.id, "Year 9")
    with stopped_at(now):
        delete_lesson(session, pair.ada, pair.lesson.id, " Year 9  fractions ")
    session.flush()
    assert (list_shared(session, pair.priya), list_own(session, pair.ada)) == ([], [])
    assert list_deleted(session, pair.ada) == [pair.lesson]
    assert list_deleted(session, pair.priya) == []
    with pytest.raises(NotFound):
        delete_lesson(session, pair.ada, pair.lesson.id, pair.lesson.title)
    with stopped_at(now + timedelta(days=7, seconds=1)), pytest.raises(NotFound):
        restore_lesson(session, pair.ada, pair.lesson.id)
    with stopped_at(now + timedelta(days=7)):
        restore_lesson(session, pair.ada, pair.lesson.id)
    session.flush()
    assert list_shared(session, pair.priya) == [(pair.lesson, "Ada Teacher")]


def test_what_is_deleted_now_is_gone_at_once_and_asks_for_the_title(pair: Pair) -> None:
    make_file(pair.session, pair.lesson, "original", "key")
    with pytest.raises(TitleDiffers):
        delete_now(pair.session, pair.ada, pair.lesson.id, "")
    erasure = delete_now(pair.session, pair.ada, pair.lesson.id, pair.lesson.title)
    assert (erasure.what, erasure.keys) == ("lesson", ["key"])
    assert pair.session.scalars(select(Lesson.id)).all() == []


def test_lists_of_lessons_hold_what_belongs_in_each(pair: Pair) -> None:
    session = pair.session
    conversation = make_lesson(session, pair.ada, "Talk", conversation_id=pair.partnership.id)
    deleted = make_lesson(session, pair.ada, "Deleted", deleted_at=utc_now())
    newer = make_lesson(session, pair.ada, "Newer", created_at=START + timedelta(days=1))
    going = make_lesson(session, pair.ada, "Going", created_at=START + timedelta(days=2), media_warned_at=START)
    make_lesson(session, pair.ada, "Gone", media_warned_at=START, media_gone_at=START, created_at=START)
    assert [one.title for one in list_own(session, pair.ada)][:2] == ["Going", "Newer"]
    assert not {conversation, deleted} & set(list_own(session, pair.ada))
    assert len(list_own(session, pair.ada, 2)) == 2
    assert list_leaving(session, pair.ada) == [going]
    assert {conversation, deleted, newer} <= set(list_everything_own(session, pair.ada))
    assert list_everything_own(session, pair.priya) == []


def test_lessons_that_are_open_to_a_partnership_are_listed_for_its_two(pair: Pair) -> None:
    session, share = pair.session, pair.share()
    second = make_lesson(session, pair.ada, created_at=START + timedelta(days=1))
    make_share(session, second, pair.partnership)
    for person in (pair.ada, pair.priya):
        assert lessons_with(session, person, pair.partnership.id) == [second, pair.lesson]
    assert lessons_with(session, pair.otto, pair.partnership.id) == []
    share.taken_back_at = utc_now()
    session.flush()
    assert lessons_with(session, pair.priya, pair.partnership.id) == [second]
    assert list_shared(session, pair.priya, 1) == [(second, "Ada Teacher")]


def test_each_goes_on_where_she_stopped_and_begins_anew_at_the_end(pair: Pair) -> None:
    session, lesson = pair.session, pair.lesson
    pair.share()
    assert place_in(session, pair.ada, lesson) == 0
    remember_place(session, pair.ada, lesson, 61_000)
    remember_place(session, pair.priya, lesson, 5000)
    remember_place(session, pair.ada, lesson, 62_000)
    session.flush()
    assert (place_in(session, pair.ada, lesson), place_in(session, pair.priya, lesson)) == (62_000, 5000)
    with pytest.raises(NotFound):
        remember_place(session, pair.otto, lesson, 5000)
    for at_ms, goes_on_at in ((597_000, 597_000), (597_001, 0), (900_000, 0)):
        remember_place(session, pair.ada, lesson, at_ms)
        session.flush()
        assert place_in(session, pair.ada, lesson) == goes_on_at
    assert session.scalar(select(func.max(Place.at_ms))) == 600_000


def test_a_lesson_gets_the_name_class_and_day_that_are_given_and_keeps_the_others(pair: Pair) -> None:
    session, lesson = pair.session, pair.lesson
    rename_lesson(session, pair.ada, lesson.id, title=" Year 8 ", class_name="8b", taught_on=date(2026, 11, 2))
    rename_lesson(session, pair.ada, lesson.id)
    assert (lesson.title, lesson.class_name, lesson.taught_on) == ("Year 8", "8b", date(2026, 11, 2))
    rename_lesson(session, pair.ada, lesson.id, class_name=" ")
    assert lesson.class_name == ""
    with pytest.raises(InvalidInput):
        rename_lesson(session, pair.ada, lesson.id, title=" ")
    for year, taken in ((1949, False), (1950, True), (2100, True), (2101, False)):
        if taken:
            assert rename_lesson(session, pair.ada, lesson.id, taught_on=date(year, 1, 1)).taught_on is not None
        else:
            with pytest.raises(InvalidInput, match="year of the lesson"):
                rename_lesson(session, pair.ada, lesson.id, taught_on=date(year, 1, 1))


def test_letting_coaches_meet_counts_from_the_first_time_until_it_ends(pair: Pair) -> None:
    now = utc_now()
    with stopped_at(now):
        let_coaches_meet(pair.session, pair.ada, pair.lesson.id, True)
    let_coaches_meet(pair.session, pair.ada, pair.lesson.id, True)
    assert pair.lesson.coaches_meet_at == now
    let_coaches_meet(pair.session, pair.ada, pair.lesson.id, False)
    assert pair.lesson.coaches_meet_at is None


def test_the_newest_file_of_a_kind_counts(pair: Pair) -> None:
    for day, key in ((2, "newer"), (1, "older")):
        created_at = datetime(2026, 11, day, tzinfo=UTC)
        make_file(pair.session, pair.lesson, "rendition", key, created_at=created_at)
    newest = file_of(pair.session, pair.lesson.id, "rendition")
    assert newest is not None
    assert newest.key == "newer"
    found = files_of(pair.session, [pair.lesson.id])[pair.lesson.id]
    assert {kind: file.key for kind, file in found.items()} == {"rendition": "newer"}
    assert file_of(pair.session, pair.lesson.id, "poster") is None


@pytest.mark.parametrize(
    ("states", "together"),
    [
        (("done", "done"), "done"),
        (("done", "ready"), "running"),
        (("ready", "waiting"), "ready"),
        (("running", "waiting"), "running"),
        (("done", "failed", "running"), "failed"),
        (("done", "cancelled", "running"), "cancelled"),
        (("waiting", "waiting"), "waiting"),
    ],
)
def test_the_steps_of_a_stage_are_told_as_one(pair: Pair, states: tuple[str, ...], together: str) -> None:
    for number, state in enumerate(states):
        step = Step(lesson_id=pair.lesson.id, stage="transcribe_chunk", chunk_no=number, version=2, queue="asr")
        step.state, step.next_at, step.progress = state, START, 0.5
        step.error_code, step.error_sentence = ("no_room", "No room.") if state == "failed" else ("", "")
        pair.session.add(step)
    pair.session.flush()
    done = sum(1.0 if state == "done" else 0.5 for state in states) / len(states)
    why = ("no_room", "No room.") if "failed" in states else ("", "")
    found = stages_of(pair.session, [pair.lesson.id])[pair.lesson.id]
    assert found == [Stage("transcribe_chunk", together, round(done, 4), *why)]


def test_stages_stand_in_the_order_of_the_pipeline_in_their_newest_version_without_spoken_comments(
    pair: Pair,
) -> None:
    rows = [("make_rendition", 1, "done"), ("probe_media", 1, "done"), ("hear_comment", 1, "running")]
    rows += [("make_pictures", 1, "failed"), ("make_pictures", 2, "done")]
    for stage, version, state in rows:
        step = Step(lesson_id=pair.lesson.id, stage=stage, version=version, queue="io", state=state, next_at=START)
        pair.session.add(step)
    pair.session.flush()
    found = stages_of(pair.session, [pair.lesson.id])[pair.lesson.id]
    assert [(one.stage, one.state) for one in found] == [
        ("probe_media", "done"),
        ("make_rendition", "done"),
        ("make_pictures", "done"),
    ]
    assert stages_of(pair.session, []) == {}


def test_work_that_was_stopped_or_failed_starts_again_and_the_lesson_is_not_failed_any_more(pair: Pair) -> None:
    session, lesson = pair.session, pair.lesson
    rows = (("probe_media", "failed"), ("make_rendition", "ready"), ("extract_audio", "done"))
    for stage, state in rows:
        session.add(Step(lesson_id=lesson.id, stage=stage, queue="io", state=state, next_at=START))
    lesson.failure_code, lesson.failure_sentence = "no_room", "No room."
    session.flush()
    assert stop_work(session, pair.ada, lesson.id) == 1
    assert restart_work(session, pair.ada, lesson.id) == 2
    session.flush()
    assert (lesson.failure_code, lesson.failure_sentence) == ("", "")
    assert restart_work(session, pair.ada, lesson.id) == 0
