"""Retention: films and words go after the school's periods, never before their owner has known for a week."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from annotation.lessons.comments import CommentText, add_comment
from annotation.lessons.retention import apply_retention_rules, goes_on, lessons_due, upcoming, what_is_due
from annotation.lessons.spoken_comments import start_spoken_comment
from core.clock import stopped_at, utc_now
from core.models import Base, Comment, Dictation, Finding, Mail, MeasuresRow, Step, StoredFile, TurnRow
from core.settings import get_settings
from tests.support.factories import START, Pair, make_file, make_lesson

DAYS = timedelta(days=1)


@pytest.fixture
def periods(monkeypatch: pytest.MonkeyPatch, data_dir: object) -> None:
    """Keep films for 30 days and words for 60, and name a mail server."""
    for name, value in (("KEEP_MEDIA_DAYS", "30"), ("KEEP_WORDS_DAYS", "60"), ("SMTP_HOST", "mail.school.example")):
        monkeypatch.setenv(f"HINDSIGHT_{name}", value)
    get_settings.cache_clear()


def fill(pair: Pair) -> None:
    """Put a film, words and what was understood of them into the lesson, and a spoken comment."""
    session, lesson_id = pair.session, pair.lesson.id
    for kind in ("rendition", "sound"):
        make_file(session, pair.lesson, kind, f"key-{kind}")
    start_spoken_comment(session, pair.ada, pair.lesson, "key-said", 9, "audio/webm")
    for kind in ("words", "voices", "roles", "pictures"):
        session.add(Finding(lesson_id=lesson_id, kind=kind, document=[]))
    turn = {"number": 0, "start_ms": 0, "end_ms": 9, "speaker": "S1", "role": "teacher", "text": "Heard", "words": []}
    session.add_all([TurnRow(lesson_id=lesson_id, **turn), MeasuresRow(lesson_id=lesson_id, document={"speech_ms": 1})])
    add_comment(session, pair.ada, pair.lesson, CommentText("Kept", 5))
    session.flush()


def count(pair: Pair, table: type[Base]) -> int:
    """Return how many rows a table has."""
    return pair.session.scalar(select(func.count()).select_from(table)) or 0


def applied(session: Session) -> list[str]:
    """Apply the rules to all lessons that are due, as the sweeper does some at a time."""
    return apply_retention_rules(session, lessons_due(session))


@pytest.mark.parametrize(
    ("age", "warned", "due"),
    [
        (0, None, ""),
        (22, None, ""),
        (24, None, "warn"),
        (24, 0, ""),
        (29, 5, ""),
        (30, 7, "remove"),
        (400, None, "warn"),
        (400, 6, ""),
        (400, 7, "remove"),
    ],
)
def test_nothing_goes_before_its_owner_has_known_for_a_week(age: int, warned: int | None, due: str) -> None:
    now = utc_now()
    told = None if warned is None else now - timedelta(days=warned)
    assert what_is_due(now - timedelta(days=age), 30, told, None, now) == due
    assert what_is_due(now - timedelta(days=age), 30, told, now, now) == ""
    assert what_is_due(now - timedelta(days=age), 0, told, None, now) == ""


@pytest.mark.parametrize(("warned", "goes"), [(0, 30), (22, 30), (23, 30), (24, 31), (60, 67)])
def test_it_goes_after_its_period_and_a_week_after_the_warning_whichever_is_later(warned: int, goes: int) -> None:
    assert goes_on(START, 30, START + warned * DAYS) == START + goes * DAYS


@pytest.mark.usefixtures("periods")
def test_the_film_goes_first_with_what_would_make_it_anew_and_the_words_stay(pair: Pair) -> None:
    fill(pair)
    with stopped_at(START + 23 * DAYS):
        assert applied(pair.session) == []
        assert applied(pair.session) == []  # she is told once
    assert [what for what, _ in upcoming(pair.lesson)] == ["film"]
    mails = pair.session.scalars(select(Mail)).all()
    assert [mail.subject for mail in mails] == ["The film of a lesson will be removed in a week"]
    assert "On 2 December 2026 the film" in mails[0].text
    with stopped_at(START + 30 * DAYS - timedelta(seconds=1)):
        assert applied(pair.session) == []
    with stopped_at(START + 30 * DAYS):
        assert sorted(applied(pair.session)) == ["key-rendition", "key-said", "key-sound"]
    assert (count(pair, StoredFile), count(pair, Step)) == (0, 0)
    kinds = pair.session.scalars(select(Finding.kind).order_by(Finding.kind)).all()
    assert kinds == ["roles", "voices", "words"]
    assert (count(pair, TurnRow), upcoming(pair.lesson)) == (1, [])


@pytest.mark.usefixtures("periods")
def test_the_words_go_with_every_voice_and_measures_and_comments_stay(pair: Pair) -> None:
    fill(pair)
    for days in (60, 67):
        with stopped_at(START + days * DAYS):
            applied(pair.session)
    pair.session.flush()
    for table in (TurnRow, Dictation, Finding, Step):
        assert count(pair, table) == 0, table
    assert (count(pair, MeasuresRow), count(pair, Comment)) == (1, 1)
    assert pair.lesson.words_gone_at is not None


@pytest.mark.usefixtures("periods")
def test_a_lesson_that_is_deleted_is_warned_of_no_more_and_one_without_periods_stays(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(pair)
    deleted = make_lesson(pair.session, pair.ada, deleted_at=utc_now())
    monkeypatch.setenv("HINDSIGHT_KEEP_MEDIA_DAYS", "0")
    monkeypatch.setenv("HINDSIGHT_KEEP_WORDS_DAYS", "0")
    get_settings.cache_clear()
    with stopped_at(START + 900 * DAYS):
        assert applied(pair.session) == []
    assert (pair.lesson.media_warned_at, upcoming(pair.lesson)) == (None, [])
    monkeypatch.setenv("HINDSIGHT_KEEP_MEDIA_DAYS", "30")
    get_settings.cache_clear()
    with stopped_at(START + 900 * DAYS):
        applied(pair.session)
    assert pair.lesson.media_warned_at is not None
    assert (pair.lesson.words_warned_at, deleted.media_warned_at) == (None, None)
