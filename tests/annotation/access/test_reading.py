"""Who may see and change what, asked of the rules themselves: a lesson, its people, and each way a right ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from annotation.access.reading import (
    Thing,
    clips_seen_by,
    comments_kept_by,
    comments_seen_by,
    lessons_seen_by,
    live_showing,
    may_see,
    partnerships_of,
    require_see,
    shared_with,
)
from annotation.access.writing import may_change, require_change
from core.clock import utc_now
from core.database.db import Database
from core.errors import NotFound
from core.models import Clip, ClipShare, Comment, Goal, Lesson, Partnership, Person, Share, ShownMeasures, Walk
from tests.support.factories import START, make_lesson, make_partnership, make_person, make_share

PAST, FUTURE = -timedelta(seconds=30), timedelta(hours=1)


@dataclass
class Room:
    """A lesson of Ada's, shared with Col; a clip of it, shared with Dee; Eve has a partnership and nothing else."""

    session: Session
    ada: Person
    col: Person
    dee: Person
    eve: Person
    stranger: Person
    lesson: Lesson
    clip: Clip
    share: Share
    clip_share: ClipShare
    with_col: Partnership
    with_dee: Partnership
    with_eve: Partnership

    def comment(self, author: Person, partnership: Partnership | None, **values: object) -> Comment:
        """Write a comment on the lesson."""
        row = {"lesson_id": self.lesson.id, "start_ms": 1, "text": "x", "created_at": START, **values}
        made = Comment(author_id=author.id, partnership_id=partnership and partnership.id, **row)
        self.session.add(made)
        self.session.flush()
        return made

    def on_clip(self, author: Person, partnership: Partnership | None, **values: object) -> Comment:
        """Write a comment on the clip."""
        return self.comment(author, partnership, clip_id=self.clip.id, **values)

    def seeing(self, thing: Thing) -> set[str]:
        """Return who may see a thing."""
        self.session.flush()
        return {one.name for one in self.everybody if may_see(self.session, one, thing)}

    def changing(self, thing: Thing) -> set[str]:
        """Return who may change a thing."""
        self.session.flush()
        return {one.name for one in self.everybody if may_change(self.session, one, thing)}

    def kept(self, comment: Comment) -> set[str]:
        """Return who keeps a comment."""
        self.session.flush()
        found = select(Comment.id).join(Lesson, Lesson.id == Comment.lesson_id).where(Comment.id == comment.id)
        return {one.name for one in self.everybody if self.session.scalar(found.where(comments_kept_by(one)))}

    @property
    def everybody(self) -> tuple[Person, ...]:
        """All of the school."""
        return self.ada, self.col, self.dee, self.eve, self.stranger


@pytest.fixture
def room(database: Database) -> Iterator[Room]:
    """Yield the school, and beside it a lesson, a share and a clip of others, which must never be mixed up with it."""
    with database.write() as session:
        ada, col, dee, eve, stranger = (make_person(session, name) for name in ("Ada", "Col", "Dee", "Eve", "Stranger"))
        made = [make_partnership(session, coach, ada) for coach in (col, dee, eve)]
        lesson = make_lesson(session, ada)
        clip = Clip(lesson_id=lesson.id, number=1, title="A wait", start_ms=0, end_ms=5, created_at=START)
        session.add(clip)
        session.flush()
        share = make_share(session, lesson, made[0])
        clip_share = ClipShare(clip_id=clip.id, partnership_id=made[1].id, created_at=START)
        session.add(clip_share)
        other = make_person(session, "Fay")
        others = make_partnership(session, eve, other)
        elsewhere = make_lesson(session, other)
        make_share(session, elsewhere, others)
        other_clip = Clip(lesson_id=elsewhere.id, number=1, title="Else", start_ms=0, end_ms=5, created_at=START)
        session.add(other_clip)
        session.flush()
        session.add(ClipShare(clip_id=other_clip.id, partnership_id=others.id, created_at=START))
        session.flush()
        yield Room(session, ada, col, dee, eve, stranger, lesson, clip, share, clip_share, *made)


def ids(session: Session, condition: ColumnElement[bool]) -> set[str]:
    return set(session.scalars(select(Lesson.id).where(condition)))


def test_a_lesson_is_seen_by_its_owner_and_whom_she_shares_it_with_and_changed_by_her_alone(room: Room) -> None:
    assert room.seeing(room.lesson) == {"Ada", "Col"}
    assert room.changing(room.lesson) == {"Ada"}
    assert ids(room.session, shared_with(room.col)) == {room.lesson.id} == ids(room.session, lessons_seen_by(room.col))
    assert ids(room.session, shared_with(room.ada)) == set()
    assert ids(room.session, lessons_seen_by(room.ada)) == {room.lesson.id}


def test_a_share_ends_when_it_is_taken_back_or_its_time_is_over(room: Room) -> None:
    room.share.until = utc_now() + FUTURE
    assert room.seeing(room.lesson) == {"Ada", "Col"}
    room.share.until = utc_now() + PAST
    assert room.seeing(room.lesson) == {"Ada"}
    room.share.until, room.share.taken_back_at = None, utc_now()
    assert room.seeing(room.lesson) == {"Ada"}


@pytest.mark.parametrize("state", ["asked", "ended"])
def test_only_an_active_partnership_opens_anything(room: Room, state: str) -> None:
    room.with_col.state = room.with_dee.state = state
    assert room.seeing(room.lesson) == room.seeing(room.clip) == {"Ada"}


def test_a_share_of_somebody_elses_partnership_opens_nothing(room: Room) -> None:
    """The owner of a lesson and the coachee of its share are one person, or nobody sees it."""
    room.with_col.coachee_id = room.with_dee.coachee_id = room.stranger.id
    assert room.seeing(room.lesson) == room.seeing(room.clip) == {"Ada"}


def test_a_deleted_lesson_is_seen_by_nobody_and_its_clips_are_neither_seen_nor_changed(room: Room) -> None:
    comment, on_clip = room.comment(room.ada, None), room.on_clip(room.dee, room.with_dee)
    room.lesson.deleted_at = utc_now()
    for thing in (room.lesson, room.clip, comment, on_clip):
        assert room.seeing(thing) == set()
    assert room.changing(room.clip) == room.changing(comment) == set()
    assert ids(room.session, shared_with(room.col)) == set()


def test_a_clip_has_shares_of_its_own(room: Room) -> None:
    assert room.seeing(room.clip) == {"Ada", "Dee"}
    assert room.changing(room.clip) == {"Ada"}
    room.clip_share.until = utc_now() + FUTURE
    assert room.seeing(room.clip) == {"Ada", "Dee"}
    room.clip_share.until = utc_now() + PAST
    assert room.seeing(room.clip) == {"Ada"}
    room.clip_share.until, room.clip_share.taken_back_at = None, utc_now()
    assert room.seeing(room.clip) == {"Ada"}


def test_a_deleted_clip_is_gone_for_everybody_and_its_owner_may_still_restore_it(room: Room) -> None:
    on_clip = room.on_clip(room.dee, room.with_dee)
    room.clip.deleted_at = utc_now()
    assert room.seeing(room.clip) == set()
    assert room.changing(room.clip) == {"Ada"}
    assert "Dee" not in room.seeing(on_clip)


def test_conditions_choose_the_clips_of_the_lesson_that_the_query_is_about(room: Room) -> None:
    chosen = select(Clip.id).join(Lesson, Lesson.id == Clip.lesson_id)
    assert set(room.session.scalars(chosen.where(clips_seen_by(room.dee)))) == {room.clip.id}
    assert set(room.session.scalars(chosen.where(clips_seen_by(room.ada)))) == {room.clip.id}
    assert set(room.session.scalars(chosen.where(clips_seen_by(room.stranger)))) == set()


def test_a_private_note_has_one_reader(room: Room) -> None:
    assert room.seeing(room.comment(room.ada, None)) == {"Ada"}
    assert room.seeing(room.comment(room.col, None)) == {"Col"}
    room.lesson.coaches_meet_at = START
    assert room.seeing(room.comment(room.ada, None)) == {"Ada"}


def test_a_comment_is_read_by_the_two_of_its_partnership_and_changed_by_its_author(room: Room) -> None:
    make_share(room.session, room.lesson, room.with_eve)
    hers, his = room.comment(room.ada, room.with_col), room.comment(room.col, room.with_col)
    assert room.seeing(hers) == room.seeing(his) == {"Ada", "Col"}
    assert (room.changing(hers), room.changing(his)) == ({"Ada"}, {"Col"})


def test_coaches_read_each_other_once_the_owner_lets_them_meet_but_never_what_is_on_a_clip(room: Room) -> None:
    make_share(room.session, room.lesson, room.with_eve)
    comment, on_clip = room.comment(room.col, room.with_col), room.on_clip(room.dee, room.with_dee)
    room.lesson.coaches_meet_at = START
    assert room.seeing(comment) == {"Ada", "Col", "Eve"}  # Dee has the clip only
    assert room.seeing(on_clip) == {"Ada", "Dee"}
    room.share.taken_back_at = utc_now()
    assert room.seeing(comment) == {"Ada", "Eve"}


def test_a_deleted_comment_is_there_for_its_author_alone(room: Room) -> None:
    room.lesson.coaches_meet_at = START
    make_share(room.session, room.lesson, room.with_eve)
    assert room.seeing(room.comment(room.col, room.with_col, deleted_at=utc_now())) == {"Col"}
    assert room.seeing(room.on_clip(room.dee, room.with_dee, deleted_at=utc_now())) == {"Dee"}
    assert room.seeing(room.on_clip(room.ada, room.with_dee, deleted_at=utc_now())) == {"Ada"}


def test_what_is_written_on_a_clip_is_open_to_whom_the_clip_is_open_through_that_partnership(room: Room) -> None:
    assert room.seeing(room.on_clip(room.dee, room.with_dee)) == {"Ada", "Dee"}
    assert room.seeing(room.on_clip(room.ada, room.with_dee)) == {"Ada", "Dee"}
    room.session.add(ClipShare(clip_id=room.clip.id, partnership_id=room.with_eve.id, created_at=START))
    assert room.seeing(room.on_clip(room.ada, room.with_dee)) == {"Ada", "Dee"}
    assert room.seeing(room.comment(room.ada, room.with_dee)) == {"Ada"}  # on the lesson, not on its clip
    written = room.on_clip(room.dee, room.with_dee)
    room.clip_share.taken_back_at = utc_now()
    assert room.seeing(written) == {"Ada"}


def test_a_comment_on_one_lesson_is_not_read_through_another(room: Room) -> None:
    second = make_lesson(room.session, room.ada, "Another")
    make_share(room.session, second, room.with_eve)
    comment = room.comment(room.ada, room.with_eve)
    assert room.seeing(comment) == {"Ada"}
    assert "Eve" in room.seeing(second)


def test_what_somebody_wrote_is_kept_by_her_where_the_lesson_is_not_open_any_more(room: Room) -> None:
    comment = room.comment(room.col, room.with_col)
    assert room.kept(comment) == {"Ada", "Col"}
    room.share.taken_back_at = utc_now()
    assert room.seeing(comment) == {"Ada"}
    assert room.kept(comment) == {"Ada", "Col"}


def test_conditions_of_comments_join_a_comment_to_its_own_lesson(room: Room) -> None:
    comment = room.comment(room.ada, room.with_col)
    make_lesson(room.session, room.ada, "Another")
    for condition in (comments_seen_by(room.ada), comments_kept_by(room.ada)):
        found = room.session.execute(select(Comment.id, Lesson.id).where(condition)).all()
        assert [tuple(row) for row in found] == [(comment.id, room.lesson.id)]


def test_shares_belong_to_the_owner_of_the_lesson(room: Room) -> None:
    assert room.seeing(room.share) == room.changing(room.share) == {"Ada"}


def test_a_goal_is_seen_by_both_and_changed_while_their_partnership_is_active(room: Room) -> None:
    goal = Goal(partnership_id=room.with_col.id, set_by_id=room.ada.id, title="Wait", created_at=START)
    room.session.add(goal)
    assert room.seeing(goal) == room.changing(goal) == {"Ada", "Col"}
    room.with_col.state = "ended"
    assert room.seeing(goal) == {"Ada", "Col"}
    assert room.changing(goal) == set()


def test_a_partnership_is_the_two_peoples(room: Room) -> None:
    assert room.seeing(room.with_col) == room.changing(room.with_col) == {"Ada", "Col"}
    mine = select(Partnership.id).where(partnerships_of(room.col))
    assert set(room.session.scalars(mine)) == {room.with_col.id}
    hers = select(Partnership.id).where(partnerships_of(room.ada))
    assert set(room.session.scalars(hers)) == {room.with_col.id, room.with_dee.id, room.with_eve.id}


def test_a_visit_is_the_observers_until_it_is_saved_and_then_stands_as_it_is_for_both(room: Room) -> None:
    walk = Walk(observer_id=room.col.id, observed_id=room.ada.id, title="Period 3", began_at=START)
    room.session.add(walk)
    assert room.seeing(walk) == room.changing(walk) == {"Col"}
    walk.saved_at = START
    assert room.seeing(walk) == {"Ada", "Col"}
    assert room.changing(walk) == set()


def shown(room: Room, partnership: Partnership, **values: object) -> set[str]:
    row = {"owner_id": room.ada.id, "shown_at": START, **values}
    room.session.add(ShownMeasures(partnership_id=partnership.id, **row))
    room.session.flush()
    return set(room.session.scalars(select(Partnership.id).join(ShownMeasures, live_showing())))


def test_measures_are_shown_to_an_active_partnership_in_which_their_owner_is_coached(room: Room) -> None:
    assert shown(room, room.with_col) == {room.with_col.id}
    assert shown(room, room.with_dee, taken_back_at=utc_now()) == {room.with_col.id}
    assert shown(room, room.with_eve, owner_id=room.stranger.id) == {room.with_col.id}
    room.with_col.state = "ended"
    assert shown(room, room.with_eve, taken_back_at=utc_now()) == set()


def test_what_is_not_hers_looks_as_if_it_were_not_there(room: Room) -> None:
    assert require_see(room.session, room.col, room.lesson) is room.lesson
    assert require_change(room.session, room.ada, room.lesson) is room.lesson
    nothing: Lesson | None = None
    for person, thing in ((room.col, nothing), (room.stranger, room.lesson)):
        with pytest.raises(NotFound):
            require_see(room.session, person, thing)
    for person, thing in ((room.ada, nothing), (room.col, room.lesson)):
        with pytest.raises(NotFound):
            require_change(room.session, person, thing)
