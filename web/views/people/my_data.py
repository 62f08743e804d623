"""Everything about a person as documents: JSON, tables and transcripts."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from zipstream import ZipStream

from annotation.access.reading import is_observer
from annotation.coaching.actions import actions_of
from annotation.coaching.goals import goals_of, text_of, versions_of_goals
from annotation.coaching.partnerships import list_partnerships, names_of
from annotation.coaching.portfolio import CLOSED, asked_of, closed_logs, read_items
from annotation.coaching.session_cards import cards_of_sessions
from annotation.coaching.session_log import logs_of
from annotation.coaching.session_notes import notes_of_sessions
from annotation.coaching.sessions import sessions_of
from annotation.coaching.training import MODULES, answers_of
from annotation.coaching.walks import answers_seen_by, notes_of_walks, walks_of
from annotation.lessons.comments import comments_by, versions_by
from annotation.lessons.measures_over_time import showings_of
from annotation.lessons.openings import measures_openings, openings
from annotation.people.credentials import list_notices
from annotation.people.second_factor import standing_of
from annotation.people.sign_in import list_devices
from core.models import (
    Clip,
    ClipShare,
    Correction,
    Guess,
    Lesson,
    MeasuresRow,
    Person,
    Place,
    Share,
    StoredFile,
    VoicePrint,
)
from core.school_day import SchoolDay, iso_moment
from core.text.csv_table import csv_text
from web.transfer.archives import as_json
from web.transfer.file_names import safe_name
from web.views.coaching.partnerships import partnership_lines
from web.views.lessons.exports import exported

log = logging.getLogger("hindsight.web")

READ_ME = """This is everything that Hindsight keeps about {name}, taken on {day}.

person.json          your account, devices and settings
lessons/             a folder a lesson: the recording as you uploaded it, your clips, the transcript (WebVTT, SRT,
                     text), everything on a time line (ELAN .eaf), comments (CSV, W3C Web Annotations), and lesson.json:
                     measures, corrections, guess, whom you shared it with
partnerships.json    with whom you work or worked, goals and how they changed, actions
logs/                the logs of your sessions, and what is noted in one that is not over
comments.csv         what you wrote on lessons and clips, yours and others'
comments before.csv  how that read before you changed it
walks.json           learning walks, by you and to you
training.json        your answers to set tasks; your portfolio; what shows you in the portfolios of others
openings.csv         who opened what of yours, and when
"""


MISSING = """Some of it could not be written, and is still in Hindsight. Please give your IT person this list:

{what}
"""


def add_documents(archive: ZipStream, folder: str, documents: Iterator[tuple[str, str]]) -> list[str]:
    """Put documents into an archive; one that cannot be made never takes the archive along. Returns what is missing."""
    last = "the first file"
    try:
        for path, document in documents:
            archive.add(document.encode(errors="replace"), folder + path)
            last = path
    except Exception as error:
        log.exception("a document could not be made", extra={"code": "document_failed"})
        return [f"{folder or 'person'}: what comes after {last} ({type(error).__name__})"]
    return []


def file_name(file: StoredFile, clips: Mapping[int, Clip]) -> str | None:
    """Return under which name a file of a lesson is taken along; None for what was only made to show it.

    `clips` are those of the lesson, by number.
    """
    ending = file.key.rpartition(".")[2] if "." in file.key.rpartition("/")[2] else "bin"
    if file.kind == "original":
        stem, _, own = file.name.rpartition(".")
        return f"recording {safe_name(stem or file.name)}.{own if stem and own.isalnum() else ending}"
    if file.kind.startswith(("clip-", "blurred-")):
        kind, _, number = file.kind.partition("-")
        clip = clips.get(int(number))
        return f"{kind} {number} {safe_name(clip.title if clip is not None else '')}.{ending}"
    return None


def lesson_documents(session: Session, person: Person, lesson: Lesson) -> Iterator[tuple[str, str]]:
    """Yield what is kept about one's own lesson, as (path, text)."""
    for ending, name in (("vtt", "transcript"), ("srt", "transcript"), ("txt", "transcript"), ("eaf", "lesson")):
        yield f"{name}.{ending}", exported(session, person, lesson, ending)
    for ending in ("csv", "json"):
        yield f"comments.{ending}", exported(session, person, lesson, ending)
    measures, guess = session.get(MeasuresRow, lesson.id), session.get(Guess, (lesson.id, person.id))
    place = session.get(Place, (lesson.id, person.id))
    corrections = select(Correction).where(Correction.lesson_id == lesson.id).order_by(Correction.made_at)
    shares = select(Share).where(Share.lesson_id == lesson.id).order_by(Share.created_at)
    clips = session.scalars(select(Clip).where(Clip.lesson_id == lesson.id).order_by(Clip.number)).all()
    clip_shares = session.scalars(select(ClipShare).where(ClipShare.clip_id.in_([one.id for one in clips]))).all()
    document = fields_of(
        lesson, "id", "title", "class_name", "taught_on", "created_at", "duration_ms", "language", "deleted_at"
    )
    document |= {
        "measures": None if measures is None else measures.document,
        "guess": None if guess is None else guess.share,
        "stopped_watching_at_ms": None if place is None else place.at_ms,
        "corrections": [fields_of(one, "kind", "body", "made_at", "undone_at") for one in session.scalars(corrections)],
        "shares": [
            fields_of(one, "partnership_id", "created_at", "until", "taken_back_at") for one in session.scalars(shares)
        ],
        "clips": [
            {
                **fields_of(one, "title", "start_ms", "end_ms", "deleted_at"),
                "shares": [
                    fields_of(share, "partnership_id", "created_at", "until", "taken_back_at")
                    for share in clip_shares
                    if share.clip_id == one.id
                ],
            }
            for one in clips
        ],
    }
    yield "lesson.json", as_json(document)


def fields_of(row: object, *names: str) -> dict[str, Any]:
    """Return some fields of a row by name."""
    return {name: getattr(row, name) for name in names}


def documents_of(session: Session, person: Person) -> Iterator[tuple[str, str]]:
    """Yield what is kept about a person besides her lessons, as (path, text)."""
    voice = session.get(VoicePrint, person.id)
    yield (
        "person.json",
        as_json(
            {
                "name": person.name,
                "called": person.called,
                "email": person.email,
                "department": person.department,
                "line_manager": person.manager_id and names_of(session, {person.manager_id}).get(person.manager_id),
                "joined_at": person.joined_at,
                "reminders_by_mail": person.wants_mail,
                "single_sign_on": person.subject,
                "second_factor_since": standing_of(session, person.id).since,
                "devices": [
                    fields_of(one, "device", "created_at", "last_seen_at", "expires_at")
                    for one in list_devices(session, person)
                ],
                "what_happened_to_the_account": [
                    {**fields_of(row, "event", "at", "device"), "said": said}
                    for row, said in list_notices(session, person)
                ],
                "measures_shown_to": [
                    {"coach": coach.name, "since": row.shown_at} for row, coach in showings_of(session, person)
                ],
                "voice_print": None if voice is None else {"since": voice.consented_at, "numbers": voice.voice},
            }
        ),
    )
    pairs = list_partnerships(session, person)
    names = names_of(session, {side for one in pairs for side in (one.coach_id, one.coachee_id)})
    goals, actions = goals_of(session, person), actions_of(session, person)
    changed = versions_of_goals(session, person)
    yield (
        "partnerships.json",
        as_json(
            [
                {
                    "id": one.id,
                    "coach": names[one.coach_id],
                    "coachee": names[one.coachee_id],
                    "kind": one.kind,
                    "focus": line["focus"],
                    "state": line["state"],
                    "since": one.created_at,
                    "goals": [
                        {
                            **asdict(text_of(goal)),
                            "set_by": names[goal.set_by_id],
                            "since": goal.created_at,
                            "put_aside_at": goal.closed_at,
                            "what_changed": goal.outcome,
                            "before": [
                                {"changed_by": who, "changed_at": version.changed_at, **version.before}
                                for version, who in changed.get(goal.id, ())
                            ],
                        }
                        for goal in goals
                        if goal.partnership_id == one.id
                    ],
                    "actions": [
                        {"what": action.what, "by": action.by, "done_at": action.done_at}
                        for action in actions
                        if action.partnership_id == one.id
                    ],
                }
                for one, line in zip(pairs, partnership_lines(session, person, pairs), strict=True)
            ]
        ),
    )
    yield from _logs(session, person, names)
    wrote, versions = comments_by(session, person), versions_by(session, person)
    written = (
        (
            iso_moment(one.created_at),
            said.place.title if said.place else "",
            said.at_ms,
            one.kind,
            one.stage,
            one.text,
        )
        for said in wrote
        for one in (said.comment,)
    )
    yield "comments.csv", csv_text(("written", "lesson", "start_ms", "kind", "stage", "text"), written)
    before = (
        (iso_moment(one.written_at), said.place.title if said.place else "", said.at_ms, one.text)
        for said in wrote
        for one in versions.get(said.comment.id, ())
    )
    yield "comments before.csv", csv_text(("written", "lesson", "start_ms", "text"), before)
    seen = [
        (row.opened_at, reader.name, lesson.title, clip, row.kind)
        for row, reader, lesson, clip in openings(session, person)
    ]
    seen += [
        (row.opened_at, who.name, "your measures", None, row.kind) for row, who in measures_openings(session, person)
    ]
    when = ((iso_moment(at), *what) for at, *what in sorted(seen, key=lambda one: one[0], reverse=True))
    yield "openings.csv", csv_text(("when", "who", "lesson", "clip", "what"), when)
    walks = walks_of(session, person)
    every = [walk for walk, _ in walks]
    answers_to, noticed = answers_seen_by(session, person, every), notes_of_walks(session, every)
    visits = [
        {
            "with": other,
            "part": "observer" if is_observer(walk, person) else "visited",
            **fields_of(walk, "title", "began_at", "saved_at"),
            "answer": answers_to[walk.id],
            "notes": [fields_of(one, "at_ms", "text") for one in noticed[walk.id]],
        }
        for walk, other in walks
    ]
    yield "walks.json", as_json(visits)
    answers, shown = answers_of(session, person), ("title", "text", "consent")
    portfolio = read_items(session, person)
    closed = closed_logs(session, person, portfolio)
    training = {
        "answers": {one.title: answers[one.name].text for one in MODULES if one.name in answers},
        "portfolio": [fields_of(one, *shown) | ({"text": CLOSED} if one.id in closed else {}) for one in portfolio],
        "shown_by_others": [{"coach": coach, **fields_of(one, *shown)} for one, coach in asked_of(session, person)],
    }
    yield "training.json", as_json(training)


def _logs(session: Session, person: Person, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield a document for each session of a person; `names` are those of the people of her partnerships."""
    rows = sessions_of(session, person)
    meetings = [meeting for meeting, _ in rows]
    notes, cards = notes_of_sessions(session, person, meetings), cards_of_sessions(session, meetings)
    logs = logs_of(session, person, rows)
    for meeting, partnership in rows:
        day = SchoolDay.of(meeting.began_at or meeting.planned_at or meeting.created_at)
        said = {"day": day, "partnership": partnership.id, "over": meeting.ended_at is not None}
        said |= fields_of(meeting, "planned_at", "repeats")
        said["notes"] = [
            {"stage": one.stage, "by": names.get(one.author_id or "", ""), "text": one.text}
            for one in notes[meeting.id]
        ]
        if meeting.id in logs:  # what the two wrote is open to her
            said["moments"] = [asdict(card) for card in cards[meeting.id]]
            said["log"] = [asdict(line) for line in logs[meeting.id]]
        yield f"logs/{day} {meeting.id}.json", as_json(said)
