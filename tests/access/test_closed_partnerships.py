"""Every route of the application in a suspended and in an ended partnership: nothing of the other's, nothing new."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from core.models import (
    Action,
    ClipShare,
    CoachingSession,
    Comment,
    Goal,
    GoalVersion,
    Lesson,
    PortfolioItem,
    Share,
    ShownMeasures,
    Walk,
    WalkNote,
)
from tests.access.test_every_route import TABLE, address, filled
from tests.support.marked_school import BOTH, HERS, HIS, WHEN, mark_words
from tests.support.web_school import School, Standing

WRITTEN = (Action, CoachingSession, Comment, Goal, GoalVersion, PortfolioItem, Walk, WalkNote)
OPENED = (ClipShare, Share, ShownMeasures)
STATES = ("suspended, row not yet", "ended")
READS = [path for method, path in TABLE if method == "GET"]
WRITES = [one for one in TABLE if one[0] not in ("GET", "HEAD")]

# What a route may still write, and why.
MAY_WRITE: dict[tuple[str, str, str], str] = {
    ("suspended, row not yet", "coach", "/walks"): "a walk to somebody else",
    ("suspended, row not yet", "owner", "/walks"): "a walk to somebody else",
    ("ended", "coach", "/walks"): "a walk to somebody else",
    ("ended", "owner", "/walks"): "a walk to somebody else",
    ("suspended, row not yet", "coach", "/portfolio/reflections"): "his own text, about nobody",
    ("suspended, row not yet", "owner", "/portfolio/reflections"): "her own text, about nobody",
    ("ended", "coach", "/portfolio/reflections"): "his own text, about nobody",
    ("ended", "owner", "/portfolio/reflections"): "her own text, about nobody",
    ("suspended, row not yet", "coach", "/portfolio/tasks"): "his own answer to a set task, about nobody",
    ("ended", "coach", "/portfolio/tasks"): "his own answer to a set task, about nobody",
    ("suspended, row not yet", "owner", "/api/lessons/{lesson_id}/comments"): "a note for herself on her own lesson",
    ("suspended, row not yet", "owner", "/api/clips/{clip_id}/comments"): "a note for herself on her own clip",
    ("ended", "owner", "/api/lessons/{lesson_id}/comments"): "a note for herself on her own lesson",
    ("ended", "owner", "/api/clips/{clip_id}/comments"): "a note for herself on her own clip",
    ("ended", "owner", "/walks/{walk_id}/answer"): "a walk needs no partnership",
    ("ended", "coach", "/walks/{walk_id}/save"): "a walk needs no partnership",
    ("ended", "coach", "/api/walks/{walk_id}/notes"): "a walk needs no partnership",
    ("ended", "coach", "/api/walks/{walk_id}/sound"): "a walk needs no partnership",
}


@pytest.fixture(scope="module", params=STATES)
def state(request: pytest.FixtureRequest, standing: Standing) -> str:
    """Return one state after the other; each begins with a new standing school."""
    standing.is_changed()
    return str(request.param)


def brought_to(school: School, state: str) -> School:
    """Return the standing school with its partnership in a state."""
    with school.database.read() as session:
        lesson = session.get_one(Lesson, school.ids["lesson"])
        fresh = not lesson.title.startswith(HERS)
    if fresh:
        mark_words(school)
        with school.database.write() as session:
            WHEN[state](session, school)
    return school


def written(school: School) -> set[tuple[str, str]]:
    """Return all that is written and opened in the school, without when it was deleted or withdrawn."""
    found = set()
    with school.database.read() as session:
        for table in (*WRITTEN, *OPENED):
            names = list(table.__table__.columns.keys())
            kept = [name for name in names if name not in ("deleted_at", "taken_back_at", "consent", "decided_at")]
            for row in session.scalars(select(table)):
                if getattr(row, "taken_back_at", None) is None:
                    found.add((table.__tablename__, repr([(name, getattr(row, name)) for name in kept])))
    return found


def test_no_page_and_no_answer_shows_the_coach_what_is_closed_to_him(school: School, state: str) -> None:
    mark_words(school)
    with school.database.write() as session:
        WHEN[state](session, school)
    coach, seen = school.browser("coach"), 0
    closed = (HERS, BOTH) if state.startswith("suspended") else (f"{HERS} lesson", f"{HERS} clip", f"{HERS} comment")
    for ids in (school.ids, school.ids | {"session": school.ids["met"]}):
        for path in READS:
            answer = coach.get(address(replace(school, ids=ids), path))
            assert answer.status_code < 500, path
            found = [word for word in closed if word.encode() in answer.content]
            assert found == [], (path, found)
            seen += HIS.encode() in answer.content
    assert seen > 0  # what he wrote himself is his
    print(f"{state}: {2 * len(READS)} pages and answers, nothing of {', '.join(closed)}")  # noqa: T201


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("kind", ["coach", "owner"])
def test_no_route_writes_anything_new(
    standing_school: School, standing: Standing, method: str, path: str, kind: str, state: str
) -> None:
    school = brought_to(standing_school, state)
    _, body, form = TABLE[(method, path)]
    if isinstance(body, dict) and "partnership_id" in body:
        body = {"partnership_id": school.ids["partnership_coach"]}
    form = None if form is None else filled(school, form)
    files = {"file": ("a.txt", form.pop("file").encode())} if form and "file" in form else None
    before = written(school)
    answer = school.browser(kind).request(method, address(school, path), json=body, data=form, files=files)
    assert answer.status_code < 500
    new = written(school) - before
    if answer.status_code < 400:
        standing.is_changed()
    if (state, kind, path) in MAY_WRITE:
        assert new != set()
    else:
        assert new == set(), (path, new)
        assert answer.status_code >= 400 or method == "DELETE" or path not in REFUSED, (path, answer.status_code)


# Where something new would be written in the partnership, so that it is refused and says so.
REFUSED = {
    path
    for path in (one[1] for one in WRITES)
    if path.startswith(("/partnerships/{", "/goals/", "/actions/", "/sessions/", "/api/sessions/"))
    and not path.endswith(("/end", "/resume"))
} | {"/api/sessions/{session_id}/end", "/measures/shown", "/api/lessons/{lesson_id}/shares", "/portfolio/clips"}
