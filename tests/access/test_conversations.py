"""A recorded conversation at every address that reads, with every kind of person, where rows would open it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.models import Clip, ClipShare, CoachingSession, Comment, Lesson, Partnership, Person, TurnRow
from core.storage.configured import get_storage
from tests.access.test_every_route import TABLE, address
from tests.support.factories import keep_bytes, make_file, make_partnership, make_share
from tests.support.web_school import KINDS, School

MARK = "Heard in confidence"
ENDINGS = ("csv", "json", "eaf", "vtt", "srt", "txt")
FILES = ("rendition", "poster", "filmstrip", "original", "sound")


def open_to(session: Session, school: School, kind: str) -> dict[str, str]:
    """Share the conversation, and a clip of it, with somebody who coaches the coach; return the ids of all that is."""
    coach, other = (session.get_one(Person, school.ids[f"person_{one}"]) for one in ("coach", kind))
    talk = session.get_one(Lesson, school.ids["talk"])
    pair = session.scalar(select(Partnership).filter_by(coach_id=other.id, coachee_id=coach.id))
    pair = pair or make_partnership(session, other, coach)
    make_share(session, talk, pair)
    now = utc_now()
    number = len(session.scalars(select(Clip).where(Clip.lesson_id == talk.id)).all()) + 1
    clip = Clip(lesson_id=talk.id, number=number, title=MARK, start_ms=0, end_ms=60_000, created_at=now)
    session.add(clip)
    session.flush()
    session.add(ClipShare(clip_id=clip.id, partnership_id=pair.id, created_at=now))
    meeting = CoachingSession(partnership_id=pair.id, lesson_id=talk.id, clip_id=clip.id, created_at=now, began_at=now)
    meeting.room, meeting.moments = {}, []
    said = Comment(lesson_id=talk.id, clip_id=clip.id, author_id=coach.id, partnership_id=pair.id, start_ms=1)
    said.text, said.created_at = MARK, now
    session.add_all([meeting, said])
    session.flush()
    for name in (*FILES, f"clip-{number}"):
        key = f"lessons/{talk.id}/{kind}-{name}"
        keep_bytes(get_storage(), key, MARK.encode())
        make_file(session, talk, name, key, bytes=len(MARK), info={"width": 1, "height": 1, "columns": 1, "count": 1})
    return {"clip": clip.id, "session": meeting.id, "comment": said.id, "partnership_coach": pair.id}


@pytest.mark.parametrize("state", ["conversation", "lesson"])
def test_no_address_gives_a_word_or_a_byte_of_a_conversation_to_anybody_but_the_one_who_recorded_it(
    school: School, state: str
) -> None:
    """The same walk over the same rows finds the words once it is a lesson: the test can fail."""
    asked, found = 0, set()
    kinds = [kind for kind in KINDS if kind not in ("nobody", "coach", "leaver", "owner")]
    opened: dict[str, dict[str, str]] = {}
    with school.database.write() as session:
        talk = session.get_one(Lesson, school.ids["talk"])
        talk.title = MARK
        talk.conversation_id = talk.conversation_id if state == "conversation" else None
        turn = TurnRow(lesson_id=talk.id, number=0, start_ms=0, end_ms=900, speaker="S1", role="teacher", text=MARK)
        turn.words = [[0, 900, MARK, 0.9]]
        session.add(turn)
        for kind in kinds:
            opened[kind] = open_to(session, school, kind)
    for kind in [*kinds, "owner", "nobody", "leaver"]:
        client = school.browser(kind)
        for rows in [opened[kind]] if kind in opened else opened.values():
            ids = {**school.ids, "lesson": school.ids["talk"], **rows}
            for method, path in TABLE:
                if method != "GET":
                    continue
                plain = address(replace(school, ids=ids), path)
                places = [plain]
                if "{ending}" in path:
                    places = [plain.removesuffix("csv") + ending for ending in ENDINGS]
                if path.endswith("{kind}"):
                    places = [plain.removesuffix("rendition") + file for file in FILES]
                for place in places:
                    asked += 1
                    if MARK.encode() in client.get(place).content:
                        found.add((kind, place))
    print(f"{asked} reads of a {state}: {len(found)} with its words or bytes")  # noqa: T201
    assert asked > 500
    assert (found == set()) == (state == "conversation"), sorted(found)[:5]
