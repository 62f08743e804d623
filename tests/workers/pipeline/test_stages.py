"""The catalogue of stages is whole: each has a function, a title, a row in the docs, and builds on the first."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from core.database.db import Database
from core.models import Step
from core.pipeline.stages import FIRST_STAGE, STAGES, stages_before
from core.pipeline.steps import request_step
from tests.support.recordings import make_ready_lesson
from workers.pipeline.bindings import BINDINGS
from workers.queue.sweeper import redo_stages

PROJECT = Path(__file__).resolve().parents[3]


def test_every_stage_has_a_function() -> None:
    assert list(BINDINGS) == list(STAGES)


def test_every_stage_has_a_title_on_the_pages() -> None:
    texts = (PROJECT / "web/frontend/src/text/words.ts").read_text()
    titles = re.search(r"\n  stages: \{(.*?)\n  \}", texts, re.DOTALL)
    assert titles is not None
    assert re.findall(r"^ +(\w+): \"", titles[1], re.MULTILINE) == list(STAGES)


def test_the_docs_name_every_stage_with_its_queue() -> None:
    table = (PROJECT / "docs/architecture.md").read_text().split("\n| stage | queue |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", table, re.MULTILINE)
    assert rows == [(stage.name, stage.queue) for stage in STAGES.values()]


def test_everything_but_what_is_asked_for_builds_on_the_first_stage() -> None:
    by_itself = [name for name, stage in STAGES.items() if not stage.on_request and name != FIRST_STAGE]
    assert all(FIRST_STAGE in stages_before(name) for name in by_itself)


@pytest.mark.parametrize("name", [name for name, stage in STAGES.items() if stage.on_request])
def test_what_was_asked_for_is_asked_for_again_when_its_version_is_raised(
    name: str, any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with any_database.write() as session:
        lesson = make_ready_lesson(session)
        for number in (1, 2):
            request_step(session, lesson.id, name, number)
        for step in session.scalars(select(Step).where(Step.stage == name)):
            step.state = "done"
    monkeypatch.setitem(STAGES, name, replace(STAGES[name], version=STAGES[name].version + 1))
    redo_stages(any_database)
    with any_database.write() as session:
        request_step(session, lesson.id, name, 2)  # asked once more by a person: it is there already
    with any_database.read() as session:
        steps = session.scalars(select(Step).where(Step.stage == name).order_by(Step.chunk_no)).all()
        found = [(step.chunk_no, step.version, step.state) for step in steps]
    assert found == [(number, STAGES[name].version, "ready") for number in (1, 2)]
