"""Notes of a session: one line a stage of each of the two, read by both until something comes between them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from annotation.coaching.session_notes import NOTE_LENGTH, session_notes_of, tell_writing, write_notes
from annotation.coaching.sessions import new_session
from annotation.errors import PartnershipOver
from core.clock import utc_now
from core.errors import InvalidInput, NotFound
from core.models import CoachingSession, Event, Person, SessionNote
from tests.support.factories import Pair


@pytest.fixture
def meeting(pair: Pair) -> CoachingSession:
    """Return a session of the two."""
    return new_session(pair.session, pair.partnership.id)


def read(pair: Pair, meeting: CoachingSession, person: Person) -> list[tuple[str, str, bool]]:
    """Return stage, text and "mine" of what somebody reads."""
    return [(line.stage, line.text, line.mine) for line in session_notes_of(pair.session, person, meeting)]


def test_each_writes_a_line_of_her_own_and_both_read_both_in_the_order_of_grow(
    pair: Pair, meeting: CoachingSession
) -> None:
    write_notes(pair.session, pair.priya, meeting, {"W": "Try it on Monday", "G": "What do you want?"})
    write_notes(pair.session, pair.ada, meeting, {"G": " Longer waits "})
    assert read(pair, meeting, pair.ada) == [
        ("G", "What do you want?", False),
        ("G", "Longer waits", True),
        ("W", "Try it on Monday", False),
    ]
    assert [mine for _, _, mine in read(pair, meeting, pair.priya)] == [True, False, True]


def test_a_line_is_rewritten_by_its_author_alone_and_an_empty_one_goes(pair: Pair, meeting: CoachingSession) -> None:
    write_notes(pair.session, pair.ada, meeting, {"G": "First", "R": "Kept"})
    write_notes(pair.session, pair.priya, meeting, {"G": "His"})
    write_notes(pair.session, pair.ada, meeting, {"G": "Second"})
    assert ("G", "His", False) in read(pair, meeting, pair.ada)
    assert ("G", "Second", True) in read(pair, meeting, pair.ada)
    write_notes(pair.session, pair.ada, meeting, {"G": "  ", "O": ""})
    assert read(pair, meeting, pair.ada) == [("G", "His", False), ("R", "Kept", True)]
    assert len(pair.session.scalars(select(SessionNote)).all()) == 2


def test_a_line_that_is_too_long_names_its_field_and_changes_nothing(pair: Pair, meeting: CoachingSession) -> None:
    write_notes(pair.session, pair.ada, meeting, {"R": "x" * NOTE_LENGTH})
    with pytest.raises(InvalidInput) as refused:
        write_notes(pair.session, pair.ada, meeting, {"G": "Fine", "O": "x" * (NOTE_LENGTH + 1)})
    assert refused.value.fields == ("options",)
    with pytest.raises(InvalidInput):
        write_notes(pair.session, pair.ada, meeting, {"X": "no stage"})
    assert [stage for stage, _, _ in read(pair, meeting, pair.ada)] == ["R"]


def test_after_the_end_both_read_both_and_in_suspension_each_reads_her_own(
    pair: Pair, meeting: CoachingSession
) -> None:
    write_notes(pair.session, pair.ada, meeting, {"G": "Hers"})
    write_notes(pair.session, pair.priya, meeting, {"G": "His"})
    pair.end()
    for person in (pair.ada, pair.priya):
        assert {text for _, text, _ in read(pair, meeting, person)} == {"Hers", "His"}
    pair.end("suspended")
    assert read(pair, meeting, pair.ada) == [("G", "Hers", True)]
    assert read(pair, meeting, pair.priya) == [("G", "His", True)]
    assert read(pair, meeting, pair.otto) == []


def test_an_old_line_of_both_is_read_by_both_but_not_by_a_coach_in_her_line(
    pair: Pair, meeting: CoachingSession
) -> None:
    pair.session.add(SessionNote(session_id=meeting.id, stage="G", text="Of both", written_at=utc_now()))
    pair.session.flush()
    for person in (pair.ada, pair.priya):
        assert read(pair, meeting, person) == [("G", "Of both", False)]
    pair.put_in_line()
    assert read(pair, meeting, pair.ada) == [("G", "Of both", False)]
    assert read(pair, meeting, pair.priya) == []


def test_only_the_other_one_is_told_that_somebody_writes(pair: Pair, meeting: CoachingSession) -> None:
    tell_writing(pair.session, pair.ada, meeting.id, "R")
    tell_writing(pair.session, pair.priya, meeting.id, "action")
    pair.session.flush()
    told = select(Event.kind, Event.person_id).where(Event.kind.like("writing-%")).order_by(Event.number)
    assert [tuple(row) for row in pair.session.execute(told)] == [
        ("writing-R", pair.priya.id),
        ("writing-action", pair.ada.id),
    ]
    with pytest.raises(NotFound):
        tell_writing(pair.session, pair.otto, meeting.id, "R")
    pair.end()
    with pytest.raises(PartnershipOver):
        tell_writing(pair.session, pair.ada, meeting.id, "R")
