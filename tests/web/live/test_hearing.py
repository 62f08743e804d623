"""Every kind of event with every listener: each is told of what she may see at that moment, and of nothing else."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

import annotation
import core
import transcription
import workers
from annotation.coaching.partnerships import end_partnership
from annotation.coaching.session_cards import choose_moment
from annotation.coaching.sessions import mark_absent
from annotation.lessons.clips import (
    ask_for_blur,
    delete_clip,
    get_clip,
    make_clip,
    restore_clip,
    share_clip,
    withdraw_clip,
)
from annotation.lessons.comments import CommentText, add_comment, delete_comment, edit_comment, restore_comment
from annotation.lessons.lessons import delete_lesson, get_lesson, let_coaches_meet, rename_lesson, restart_work
from annotation.lessons.sharing import share_lesson, withdraw_share
from annotation.people.sign_in import end_sign_in
from core.clock import utc_now
from core.database.events import record_event
from core.database.rights_watch import may_end_a_right
from core.models import (
    ClipShare,
    Comment,
    Dictation,
    Event,
    Lesson,
    Partnership,
    Person,
    Share,
    SignIn,
)
from core.pipeline.step_events import record_step_event
from core.pipeline.steps import Claim
from tests.support.web_school import School
from tests.web.live.test_streams import Line, follower
from web.live.hub import POLL_SECONDS, Hub

PATIENCE = 15.0  # test_streams looks at how soon; here it is about who


@dataclass
class Stage:
    """A lesson that two coaches see whole, and a third one a clip of it."""

    school: School
    session: Session

    def person(self, kind: str) -> Person:
        kind = {"clip_coach": "expired"}.get(kind, kind)
        return self.session.get_one(Person, self.school.ids[f"person_{kind}"])

    def partnership(self, kind: str) -> str:
        return self.school.ids[f"partnership_{ {'clip_coach': 'expired'}.get(kind, kind) }"]

    def comment(self, writer: str, to: str | None, *, on_clip: bool = False) -> Comment:
        person = self.person(writer)
        clip = get_clip(self.session, person, self.school.ids["clip"])[0] if on_clip else None
        said = CommentText("A word", 100, None, "noticed", "", None)
        to = None if to is None else self.partnership(to)
        return add_comment(self.session, person, self.lesson, said, clip=clip, partnership_id=to)[0]

    @property
    def lesson(self) -> Lesson:
        return self.session.get_one(Lesson, self.school.ids["lesson"])

    @property
    def old(self) -> Comment:
        return self.session.get_one(Comment, self.school.ids["comment"])  # by the coach, for the owner

    def step(self, stage: str) -> None:
        record_step_event(self.session, Claim("-", self.school.ids["lesson"], stage, 1, "-", 1))


def edit(on: Stage) -> None:
    old = on.old
    now = CommentText(old.text, old.start_ms, old.end_ms, old.kind, old.stage, old.goal_id)
    edit_comment(on.session, on.person("coach"), old, replace(now, text="Other words"))


def comment_and_take_away(on: Stage) -> None:
    delete_comment(on.session, on.person("coach"), on.old)


def reinstate(on: Stage) -> None:
    on.old.deleted_at = utc_now()
    restore_comment(on.session, on.person("coach"), on.old)


def spoken(on: Stage) -> None:  # dictation 1 is the coach's
    assert on.session.scalar(select(Dictation.person_id)) == on.person("coach").id
    on.step("hear_comment")


ROOM = "coach in the room"
OWNERS = {"owner", "owner on the clip", "owner in the room"}
COACHS = {"coach", "coach on the clip", ROOM}
OF_LESSON = OWNERS | {"coach", "other_coach", ROOM}
OF_CLIP = OWNERS | {"coach on the clip", "clip_coach"}
OF_ROOM = {"owner in the room", ROOM}
ACTS: dict[str, tuple[Callable[[Stage], object], set[str]]] = {
    "owner notes for herself": (lambda on: on.comment("owner", None), OWNERS),
    "coach notes for himself": (lambda on: on.comment("coach", None), COACHS),
    "owner writes to a coach": (lambda on: on.comment("owner", "coach"), OWNERS | COACHS),
    "other coach writes": (lambda on: on.comment("other_coach", "other_coach"), OWNERS | {"other_coach"}),
    "note on the clip": (lambda on: on.comment("clip_coach", None, on_clip=True), {"clip_coach"}),
    "comment on the clip": (lambda on: on.comment("clip_coach", "clip_coach", on_clip=True), OWNERS | {"clip_coach"}),
    "coach edits": (edit, OWNERS | COACHS),
    "coach deletes": (comment_and_take_away, OWNERS | COACHS),
    "coach restores": (reinstate, OWNERS | COACHS),
    "lesson shared again": (
        lambda on: share_lesson(on.session, on.person("owner"), on.lesson, on.partnership("coach"), None),
        OWNERS | COACHS,
    ),
    "clip shared again": (
        lambda on: share_clip(on.session, on.person("owner"), on.school.ids["clip"], on.partnership("clip_coach")),
        OWNERS | {"clip_coach"},
    ),
    "clip opened to the coach": (
        lambda on: share_clip(on.session, on.person("owner"), on.school.ids["clip"], on.partnership("other_coach")),
        OWNERS,
    ),
    "clip made": (
        lambda on: make_clip(on.session, on.person("owner"), on.school.ids["lesson"], "New", 0, 5000),
        OWNERS,
    ),
    "blur asked": (lambda on: ask_for_blur(on.session, on.person("owner"), on.school.ids["clip"]), OF_CLIP),
    "clip brought back": (lambda on: restore_clip(on.session, on.person("owner"), on.school.ids["clip"]), OF_CLIP),
    "clip is cut": (lambda on: on.step("cut_clip"), OF_CLIP),
    "comment is heard": (spoken, COACHS),
    "film is made": (lambda on: on.step("make_rendition"), OF_LESSON),
    "work restarted": (
        lambda on: restart_work(on.session, on.person("owner"), on.school.ids["lesson"]),
        OF_LESSON,
    ),
    "lesson renamed": (
        lambda on: rename_lesson(on.session, on.person("owner"), on.school.ids["lesson"], title="New"),
        OF_LESSON,
    ),
    "words corrected": (lambda on: record_event(on.session, on.school.ids["lesson"], "words"), OF_LESSON),
    "coaches meet": (
        lambda on: let_coaches_meet(on.session, on.person("owner"), on.school.ids["lesson"], True),
        OF_LESSON,
    ),
    "card in the room": (
        lambda on: choose_moment(on.session, on.person("coach"), on.school.ids["session"], 5),
        OF_ROOM,
    ),
    "room left": (
        lambda on: mark_absent(on.session, on.person("owner"), on.school.ids["session"]),
        OF_ROOM,
    ),
}


def open_everything(school: School) -> None:
    with school.database.write() as session:
        now = utc_now()
        session.add(
            Share(lesson_id=school.ids["lesson"], partnership_id=school.ids["partnership_other_coach"], created_at=now)
        )
        clip = ClipShare(clip_id=school.ids["clip"], partnership_id=school.ids["partnership_expired"], created_at=now)
        session.add(clip)


def things_of(school: School) -> dict[str, tuple[str, str]]:
    """Return who listens to what, by a name."""
    lesson, clip = f"lesson:{school.ids['lesson']}", f"clip:{school.ids['clip']}"
    room = f"session:{school.ids['session']}"
    return {
        "owner": ("owner", lesson),
        "coach": ("coach", lesson),
        "other_coach": ("other_coach", lesson),
        "clip_coach": ("expired", clip),
        "owner on the clip": ("owner", clip),
        "coach on the clip": ("coach", clip),
        "owner in the room": ("owner", room),
        "coach in the room": ("coach", room),
        "taken_back": ("taken_back", lesson),
        "lead": ("lead", lesson),
        "manager": ("manager", room),
    }


async def heard_by(school: School, act: Callable[[], None], expected: set[str]) -> dict[str, list[str]]:
    """Return what each is told soon after an act, once those who are expected have been told; nothing wakes the hub."""
    hub = Hub()
    heard: dict[str, list[str]] = {}
    lines: Mapping[str, Line] = {
        name: Line(hub, follower(school, kind), [thing]) for name, (kind, thing) in things_of(school).items()
    }
    for line in lines.values():
        await line.until_hello()
    await asyncio.sleep(2 * POLL_SECONDS)  # each is new for a round
    listening = [asyncio.ensure_future(collect(line, heard.setdefault(name, []))) for name, line in lines.items()]
    await asyncio.to_thread(act)
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE and not all(heard[name] for name in expected):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(2 * POLL_SECONDS)
    for one in listening:
        one.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    return heard


async def collect(line: Line, heard: list[str]) -> None:
    with suppress(StopAsyncIteration):
        while True:
            heard.append((await line.next(wake=False))[0])
    heard.append("end")


def acting(school: School, act: Callable[[Stage], object]) -> Callable[[], None]:
    def run() -> None:
        with school.database.write() as session:
            act(Stage(school, session))

    return run


@pytest.mark.parametrize("name", ACTS)
def test_each_hears_of_what_she_may_see_and_of_nothing_else(school: School, name: str) -> None:
    open_everything(school)
    act, expected = ACTS[name]
    heard = asyncio.run(heard_by(school, acting(school, act), expected))
    assert {who for who, kinds in heard.items() if set(kinds) - {"gone", "end"}} == expected


def test_every_kind_of_event_is_among_the_acts(school: School) -> None:
    written = set()
    for package in (annotation, core, transcription, workers):
        for module in Path(next(iter(package.__path__))).rglob("*.py"):
            written |= set(re.findall(r'record_event\([^"\n]*"(\w+)"', module.read_text()))
    open_everything(school)
    for act, _ in ACTS.values():
        acting(school, act)()
    with school.database.read() as session:
        recorded = set(session.scalars(select(Event.kind)))
    assert written <= recorded
    assert len(written) >= 5


def take_back(on: Stage) -> None:
    withdraw_share(on.session, on.person("owner"), on.school.ids["share"])
    withdraw_clip(on.session, on.person("owner"), on.school.ids["clip"], on.partnership("coach"))


def end(on: Stage) -> None:
    end_partnership(on.session, on.person("coach"), on.partnership("coach"))


def suspend(on: Stage) -> None:
    on.session.get_one(Partnership, on.partnership("coach")).state = "suspended"


def suspend_by_statement(on: Stage) -> None:
    its = update(Partnership).where(Partnership.id == on.partnership("coach"))
    on.session.connection().execute(its.values(state="suspended"))


def sign_out(on: Stage) -> None:
    end_sign_in(on.session, on.school.secrets["coach"])


def end_devices(on: Stage) -> None:
    on.session.execute(delete(SignIn).where(SignIn.person_id == on.person("coach").id))


def close_account(on: Stage) -> None:
    on.person("coach").deactivated_at = utc_now()


def delete_whole(on: Stage) -> None:
    lesson = get_lesson(on.session, on.person("owner"), on.school.ids["lesson"])
    delete_lesson(on.session, on.person("owner"), lesson.id, lesson.title)


def clip_deleted(on: Stage) -> None:
    delete_clip(on.session, on.person("owner"), on.school.ids["clip"])


def time_runs_out(on: Stage) -> None:
    soon = utc_now() + timedelta(seconds=0.1)
    on.session.execute(update(Share).values(until=soon))
    on.session.execute(update(ClipShare).values(until=soon))


def sign_in_runs_out(on: Stage) -> None:
    person_id = on.person("coach").id
    row = on.session.scalars(select(SignIn).where(SignIn.person_id == person_id)).one()
    row.expires_at = utc_now() + timedelta(seconds=0.1)


ENDS: dict[Callable[[Stage], None], set[str]] = {
    take_back: COACHS - {ROOM},
    end: COACHS | OF_ROOM,
    suspend: COACHS | OF_ROOM,
    suspend_by_statement: COACHS | OF_ROOM,
    sign_out: COACHS,
    end_devices: COACHS,
    close_account: COACHS,
    delete_whole: COACHS - {ROOM} | {"owner", "owner on the clip", "other_coach", "clip_coach"},
    time_runs_out: COACHS - {ROOM} | {"other_coach", "clip_coach"},
    sign_in_runs_out: COACHS,
    clip_deleted: OF_CLIP - {"owner", "owner in the room"},
}


@pytest.mark.parametrize("ends", ENDS)
def test_a_stream_says_gone_and_ends_with_its_right(school: School, ends: Callable[[Stage], None]) -> None:
    open_everything(school)
    heard = asyncio.run(heard_by(school, acting(school, ends), ENDS[ends]))
    ended = {name for name, kinds in heard.items() if kinds[-2:] == ["gone", "end"] or kinds[-1:] == ["end"]}
    assert ended == ENDS[ends] | {"taken_back", "lead", "manager"}, heard


async def seconds_until_gone(school: School, act: Callable[[], None]) -> float:
    """Return how long after an act the coach's stream of the room ends; nothing wakes the hub."""
    line = Line(Hub(), follower(school, "coach"), [f"session:{school.ids['session']}"])
    await line.until_hello()
    await asyncio.sleep(2 * POLL_SECONDS)
    heard: list[str] = []
    listening = asyncio.ensure_future(collect(line, heard))
    await asyncio.to_thread(act)
    began = time.monotonic()
    await asyncio.wait_for(listening, PATIENCE)
    assert heard[-2:] == ["gone", "end"]
    return time.monotonic() - began


@pytest.mark.alone("it measures a second")
@pytest.mark.parametrize("ends", [end, suspend_by_statement, sign_out, close_account])
def test_a_stream_ends_within_a_second_of_its_right(school: School, ends: Callable[[Stage], None]) -> None:
    open_everything(school)
    with ThreadPoolExecutor(1) as pool:  # beside tests that have a loop of their own in this thread
        assert pool.submit(asyncio.run, seconds_until_gone(school, acting(school, ends))).result() < 1


@pytest.mark.parametrize(
    ("statement", "ends"),
    [
        ("UPDATE sign_in SET last_seen_at=? WHERE sign_in.id = ?", False),
        ("UPDATE sign_in SET expires_at=? WHERE sign_in.id = ?", True),
        ("DELETE FROM sign_in WHERE sign_in.person_id = ?", True),
        ('UPDATE "partnership" SET "state"=%(state)s', True),
        ("UPDATE person SET mails_wanted=? WHERE person.id = ?", False),
        ("UPDATE person SET name=?, manager_id=? WHERE person.id = ?", True),
        ("UPDATE person SET is_lead=? WHERE person.id = ?", True),
        ("UPDATE lesson SET title=? WHERE lesson.id = ?", False),
        ("UPDATE lesson SET deleted_at=? WHERE lesson.id = ?", True),
        ("DELETE FROM lesson WHERE lesson.id = ?", True),
        ("DELETE FROM stored_file WHERE stored_file.id = ?", True),
        ("UPDATE portfolio_item SET consent=? WHERE portfolio_item.id = ?", True),
        ("UPDATE portfolio_item SET position=? WHERE portfolio_item.id = ?", False),
        ("SELECT share.id FROM share", False),
        ("INSERT INTO share (id) VALUES (?)", False),
    ],
)
def test_a_statement_that_may_end_a_right_is_noticed(statement: str, ends: bool) -> None:
    assert may_end_a_right(statement) == ends
