"""No page and no call asks the database once for each row of a list."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, func, select

from core.database.db import Database
from core.models import Base, MeasuresOpening, Opening, Person
from tests.access.test_every_route import TABLE, address, filled_request
from tests.support.grown_school import grow_school
from tests.support.processes import closing_database, use_ground
from tests.support.servers import Ground, Servers
from tests.support.web_school import School
from web import child_process
from web.transfer import while_allowed
from web.views.people.my_data import documents_of

FEW, MANY = range(1, 4), range(4, 13)
Schools = tuple[Ground, Ground]
Asked = tuple[str, str, str]  # kind of person, method, path
ASKING = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
ARCHIVE = "/me/everything.zip"  # it is streamed a lesson after the other; what else is in it is counted by itself
MANY_VALUES = re.compile(r"\([^()a-z]*\)|(?<=\)), \(\.\.\.\)")  # of a list of any length


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """Count the statements that any engine of this process is sent, by their text."""
    counts: Counter[str] = Counter()

    def count(_connection: object, _cursor: object, statement: str, *_more: Any) -> None:
        if statement.lstrip().upper().startswith(ASKING):
            counts[MANY_VALUES.sub("(...)", statement)] += 1

    event.listen(Engine, "before_cursor_execute", count)
    yield counts
    event.remove(Engine, "before_cursor_execute", count)


def rows(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {
            one.name: session.scalar(select(func.count()).select_from(one)) or 0 for one in Base.metadata.sorted_tables
        }


@pytest.fixture(scope="module")
def schools(
    whole_school: tuple[School, Ground], servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Schools]:
    """Yield a school with few of everything, and the same with many."""
    made, ground = whole_school
    found: list[Ground] = []
    with pytest.MonkeyPatch.context() as patch:
        for name, numbers in (("few", FEW), ("many", MANY)):
            like, ground = ground, servers.name(tmp_path_factory.mktemp(name) / "data")
            servers.make(ground, like)
            use_ground(patch, ground)
            with closing_database() as database, database.write() as session:
                grow_school(session, made.ids, numbers)
            found.append(ground)
    yield found[0], found[1]
    for one in found:
        servers.remove(one)


def ask(school: School, kind: str, method: str, path: str) -> tuple[int, Counter[str]]:
    """Return status and statements of one request, as if nobody had opened anything before."""
    _, body, form = TABLE[(method, path)]
    body, form, files = filled_request(school, path, body, form)
    with school.database.write() as session:
        session.execute(delete(Opening))
        session.execute(delete(MeasuresOpening))
    client = school.browser(kind)
    with counting() as counts:
        answer = client.request(method, address(school, path), json=body, data=form, files=files)
    return answer.status_code, counts


def kinds_of(at: tuple[str, str]) -> list[str]:
    """Return who is asked for a route: each of those whose lists are long that is let in, or somebody."""
    allowed = TABLE[at][0] - {"nobody"}
    return [one for one in ("owner", "coach", "lead") if one in allowed] or ["stranger"][: len(allowed)]


def ask_all(
    made: School, servers: Servers, like: Ground, routes: Sequence[tuple[str, str]]
) -> dict[Asked, Counter[str]]:
    """Return the statements of each route for each kind of person, on a school that is as this one every time."""
    found = {}
    ground = servers.name(Path(like["HINDSIGHT_DATA_DIR"]).parent / "own")
    servers.make(ground, like)
    with pytest.MonkeyPatch.context() as patch:
        use_ground(patch, ground)
        patch.setattr(while_allowed, "CHECK_SECONDS", 600)  # else a slow answer is asked for again
        patch.setattr(child_process, "WAIT_SECONDS", 600)  # what a busy machine does late is counted as well
        with closing_database() as database:  # one for all, since it remembers how its statements are written
            school = replace(made, database=database)
            for method, path in routes:
                for kind in kinds_of((method, path)):
                    status, found[(kind, method, path)] = ask(school, kind, method, path)
                    assert status < 400, (kind, method, path, status)
                    if method != "GET":
                        database.dispose()
                        servers.remove(ground)
                        shutil.rmtree(ground["HINDSIGHT_DATA_DIR"])
                        servers.make(ground, like)
    servers.remove(ground)
    return found


def growing(
    made: School, servers: Servers, schools: Schools, routes: Sequence[tuple[str, str]]
) -> dict[Asked, tuple[int, int, dict[str, int]]]:
    """Return the requests that take more statements in the large school, with those that are more."""
    few, many = (ask_all(made, servers, ground, routes) for ground in schools)
    return {
        one: (few[one].total(), many[one].total(), dict(many[one] - few[one]))
        for one in few
        if many[one].total() > few[one].total()
    }


def test_the_school_grows_by_rows_of_every_table(schools: Schools) -> None:
    counts = []
    for ground in schools:
        with pytest.MonkeyPatch.context() as patch:
            use_ground(patch, ground)
            with closing_database() as database:
                counts.append(rows(database))
    few, many = counts
    assert [name for name in few if many[name] - few[name] < len(MANY)] == []


@pytest.mark.parametrize("is_reading", [True, False])
def test_a_longer_list_is_not_asked_for_row_by_row(
    whole_school: tuple[School, Ground], schools: Schools, servers: Servers, is_reading: bool
) -> None:
    routes = [one for one in sorted(TABLE) if (one[0] in ("GET", "HEAD")) == is_reading and one[1] != ARCHIVE]
    assert len(routes) > 40
    assert growing(whole_school[0], servers, schools, routes) == {}


@pytest.mark.parametrize("kind", ["owner", "coach"])
def test_everything_about_a_person_is_not_read_row_by_row(
    whole_school: tuple[School, Ground], schools: Schools, kind: str
) -> None:
    found = []
    for ground in schools:
        with pytest.MonkeyPatch.context() as patch:
            use_ground(patch, ground)
            with closing_database() as database, database.read() as session:
                person = session.get_one(Person, whole_school[0].ids[f"person_{kind}"])
                with counting() as counts:
                    names = [path for path, _ in documents_of(session, person)]
        found.append(counts)
        assert len(names) > len(FEW)
    few, many = found
    assert many.total() == few.total(), many - few
