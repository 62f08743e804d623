"""What was deleted goes for good after a day, with all that hangs on it; until then nothing goes."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from annotation.coaching.portfolio import add_reflection, remove_item
from annotation.lessons.clips import delete_clip, make_clip, share_clip
from annotation.lessons.comments import CommentText, add_comment, delete_comment, edit_comment
from annotation.lessons.discarded import remove_discarded
from annotation.lessons.spoken_comments import start_spoken_comment
from core.clock import stopped_at, utc_now
from core.models import (
    Base,
    Clip,
    ClipShare,
    Comment,
    CommentVersion,
    Dictation,
    PortfolioItem,
    Step,
    StoredFile,
)
from tests.support.factories import Pair, make_file


def count(pair: Pair, table: type[Base]) -> int:
    """Return how many rows a table has."""
    pair.session.flush()
    return pair.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_deleted_comment_goes_after_a_day_with_its_former_words_and_its_answer_stands_by_itself(pair: Pair) -> None:
    session, now = pair.session, utc_now()
    pair.share()
    said, _ = add_comment(session, pair.ada, pair.lesson, CommentText("First", 5), partnership_id=pair.partnership.id)
    edit_comment(session, pair.ada, said, CommentText("Second", 5))
    answer, _ = add_comment(session, pair.priya, pair.lesson, CommentText("Yes", 5), parent_id=said.id)
    kept, _ = add_comment(session, pair.ada, pair.lesson, CommentText("Kept", 6))
    with stopped_at(now):
        delete_comment(session, pair.ada, said)
    session.flush()
    with stopped_at(now + timedelta(days=1)):
        assert remove_discarded(session)[1] == []
    assert count(pair, Comment) == 3
    with stopped_at(now + timedelta(days=1, seconds=1)):
        remove_discarded(session)
    session.expire_all()
    left = session.scalars(select(Comment).order_by(Comment.start_ms)).all()
    assert [(one.id, one.parent_id) for one in left] == [(answer.id, None), (kept.id, None)]
    assert count(pair, CommentVersion) == 0


def test_a_deleted_clip_leaves_its_bare_row_and_what_was_written_on_it(pair: Pair) -> None:
    session, now = pair.session, utc_now()
    pair.lesson.media = {"video": {}}
    gone = make_clip(session, pair.ada, pair.lesson.id, "Gone", 0, 10_000)
    kept = make_clip(session, pair.ada, pair.lesson.id, "Kept", 0, 20_000)
    for clip in (gone, kept):
        share_clip(session, pair.ada, clip.id, pair.partnership.id)
        make_file(session, pair.lesson, f"clip-{clip.number}", f"key-{clip.title}")
    make_file(session, pair.lesson, f"blurred-{gone.number}", "key-blurred")
    add_comment(session, pair.ada, pair.lesson, CommentText("On the clip", 5), clip=gone)
    with stopped_at(now):
        delete_clip(session, pair.ada, gone.id)
    session.flush()
    with stopped_at(now + timedelta(days=1, seconds=1)):
        assert sorted(remove_discarded(session)[1]) == ["key-Gone", "key-blurred"]
        assert remove_discarded(session)[1] == []
    session.expire_all()
    assert [one.title for one in session.scalars(select(Clip).order_by(Clip.number))] == ["", "Kept"]
    assert session.scalars(select(StoredFile.key)).all() == ["key-Kept"]
    assert session.scalars(select(ClipShare.clip_id)).all() == [kept.id]
    assert session.scalars(select(Step.chunk_no).where(Step.stage == "cut_clip")).all() == [kept.number]
    assert count(pair, Comment) == 1


def test_an_item_of_a_portfolio_goes_a_day_after_it_was_taken_out(pair: Pair) -> None:
    session, now = pair.session, utc_now()
    out, kept = (add_reflection(session, pair.priya, title, "Silence.") for title in ("Out", "Kept"))
    with stopped_at(now):
        remove_item(session, pair.priya, out.id)
    session.flush()
    with stopped_at(now + timedelta(days=1)):
        remove_discarded(session)
    assert count(pair, PortfolioItem) == 2
    with stopped_at(now + timedelta(days=1, seconds=1)):
        remove_discarded(session)
    assert session.scalars(select(PortfolioItem.id)).all() == [kept.id]


def test_what_was_spoken_goes_with_its_sound_after_a_day(pair: Pair) -> None:
    session, now = pair.session, utc_now()
    with stopped_at(now):
        start_spoken_comment(session, pair.ada, pair.lesson, "key-said", 9, "audio/webm")
    with stopped_at(now + timedelta(days=1)):
        assert remove_discarded(session)[1] == []
    with stopped_at(now + timedelta(days=1, seconds=1)):
        assert remove_discarded(session)[1] == ["key-said"]
    assert (count(pair, Dictation), count(pair, StoredFile), count(pair, Step)) == (0, 0, 0)
