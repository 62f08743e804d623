"""Deleting an account: what is hers goes, what she gave to others stays without her name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from annotation.coaching.goals import GoalText, set_goal
from annotation.coaching.portfolio import add_log, decide
from annotation.coaching.session_log import write_log_afterwards
from annotation.coaching.training import write_answer
from annotation.coaching.walks import begin_walk, save_note, save_walk
from annotation.errors import LastLead, TitleDiffers
from annotation.lessons.comments import CommentText, add_comment, delete_comment
from annotation.lessons.measures_over_time import show_to
from annotation.lessons.spoken_comments import start_spoken_comment
from annotation.people.account_deletion import FORMER, delete_account, overdue_leavers
from annotation.people.account_links import make_link
from annotation.people.people import GONE
from annotation.people.voice_prints import allow_print
from core.clock import stopped_at, utc_now
from core.models import (
    AccountLink,
    AccountNotice,
    Base,
    CoachingSession,
    Comment,
    CommentVersion,
    Dictation,
    Goal,
    Lesson,
    ModuleAnswer,
    PortfolioItem,
    ShownMeasures,
    SignIn,
    Upload,
    VoicePrint,
    Walk,
)
from tests.support.factories import START, Pair, make_file, make_lesson, make_person


def count(pair: Pair, *tables: type[Base]) -> list[int]:
    """Return how many rows each of some tables has."""
    pair.session.expire_all()
    return [pair.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_the_address_is_asked_for_and_the_last_lead_stays(pair: Pair) -> None:
    with pytest.raises(TitleDiffers, match="your email address"):
        delete_account(pair.session, pair.ada, "another@school.example")
    pair.ada.is_lead = True
    pair.session.flush()
    with pytest.raises(LastLead):
        delete_account(pair.session, pair.ada, pair.ada.email)
    assert pair.ada.name == "Ada Teacher"
    make_person(pair.session, "Lea", is_lead=True)
    delete_account(pair.session, pair.ada, pair.ada.email.upper())
    assert (pair.ada.name, pair.ada.email, pair.ada.is_lead) == (FORMER, f"{pair.ada.id}{GONE}", False)


def test_a_coachee_takes_her_lessons_goals_showings_and_visits_along(pair: Pair) -> None:
    session = pair.session
    pair.share()
    make_file(session, pair.lesson, "original", "key-film")
    goal = set_goal(session, pair.ada, pair.partnership.id, GoalText("Wait longer"))
    said = CommentText("On hers", 5, goal_id=goal.id)
    add_comment(session, pair.priya, pair.lesson, said, partnership_id=pair.partnership.id)
    show_to(session, pair.ada, pair.partnership.id)
    allow_print(session, pair.ada)
    write_answer(session, pair.ada, "grow", "Mine")
    make_link(session, pair.ada, "reset")
    visit = begin_walk(session, pair.otto, pair.ada.id, "Visit")
    save_note(session, pair.otto, visit.id, 0, "A calm start", "one")
    save_walk(session, pair.otto, visit.id)
    times = {"created_at": START, "expires_at": START}
    session.add(Upload(owner_id=pair.ada.id, name="film.mp4", length=9, **times))
    session.flush()
    erasure = delete_account(session, pair.ada, pair.ada.email)
    assert (erasure.what, erasure.keys, len(erasure.uploads)) == ("account", ["key-film"], 1)
    tables = (Lesson, Comment, Goal, ShownMeasures, VoicePrint, ModuleAnswer, AccountLink, Walk, Upload, AccountNotice)
    assert count(pair, *tables) == [0] * len(tables)
    assert (pair.partnership.state, pair.partnership.ended_at is not None) == ("ended", True)


def test_a_recorded_conversation_goes_with_either_of_its_two(pair: Pair) -> None:
    make_lesson(pair.session, pair.priya, "Our talk", conversation_id=pair.partnership.id)
    make_lesson(pair.session, pair.priya, "His own")
    delete_account(pair.session, pair.ada, pair.ada.email)
    assert pair.session.scalars(select(Lesson.title)).all() == ["His own"]


def test_what_a_coach_wrote_for_her_stays_under_no_name_and_what_was_his_alone_goes(pair: Pair) -> None:
    session = pair.session
    pair.share()
    to: dict[str, Any] = {"partnership_id": pair.partnership.id}
    given, _ = add_comment(session, pair.priya, pair.lesson, CommentText("Given", 1), draft_id="d", **to)
    add_comment(session, pair.priya, pair.lesson, CommentText("Private", 2))
    deleted, _ = add_comment(session, pair.priya, pair.lesson, CommentText("Taken back", 3), **to)
    answer, _ = add_comment(session, pair.ada, pair.lesson, CommentText("Why?", 3), parent_id=deleted.id)
    delete_comment(session, pair.priya, deleted)
    session.add(CommentVersion(comment_id=given.id, text="Before", written_at=START))
    start_spoken_comment(session, pair.priya, pair.lesson, "key-said", 9, "audio/webm")
    session.flush()
    assert delete_account(session, pair.priya, pair.priya.email).keys == ["key-said"]
    session.expire_all()
    left = session.scalars(select(Comment).order_by(Comment.start_ms)).all()
    assert [(one.text, one.draft_id, one.parent_id) for one in left] == [("Given", None, None), ("Why?", None, None)]
    assert (answer.id, count(pair, Dictation, CommentVersion)) == (left[1].id, [0, 0])
    assert pair.priya.name == FORMER


def test_her_consent_ends_and_the_coach_keeps_a_log_that_shows_nobody(pair: Pair) -> None:
    session = pair.session
    log = write_log_afterwards(
        session, pair.ada, pair.partnership.id, met_on=utc_now().date(), notes={}, action="Count"
    )
    item = add_log(session, pair.priya, log.id)
    decide(session, pair.ada, item.id, yes=True)
    session.flush()
    delete_account(session, pair.ada, pair.ada.email)
    session.expire_all()
    assert session.scalars(select(PortfolioItem.consent)).all() == ["withdrawn"]
    assert count(pair, CoachingSession) == [1]
    delete_account(session, pair.priya, pair.priya.email)
    assert count(pair, PortfolioItem) == [0]


def test_a_visit_that_was_not_saved_goes_with_its_observer_and_a_saved_one_stays_with_the_visited(pair: Pair) -> None:
    session = pair.session
    saved, unsaved = (begin_walk(session, pair.otto, pair.ada.id, title) for title in ("Saved", "Unsaved"))
    save_note(session, pair.otto, saved.id, 0, "A calm start", "one")
    save_walk(session, pair.otto, saved.id)
    session.flush()
    delete_account(session, pair.otto, pair.otto.email)
    assert session.scalars(select(Walk.title)).all() == ["Saved"]
    assert unsaved.id != saved.id


def test_nobody_gets_in_any_more_and_those_below_get_the_manager_above(pair: Pair) -> None:
    session = pair.session
    pair.ada.manager_id, pair.otto.manager_id = pair.priya.id, pair.ada.id
    times = dict.fromkeys(("created_at", "last_seen_at", "expires_at"), utc_now() + timedelta(days=1))
    session.add(SignIn(person_id=pair.ada.id, secret_hash="x", **times))
    pair.ada.called, pair.ada.department = "Addie", "Maths"
    session.flush()
    delete_account(session, pair.ada, None)
    assert count(pair, SignIn) == [0]
    assert [pair.otto.manager_id, pair.ada.manager_id] == [pair.priya.id, None]
    assert (pair.ada.password_hash, pair.ada.called, pair.ada.department) == ("", "", "")


def test_a_leaver_is_overdue_at_the_end_of_her_days_and_once(pair: Pair) -> None:
    pair.ada.deactivated_at = START
    pair.session.flush()
    with stopped_at(START + timedelta(days=30) - timedelta(seconds=1)):
        assert overdue_leavers(pair.session) == []
    with stopped_at(START + timedelta(days=30)):
        assert overdue_leavers(pair.session) == [pair.ada]
        delete_account(pair.session, pair.ada, None)
    with stopped_at(START + timedelta(days=90)):
        assert overdue_leavers(pair.session) == []
