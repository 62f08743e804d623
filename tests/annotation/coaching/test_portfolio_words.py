"""Words of portfolio items: read where they stand, and only the lines that somebody agreed to."""

from __future__ import annotations

from datetime import date

from annotation.coaching.actions import action_of, set_done
from annotation.coaching.portfolio import add_log, add_reflection, add_task, items_of
from annotation.coaching.portfolio_words import fingerprint, fingerprints, read_items_of, source_lines, sources_of
from annotation.coaching.session_log import write_log, write_log_afterwards
from annotation.coaching.training import write_answer
from core.clock import utc_now
from core.models import PortfolioItem
from tests.support.factories import Pair


def put_in_log(pair: Pair) -> tuple[PortfolioItem, str]:
    """Put the log of a meeting into Priya's portfolio; return the item and the session's id."""
    log = write_log_afterwards(
        pair.session,
        pair.ada,
        pair.partnership.id,
        met_on=date(utc_now().year, utc_now().month, 1),
        notes={"W": "I count", "G": "Wait"},
        action="Count to five",
        action_by=date(2026, 12, 4),
    )
    write_log(pair.session, pair.priya, log.id, notes={"G": "What do you want?"})
    return add_log(pair.session, pair.priya, log.id), log.id


def test_a_log_is_its_meeting_the_notes_by_stage_with_whose_they_are_and_the_one_action(pair: Pair) -> None:
    item, log_id = put_in_log(pair)
    lines = source_lines(pair.session, pair.priya, item)
    assert lines[0].startswith("Met on 1 ")
    assert lines[1:] == [
        "Goal (coachee): Wait",
        "Goal (coach): What do you want?",
        "Will (coachee): I count",
        "One thing: Count to five, by 4 December 2026",
    ]
    assert item.agreed == fingerprints(item, lines)
    action = action_of(pair.session, write_log(pair.session, pair.ada, log_id))
    assert action is not None
    set_done(pair.session, pair.ada, action.id, done=True)
    assert source_lines(pair.session, pair.priya, item)[-1] == "One thing: Count to five, by 4 December 2026 (done)"


def test_an_item_keeps_no_copy_and_shows_no_line_that_came_since(pair: Pair) -> None:
    item, log_id = put_in_log(pair)
    assert item.text == ""
    write_log(pair.session, pair.ada, log_id, notes={"G": "", "O": "Pairs first"})
    read = read_items_of(pair.session, pair.priya, [item])[0]
    assert "Goal (coachee)" not in read.text  # deleted where it stood
    assert "Pairs first" not in read.text  # nobody agreed to it
    assert read.is_changed


def test_a_log_that_is_closed_to_the_coach_has_no_words(pair: Pair) -> None:
    item, _ = put_in_log(pair)
    pair.put_in_line()
    assert source_lines(pair.session, pair.priya, item) == []
    read = read_items_of(pair.session, pair.priya, [item])[0]
    assert (read.text, read.is_changed) == ("", False)


def test_an_answer_that_is_deleted_is_gone_from_its_item_and_a_reflection_is_its_own_source(pair: Pair) -> None:
    write_answer(pair.session, pair.priya, "grow", "First line\nSecond line")
    pair.session.flush()
    task = add_task(pair.session, pair.priya, "grow")
    reflection = add_reflection(pair.session, pair.priya, "A year", "I wait.\nI listen.")
    items = items_of(pair.session, pair.priya)
    assert sources_of(pair.session, pair.priya, items) == {
        task.id: ["First line", "Second line"],
        reflection.id: ["I wait.", "I listen."],
    }
    write_answer(pair.session, pair.priya, "grow", "Second line\nThird line")
    pair.session.flush()
    by_kind = {one.kind: one for one in read_items_of(pair.session, pair.priya, items)}
    assert (by_kind["task"].text, by_kind["task"].is_changed) == ("Second line", True)
    assert (by_kind["reflection"].text, by_kind["reflection"].is_changed) == ("I wait.\nI listen.", False)
    write_answer(pair.session, pair.priya, "grow", "")
    pair.session.flush()
    assert sources_of(pair.session, pair.priya, items)[task.id] == []


def test_the_same_line_has_another_fingerprint_in_another_item() -> None:
    first, second = PortfolioItem(id="first"), PortfolioItem(id="second")
    assert fingerprint(first, "Wait") == fingerprint(first, "Wait")
    assert fingerprint(first, "Wait") != fingerprint(second, "Wait")
    assert fingerprint(first, "Wait") != fingerprint(first, "wait")
