"""The table of the pipeline is whole."""

from __future__ import annotations

from core.pipeline.steps import FIRST_QUEUE, FIRST_STAGE, FIRST_VERSION, ORDER
from workers.pipeline.runner import all_before
from workers.pipeline.stages import STAGES


def test_a_person_is_shown_the_stages_in_the_order_of_the_table() -> None:
    assert tuple(STAGES) == ORDER


def test_the_first_step_is_the_one_that_an_upload_adds() -> None:
    first = STAGES[FIRST_STAGE]
    assert (first.queue, first.version, first.after) == (FIRST_QUEUE, FIRST_VERSION, ())


def test_everything_builds_on_the_first_stage() -> None:
    assert all(
        FIRST_STAGE in all_before(name) for name, stage in STAGES.items() if name != FIRST_STAGE and not stage.asked
    )
