"""Large deletions and the jobs of a year's end hold the writer for no longer than anything else does.

The fixture `short_writes` fails whatever holds it for more than a quarter of a second of the processor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from annotation.lessons.undo import UNDO, UNDO_LESSON
from annotation.people.account_deletion import FORMER
from annotation.people.people import leaver_until
from annotation.school.staff import read_staff
from annotation.school.staff_import import import_staff
from core.clock import utc_now
from core.database.db import Database
from core.models import (
    Base,
    Clip,
    ClipShare,
    CoachingSession,
    Comment,
    CommentVersion,
    Correction,
    Dictation,
    Erasure,
    Event,
    Lesson,
    Mail,
    Opening,
    Partnership,
    Person,
    QuestionRow,
    Share,
    SignIn,
    Step,
    StoredFile,
    TurnRow,
    new_id,
)
from core.settings import get_settings
from tests.support.factories import make_lesson, make_partnership, make_person
from workers.queue.sweeper import (
    apply_retention,
    close_shares,
    delete_discarded,
    delete_leavers,
    delete_lessons,
    maintain_sessions,
)

TURNS, WORDS, COMMENTS, CLIPS, OPENINGS = 600, 20, 500, 20, 300


def keep(database: Database, table: type[Base], rows: Iterator[dict[str, Any]]) -> None:
    with database.write() as session:
        session.execute(insert(table), list(rows))


def count(database: Database, table: type[Base], *where: Any) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


def a_pair(database: Database) -> tuple[Person, Person, Partnership]:
    """Make a coach, a teacher and their partnership."""
    with database.write() as session:
        coach, owner = make_person(session, "Cem Coach"), make_person(session, "Ada Owner")
        return coach, owner, make_partnership(session, coach, owner)


def a_long_lesson(database: Database, coach: Person, owner: Person, pair: Partnership) -> str:
    """Make a lesson of 12,000 words with 500 comments, and all that comes with them."""
    now = utc_now()
    with database.write() as session:
        lesson_id = make_lesson(session, owner, duration_ms=TURNS * 6000).id
    its = {"lesson_id": lesson_id}
    words = [[k * 300, k * 300 + 250, "word", 0.9] for k in range(WORDS)]
    said = {**its, "speaker": "S1", "role": "teacher", "text": " ".join(["word"] * WORDS)}
    keep(
        database,
        TurnRow,
        ({**said, "number": k, "start_ms": k * 6000, "end_ms": k * 6000 + 5900, "words": words} for k in range(TURNS)),
    )
    asked = {**said, "kind": "open", "confidence": 0.9, "answered_by": "pupil"}
    keep(database, QuestionRow, ({**asked, "start_ms": k * 6000, "end_ms": k * 6000 + 900} for k in range(TURNS // 3)))
    step = {**its, "stage": "transcribe_chunk", "queue": "asr", "next_at": now}
    keep(database, Step, ({**step, "chunk_no": k} for k in range(40)))
    correction = {**its, "kind": "turn", "made_by_id": owner.id, "made_at": now}
    keep(database, Correction, ({**correction, "body": {"start_ms": k, "end_ms": k + 1}} for k in range(100)))
    clips = [new_id() for _ in range(CLIPS)]
    clip = {**its, "title": "A wait", "start_ms": 0, "end_ms": 9000, "created_at": now}
    keep(database, Clip, ({**clip, "id": one, "number": k} for k, one in enumerate(clips)))
    shared = {"partnership_id": pair.id, "created_at": now}
    keep(database, ClipShare, ({**shared, "clip_id": one} for one in clips))
    opened = {**its, "person_id": coach.id, "kind": "page", "opened_at": now}
    keep(database, Opening, ({**opened, "clip_id": clips[k % CLIPS]} for k in range(OPENINGS)))
    ids = [new_id() for _ in range(COMMENTS)]
    written = {**its, "partnership_id": pair.id, "kind": "noticed", "stage": "", "created_at": now}
    keep(
        database,
        Comment,
        (
            {
                **written,
                "id": one,
                "author_id": (coach if k % 2 else owner).id,
                "parent_id": ids[k - 1] if k % 3 == 1 else None,
                "clip_id": clips[k % CLIPS] if k % 3 == 2 else None,
                "start_ms": k * 1000,
                "text": "You waited here, and then three of them spoke one after the other. " * 3,
            }
            for k, one in enumerate(ids)
        ),
    )
    keep(database, CommentVersion, ({"comment_id": one, "text": "You waited.", "written_at": now} for one in ids))
    keep(
        database,
        StoredFile,
        (
            {**its, "kind": f"clip-{k}", "key": f"lessons/{lesson_id}/clip-{k}", "mime": "video/mp4", "bytes": 1}
            | {"info": {}, "created_at": now}
            for k in range(CLIPS)
        ),
    )
    return lesson_id


def test_a_lesson_of_twelve_thousand_words_and_five_hundred_comments_is_erased(any_database: Database) -> None:
    people = a_pair(any_database)
    lessons = [a_long_lesson(any_database, *people) for _ in range(3)]
    with any_database.write() as session:
        session.execute(update(Lesson).values(deleted_at=utc_now() - UNDO_LESSON - timedelta(hours=1)))
    delete_lessons(any_database)
    for table in (Lesson, TurnRow, Comment, CommentVersion, Clip, Opening, StoredFile):
        assert count(any_database, table) == 0, table
    with any_database.read() as session:
        assert [len(one.keys) for one in session.scalars(select(Erasure).where(Erasure.what == "lesson"))] == [
            CLIPS
        ] * len(lessons)


def test_a_teacher_who_left_is_deleted_with_thirty_long_lessons_and_all_that_she_wrote(any_database: Database) -> None:
    coach, owner, pair = a_pair(any_database)
    for _ in range(30):
        a_long_lesson(any_database, coach, owner, pair)
    with any_database.write() as session:
        seen = make_lesson(session, coach).id
        session.get_one(Person, owner.id).deactivated_at = utc_now() - timedelta(days=3650)
    others = {"lesson_id": seen, "author_id": owner.id, "kind": "noticed", "stage": "", "text": "I noticed."}
    written = {**others, "created_at": utc_now(), "start_ms": 1}
    partnerships = (pair.id, None)
    keep(
        any_database,
        Comment,
        ({**written, "partnership_id": partnerships[k % 2], "draft_id": f"{owner.id}:{k}"} for k in range(4000)),
    )
    with any_database.read() as session:
        until = leaver_until(session.get_one(Person, owner.id))
    assert until is not None and until < utc_now()
    delete_leavers(any_database)
    with any_database.read() as session:
        assert session.get_one(Person, owner.id).name == FORMER
        account = session.scalars(select(Erasure).where(Erasure.what == "account")).one()
    assert len(account.keys) == 30 * CLIPS  # it is said to be gone when all of its files are
    assert (count(any_database, Lesson), count(any_database, TurnRow)) == (1, 0)
    assert count(any_database, Comment, Comment.draft_id.is_not(None)) == 0
    assert count(any_database, Comment, Comment.author_id == owner.id) == 2000


def test_what_lay_deleted_for_a_day_goes_however_much_it_is(any_database: Database) -> None:
    coach, owner, pair = a_pair(any_database)
    lesson_id = a_long_lesson(any_database, coach, owner, pair)
    long_ago = utc_now() - UNDO - timedelta(hours=1)
    its = {"lesson_id": lesson_id, "author_id": owner.id, "kind": "noticed", "stage": "", "created_at": long_ago}
    gone = {**its, "text": "Not this.", "start_ms": 1, "deleted_at": long_ago}
    keep(any_database, Comment, (gone for _ in range(3000)))
    said = {"lesson_id": lesson_id, "person_id": coach.id, "created_at": long_ago}
    keep(any_database, Dictation, ({**said, "number": k} for k in range(500)))
    clip = {"lesson_id": lesson_id, "title": "Gone", "start_ms": 0, "end_ms": 900, "created_at": long_ago}
    keep(any_database, Clip, ({**clip, "number": 1000 + k, "deleted_at": long_ago} for k in range(500)))
    delete_discarded(any_database)
    assert count(any_database, Comment) == COMMENTS
    assert count(any_database, Dictation) == 0
    assert count(any_database, Clip, Clip.title == "Gone") == 0


@pytest.fixture
def mailing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what names a mail server, and what else is set."""

    def setting(**more: str) -> None:
        for name, value in {"SMTP_HOST": "mail.school.example", **more}.items():
            monkeypatch.setenv(f"HINDSIGHT_{name}", value)
        get_settings.cache_clear()

    return setting


def test_a_school_that_begins_to_keep_lessons_for_a_year_warns_of_thousands_and_then_lets_them_go(
    any_database: Database, mailing: Callable[..., None]
) -> None:
    mailing(KEEP_MEDIA_DAYS="365", KEEP_WORDS_DAYS="365")
    people = a_pair(any_database)
    long = [a_long_lesson(any_database, *people) for _ in range(3)]
    old = utc_now() - timedelta(days=500)
    with any_database.write() as session:
        session.execute(update(Lesson).values(created_at=old))
    keep(any_database, Lesson, ({"owner_id": people[1].id, "title": "Old", "created_at": old} for _ in range(1500)))
    apply_retention(any_database)
    assert count(any_database, Mail) == 2 * count(any_database, Lesson)
    warned = utc_now() - timedelta(days=8)
    with any_database.write() as session:
        session.execute(update(Lesson).values(media_warned_at=warned, words_warned_at=warned))
    apply_retention(any_database)
    assert count(any_database, Lesson, Lesson.media_gone_at.is_(None) | Lesson.words_gone_at.is_(None)) == 0
    assert (count(any_database, TurnRow), count(any_database, StoredFile)) == (0, 0)
    assert count(any_database, Comment) == COMMENTS * len(long)


def test_thousands_of_shares_close_on_the_last_day_of_a_year(any_database: Database) -> None:
    _, owner, pair = a_pair(any_database)
    ids = [new_id() for _ in range(3000)]
    now = utc_now()
    keep(any_database, Lesson, ({"id": one, "owner_id": owner.id, "title": "x", "created_at": now} for one in ids))
    open_until = {"partnership_id": pair.id, "created_at": now, "until": now - timedelta(minutes=1)}
    keep(any_database, Share, ({"lesson_id": one, **open_until} for one in ids))
    close_shares(any_database)
    assert count(any_database, Share, Share.taken_back_at.is_(None)) == 0
    assert count(any_database, Event, Event.kind == "share") == len(ids)


def test_a_thousand_meetings_of_tomorrow_are_reminded_of_once(
    any_database: Database, mailing: Callable[..., None]
) -> None:
    mailing()
    with any_database.write() as session:
        coach = make_person(session, "Cem Coach")
        pairs = [make_partnership(session, coach, make_person(session)).id for _ in range(1000)]
    planned = {"planned_at": utc_now() + timedelta(hours=20), "created_at": utc_now(), "moments": [], "room": {}}
    keep(any_database, CoachingSession, ({"partnership_id": one, **planned} for one in pairs))
    for _ in range(2):
        maintain_sessions(any_database)
        assert count(any_database, Mail) == 2000


def test_three_thousand_people_leave_at_once_and_come_back(any_database: Database) -> None:
    people = [new_id() for _ in range(2990)]
    now = utc_now()
    with any_database.write() as session:
        lead, other = make_person(session, "Lea Lead", is_lead=True), make_person(session, "Ada Owner")
        lesson_id = make_lesson(session, other).id
    joined = {"joined_at": now, "created_at": now}
    keep(
        any_database,
        Person,
        ({"id": one, "name": f"P{k}", "email": f"p{k}@s.example", **joined} for k, one in enumerate(people)),
    )
    signed_in = {"created_at": now, "last_seen_at": now, "expires_at": now + timedelta(days=9), "device": "x"}
    keep(any_database, SignIn, ({"person_id": one, "secret_hash": one, **signed_in} for one in people))
    pair = {"kind": "coaching", "state": "active", "created_at": now, "focus": ""}
    coaches = people[1:] + people[:1]
    keep(
        any_database,
        Partnership,
        ({"id": one, "coachee_id": one, "coach_id": his, **pair} for one, his in zip(people, coaches, strict=True)),
    )
    shares = {"lesson_id": lesson_id, "created_at": now}
    keep(any_database, Share, ({**shares, "partnership_id": one} for one in people))
    left = Person.deactivated_at.is_not(None)
    import_staff(any_database, lead, read_staff("name,email\nLea Lead,lead@x.example"), others_left=True)
    assert count(any_database, Person, left) == len(people) + 1
    assert count(any_database, SignIn) == 0
    assert count(any_database, Partnership, Partnership.state != "ended") == 0
    assert count(any_database, Share, Share.taken_back_at.is_(None)) == 0
    back = "\n".join(["name,email", *(f"P{k},p{k}@s.example" for k in range(len(people)))])
    import_staff(any_database, lead, read_staff(back), others_left=False)
    assert count(any_database, Person, left) == 1
