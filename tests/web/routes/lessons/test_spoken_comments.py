"""A spoken comment is heard by the same engine, comes back to its author alone, and its sound is not kept."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from core.models import Step, StoredFile
from ingest.media.ffmpeg import binary
from tests.support.web_school import KINDS, School
from workers.pipeline.runner import run_step

DEMO = Path(__file__).resolve().parents[4] / "demo" / "lesson.mp4"


def test_what_is_said_comes_back_as_words_and_the_sound_goes(school: School, tmp_path: Path) -> None:
    spoken = tmp_path / "said.webm"
    cut = ("-ss", "37", "-t", "8", "-i", str(DEMO), "-vn", "-c:a", "libopus", str(spoken))
    subprocess.run((binary(), "-v", "error", *cut), check=True)
    coach, address = school.browser("coach"), f"/api/lessons/{school.ids['lesson']}/said"
    taken = coach.post(address, content=spoken.read_bytes(), headers={"content-type": "audio/webm"})
    assert (taken.status_code, taken.json()["state"]) == (202, "working")
    with school.database.read() as session:
        step = session.scalars(select(Step).where(Step.stage == "hear_comment")).one()
    run_step(step.id, threading.Event())
    heard = coach.get(f"/api/said/{taken.json()['id']}").json()
    assert heard["state"] == "heard"
    assert "quarter" in heard["text"].lower()
    with school.database.read() as session:
        assert not [row.kind for row in session.scalars(select(StoredFile)) if row.kind.startswith("said")]
    steps = school.browser("owner").get(f"/api/lessons/{school.ids['lesson']}/steps").json()["steps"]
    assert "hear_comment" not in {one["stage"] for one in steps}


def test_noise_that_is_no_sound_fails_with_a_word_and_leaves_the_lesson_alone(school: School) -> None:
    coach = school.browser("coach")
    taken = coach.post(f"/api/lessons/{school.ids['lesson']}/said", content=b"not a sound").json()
    with school.database.read() as session:
        step = session.scalars(select(Step).where(Step.stage == "hear_comment")).one()
    run_step(step.id, threading.Event())
    assert coach.get(f"/api/said/{taken['id']}").json()["state"] == "failed"
    assert school.browser("owner").get(f"/api/lessons/{school.ids['lesson']}").json()["lesson"]["failure"] is None


def test_nothing_and_too_much_are_refused_before_anything_is_kept(school: School) -> None:
    coach, address = school.browser("coach"), f"/api/lessons/{school.ids['lesson']}/said"
    assert coach.post(address, content=b"").status_code == 422
    assert coach.post(address, content=bytes(6 * 1024**2)).status_code == 413


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "coach"])
def test_nobody_else_reads_what_was_said(school: School, kind: str) -> None:
    assert school.browser(kind).get(f"/api/said/{school.ids['said']}").status_code in (401, 403, 404)
