"""Creates the demo school: four people, a partnership, a goal, and one recording."""

from __future__ import annotations

import hashlib
import shutil
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from annotation.coaching.goals import GoalText, set_goal
from annotation.coaching.partnerships import make_partnership
from annotation.lessons.sharing import share_lesson
from annotation.people.account_links import accept_invitation, invite
from annotation.people.passwords import NewPassword
from annotation.people.people import make_first_account, nobody_yet
from core.clock import utc_now
from core.database.db import existing_database, get_database
from core.errors import HindsightError, NoSchool
from core.models import Lesson, Person, StoredFile, new_id
from core.pipeline.steps import add_first_step
from core.school_day import SchoolDay
from core.settings import Settings, get_settings
from core.storage.configured import get_storage

RECORDING = Path(__file__).resolve().parent.parent / "demo" / "lesson.mp4"
PASSWORD = "quiet-corner-7"  # noqa: S105 - printed for everybody who looks at the demo
LEAD, COACH, COACHEE, MANAGER = (
    ("Lena Lead", "lead@school.example"),
    ("Priya Coach", "priya@school.example"),
    ("Tom Teacher", "tom@school.example"),
    ("Max Manager", "max@school.example"),
)

PEOPLE = (LEAD, COACH, COACHEE, MANAGER)
EMPTY_SCHOOL = ("hindsight.sqlite3", ".writable")  # how the names of an empty school's files begin


class NoRecording(HindsightError):
    """The demo's recording is not beside the program."""

    code = "demo_recording_missing"
    sentence = "The demo's recording, demo/lesson.mp4, is not here. Please run the demo from a clone of the project."


class NotTheDemos(HindsightError):
    """A folder, a database or a bucket that was given to the demo holds something that the demo did not make."""

    code = "demo_not_empty"
    sentence = (
        "The demo wants an empty place or one that it made itself, and {where} holds {what}. Nothing was changed. "
        "Please name another folder (HINDSIGHT_DATA_DIR=another-folder hindsight demo)."
    )


def require_demo_place(settings: Settings) -> None:
    """Raise NotTheDemos unless folder, database and bucket are empty or the demo's own; writes nothing."""
    try:
        with existing_database().read() as session:
            there = set(session.scalars(select(Person.email)))
    except NoSchool:
        there = set()
    if there:
        if not there >= {email for _, email in PEOPLE}:
            address = settings.database_url and make_url(settings.database_url).render_as_string(hide_password=True)
            raise NotTheDemos(where=address or settings.data_dir.absolute(), what="a school")
        return
    if _strangers(settings):
        raise NotTheDemos(where=settings.data_dir.absolute(), what="other files")
    if settings.s3_bucket and any(get_storage().keys()):
        raise NotTheDemos(where=f"the bucket {settings.s3_bucket}", what="recordings already")


def _strangers(settings: Settings) -> bool:
    """Say whether the data folder holds more than an empty school has, and what a step left half-written."""
    return any(
        not (path.is_dir() and not path.is_symlink())
        and not path.name.startswith(EMPTY_SCHOOL)
        and settings.scratch_dir not in path.parents
        for path in settings.data_dir.rglob("*")
    )


def create_demo_school() -> str:
    """Make the school unless it is there, and return who can sign in, for the terminal."""
    if not RECORDING.is_file():
        raise NoRecording
    with get_database().write() as session:
        if nobody_yet(session):
            make_school(session)
    return f"""Sign in as (the password of all is {PASSWORD}):
    {COACHEE[1]:24} {COACHEE[0]}, a teacher: her lesson is being worked on, and shared with her coach
    {COACH[1]:24} {COACH[0]}, who comments on it
    {LEAD[1]:24} {LEAD[0]}, the programme lead, who sees no content
    {MANAGER[1]:24} {MANAGER[0]}, the teacher's line manager, who sees nothing at all"""


def make_school(session: Session) -> None:
    """Add people, partnership, goal and lesson."""
    chosen = NewPassword(PASSWORD)
    lead = make_first_account(session, *LEAD, chosen)
    manager = join(session, chosen, lead, *MANAGER, department="Mathematics")
    coach = join(session, chosen, lead, *COACH, department="Languages")
    coachee = join(session, chosen, lead, *COACHEE, department="Mathematics", manager_id=manager.id)
    partnership = make_partnership(
        session, lead, coach.id, coachee.id, kind="coaching", focus="Thinking time after a question"
    )
    set_goal(
        session,
        coachee,
        partnership.id,
        GoalText(
            title="Wait longer after I ask",
            reality="I often answer my own questions.",
            options="Count to three. Ask pairs first.",
            will="Try it in two lessons this week.",
            measure="wait_1_median_ms",
            direction="up",
        ),
    )
    lesson = add_lesson(session, coachee)
    share_lesson(session, coachee, lesson, partnership.id, None)


def join(session: Session, chosen: NewPassword, lead: Person, name: str, email: str, **place: str) -> Person:
    """Invite somebody and accept for her."""
    _, secret = invite(session, lead, name=name, email=email, **place)
    return accept_invitation(session, secret, name, chosen)


def add_lesson(session: Session, owner: Person) -> Lesson:
    """Put the recording into the store as if it had been uploaded, and begin the work on it."""
    settings = get_settings()
    lesson = Lesson(
        id=new_id(),
        owner_id=owner.id,
        title="Year 9 fractions",
        class_name="9b",
        taught_on=SchoolDay.of(utc_now()) - timedelta(days=1),
        created_at=utc_now(),
    )
    session.add(lesson)
    session.flush()
    copy = settings.scratch_dir / f"{lesson.id}.mp4"
    shutil.copyfile(RECORDING, copy)
    content = copy.read_bytes()
    key = f"lessons/{lesson.id}/original-{lesson.id}.mp4"
    get_storage().keep(copy, key)
    session.add(
        StoredFile(
            lesson_id=lesson.id,
            kind="original",
            key=key,
            name=RECORDING.name,
            mime="video/mp4",
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            created_at=utc_now(),
        )
    )
    add_first_step(session, lesson.id)
    return lesson
