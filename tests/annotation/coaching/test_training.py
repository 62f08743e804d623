"""Coach training: set tasks whose answers only their writer reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotation.coaching.training import LENGTH, MODULES, answers_of, find_module, write_answer
from core.errors import InvalidInput, NotFound
from tests.support.factories import Pair

TEXTS = Path(__file__).resolve().parents[3] / "web/templates/coaching/modules"


def test_every_module_has_its_text_a_task_and_a_name_of_its_own() -> None:
    assert {one.title for one in MODULES} == {
        "Active Listening",
        "The GROW Method",
        "Questioning",
        "What Coaching Is and Is Not",
    }
    for one in MODULES:
        assert find_module(one.name) is one
        assert one.task and 10 <= one.minutes <= 15
        assert [path.stem for path in TEXTS.glob(f"{one.name}.*")] == [one.name]
    with pytest.raises(NotFound):
        find_module("appraisal")


def test_an_answer_is_rewritten_and_an_empty_one_goes_and_nobody_else_has_it(pair: Pair) -> None:
    write_answer(pair.session, pair.priya, "grow", " At reality. ")
    write_answer(pair.session, pair.priya, "grow", "At options.")
    write_answer(pair.session, pair.priya, "questioning", "Six questions.")
    pair.session.flush()
    found = {name: one.text for name, one in answers_of(pair.session, pair.priya).items()}
    assert found == {"grow": "At options.", "questioning": "Six questions."}
    assert answers_of(pair.session, pair.ada) == {}
    write_answer(pair.session, pair.ada, "grow", " ")
    write_answer(pair.session, pair.priya, "grow", " ")
    pair.session.flush()
    assert list(answers_of(pair.session, pair.priya)) == ["questioning"]


def test_an_answer_that_is_too_long_or_to_no_module_is_refused(pair: Pair) -> None:
    write_answer(pair.session, pair.priya, "grow", "x" * LENGTH)
    with pytest.raises(InvalidInput, match="under 20000"):
        write_answer(pair.session, pair.priya, "grow", "x" * (LENGTH + 1))
    with pytest.raises(NotFound):
        write_answer(pair.session, pair.priya, "appraisal", "Good")
    assert len(answers_of(pair.session, pair.priya)["grow"].text) == LENGTH
