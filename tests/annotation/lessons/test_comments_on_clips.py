"""What is said on a clip goes with its lesson, on both databases."""

from __future__ import annotations

from sqlalchemy import func, select

from annotation.lessons.clips import make_clip, share_clip
from annotation.lessons.comments import CommentText, add_comment
from annotation.lessons.lessons import delete_for_good
from annotation.lessons.openings import record_opening
from core.database.db import Database
from core.models import Clip, ClipShare, Comment, Lesson, Opening
from tests.support.factories import make_lesson, make_partnership, make_person


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
