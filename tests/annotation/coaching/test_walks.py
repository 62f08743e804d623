"""Learning walks: the observer's until they are saved, then both people's, and stopped by a line of management."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from annotation.coaching.walks import (
    ANSWER_LENGTH,
    MOST_NOTES,
    NOTE_LENGTH,
    answer_walk,
    answers_seen_by,
    begin_walk,
    discard_walk,
    drop_note,
    get_open_walk,
    get_walk,
    goal_of_walk,
    notes_of,
    save_note,
    save_walk,
    save_walk_sound,
    walks_of,
)
from annotation.errors import PartnershipRefused, SentBefore, WalkStopped
from annotation.lessons.lessons import get_lesson
from core.clock import stopped_at, utc_now
from core.errors import InvalidInput, NotFound
from core.models import Lesson, Step, Walk, WalkNote
from tests.support.factories import Pair, make_person


def walk(pair: Pair, title: str = "Year 9 fractions") -> Walk:
    """Begin a visit of Otto's to Ada, with one note."""
    begun = begin_walk(pair.session, pair.otto, pair.ada.id, title)
    save_note(pair.session, pair.otto, begun.id, 5000, "Pairs talk before anybody answers", f"first {title}")
    return begun


def keep_sound(pair: Pair, begun: Walk, sha256: str = "a", lesson_id: str = "sound-of-a-walk1") -> Lesson | None:
    """Save the sound of a visit."""
    values: dict[str, Any] = {"mime": "audio/webm", "size": 9, "sha256": sha256}
    return save_walk_sound(pair.session, pair.otto, begun.id, lesson_id, f"lessons/{lesson_id}/o", **values)


def test_nobody_visits_within_a_line_of_management_or_herself_or_who_is_not_here(pair: Pair) -> None:
    session = pair.session
    boss = make_person(session, "Hal Head")
    pair.priya.manager_id, pair.ada.manager_id = boss.id, pair.priya.id
    gone = make_person(session, "Gone", deactivated_at=utc_now())
    invited = make_person(session, "Invited", joined_at=None)
    session.flush()
    for observer, observed in ((boss, pair.ada), (pair.ada, boss)):
        with pytest.raises(PartnershipRefused):
            begin_walk(session, observer, observed.id, "Visit")
    for nobody in (gone.id, invited.id, "nobody"):
        with pytest.raises(NotFound):
            begin_walk(session, pair.otto, nobody, "Visit")
    with pytest.raises(InvalidInput, match="choose the colleague"):
        begin_walk(session, pair.otto, pair.otto.id, "Visit")
    with pytest.raises(InvalidInput):
        begin_walk(session, pair.otto, pair.ada.id, "  ")
    assert session.scalars(select(Walk)).all() == []


def test_a_visit_that_is_begun_twice_goes_on_and_after_it_is_saved_another_begins(pair: Pair) -> None:
    first = walk(pair)
    assert begin_walk(pair.session, pair.otto, pair.ada.id, " Year 9 fractions ").id == first.id
    assert begin_walk(pair.session, pair.otto, pair.ada.id, "Year 8").id != first.id
    save_walk(pair.session, pair.otto, first.id)
    pair.session.flush()
    assert begin_walk(pair.session, pair.otto, pair.ada.id, "Year 9 fractions").id != first.id


def test_until_it_is_saved_the_visit_is_the_observers_and_then_it_stands_as_it_is(pair: Pair) -> None:
    session, begun = pair.session, walk(pair)
    with pytest.raises(NotFound):
        get_walk(session, pair.ada, begun.id)
    assert walks_of(session, pair.ada) == []
    save_walk(session, pair.otto, begun.id)
    session.flush()
    assert get_walk(session, pair.ada, begun.id).id == begun.id
    assert [(one.id, name) for one, name in walks_of(session, pair.ada)] == [(begun.id, "Otto Other")]
    assert [(one.id, name) for one, name in walks_of(session, pair.otto)] == [(begun.id, "Ada Teacher")]
    note = notes_of(session, begun)[0]
    for refused in (
        lambda: save_note(session, pair.otto, begun.id, 1, "Later", "later"),
        lambda: drop_note(session, pair.otto, begun.id, note.id),
        lambda: discard_walk(session, pair.otto, begun.id),
        lambda: save_walk(session, pair.otto, begun.id),
    ):
        with pytest.raises(NotFound):
            refused()
    assert [one.text for one in notes_of(session, begun)] == ["Pairs talk before anybody answers"]
    with pytest.raises(NotFound):
        get_walk(session, pair.priya, begun.id)


def test_a_visit_without_a_note_is_not_saved_and_one_that_is_thrown_away_leaves_nothing(pair: Pair) -> None:
    begun = begin_walk(pair.session, pair.otto, pair.ada.id, "Visit")
    with pytest.raises(InvalidInput, match="at least one thing"):
        save_walk(pair.session, pair.otto, begun.id)
    with pytest.raises(NotFound):
        discard_walk(pair.session, pair.ada, begun.id)
    save_note(pair.session, pair.otto, begun.id, 0, "A calm start", "one")
    discard_walk(pair.session, pair.otto, begun.id)
    pair.session.flush()
    assert pair.session.scalars(select(Walk)).all() == []
    assert pair.session.scalars(select(WalkNote)).all() == []


def test_a_note_that_is_sent_twice_is_there_once_and_other_words_under_its_name_are_said(pair: Pair) -> None:
    begun = begin_walk(pair.session, pair.otto, pair.ada.id, "Visit")
    later = save_note(pair.session, pair.otto, begun.id, 9000, "Later", "two")
    first = save_note(pair.session, pair.otto, begun.id, 1000, " Hands up ", "one")
    assert save_note(pair.session, pair.otto, begun.id, 1000, "Hands up", "one").id == first.id
    with pytest.raises(SentBefore):
        save_note(pair.session, pair.otto, begun.id, 1000, "Hands down", "one")
    other = begin_walk(pair.session, pair.otto, pair.priya.id, "Visit")
    assert save_note(pair.session, pair.otto, other.id, 1000, "Hands down", "one").id != first.id
    assert [one.id for one in notes_of(pair.session, begun)] == [first.id, later.id]
    drop_note(pair.session, pair.otto, other.id, first.id)  # of another visit: nothing goes
    drop_note(pair.session, pair.otto, begun.id, later.id)
    assert [one.id for one in notes_of(pair.session, begun)] == [first.id]


@pytest.mark.parametrize(
    ("at_ms", "text", "draft"),
    [(-1, "x", "d"), (0, " ", "d"), (0, "x" * (NOTE_LENGTH + 1), "d"), (0, "x", ""), (0, "x", "d" * 41)],
)
def test_what_is_no_note_is_refused(pair: Pair, at_ms: int, text: str, draft: str) -> None:
    begun = begin_walk(pair.session, pair.otto, pair.ada.id, "Visit")
    with pytest.raises(InvalidInput):
        save_note(pair.session, pair.otto, begun.id, at_ms, text, draft)
    save_note(pair.session, pair.otto, begun.id, 0, "x" * NOTE_LENGTH, "d" * 40)


def test_two_hundred_notes_are_enough_for_one_visit(pair: Pair) -> None:
    begun = begin_walk(pair.session, pair.otto, pair.ada.id, "Visit")
    pair.session.add_all(
        WalkNote(walk_id=begun.id, draft_id=f"{begun.id}:{number}", at_ms=number, text="x")
        for number in range(MOST_NOTES - 1)
    )
    pair.session.flush()
    save_note(pair.session, pair.otto, begun.id, 1, "The last", "last")
    with pytest.raises(InvalidInput, match="200 notes are enough"):
        save_note(pair.session, pair.otto, begun.id, 1, "One more", "more")


def test_the_sound_of_a_visit_becomes_a_lesson_of_the_visited_teacher(pair: Pair) -> None:
    begun = walk(pair)
    lesson = keep_sound(pair, begun)
    assert lesson is not None
    assert (lesson.owner_id, lesson.title, begun.lesson_id) == (pair.ada.id, "Year 9 fractions", lesson.id)
    steps = pair.session.scalars(select(Step.stage).where(Step.lesson_id == lesson.id)).all()
    assert steps == ["probe_media"]
    assert keep_sound(pair, begun) is None  # the same sound, sent again
    with pytest.raises(InvalidInput, match="already been saved"):
        keep_sound(pair, begun, sha256="b", lesson_id="sound-of-a-walk2")
    with pytest.raises(NotFound):  # it is not the observer's to hear
        get_lesson(pair.session, pair.otto, lesson.id)


def test_a_line_of_management_stops_a_visit_and_its_answer_but_not_taking_away(pair: Pair) -> None:
    session, saved, begun = pair.session, walk(pair, "Saved"), walk(pair, "Open")
    save_walk(session, pair.otto, saved.id)
    answer_walk(session, pair.ada, saved.id, "Thank you")
    pair.ada.manager_id = pair.otto.id
    session.flush()
    for refused in (
        lambda: save_note(session, pair.otto, begun.id, 1, "More", "more"),
        lambda: save_walk(session, pair.otto, begun.id),
        lambda: keep_sound(pair, begun),
        lambda: get_open_walk(session, pair.otto, begun.id),
        lambda: answer_walk(session, pair.ada, saved.id, "Something else"),
    ):
        with pytest.raises(WalkStopped):
            refused()
    assert answers_seen_by(session, pair.ada, [saved]) == {saved.id: "Thank you"}
    assert answers_seen_by(session, pair.otto, [saved]) == {saved.id: ""}
    discard_walk(session, pair.otto, begun.id)


def test_only_the_visited_teacher_answers_and_only_what_is_saved(pair: Pair) -> None:
    begun = walk(pair)
    with pytest.raises(NotFound):
        answer_walk(pair.session, pair.ada, begun.id, "Too early")
    save_walk(pair.session, pair.otto, begun.id)
    for person in (pair.otto, pair.priya):
        with pytest.raises(NotFound):
            answer_walk(pair.session, person, begun.id, "Mine")
    with pytest.raises(InvalidInput, match="under 4000"):
        answer_walk(pair.session, pair.ada, begun.id, "x" * (ANSWER_LENGTH + 1))
    now = utc_now() + timedelta(hours=1)
    with stopped_at(now):
        answer_walk(pair.session, pair.ada, begun.id, " They were used to it. ")
    pair.session.flush()
    assert answers_seen_by(pair.session, pair.otto, [begun]) == {begun.id: "They were used to it."}
    assert begun.answered_at == now


def test_what_a_visit_showed_becomes_a_goal_of_the_visited_teacher_with_her_own_coach(pair: Pair) -> None:
    begun = walk(pair)
    save_walk(pair.session, pair.otto, begun.id)
    with pytest.raises(NotFound):
        goal_of_walk(pair.session, pair.otto, begun.id, pair.partnership.id, "Not his to set")
    with pytest.raises(NotFound):
        goal_of_walk(pair.session, pair.ada, begun.id, "nothing", "Talk in pairs")
    goal = goal_of_walk(pair.session, pair.ada, begun.id, pair.partnership.id, "Talk in pairs")
    assert (goal.title, goal.set_by_id, begun.goal_id) == ("Talk in pairs", pair.ada.id, goal.id)
