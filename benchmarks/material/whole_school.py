"""A whole school of made rows, as large as asked: people, pairs, lessons, comments, and events of the live pages.

    HINDSIGHT_DATA_DIR=/tmp/large python -m benchmarks.material.whole_school --teachers 120 --lessons 5000

It fills the empty place that the settings name, a folder or a PostgreSQL, in some minutes, and touches none where
there is somebody already. No film is made: the rows of files are there, the files are not.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import insert, select

from benchmarks.material.lesson_rows import HOUR_MS, file_row, measures_document, question_rows, turn_rows
from benchmarks.material.school_sizes import Made, Sizes, add_sizes, sizes_from
from core.clock import utc_now
from core.database.db import Database, get_database
from core.database.migrate import migrate_database
from core.models import (
    AccountNotice,
    Action,
    ActivityRow,
    Base,
    Clip,
    ClipShare,
    CoachingSession,
    Comment,
    Event,
    Finding,
    Goal,
    Guess,
    Lesson,
    MeasuresRow,
    Opening,
    Partnership,
    Person,
    PortfolioItem,
    QuestionRow,
    SessionNote,
    Share,
    ShownMeasures,
    SignIn,
    SpeakerRow,
    Step,
    StoredFile,
    TurnRow,
    Walk,
    WalkNote,
    new_id,
)
from core.settings import get_settings

AT_ONCE = 5000  # rows of one statement
SUBJECTS = ("Maths", "English", "Science", "History", "Music", "Art")
STAGES = ("probe_media", "make_rendition", "make_pictures", "extract_audio", "plan_chunks", "merge_transcript")


class NotEmpty(SystemExit):
    """Somebody is there already."""


def make_whole_school(database: Database, sizes: Sizes) -> Made:
    """Fill an empty, migrated database; raises NotEmpty where there is anybody."""
    with database.read() as session:
        if session.scalar(select(Person.id).limit(1)) is not None:
            raise NotEmpty("There is a school already. Nothing was changed; please name an empty place.")
    return _Maker(database, sizes).make()


class _Maker:
    """Makes rows table by table, each in few statements."""

    def __init__(self, database: Database, sizes: Sizes) -> None:
        self.database, self.sizes, self.made = database, sizes, Made()
        self.dice, self.now = random.Random(1), utc_now()

    def make(self) -> Made:
        self._people()
        self._pairs()
        self._lessons()
        self._clips_and_shares()
        self._comments()
        self._sessions()
        self._walks_and_portfolios()
        self._keep(Event, self._events())
        return self.made

    def _keep(self, table: type[Base], rows: Iterator[dict[str, Any]]) -> None:
        while some := list(islice(rows, AT_ONCE)):
            with self.database.write() as session:
                session.execute(insert(table), some)

    def _ago(self, most_days: float) -> datetime:
        return self.now - timedelta(days=self.dice.random() * most_days)

    def _people(self) -> None:
        made = self.made
        made.teachers = [new_id() for _ in range(self.sizes.teachers)]

        def people() -> Iterator[dict[str, Any]]:
            for number, person_id in enumerate(made.teachers):
                yield {
                    "id": person_id,
                    "email": f"teacher{number}@school.example",
                    "name": f"Terry Teacher{number}",
                    "department": SUBJECTS[number % len(SUBJECTS)],
                    "is_lead": number == 0,
                    "manager_id": None,
                    "created_at": self.now - timedelta(days=400),
                    "joined_at": self.now - timedelta(days=399),
                }

        self._keep(Person, people())
        own = [{"person_id": one, "device": "a browser"} for one in made.teachers]
        seen = {"created_at": self.now, "last_seen_at": self.now, "expires_at": self.now + timedelta(days=30)}
        self._keep(SignIn, ({**one, **seen, "secret_hash": new_id() * 4} for one in own for _ in range(3)))
        self._keep(
            AccountNotice,
            ({**one, "event": "password_changed", "at": self._ago(300)} for one in own for _ in range(20)),
        )

    def _pairs(self) -> None:
        """Everybody coaches two and is coached by two, and has ended with another one."""
        made, count = self.made, self.sizes.teachers
        rows = []
        for number, coach in enumerate(made.teachers):
            for step, state in ((1, "active"), (7, "active"), (13, "ended")):
                coachee, pair = made.teachers[(number + step) % count], new_id()
                row: dict[str, Any] = {
                    "id": pair,
                    "coach_id": coach,
                    "coachee_id": coachee,
                    "kind": "coaching",
                    "state": state,
                }
                row |= {"created_at": self.now - timedelta(days=390), "focus": "Waiting longer"}
                row["ended_at"] = self.now - timedelta(days=200) if state == "ended" else None
                rows.append(row)
                if state == "active":
                    made.pairs.append((pair, coach, coachee))
        self._keep(Partnership, iter(rows))
        goals = list[dict[str, Any]]()
        for pair, _, coachee in made.pairs:
            for slot in (1, 2, 3, None, None, None):
                goal: dict[str, Any] = {
                    "id": new_id(),
                    "partnership_id": pair,
                    "set_by_id": coachee,
                    "title": "Wait longer",
                    "slot": slot,
                }
                goal |= {"measure": "teacher_share_of_talk", "direction": "down", "created_at": self._ago(300)}
                goals.append(goal | {"closed_at": None if slot else self.now})
        self._keep(Goal, iter(goals))
        self.goal_of = {one["partnership_id"]: one["id"] for one in goals if one["slot"] == 1}
        shown = ({"owner_id": who, "partnership_id": pair, "shown_at": self.now} for pair, _, who in made.pairs)
        self._keep(ShownMeasures, shown)

    def _lessons(self) -> None:
        made, sizes = self.made, self.sizes
        made.lessons = [(new_id(), made.teachers[k % sizes.teachers]) for k in range(sizes.lessons)]
        media = {"format": "mp4", "duration_ms": HOUR_MS, "video": {"codec": "h264"}, "audio": None}
        self._keep(
            Lesson,
            (
                {
                    "id": one,
                    "owner_id": owner,
                    "title": f"Year {7 + number % 5} lesson {number}",
                    "taught_on": self._ago(380).date(),
                    "created_at": self._ago(380),
                    "media": media,
                    "duration_ms": HOUR_MS,
                    "language": "en",
                }
                for number, (one, owner) in enumerate(made.lessons)
            ),
        )
        self._keep(
            StoredFile,
            (
                file_row(one, kind, self.now)
                for one, _ in made.lessons
                for kind in ("original", "rendition", "poster", "filmstrip", "sound")
            ),
        )
        done = {"state": "done", "next_at": self.now, "queue": "io"}
        stages = [(name, 0) for name in STAGES] + [("transcribe_chunk", k) for k in range(1, 21)]
        self._keep(
            Step,
            ({"lesson_id": one, "stage": name, "chunk_no": k, **done} for one, _ in made.lessons for name, k in stages),
        )
        self._keep(
            Guess,
            ({"lesson_id": one, "person_id": who, "share": 0.5, "made_at": self.now} for one, who in made.lessons),
        )
        self._keep(
            MeasuresRow, ({"lesson_id": one, "document": measures_document(self.dice)} for one, _ in made.lessons)
        )
        self._keep(
            SpeakerRow,
            ({"lesson_id": one, "label": f"S{k}", "role": "pupil"} for one, _ in made.lessons for k in range(4)),
        )
        self._keep(TurnRow, turn_rows(made.lessons, sizes.whole))
        self._keep(QuestionRow, question_rows(made.lessons, sizes.whole))
        self._keep(
            ActivityRow,
            (
                {"lesson_id": one, "start_ms": k * 600_000, "end_ms": (k + 1) * 600_000, "kind": "exposition"}
                for one, _ in made.lessons
                for k in range(6)
            ),
        )
        pictures = {"scenes": [[k * 60_000, 0.5] for k in range(60)]}
        self._keep(
            Finding,
            ({"lesson_id": one, "kind": "pictures", "document": pictures} for one, _ in made.lessons[: sizes.whole]),
        )

    def _clips_and_shares(self) -> None:
        """Each lesson has two clips; two lessons of three are shared, and every clip."""
        made, at = self.made, {"created_at": self.now}
        self.pairs_of: dict[str, list[str]] = {}
        for pair, _, coachee in made.pairs:
            self.pairs_of.setdefault(coachee, []).append(pair)
        made.clips = [(new_id(), one) for one, _ in made.lessons for _ in range(2)]
        owners = dict(made.lessons)
        clips = (
            {
                "id": clip,
                "lesson_id": one,
                "number": k % 2 + 1,
                "title": "A wait",
                "start_ms": 60_000,
                "end_ms": 90_000,
                **at,
            }
            for k, (clip, one) in enumerate(made.clips)
        )
        self._keep(Clip, clips)
        self._keep(StoredFile, (file_row(one, f"clip-{k % 2 + 1}", self.now) for k, (_, one) in enumerate(made.clips)))
        shares = (
            (clip, pair)
            for k, (clip, one) in enumerate(made.clips)
            for pair in [self.pairs_of[owners[one]][k // 2 % 2]]
        )
        self._keep(ClipShare, ({"clip_id": clip, "partnership_id": pair, **at} for clip, pair in shares))
        shared = [(one, self.pairs_of[owner][k % 2]) for k, (one, owner) in enumerate(made.lessons) if k % 3]
        self._keep(Share, ({"lesson_id": one, "partnership_id": pair, **at} for one, pair in shared))
        coach_of = {pair: coach for pair, coach, _ in made.pairs}
        self._keep(
            Opening,
            (
                {"lesson_id": one, "person_id": coach_of[pair], "kind": kind, "opened_at": self._ago(300)}
                for one, pair in shared
                for kind in ("page", "film", "comments", "listed") * 5
            ),
        )

    def _comments(self) -> None:
        """All over the lessons, four times as many on the first of them as on the others; a third are replies."""
        made = self.made
        people = {pair: (coach, coachee) for pair, coach, coachee in made.pairs}

        def comments() -> Iterator[dict[str, Any]]:
            first = dict[str, str]()
            for number in range(self.sizes.comments):
                k = number % (len(made.lessons) + 3 * self.sizes.whole)
                lesson_id, owner = made.lessons[k if k < len(made.lessons) else k % self.sizes.whole]
                pair = self.pairs_of[owner][number // len(made.lessons) % 2]
                comment_id = new_id()
                is_reply = number % 3 == 2 and lesson_id in first
                yield {
                    "id": comment_id,
                    "lesson_id": lesson_id,
                    "author_id": people[pair][self.dice.randrange(2)],
                    "partnership_id": pair,
                    "parent_id": first[lesson_id] if is_reply else None,
                    "start_ms": self.dice.randrange(HOUR_MS),
                    "goal_id": self.goal_of[pair] if number % 50 == 0 else None,
                    "text": "You waited here, and then three of them spoke one after the other.",
                    "created_at": self._ago(300),
                }
                if not is_reply:
                    first[lesson_id] = comment_id

        self._keep(Comment, comments())

    def _sessions(self) -> None:
        """A session a week and pair for a school year, with notes and an action."""
        made = self.made
        made.sessions = [(new_id(), pair) for pair, _, _ in made.pairs for _ in range(40)]
        week = timedelta(days=7)
        at = {one: self.now - week * (k % 40 + 1) for k, (one, _) in enumerate(made.sessions)}
        self._keep(
            CoachingSession,
            (
                {"id": one, "partnership_id": pair, "created_at": at[one], "began_at": at[one], "ended_at": at[one]}
                for one, pair in made.sessions
            ),
        )
        authors = {pair: (coach, coachee) for pair, coach, coachee in made.pairs}
        self._keep(
            SessionNote,
            (
                {"session_id": one, "stage": stage, "author_id": who, "text": "Count to five.", "written_at": at[one]}
                for one, pair in made.sessions
                for who in authors[pair]
                for stage in "GROW"
            ),
        )
        self._keep(
            Action,
            (
                {
                    "session_id": one,
                    "partnership_id": pair,
                    "what": "Count to five",
                    "created_at": at[one],
                    "done_at": at[one],
                }
                for one, pair in made.sessions
            ),
        )

    def _walks_and_portfolios(self) -> None:
        made, count = self.made, self.sizes.teachers
        walks = [
            {
                "id": new_id(),
                "observer_id": one,
                "observed_id": made.teachers[(number + step) % count],
                "title": f"Visit {step}",
                "began_at": self._ago(300),
                "saved_at": self.now,
            }
            for number, one in enumerate(made.teachers)
            for step in range(1, 31)
        ]
        self._keep(Walk, iter(walks))
        notes = ((walk["id"], k) for walk in walks for k in range(10))
        self._keep(
            WalkNote, ({"walk_id": one, "draft_id": f"{one}:{k}", "at_ms": k, "text": "Hands up"} for one, k in notes)
        )
        mine: dict[str, list[tuple[str, str]]] = {}
        people = {pair: (coach, coachee) for pair, coach, coachee in made.pairs}
        for one, pair in made.sessions:
            mine.setdefault(people[pair][0], []).append((one, people[pair][1]))
        self._keep(
            PortfolioItem,
            (
                {
                    "owner_id": coach,
                    "kind": "log",
                    "ref_id": one,
                    "title": "Coaching log",
                    "agreed": [],
                    "coachee_id": coachee,
                    "consent": "given" if k % 4 else "asked",
                    "added_at": self.now,
                    "position": k,
                }
                for coach, logs in mine.items()
                for k, (one, coachee) in enumerate(logs[::2])
            ),
        )

    def _events(self) -> Iterator[dict[str, Any]]:
        """As of a busy hour: all newer than what the sweeper drops."""
        for number in range(self.sizes.events):
            lesson_id, _ = self.made.lessons[number % len(self.made.lessons)]
            yield {
                "lesson_id": lesson_id,
                "kind": "step",
                "at": self.now - timedelta(seconds=3000 * self.dice.random()),
            }


def main() -> int:
    """Fill the place that the settings name."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_sizes(arguments)
    chosen = arguments.parse_args()
    migrate_database(get_settings().database_address)
    made = make_whole_school(get_database(), sizes_from(chosen))
    print(f"There are {len(made.teachers)} teachers and {len(made.lessons)} lessons in it now.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
