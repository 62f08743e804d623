"""Stages of the whole lesson lay what people put right over their results, thought out before it is written."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from core.database.db import Database
from core.models import Lesson, SpeakerRow, Step
from core.types import AudioStream, MediaInfo
from ingest.media.probe import media_to_json
from tests.support.analysed_lesson import DURATION_MS, evidence_of
from tests.transcription.lesson.test_corrected_findings import lesson_with, names, naming
from tests.workers.pipeline.test_runner import put_in
from transcription.lesson.corrected_findings import change_lesson
from workers.pipeline.bindings import BINDINGS
from workers.pipeline.context import Context, Output
from workers.pipeline.runner import run_step

STAGES = ("find_questions", "find_activities", "measure_lesson")


def add_stage(database: Database, lesson_id: str, stage: str) -> str:
    """Add a stage that may start."""
    with database.write() as session:
        lesson = session.get_one(Lesson, lesson_id)
        lesson.media = media_to_json(MediaInfo("wav", DURATION_MS, None, AudioStream("pcm", 1, 16_000)))
        step = Step(lesson_id=lesson_id, stage=stage, queue="analysis", state="ready", version=9)
        step.next_at = lesson.created_at
        session.add(step)
        session.flush()
        return step.id


@pytest.mark.parametrize("stage", STAGES)
def test_what_was_put_right_while_a_stage_thought_is_not_lost_and_no_try_is_counted(
    any_database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    get, owner = lesson_with(any_database, evidence_of())
    with any_database.read() as session:
        step_id = add_stage(any_database, session.scalars(select(Lesson.id)).one(), stage)
    real = BINDINGS[stage].run
    runs = 0

    def overtaken(context: Context) -> Output:
        nonlocal runs
        runs += 1
        output = real(context)
        if runs == 1:
            change_lesson(any_database, get, naming(owner, "Ada"))
        return output

    put_in(monkeypatch, stage, overtaken)
    run_step(step_id, threading.Event())
    with any_database.read() as session:
        step = session.get_one(Step, step_id)
        assert (step.state, step.attempts) == ("ready", 0)
    assert names(any_database) == {"Ada"}
    run_step(step_id, threading.Event())
    with any_database.read() as session:
        step = session.get_one(Step, step_id)
        assert (step.state, step.attempts) == ("done", 1)
        assert session.scalars(select(SpeakerRow)).all()
    assert names(any_database) == {"Ada"}
