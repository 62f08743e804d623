"""A small school for web tests: people, a shared lesson, and signed-in clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from annotation.coaching.actions import write_action
from annotation.coaching.portfolio import add_log
from annotation.coaching.session_log import write_log_afterwards
from annotation.coaching.sessions import begin_session, plan_session
from annotation.coaching.training import write_answer
from annotation.coaching.walks import begin_walk, save_note, save_walk
from annotation.people.people import hash_secret
from annotation.people.sign_in import Attempts, begin_sign_in
from core.clock import utc_now
from core.database.db import Database
from core.database.erasures import record_erasure
from core.database.rewriting import empty_journal
from core.models import (
    AccountLink,
    Clip,
    ClipShare,
    Comment,
    Correction,
    Dictation,
    Finding,
    Goal,
    Person,
    ShownMeasures,
    Step,
    TurnRow,
)
from core.school_day import SchoolDay
from core.storage.base import Storage
from core.storage.configured import open_storage
from core.types import MediaInfo, VideoStream
from ingest.media.probe import media_to_json
from tests.support.factories import keep_bytes, make_file, make_lesson, make_partnership, make_person, make_share
from tests.support.processes import closing_database, settings_of, use_ground
from tests.support.servers import Ground, Servers, make_ground
from web.app import create_app
from web.security.auth import COOKIE

BYTES = bytes(range(256)) * 40
KINDS = (
    "owner",
    "coach",
    "taken_back",
    "expired",
    "other_coach",
    "manager",
    "lead",
    "stranger",
    "leaver",
    "nobody",
)


@dataclass
class School:
    """Ids by name, and a browser for each kind of person."""

    app: FastAPI
    database: Database
    ids: dict[str, str]
    secrets: dict[str, str]

    def browser(self, kind: str) -> TestClient:
        """Return a browser signed in as a kind of person; "nobody" is not signed in."""
        client = TestClient(self.app, raise_server_exceptions=False, follow_redirects=False)
        client.headers["accept"] = "text/html,application/xhtml+xml,*/*;q=0.8"
        if kind in self.secrets:
            client.cookies.set(COOKIE, self.secrets[kind])
        return client


def make_school(database: Database, storage: Storage) -> School:
    """Make a lesson shared with one coach; others had it, could have it, or must never have it."""
    now = utc_now()
    ids: dict[str, str] = {}
    with database.write() as session:
        people: dict[str, Person] = {"lead": make_person(session, "Lea Lead", is_lead=True)}
        people["manager"] = make_person(session, "Max Manager")
        people["owner"] = make_person(session, "Ada Owner", manager_id=people["manager"].id)
        for kind in ("coach", "taken_back", "expired", "other_coach", "stranger", "friend"):
            people[kind] = make_person(session, f"{kind.title()} Person")
        people["leaver"] = make_person(session, "Lou Leaver", deactivated_at=now)
        lesson = make_lesson(session, people["owner"], duration_ms=600_000)
        for kind in ("coach", "taken_back", "expired", "other_coach"):
            partnership = make_partnership(session, people[kind], people["owner"])
            ids[f"partnership_{kind}"] = partnership.id
            if kind == "coach":
                share = make_share(session, lesson, partnership)
                ids["share"] = share.id
            elif kind == "taken_back":
                make_share(session, lesson, partnership, taken_back_at=now)
            elif kind == "expired":
                make_share(session, lesson, partnership, until=now - timedelta(seconds=1))
        for kind, mime in (("rendition", "video/mp4"), ("poster", "image/jpeg"), ("filmstrip", "image/jpeg")):
            key = f"lessons/{lesson.id}/{kind}"
            keep_bytes(storage, key, BYTES)
            sizes = {"width": 64, "height": 36, "columns": 10, "count": 3, "interval_ms": 1000}
            make_file(session, lesson, kind, key, mime=mime, bytes=len(BYTES), info=sizes)
        goal = Goal(
            partnership_id=ids["partnership_coach"], set_by_id=people["owner"].id, title="Wait longer", created_at=now
        )
        session.add(goal)
        session.flush()
        comment = Comment(
            lesson_id=lesson.id,
            author_id=people["coach"].id,
            partnership_id=ids["partnership_coach"],
            start_ms=1000,
            text="A quiet word",
            created_at=now,
            goal_id=goal.id,
        )
        words = [[0, 400, "Secret", 0.9], [400, 900, "words", 0.9]]
        turn = TurnRow(
            lesson_id=lesson.id,
            number=0,
            start_ms=0,
            end_ms=900,
            speaker="S1",
            role="teacher",
            text="Secret words",
            words=words,
        )
        step = Step(lesson_id=lesson.id, stage="make_rendition", queue="media", state="failed", next_at=now)
        invited = make_person(session, "Nia New", email="new@school.example", password_hash="", joined_at=None)
        links = [
            AccountLink(secret_hash=hash_secret(secret), person_id=one.id, kind=kind, made_at=now)
            for secret, one, kind in (("join-me", invited, "join"), ("new-password", people["stranger"], "reset"))
        ]
        for link in links:
            link.expires_at = now + timedelta(days=1)
        body = {"span": {"start_ms": 0, "end_ms": 400}, "text": "Secret"}
        correction = Correction(
            lesson_id=lesson.id, made_by_id=people["owner"].id, made_at=now, kind="words", body=body, undone_at=now
        )
        findings = {
            "words": words,
            "voices": [{"start_ms": 0, "end_ms": 900, "speaker": "S1"}],
            "roles": ["teacher"],
            "speech": [[0, 900]],
        }
        session.add_all(Finding(lesson_id=lesson.id, kind=kind, document=found) for kind, found in findings.items())
        partnership_id = ids["partnership_coach"]
        showing = ShownMeasures(owner_id=people["owner"].id, partnership_id=partnership_id, shown_at=now)
        session.add_all([showing, comment, turn, step, correction, *links])
        clip = Clip(lesson_id=lesson.id, number=1, title="A wait", start_ms=0, end_ms=5000, created_at=now)
        session.add(clip)
        session.flush()
        session.add(ClipShare(clip_id=clip.id, partnership_id=partnership_id, created_at=now))
        old = ids["partnership_taken_back"]
        session.add(ClipShare(clip_id=clip.id, partnership_id=old, created_at=now, taken_back_at=now))
        lesson.media = media_to_json(MediaInfo("mp4", 600_000, VideoStream("h264", 64, 36, 25.0, 0, "yuv420p"), None))
        key = f"lessons/{lesson.id}/clip-1"
        keep_bytes(storage, key, BYTES)
        make_file(session, lesson, "clip-1", key, mime="video/mp4", bytes=len(BYTES), info={})
        said = Dictation(lesson_id=lesson.id, number=1, person_id=people["coach"].id, created_at=now, text="Said")
        session.add(said)
        session.flush()
        ids["said"] = said.id
        meeting = begin_session(session, people["owner"], partnership_id, lesson_id=lesson.id)
        planned = plan_session(session, people["owner"], partnership_id, now + timedelta(days=2), weekly=True)
        ids["planned"] = planned.id
        met = write_log_afterwards(
            session,
            people["coach"],
            partnership_id,
            met_on=SchoolDay.of(now),
            notes={"G": "Secret words of a log"},
            action="Secret words to do",
        )
        ids["met"] = met.id
        write_answer(session, people["coach"], "grow", "Secret words of an answer")
        ids["item"] = add_log(session, people["coach"], met.id).id
        talk = make_lesson(session, people["coach"], "Our talk", duration_ms=60_000, conversation_id=partnership_id)
        for name, saved in (("walk", True), ("open_walk", False)):
            walk = begin_walk(session, people["coach"], people["owner"].id, "Secret words of a walk")
            ids[name], ids[f"note_{name}"] = (
                walk.id,
                save_note(session, people["coach"], walk.id, 5, "Secret words", name).id,
            )
            if saved:
                save_walk(session, people["coach"], walk.id)
        ids["talk"] = talk.id
        action = write_action(session, meeting, "Secret words to wait for", None)
        assert action is not None
        ids["action"] = action.id
        ids |= {"clip": clip.id, "session": meeting.id, "erasure": record_erasure(session, "lesson").id}
        ids |= {
            "lesson": lesson.id,
            "goal": goal.id,
            "comment": comment.id,
            "correction": correction.id,
            "showing": showing.id,
        }
        ids["person_invited"] = invited.id
        ids |= {f"person_{kind}": person.id for kind, person in people.items()}
        secrets = {kind: begin_sign_in(session, person, "a browser") for kind, person in people.items()}
    return School(create_app(), database, ids, secrets)


@pytest.fixture(scope="session")
def whole_school(tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Iterator[tuple[School, Ground]]:
    """Yield a school and where it is, made once for all tests to copy."""
    ground = make_ground(servers, tmp_path_factory.mktemp("whole-school") / "data")
    settings = settings_of(ground)
    database = Database(settings.database_address)
    made = make_school(database, open_storage(settings))
    empty_journal(database)
    database.dispose()
    yield made, ground
    servers.remove(ground)


@pytest.fixture
def school(whole_school: tuple[School, Ground], servers: Servers, ground: Ground, data_dir: Path) -> Iterator[School]:
    """Yield a school of this test's own."""
    made, like = whole_school
    servers.make(ground, like)
    made.app.state.attempts = Attempts()
    with closing_database() as database:
        yield replace(made, database=database)


@dataclass
class Standing:
    """A school that test after test looks at, made anew only once one has changed it."""

    servers: Servers
    like: Ground
    folders: pytest.TempPathFactory
    ground: Ground = field(default_factory=dict)

    def stand(self) -> Ground:
        """Return where it is."""
        if not self.ground:
            self.ground = self.servers.name(self.folders.mktemp("standing") / "data")
            self.servers.make(self.ground, self.like)
        return self.ground

    def is_changed(self) -> None:
        """Say that the next test needs a new one."""
        if self.ground:
            self.servers.remove(self.ground)
        self.ground = {}


@pytest.fixture(scope="module")
def standing(
    whole_school: tuple[School, Ground], servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Standing]:
    """Yield what keeps a school for the tests of a module."""
    there = Standing(servers, whole_school[1], tmp_path_factory)
    yield there
    there.is_changed()


@pytest.fixture
def standing_school(
    whole_school: tuple[School, Ground], standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> Iterator[School]:
    """Yield the school that stands; whoever changes it says so to `standing`."""
    use_ground(monkeypatch, standing.stand())
    made = whole_school[0]
    made.app.state.attempts = Attempts()
    with closing_database() as database:
        yield replace(made, database=database)
