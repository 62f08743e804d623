"""No open page misses a change, in whatever order the database makes changes visible."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.database.db import Database
from core.database.events import record_event
from tests.support.factories import make_lesson, make_person
from web.live import Seen, read_new


def test_a_change_that_becomes_visible_after_a_later_one_is_not_missed(any_database: Database) -> None:
    if any_database.engine.dialect.name == "sqlite":
        return  # one writer at a time: numbers become visible in their order
    with any_database.write() as session:
        lesson_id = make_lesson(session, make_person(session)).id
    with Session(any_database.engine) as slow:
        record_event(slow, lesson_id, "comment")
        slow.flush()
        with any_database.write() as session:
            record_event(session, lesson_id, "step")
        seen, kinds = read_new(Seen(0))
        assert kinds == [(lesson_id, "step")]
        slow.commit()
    seen, kinds = read_new(seen)
    assert kinds == [(lesson_id, "comment")]
    assert read_new(seen)[1] == []


def test_a_page_hears_of_each_kind_of_change_once(any_database: Database) -> None:
    with any_database.write() as session:
        lesson_id = make_lesson(session, make_person(session)).id
        for _ in range(300):
            record_event(session, lesson_id, "words")
        record_event(session, lesson_id, "step")
    seen, kinds = read_new(Seen(0))
    assert kinds == [(lesson_id, "words"), (lesson_id, "step")]
    assert read_new(seen)[1] == []
