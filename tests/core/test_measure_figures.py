"""Figures of a lesson are what its document says, however the row is written, and also what an upgrade makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import quantiles
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, text, update

from core.clock import utc_now
from core.database.db import Database
from core.database.migrate import migrate_database
from core.measure_figures import figures_of
from core.models import MeasuresRow
from tests.support.factories import make_lesson, make_person

MOMENT = st.integers(0, 10**7)
INTERVALS = st.lists(st.tuples(MOMENT, MOMENT).map(sorted), max_size=60)
DOCUMENTS = st.fixed_dictionaries(
    {"speech_ms": MOMENT, "teacher_share_of_talk": st.floats(0, 1) | st.none()},
    optional={
        "heard_in": st.fixed_dictionaries({"teacher_ms": INTERVALS}, optional={"wait_1_median_ms": INTERVALS})
        | st.fixed_dictionaries({"wait_1_median_ms": INTERVALS, "wait_2_median_ms": INTERVALS})
    },
)


@given(DOCUMENTS)
def test_nothing_is_lost_but_intervals_and_of_waits_stay_their_number_and_quartiles(document: dict[str, Any]) -> None:
    figures = json.loads(json.dumps(figures_of(document)))  # as a column keeps them
    waits = figures.pop("waits")
    assert figures == {name: value for name, value in document.items() if name != "heard_in"}
    for name in ("wait_1_median_ms", "wait_2_median_ms"):
        lengths = [end - start for start, end in document.get("heard_in", {}).get(name, ())]
        low, _, high = quantiles(lengths, n=4, method="inclusive") if len(lengths) > 1 else (None, None, None)
        assert waits[name] == [len(lengths), low, high]


def document_of(number: int) -> dict[str, Any]:
    waits = [[k * 60_000, k * 60_000 + 300 + k * number] for k in range(number)]
    return {"speech_ms": 9, "wait_1_median_ms": 5, "heard_in": {"wait_1_median_ms": waits, "teacher_ms": [[0, 9]]}}


def test_whoever_writes_a_document_writes_its_figures(any_database: Database) -> None:
    with any_database.write() as session:
        owner = make_person(session)
        ids = [make_lesson(session, owner).id for _ in range(4)]
        session.add(MeasuresRow(lesson_id=ids[0], document=document_of(3)))
        session.add(MeasuresRow(lesson_id=ids[1], document=document_of(4)))
        session.execute(
            insert(MeasuresRow), [{"lesson_id": one, "document": document_of(k)} for k, one in enumerate(ids[2:])]
        )
    with any_database.write() as session:
        session.merge(MeasuresRow(lesson_id=ids[0], document=document_of(7)))
        session.execute(update(MeasuresRow).where(MeasuresRow.lesson_id == ids[2]).values(document=document_of(8)))
    with any_database.read() as session:
        rows = {one.lesson_id: one for one in session.scalars(select(MeasuresRow))}
    assert [len(rows[one].document["heard_in"]["wait_1_median_ms"]) for one in ids] == [7, 4, 8, 1]
    assert [rows[one].figures == figures_of(rows[one].document) for one in ids] == [True] * 4


def test_an_upgrade_gives_every_document_its_figures(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'school.sqlite3'}"
    migrate_database(address, "0025")
    old, now = Database(address), utc_now().isoformat()
    with old.write() as session:
        session.execute(
            text(
                "INSERT INTO person (id, email, name, department, password_hash, is_lead, created_at, called,"
                " wants_mail) VALUES ('ada', 'a@s.example', 'Ada', '', '', 0, :now, '', 1)"
            ),
            {"now": now},
        )
        for number in range(450):  # more than are changed at once
            session.execute(
                text(
                    "INSERT INTO lesson (id, owner_id, title, class_name, created_at, language, failure_code,"
                    " failure_sentence) VALUES (:id, 'ada', 'x', '', :now, '', '', '')"
                ),
                {"id": f"l{number}", "now": now},
            )
            session.execute(
                text("INSERT INTO measures VALUES (:id, :document)"),
                {"id": f"l{number}", "document": json.dumps(document_of(number % 9))},
            )
    old.dispose()
    migrate_database(address)
    new = Database(address)
    with new.read() as session:
        rows = session.scalars(select(MeasuresRow)).all()
    new.dispose()
    assert len(rows) == 450
    assert [one.lesson_id for one in rows if one.figures != figures_of(one.document)] == []
