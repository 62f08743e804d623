"""Comments: at a moment inside what is open, to whom it is open, kept once, edited and deleted by their author."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from annotation.coaching.goals import GoalText, set_goal
from annotation.errors import PartnershipOver, PartnershipSuspended, SentBefore
from annotation.lessons.clips import make_clip, share_clip, withdraw_clip
from annotation.lessons.comments import (
    DRAFT_LENGTH,
    LONGEST,
    CommentText,
    add_comment,
    beginning_for,
    comments_by,
    comments_of_lessons,
    comments_on_goal,
    delete_comment,
    edit_comment,
    get_own_comment,
    list_comments,
    newest_comments,
    restore_comment,
    versions_by,
    versions_of,
)
from annotation.lessons.lessons import let_coaches_meet
from core.clock import stopped_at, utc_now
from core.database.db import Database
from core.errors import InvalidInput, NotAllowed, NotFound
from core.models import Comment, Goal, Person
from tests.support.factories import Pair, make_lesson, make_partnership, make_person, make_share


def test_coaches_of_one_lesson_read_each_other_only_while_its_owner_lets_them(database: Database) -> None:
    with database.write() as session:
        ada, priya, omar = (make_person(session, name) for name in ("Ada", "Priya", "Omar"))
        lesson = make_lesson(session, ada)
        pairs = {coach.id: make_partnership(session, coach, ada) for coach in (priya, omar)}
        for pair in pairs.values():
            make_share(session, lesson, pair)
        add_comment(session, priya, lesson, CommentText("For Ada", 5), partnership_id=pairs[priya.id].id)
        add_comment(session, priya, lesson, CommentText("A note of my own", 6))
        session.flush()

        def read_by(person: Person) -> list[str]:
            return [comment.text for comment, _, _ in list_comments(session, person, lesson.id)]

        assert read_by(omar) == []
        let_coaches_meet(session, ada, lesson.id, True)
        session.flush()
        assert read_by(omar) == []  # what was said before they met stays between the two
        goal = Goal(partnership_id=pairs[priya.id].id, set_by_id=ada.id, title="Wait longer", created_at=utc_now())
        session.add(goal)
        session.flush()
        said = CommentText("Since then", 7, goal_id=goal.id)
        add_comment(session, priya, lesson, said, partnership_id=pairs[priya.id].id)
        assert read_by(omar) == ["Since then"]
        assert [title for _, _, title in list_comments(session, omar, lesson.id)] == [None]  # a goal of others
        assert [title for _, _, title in list_comments(session, priya, lesson.id)][-1] == "Wait longer"
        later = make_partnership(session, make_person(session, "Tom"), ada)
        make_share(session, lesson, later, created_at=utc_now())
        assert read_by(session.get_one(Person, later.coach_id)) == []  # said before it was shared with him
        assert read_by(ada) == ["For Ada", "Since then"]
        let_coaches_meet(session, ada, lesson.id, False)
        session.flush()
        assert read_by(omar) == []


def say(pair: Pair, person: Person, text: str = "You waited", start_ms: int = 5000, **values: Any) -> Comment:
    """Write a comment of one of the two to the other."""
    to = {"partnership_id": pair.partnership.id} | values
    return add_comment(pair.session, person, pair.lesson, CommentText(text, start_ms), **to)[0]


def read(pair: Pair, person: Person) -> list[str]:
    """Return the comments that somebody reads."""
    pair.session.flush()
    return [comment.text for comment, _, _ in list_comments(pair.session, person, pair.lesson.id)]


@pytest.mark.parametrize(
    "said",
    [
        CommentText(" ", 0),
        CommentText("x" * (LONGEST + 1), 0),
        CommentText("x", -1),
        CommentText("x", 5000, 5000),
        CommentText("x", 5000, 4000),
        CommentText("x", 600_001),
        CommentText("x", 5000, 600_001),
        CommentText("x", 0, kind="grade"),
        CommentText("x", 0, stage="X"),
        CommentText("x", 0, goal_id="nothing"),
    ],
)
def test_what_is_no_comment_is_refused_and_leaves_nothing(pair: Pair, said: CommentText) -> None:
    with pytest.raises(InvalidInput):
        add_comment(pair.session, pair.ada, pair.lesson, said)
    assert pair.session.scalars(select(Comment)).all() == []


def test_the_first_and_the_last_moment_of_a_lesson_can_be_commented(pair: Pair) -> None:
    for said in (CommentText("x" * LONGEST, 0, 1), CommentText("End", 600_000), CommentText("All", 0, 600_000)):
        assert add_comment(pair.session, pair.ada, pair.lesson, said)[1]


def test_words_go_only_where_the_other_can_read_them(pair: Pair) -> None:
    with pytest.raises(NotAllowed):  # the lesson is not shared: nobody would read it
        say(pair, pair.ada)
    with pytest.raises(NotFound):
        say(pair, pair.priya)
    share = pair.share()
    other = make_partnership(pair.session, make_person(pair.session, "Omar"), pair.ada)
    make_share(pair.session, pair.lesson, other)
    for person in (pair.ada, pair.priya):
        say(pair, person, f"By {person.name}")
    with pytest.raises(NotAllowed):  # it is shared with Omar, but this is not Priya's partnership
        say(pair, pair.priya, partnership_id=other.id)
    share.taken_back_at = utc_now()
    pair.session.flush()
    with pytest.raises(NotFound):
        say(pair, pair.priya)


def test_a_draft_that_is_sent_twice_is_kept_once_also_after_it_was_edited(pair: Pair) -> None:
    pair.share()
    first = say(pair, pair.ada, draft_id="d1")
    edit_comment(pair.session, pair.ada, first, CommentText("You waited long", 5000))
    pair.session.flush()
    for text in ("You waited", "You waited long"):
        again, is_new = add_comment(
            pair.session,
            pair.ada,
            pair.lesson,
            CommentText(text, 5000),
            partnership_id=pair.partnership.id,
            draft_id="d1",
        )
        assert (again.id, is_new) == (first.id, False)
    assert say(pair, pair.priya, draft_id="d1").id != first.id  # another person's draft of that name
    for other in ({"text": "Other words"}, {"partnership_id": None}, {"parent_id": first.id}):
        with pytest.raises(SentBefore):
            say(pair, pair.ada, draft_id="d1", **other)
    second = make_lesson(pair.session, pair.ada)
    with pytest.raises(SentBefore):
        add_comment(pair.session, pair.ada, second, CommentText("You waited", 5000), draft_id="d1")
    with pytest.raises(InvalidInput, match="reload the page"):
        say(pair, pair.ada, draft_id="d" * (DRAFT_LENGTH + 1))


def test_without_a_draft_the_same_words_of_a_moment_ago_are_one_press(pair: Pair) -> None:
    pair.share()
    now = utc_now()
    with stopped_at(now):
        first = say(pair, pair.ada)
        assert say(pair, pair.ada).id == first.id
        assert len({first.id, say(pair, pair.ada, start_ms=6000).id, say(pair, pair.ada, partnership_id=None).id}) == 3
        delete_comment(pair.session, pair.ada, first)
        pair.session.flush()
        second = say(pair, pair.ada)
        assert second.id != first.id  # what was taken away is not what she means
    with stopped_at(now + timedelta(seconds=11)):
        assert say(pair, pair.ada).id not in (first.id, second.id)


def test_an_answer_belongs_where_the_comment_belongs_and_answers_to_answers_stand_beside_them(pair: Pair) -> None:
    pair.share()
    question, private = say(pair, pair.priya, "Why so?"), say(pair, pair.ada, "My note", partnership_id=None)
    answer = say(pair, pair.ada, "Because", partnership_id=None, parent_id=question.id)
    assert (answer.partnership_id, answer.parent_id) == (pair.partnership.id, question.id)
    assert say(pair, pair.priya, "I see", parent_id=answer.id).parent_id == question.id
    assert say(pair, pair.ada, "To myself", parent_id=private.id).partnership_id is None
    with pytest.raises(NotFound):  # who cannot read it cannot answer it
        say(pair, pair.priya, "To you", parent_id=private.id)
    second = make_lesson(pair.session, pair.ada)
    with pytest.raises(InvalidInput, match="about something else"):
        add_comment(pair.session, pair.ada, second, CommentText("Here?", 0), parent_id=question.id)


def test_a_comment_on_a_clip_stays_inside_it_and_is_told_on_the_clips_clock(pair: Pair) -> None:
    session = pair.session
    clip = make_clip(session, pair.ada, pair.lesson.id, "A wait", 10_000, 20_000)
    share_clip(session, pair.ada, clip.id, pair.partnership.id)
    for start_ms, end_ms in ((9_999, None), (20_001, None), (15_000, 20_001)):
        with pytest.raises(InvalidInput, match="outside the clip"):
            add_comment(session, pair.priya, pair.lesson, CommentText("x", start_ms, end_ms), clip=clip)
    said = say(pair, pair.priya, "Here", 12_000, clip=clip)
    assert (beginning_for(session, pair.priya, said), beginning_for(session, pair.ada, said)) == (10_000, 0)
    assert [(one.place, one.at_ms) for one in comments_by(session, pair.priya)] == [(clip, 2000)]
    assert [(one.place, one.at_ms) for one in newest_comments(session, pair.ada)] == [(pair.lesson, 12_000)]
    withdraw_clip(session, pair.ada, clip.id, pair.partnership.id)
    session.flush()
    assert [one.place for one in comments_by(session, pair.priya)] == [None]
    on_clip = list_comments(session, pair.ada, pair.lesson.id, clip)
    assert [comment.id for comment, _, _ in on_clip] == [said.id]


def test_a_comment_names_a_goal_of_its_own_partnership_and_a_note_one_that_both_belong_to(pair: Pair) -> None:
    session = pair.session
    pair.share()
    hers = set_goal(session, pair.ada, pair.partnership.id, GoalText("Wait longer"))
    with_omar = make_partnership(session, make_person(session, "Omar"), pair.ada)
    other = set_goal(session, pair.ada, with_omar.id, GoalText("With Omar"))
    coached = set_goal(
        session, pair.priya, make_partnership(session, pair.priya, pair.otto).id, GoalText("Of another coachee")
    )
    said: dict[str, Any] = {"partnership_id": pair.partnership.id}
    add_comment(session, pair.priya, pair.lesson, CommentText("a", 1, goal_id=hers.id), **said)
    add_comment(session, pair.ada, pair.lesson, CommentText("b", 2, goal_id=other.id))
    for person, goal, to in ((pair.ada, other, said), (pair.priya, other, {}), (pair.priya, coached, {})):
        with pytest.raises(InvalidInput, match="belongs to somebody else"):
            add_comment(session, person, pair.lesson, CommentText("c", 3, goal_id=goal.id), **to)
    assert [one.comment.text for one in comments_on_goal(session, pair.ada, hers.id)] == ["a"]
    assert [one.comment.text for one in comments_on_goal(session, pair.priya, hers.id)] == ["a"]
    assert comments_on_goal(session, pair.priya, other.id) == []


def test_an_edit_keeps_what_it_said_and_is_the_authors_alone(pair: Pair) -> None:
    pair.share()
    said = say(pair, pair.priya, "First")
    wrote = said.created_at
    edit_comment(pair.session, pair.priya, said, CommentText(" Second ", 6000, 7000, "question", "R"))
    edit_comment(pair.session, pair.priya, said, CommentText("Second", 6000, None, "suggestion"))
    assert (said.text, said.start_ms, said.end_ms, said.kind, said.stage) == ("Second", 6000, None, "suggestion", "")
    pair.session.flush()
    for reader in (pair.ada, pair.priya):
        found = versions_of(pair.session, reader, said.id)
        assert [(one.text, one.written_at) for one in found] == [("First", wrote)]  # only changed words are kept
    assert list(versions_by(pair.session, pair.priya)) == [said.id]
    assert versions_by(pair.session, pair.ada) == {}
    with pytest.raises(NotFound):
        versions_of(pair.session, pair.otto, said.id)
    with pytest.raises(NotFound):
        edit_comment(pair.session, pair.ada, said, CommentText("Mine now", 5))
    with pytest.raises(InvalidInput):
        edit_comment(pair.session, pair.priya, said, CommentText("", 5))


@pytest.mark.parametrize(("state", "error"), [("ended", PartnershipOver), ("suspended", PartnershipSuspended)])
def test_after_the_end_a_comment_is_deleted_but_not_edited(pair: Pair, state: str, error: type[Exception]) -> None:
    share = pair.share()
    said = say(pair, pair.priya)
    pair.end(state)
    share.taken_back_at = utc_now()
    pair.session.flush()
    with pytest.raises(error):
        edit_comment(pair.session, pair.priya, said, CommentText("Other words", 5))
    assert get_own_comment(pair.session, pair.priya, said.id) is said
    delete_comment(pair.session, pair.priya, said)
    assert said.deleted_at is not None


def test_a_deleted_comment_is_gone_for_the_other_and_comes_back_for_a_day(pair: Pair) -> None:
    pair.share()
    said, now = say(pair, pair.priya), utc_now()
    with stopped_at(now):
        delete_comment(pair.session, pair.priya, said)
    with stopped_at(now + timedelta(hours=5)):
        delete_comment(pair.session, pair.priya, said)  # a second press prolongs nothing
    assert (read(pair, pair.ada), read(pair, pair.priya)) == ([], ["You waited"])
    for nobody in (pair.ada, pair.otto):
        for act in (delete_comment, restore_comment):
            with pytest.raises(NotFound):
                act(pair.session, nobody, said)
    with stopped_at(now + timedelta(days=1, seconds=1)), pytest.raises(NotFound):
        restore_comment(pair.session, pair.priya, said)
    with stopped_at(now + timedelta(days=1)):
        restore_comment(pair.session, pair.priya, said)
    assert read(pair, pair.ada) == ["You waited"]


def test_comments_stand_in_the_order_of_the_lesson_with_author_and_goal(pair: Pair) -> None:
    pair.share()
    goal = set_goal(pair.session, pair.ada, pair.partnership.id, GoalText("Wait longer"))
    said = CommentText("Early", 1000, goal_id=goal.id)
    say(pair, pair.priya, "Late", 9000)
    add_comment(pair.session, pair.ada, pair.lesson, said, partnership_id=pair.partnership.id)
    found = [(one.text, name, title) for one, name, title in list_comments(pair.session, pair.ada, pair.lesson.id)]
    assert found == [("Early", "Ada Teacher", "Wait longer"), ("Late", "Priya Coach", None)]
    by_lesson = comments_of_lessons(pair.session, pair.priya, [pair.lesson.id, "another"])
    assert {key: [one.text for one, _, _ in rows] for key, rows in by_lesson.items()} == {
        pair.lesson.id: ["Early", "Late"],
        "another": [],
    }
    assert comments_of_lessons(pair.session, pair.priya, []) == {}


def test_what_she_wrote_is_kept_where_the_lesson_is_closed_and_what_others_wrote_is_not(pair: Pair) -> None:
    share = pair.share()
    say(pair, pair.priya, "His")
    say(pair, pair.ada, "Hers")
    share.taken_back_at = utc_now()
    pair.session.flush()
    assert read(pair, pair.priya) == []
    kept = list_comments(pair.session, pair.priya, pair.lesson.id, kept=True)
    assert [comment.text for comment, _, _ in kept] == ["His"]
    assert newest_comments(pair.session, pair.priya) == []


def test_the_newest_that_others_wrote_are_found_also_behind_many_that_are_closed(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotation.lessons.comments.ASKED_FIRST", 3)
    session, now = pair.session, utc_now()
    pair.share()
    closed = make_lesson(session, pair.ada)
    share = make_share(session, closed, pair.partnership)
    with stopped_at(now):
        say(pair, pair.ada, "Open")
    for number in range(4):
        with stopped_at(now + timedelta(minutes=number + 1)):
            said = CommentText(f"Closed {number}", number)
            add_comment(session, pair.ada, closed, said, partnership_id=pair.partnership.id)
    say(pair, pair.priya, "My own")
    share.taken_back_at = utc_now()
    session.flush()
    assert [one.comment.text for one in newest_comments(session, pair.priya)] == ["Open"]
    assert newest_comments(session, pair.otto) == []
