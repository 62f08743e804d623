"""Every text column of every table and every kind of file, filled with marks: what is deleted leaves none behind.

The columns are those of the tables themselves, so that a new one is filled and looked for without a word here. What
stays is named here, and why.
"""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import JSON, MetaData, String, Table, select, update

from annotation.lessons.comments import delete_comment
from annotation.lessons.undo import UNDO
from annotation.people.account_deletion import delete_account
from core.clock import utc_now
from core.database.backup import back_up
from core.database.content import content_columns
from core.database.db import Database
from core.models import Base, Clip, Comment, CommentVersion, Dictation, Person, PortfolioItem, StoredFile, Upload
from core.settings import get_settings
from core.storage.base import Storage
from core.storage.configured import get_storage
from tests.core.database.test_erasures import bytes_of
from tests.support.databases import postgres_program
from tests.support.factories import keep_bytes
from tests.support.web_school import School
from workers.queue.sweeper import delete_discarded, erase, sweep

# What an account leaves with others when it is deleted (product rule 10), under "A former colleague".
STAYS_WITH_OTHERS = {
    "partnership.focus": "what both agreed to work on",
    "session_note.text": "what both wrote together",
    "action.what": "what both agreed on",
    "comment.text": "a comment on somebody else's lesson stays with that lesson",
    "walk.title": "a visit that was saved belongs to whoever was visited",
    "walk.answer": "what the visited teacher answered",
    "walk_note.text": "a visit that was saved belongs to whoever was visited",
    "portfolio_item.title": "a coach's own reflection; her consent is withdrawn, so that nobody else reads it",
    "portfolio_item.text": "the same",
    "goal.title": "a goal of somebody whom she coached is that person's",
    "goal.reality": "the same",
    "goal.options": "the same",
    "goal.will": "the same",
    "goal.outcome": "the same",
    "goal_version.before": "the same",
}


def mark(place: str, row: str) -> str:
    """Return a mark that fits into every column: its table and column, and the row."""
    return f"<{place}|{row}>"


def fill(school: School) -> dict[str, set[str]]:
    """Write a mark into every column with content of every row; return the rows that there are, by table."""
    rows: dict[str, set[str]] = {}
    with school.database.writer.begin() as connection:
        for table in Base.metadata.sorted_tables:
            keys = list(table.primary_key.columns)
            for row in connection.execute(select(table)).mappings().all():
                name = "/".join(str(row[key.name]) for key in keys)
                rows.setdefault(table.name, set()).add(name)
                values = {one: _filled(table, one, name) for one in content_columns().get(table.name, ())}
                if values:
                    here = [key == row[key.name] for key in keys]
                    connection.execute(update(table).where(*here).values(values))
    storage = get_storage()
    for key in list(storage.keys()):
        keep_bytes(storage, key, mark("file", key).encode() * 50)
    return rows


def _filled(table: Table, column: str, row: str) -> object:
    said = mark(f"{table.name}.{column}", row)
    kind = table.c[column].type
    if isinstance(kind, JSON):
        return {"G": said} if table.name == "goal_version" else [said]
    assert isinstance(kind, String)
    return said if kind.length is None or len(said) <= kind.length else said[: kind.length]


def add_rows(school: School) -> None:
    """Add what the school has none of: a version, uploads, sound that could not be heard, files of every kind."""
    ids, now, storage = school.ids, utc_now(), get_storage()
    with school.database.write() as session:
        owner, coach = (session.get_one(Person, ids[f"person_{kind}"]) for kind in ("owner", "coach"))
        session.add(CommentVersion(comment_id=ids["comment"], text="before", written_at=now))
        session.add(Upload(owner_id=owner.id, name="x", length=9, created_at=now, expires_at=now + timedelta(days=1)))
        session.add(PortfolioItem(owner_id=coach.id, kind="reflection", title="x", text="x", added_at=now, position=9))
        session.add(Dictation(lesson_id=ids["lesson"], number=2, person_id=coach.id, created_at=now))
        lesson = session.get_one(Clip, ids["clip"]).lesson_id
        for kind in ("original", "sound", "blurred-1", "said-2"):
            key = f"lessons/{lesson}/{kind}-x"
            keep_bytes(storage, key, b"x")
            session.add(StoredFile(lesson_id=lesson, kind=kind, key=key, mime="x", bytes=1, info={}, created_at=now))


def dump_of(database: Database) -> bytes:
    """Return what PostgreSQL's own pg_dump writes of a database; of SQLite nothing, whose files are all there is."""
    if database.engine.dialect.name == "sqlite":
        return b""
    address = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return subprocess.run(
        [postgres_program("pg_dump"), "--dbname", address], check=True, capture_output=True, timeout=60
    ).stdout


def everything(database: Database, storage: Storage, backup: Path) -> bytes:
    """Sweep, back up, and return every byte of the database's files, the data folder, the store, and the backup."""
    settings = get_settings()
    sweep(database, storage, settings)
    erase(database, storage, settings)
    back_up(database, storage, backup)
    found = [bytes_of(database), dump_of(database)]
    found += [path.read_bytes() for path in sorted(settings.data_dir.rglob("*")) if path.is_file()]
    found += [piece for key in list(storage.keys()) for piece in storage.read(key, 0, storage.size(key))]
    for path in sorted(backup.rglob("*")):
        if path.is_file():
            found.append(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
    return b"\n".join(found)


def left(data: bytes, rows: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Yield (column, row) of every mark that is found."""
    for table, columns in content_columns().items():
        for column in columns:
            for row in rows.get(table, ()):
                place = f"{table}.{column}"
                if f"<{place}|{row}"[:60].encode() in data:
                    yield place, row


def rows_below(school: School, table: str, row_id: str) -> dict[str, set[str]]:
    """Return the rows that go with a row: those that refer to it with ON DELETE CASCADE, and so on."""
    found = {table: {row_id}}
    meta: MetaData = Base.metadata
    with school.database.engine.connect() as connection:
        for one in meta.sorted_tables:
            for key in one.foreign_keys:
                if key.ondelete == "CASCADE" and key.column.table.name in found and one.name != table:
                    parents = found[key.column.table.name]
                    keys = list(one.primary_key.columns)
                    for row in connection.execute(select(one).where(key.parent.in_(parents))).mappings():
                        found.setdefault(one.name, set()).add("/".join(str(row[part.name]) for part in keys))
    return found


@pytest.fixture
def filled_school(school: School) -> tuple[School, dict[str, set[str]]]:
    """Return the school with a mark in every column, and its rows."""
    add_rows(school)
    return school, fill(school)


def test_a_lesson_and_a_conversation_take_every_column_and_every_file_along(
    filled_school: tuple[School, dict[str, set[str]]], tmp_path: Path
) -> None:
    school, rows = filled_school
    storage = get_storage()
    below = rows_below(school, "lesson", school.ids["lesson"])
    below["lesson"].add(school.ids["talk"])
    for table in ("turn", "comment", "comment_version", "correction", "finding", "clip", "stored_file", "dictation"):
        assert below[table], table
    there = set(left(everything(school.database, storage, tmp_path / "before"), rows))
    assert {place for place, _ in there} >= {"turn.text", "comment.text", "lesson.title", "walk.answer"}
    title = mark("lesson.title", school.ids["lesson"])
    gone = school.browser("owner").post(f"/lessons/{school.ids['lesson']}/delete-for-good", data={"title": title})
    assert gone.status_code == 303
    assert school.browser("owner").post(f"/conversations/{school.ids['talk']}/forget").status_code == 303
    data = everything(school.database, storage, tmp_path / "before")
    assert list(left(data, below)) == []
    assert f"<file|lessons/{school.ids['lesson']}".encode() not in data
    assert "is gone" in school.browser("owner").get(gone.headers["location"]).text
    assert "Gone" in school.browser("owner").get(gone.headers["location"]).text


@pytest.mark.parametrize("kind", ["owner", "coach"])
def test_an_account_takes_along_everything_but_what_is_named_here(
    filled_school: tuple[School, dict[str, set[str]]], tmp_path: Path, kind: str
) -> None:
    school, _ = filled_school
    person_id = school.ids[f"person_{kind}"]
    hers: dict[str, set[str]] = {}
    with school.database.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for key in table.foreign_keys:
                if key.column.table.name in ("person", "lesson", "partnership", "comment", "goal", "walk"):
                    parents = {person_id} if key.column.table.name == "person" else hers.get(key.column.table.name, ())
                    for row in connection.execute(select(table).where(key.parent.in_(parents))).mappings():
                        name = "/".join(str(row[part.name]) for part in table.primary_key.columns)
                        hers.setdefault(table.name, set()).add(name)
    hers["person"] = {person_id}
    with school.database.write() as session:
        delete_account(session, session.get_one(Person, person_id), None)
    data = everything(school.database, get_storage(), tmp_path / "backup")
    with school.database.read() as session:  # what is still there, as somebody else's
        kept = {
            table.name: {
                "/".join(str(row[part.name]) for part in table.primary_key.columns)
                for row in session.execute(select(table)).mappings()
            }
            for table in Base.metadata.sorted_tables
        }
    stayed = set(left(data, hers))
    assert [one for one in stayed if one[1] not in kept[one[0].partition(".")[0]]] == []
    theirs = ("owner_id", "observed_id") if kind == "coach" else ()
    of_others = {"lesson", "turn", "clip", "stored_file", "correction", "finding", "question", "speaker", "upload"}
    wrong = {place for place, _ in stayed} - set(STAYS_WITH_OTHERS)
    assert {place for place in wrong if not (theirs and place.partition(".")[0] in of_others)} == set()
    assert mark("person.name", person_id).encode() not in data


def test_a_comment_and_a_clip_are_gone_after_a_day_from_cards_portfolio_and_everywhere(
    filled_school: tuple[School, dict[str, set[str]]], tmp_path: Path
) -> None:
    school, rows = filled_school
    ids, coach = school.ids, school.browser("coach")
    assert coach.post("/portfolio/clips", data={"clip_id": ids["clip"]}).status_code == 303
    card = {"start_ms": 1000, "comment_id": ids["comment"]}
    assert coach.post(f"/api/sessions/{ids['session']}/moments", json=card).status_code == 201
    assert mark("comment.text", ids["comment"])[:40] in coach.get(f"/api/sessions/{ids['session']}").text
    below = {**rows_below(school, "comment", ids["comment"]), "clip": {ids["clip"]}, "dictation": rows["dictation"]}
    assert below["comment_version"]
    with school.database.write() as session:
        delete_comment(session, session.get_one(Person, ids["person_coach"]), session.get_one(Comment, ids["comment"]))
    assert mark("comment.text", ids["comment"])[:40] not in coach.get(f"/api/sessions/{ids['session']}").text
    with school.database.write() as session:
        before = utc_now() - timedelta(days=1, seconds=1)
        session.get_one(Comment, ids["comment"]).deleted_at = before
        session.get_one(Clip, ids["clip"]).deleted_at = before
        for said in session.scalars(select(Dictation)):
            said.created_at = before
    assert coach.post(f"/api/comments/{ids['comment']}/restore").status_code == 404
    assert school.browser("owner").post(f"/api/clips/{ids['clip']}/restore").status_code == 404
    data = everything(school.database, get_storage(), tmp_path / "backup")
    assert list(left(data, below)) == []
    for file in ("clip-1", "blurred-1-x", "said-2-x"):
        assert f"<file|lessons/{ids['lesson']}/{file}>".encode() not in data, file
    assert coach.get("/portfolio").status_code == 200


def _walk(school: School) -> None:
    school.browser("coach").post(f"/walks/{school.ids['open_walk']}/discard")


def _item(school: School) -> None:
    with school.database.read() as session:
        item = session.scalars(select(PortfolioItem.id).where(PortfolioItem.kind == "reflection")).one()
    school.browser("coach").post(f"/portfolio/{item}/remove")
    with school.database.write() as session:  # a day later
        session.get_one(PortfolioItem, item).deleted_at = utc_now() - UNDO - timedelta(minutes=1)
    delete_discarded(school.database)


def _answer(school: School) -> None:
    school.browser("coach").post("/coaches/modules/grow", data={"text": "Other words"})


def _note(school: School) -> None:
    note = f"/api/walks/{school.ids['open_walk']}/notes/{school.ids['note_open_walk']}"
    school.browser("coach").request("DELETE", note)


@pytest.mark.parametrize(
    ("discard", "places"),
    [
        (_walk, {"walk.title", "walk.answer", "walk_note.text"}),
        (_item, {"portfolio_item.text", "portfolio_item.title"}),
        (_answer, {"module_answer.text"}),
        (_note, {"walk_note.text"}),
    ],
)
def test_what_is_thrown_away_or_written_over_leaves_no_byte(
    filled_school: tuple[School, dict[str, set[str]]],
    tmp_path: Path,
    discard: Callable[[School], None],
    places: set[str],
) -> None:
    school, rows = filled_school
    before = set(left(everything(school.database, get_storage(), tmp_path / "backup"), rows))
    discard(school)
    after = set(left(everything(school.database, get_storage(), tmp_path / "backup"), rows))
    assert {place for place, _ in before - after} == places


def test_a_spoken_comment_that_could_not_be_heard_leaves_with_its_speaker(school: School) -> None:
    storage, key = get_storage(), f"lessons/{school.ids['lesson']}/said-7"
    keep_bytes(storage, key, b"her voice")
    with school.database.write() as session:
        said = Dictation(lesson_id=school.ids["lesson"], number=7, person_id=school.ids["person_coach"])
        said.created_at = utc_now()
        session.add(said)
        session.add(
            StoredFile(
                lesson_id=school.ids["lesson"], kind="said-7", key=key, mime="x", bytes=9, info={}, created_at=utc_now()
            )
        )
    with school.database.write() as session:
        delete_account(session, session.get_one(Person, school.ids["person_coach"]), None)
    erase(school.database, storage, get_settings())
    assert key not in list(storage.keys())
    with school.database.read() as session:
        assert session.scalars(select(Dictation).where(Dictation.number == 7)).all() == []
