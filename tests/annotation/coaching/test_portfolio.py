"""A coach's portfolio: nobody is in it who did not agree, and what is agreed to is what was asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from annotation.coaching.portfolio import (
    CLOSED,
    MOST_ITEMS,
    REDACTED,
    add_clip,
    add_log,
    add_reflection,
    add_task,
    agreed_items,
    asked_of,
    closed_logs,
    decide,
    get_item,
    items_of,
    list_asked,
    move_item,
    names_in,
    open_clips_of,
    read_items,
    remove_item,
    removed_items,
    require_agreed,
    restore_item,
    shown_text,
)
from annotation.coaching.session_log import write_log, write_log_afterwards
from annotation.coaching.sessions import new_session
from annotation.coaching.training import write_answer
from annotation.errors import LeftSchool, PartnershipSuspended
from annotation.lessons.clips import make_clip, share_clip, withdraw_clip
from core.clock import stopped_at, utc_now
from core.errors import InvalidInput, NotFound
from core.models import CoachingSession, PortfolioItem
from tests.support.factories import Pair, make_partnership, make_person


def met(pair: Pair, action: str = "Count to five") -> CoachingSession:
    """Write the log of a meeting of the two."""
    return write_log_afterwards(
        pair.session, pair.ada, pair.partnership.id, met_on=utc_now().date(), notes={"G": "Wait"}, action=action
    )


def agreed_log(pair: Pair) -> PortfolioItem:
    """Put a log into the portfolio, and have Ada agree."""
    return decide(pair.session, pair.ada, add_log(pair.session, pair.priya, met(pair).id).id, yes=True)


@pytest.mark.parametrize(
    ("text", "found"),
    [("With Ada today", True), ("ada's class", True), ("Adam came", False), ("Ms Owner", True), ("owners", False)],
)
def test_a_name_is_found_whole_and_in_any_case(text: str, found: bool) -> None:
    assert names_in(text, "Ada Owner") == found


def test_a_part_of_a_name_of_two_letters_names_nobody() -> None:
    assert not names_in("to be", "To Li")
    assert names_in("With To Li", "To Li")


def test_a_log_is_put_in_by_the_coach_alone_once_the_session_is_over(pair: Pair) -> None:
    log = met(pair)
    with pytest.raises(InvalidInput, match="as a coach"):
        add_log(pair.session, pair.ada, log.id)
    with pytest.raises(NotFound):
        add_log(pair.session, pair.otto, log.id)
    with pytest.raises(InvalidInput, match="not over yet"):
        add_log(pair.session, pair.priya, new_session(pair.session, pair.partnership.id).id)
    item = add_log(pair.session, pair.priya, log.id)
    assert (item.consent, item.coachee_id) == ("asked", pair.ada.id)
    assert add_log(pair.session, pair.priya, log.id).id == item.id
    pair.put_in_line()
    with pytest.raises(PartnershipSuspended):
        add_log(pair.session, pair.priya, log.id)


def test_a_clip_is_put_in_while_it_is_shared_and_given_out_while_it_still_is(pair: Pair) -> None:
    session = pair.session
    clip = make_clip(session, pair.ada, pair.lesson.id, "A wait", 10_000, 20_000)
    with pytest.raises(NotFound):
        add_clip(session, pair.priya, clip.id)
    with pytest.raises(InvalidInput, match="a clip that a colleague shares"):
        add_clip(session, pair.ada, clip.id)
    share_clip(session, pair.ada, clip.id, pair.partnership.id)
    item = add_clip(session, pair.priya, clip.id)
    assert open_clips_of(session, pair.priya) == []
    decide(session, pair.ada, item.id, yes=True)
    session.flush()
    assert [one.id for one in open_clips_of(session, pair.priya)] == [clip.id]
    assert agreed_items(session, pair.priya) == {item.id}
    read = read_items(session, pair.priya)[0]
    assert shown_text(read, {item.id: "words"}) == ("Clip: A wait", "words")
    withdraw_clip(session, pair.ada, clip.id, pair.partnership.id)
    session.flush()
    assert agreed_items(session, pair.priya) == frozenset()
    gone = read_items(session, pair.priya)[0]
    assert shown_text(gone, {}) == ("Item 1", "Left out: the clip is not shared any more.")


def test_a_task_that_names_a_coachee_asks_her_and_another_asks_nobody(pair: Pair) -> None:
    with pytest.raises(InvalidInput, match="answer the set task first"):
        add_task(pair.session, pair.priya, "grow")
    write_answer(pair.session, pair.priya, "grow", "Ada stayed at reality.")
    write_answer(pair.session, pair.priya, "questioning", "Six questions.")
    pair.session.flush()
    assert add_task(pair.session, pair.priya, "grow").coachee_id == pair.ada.id
    assert add_task(pair.session, pair.priya, "questioning").consent == ""


def test_a_reflection_is_about_one_colleague_at_a_time(pair: Pair) -> None:
    session = pair.session
    omar = make_person(session, "Omar Omar")
    with_omar = make_partnership(session, pair.priya, omar)
    with pytest.raises(InvalidInput, match="more than one colleague"):
        add_reflection(session, pair.priya, "Two", "Ada and Omar asked.")
    with pytest.raises(InvalidInput, match="a different colleague"):
        add_reflection(session, pair.priya, "One", "Ada asked.", with_omar.id)
    with pytest.raises(NotFound):
        add_reflection(session, pair.ada, "One", "She asked.", with_omar.id)
    for text in ("  ", "x" * 20_001):
        with pytest.raises(InvalidInput) as refused:
            add_reflection(session, pair.priya, "One", text)
        assert refused.value.fields == ("text",)
    assert add_reflection(session, pair.priya, "One", "She asked.", with_omar.id).coachee_id == omar.id
    assert add_reflection(session, pair.priya, "With Ada", "Silence helped.").coachee_id == pair.ada.id
    assert add_reflection(session, pair.priya, "A year", "I learned to wait.").coachee_id is None


def test_what_is_pressed_twice_is_there_once(pair: Pair) -> None:
    first = add_reflection(pair.session, pair.priya, "A year", "I learned to wait.")
    assert add_reflection(pair.session, pair.priya, "A year", "I learned to wait.").id == first.id
    with stopped_at(utc_now() + timedelta(seconds=11)):
        assert add_reflection(pair.session, pair.priya, "A year", "I learned to wait.").id != first.id


@pytest.mark.parametrize(
    ("answers", "consent"),
    [((True,), "given"), ((False,), "refused"), ((True, False), "withdrawn"), ((True, False, False), "withdrawn")],
)
def test_consent_is_given_refused_or_withdrawn_by_whom_an_item_shows(
    pair: Pair, answers: tuple[bool, ...], consent: str
) -> None:
    item = add_log(pair.session, pair.priya, met(pair).id)
    for nobody in (pair.priya, pair.otto):
        with pytest.raises(NotFound):
            decide(pair.session, nobody, item.id, yes=True)
    for yes in answers:
        decide(pair.session, pair.ada, item.id, yes=yes)
    pair.session.flush()
    assert (item.consent, item.decided_at is not None) == (consent, True)
    assert list_asked(pair.session, pair.ada) == []
    read = read_items(pair.session, pair.priya)[0]
    assert (shown_text(read, {})[1] == REDACTED.get(consent)) == (consent != "given")
    assert agreed_items(pair.session, pair.priya) == ({item.id} if consent == "given" else frozenset())


def test_whoever_is_asked_sees_which_item_and_by_whom_until_she_answers(pair: Pair) -> None:
    item = add_log(pair.session, pair.priya, met(pair).id)
    assert [(one.id, name) for one, name in list_asked(pair.session, pair.ada)] == [(item.id, "Priya Coach")]
    assert [(one.id, name) for one, name in asked_of(pair.session, pair.ada)] == [(item.id, "Priya Coach")]
    assert (list_asked(pair.session, pair.otto), asked_of(pair.session, pair.otto)) == ([], [])
    with pytest.raises(NotFound):
        require_agreed(pair.session, pair.priya, frozenset({item.id}))
    decide(pair.session, pair.ada, item.id, yes=True)
    pair.session.flush()
    require_agreed(pair.session, pair.priya, frozenset({item.id}))


def test_a_leaver_withdraws_and_agrees_to_nothing_new(pair: Pair) -> None:
    item = add_log(pair.session, pair.priya, met(pair).id)
    pair.ada.deactivated_at = utc_now()
    with pytest.raises(LeftSchool):
        decide(pair.session, pair.ada, item.id, yes=True)
    assert decide(pair.session, pair.ada, item.id, yes=False).consent == "refused"


def test_a_line_of_management_closes_an_agreed_log_and_stops_new_consent(pair: Pair) -> None:
    item = agreed_log(pair)
    pair.put_in_line()
    assert closed_logs(pair.session, pair.priya, [item]) == {item.id}
    assert agreed_items(pair.session, pair.priya) == frozenset()
    read = read_items(pair.session, pair.priya)[0]
    assert shown_text(read, {}, {item.id}) == ("Item 1", CLOSED)
    with pytest.raises(PartnershipSuspended):
        decide(pair.session, pair.ada, item.id, yes=True)
    assert decide(pair.session, pair.ada, item.id, yes=False).consent == "withdrawn"


def test_what_was_added_to_a_log_since_is_asked_for_anew_only_when_it_is_put_in_again(pair: Pair) -> None:
    session, log = pair.session, met(pair)
    item = add_log(session, pair.priya, log.id)
    decide(session, pair.ada, item.id, yes=True)
    write_log(session, pair.ada, log.id, notes={"R": "I ask on"})
    read = read_items(session, pair.priya)[0]
    assert (read.is_changed, "I ask on" in read.text, "Wait" in read.text) == (True, False, True)
    assert add_log(session, pair.priya, log.id).consent == "asked"
    assert "I ask on" in read_items(session, pair.priya)[0].text
    decide(session, pair.ada, item.id, yes=True)
    assert add_log(session, pair.priya, log.id).consent == "given"  # nothing is new: she is not asked again


def test_an_item_that_was_taken_out_comes_back_for_a_day_with_its_consent(pair: Pair) -> None:
    session, item = pair.session, agreed_log(pair)
    now = utc_now()
    with stopped_at(now):
        remove_item(session, pair.priya, item.id)
    session.flush()
    assert (list(items_of(session, pair.priya)), asked_of(session, pair.ada)) == ([], [])
    assert [one.id for one in removed_items(session, pair.priya)] == [item.id]
    with pytest.raises(NotFound):
        get_item(session, pair.priya, item.id)
    with stopped_at(now + timedelta(hours=1)):
        remove_item(session, pair.priya, item.id)  # twice is once: the day is not prolonged
    with stopped_at(now + timedelta(hours=24, seconds=1)):
        assert removed_items(session, pair.priya) == []
        with pytest.raises(NotFound):
            restore_item(session, pair.priya, item.id)
    with stopped_at(now + timedelta(hours=24)):
        assert restore_item(session, pair.priya, item.id).consent == "given"
    for nobody in (pair.ada, pair.otto):
        for act in (get_item, remove_item, restore_item):
            with pytest.raises(NotFound):
                act(session, nobody, item.id)


def test_items_move_up_and_down_and_stop_at_the_ends(pair: Pair) -> None:
    session = pair.session
    made = [add_reflection(session, pair.priya, f"Part {number}", "Silence.") for number in range(3)]

    def order() -> list[str]:
        session.flush()
        return [one.title for one in items_of(session, pair.priya)]

    assert order() == ["Part 0", "Part 1", "Part 2"]
    move_item(session, pair.priya, made[2].id, -1)
    assert order() == ["Part 0", "Part 2", "Part 1"]
    move_item(session, pair.priya, made[0].id, -1)
    move_item(session, pair.priya, made[1].id, 1)
    assert order() == ["Part 0", "Part 2", "Part 1"]
    with pytest.raises(NotFound):
        move_item(session, pair.ada, made[0].id, 1)


def test_a_portfolio_is_full_at_a_hundred_items_and_what_was_taken_out_makes_room(pair: Pair) -> None:
    session = pair.session
    rows = {"owner_id": pair.priya.id, "kind": "reflection", "text": "x", "added_at": utc_now() - timedelta(days=1)}
    session.add_all(PortfolioItem(title=f"{n}", position=n, agreed=[], **rows) for n in range(MOST_ITEMS))
    session.flush()
    with pytest.raises(InvalidInput, match="100 items are enough"):
        add_reflection(session, pair.priya, "One more", "Silence.")
    gone = items_of(session, pair.priya)[0]
    remove_item(session, pair.priya, gone.id)
    session.flush()
    assert add_reflection(session, pair.priya, "One more", "Silence.").position == MOST_ITEMS
    with pytest.raises(InvalidInput, match="100 items are enough"):
        restore_item(session, pair.priya, gone.id)
