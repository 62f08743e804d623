"""A lesson goes up and is worked on while every process is restarted, one after the other: nothing is lost.

The log of it all tells about the work, and holds nobody's words.
"""

from __future__ import annotations

import csv
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from annotation.people.sign_in import begin_sign_in
from core.database.db import Database
from core.models import Comment, Finding, Step, new_id
from core.pipeline.stages import STAGES
from core.storage.base import Storage
from tests.browser.school import School, free_port
from tests.faults.invariants import check_lesson
from tests.faults.watching import wait_for, wait_settled, wait_until
from tests.support.factories import make_person
from tests.support.servers import Servers, make_ground
from tests.web.routes.lessons.test_uploads import TUS, metadata, patch_headers
from web.security.auth import COOKIE

pytestmark = [pytest.mark.slow, pytest.mark.engine, pytest.mark.timeout(400)]

RECORDING = Path(__file__).resolve().parents[2] / "demo" / "lesson.mp4"
PIECE_BYTES = 100_000
TOKEN = "a long token"
MARKS = ("Marigold title", "Marigold film", "Marigold comment", "Marigold Teacher", "marigold@school.example")


@dataclass
class Teacher:
    """Somebody at her browser, who tries again until she is told that it worked, and knows what she was told."""

    address: str
    secret: str
    confirmed: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.address, cookies={COOKIE: self.secret}, timeout=30)

    def asks(self, method: str, path: str, **more: object) -> httpx.Response:
        """Ask until there is an answer."""
        end = time.monotonic() + 90
        while True:
            try:
                answer: httpx.Response = self.client.request(method, path, **more)  # type: ignore[arg-type]
            except httpx.TransportError:
                assert time.monotonic() < end, f"{method} {path} got no answer"
                time.sleep(0.2)
            else:
                return answer

    def uploads(self, content: bytes, half: threading.Event, go_on: threading.Event) -> str:
        """Send a recording piece by piece, asking how far it is after each, and return the lesson's id."""
        names = metadata(filename="Marigold film.mp4", title="Marigold title")
        headers = {**TUS, "upload-length": str(len(content)), "upload-metadata": names}
        where = self.asks("POST", "/api/uploads", headers=headers).headers["location"]
        while True:
            offset = int(self.asks("HEAD", where, headers=TUS).headers["upload-offset"])
            self.offsets.append(offset)
            if offset > len(content) // 2:
                half.set()
                assert go_on.wait(90)
            sent = self.asks("PATCH", where, headers=patch_headers(offset), content=content[offset:][:PIECE_BYTES])
            if "hindsight-lesson" in sent.headers:
                return str(sent.headers["hindsight-lesson"])
            assert sent.status_code in (204, 409), sent.text  # 409: the piece arrived, its answer did not

    def comments(self, lesson_id: str, number: int) -> None:
        """Write one comment, and remember that it was confirmed."""
        text = f"Marigold comment {number}"
        body = {"text": text, "start_ms": number, "draft_id": new_id()}
        answer = self.asks("POST", f"/api/lessons/{lesson_id}/comments", json=body)
        assert answer.status_code in (200, 201), answer.text
        self.confirmed.append(text)


@dataclass(frozen=True)
class Story:
    """What came of it."""

    teacher: Teacher
    lesson_id: str
    database: Database
    storage: Storage
    log: str
    metrics: str


@pytest.fixture(scope="module")
def story(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Restart the pages during the upload, and everything else while it is worked on and commented."""
    if not RECORDING.is_file():
        pytest.skip("demo/lesson.mp4 is not here")
    folder = tmp_path_factory.mktemp("restarts")
    ground = make_ground(servers, folder / "data")
    settings = {
        **ground,
        "HINDSIGHT_ASR_MODEL": "tiny.en",
        "HINDSIGHT_ASR_WORKERS": "1",
        "HINDSIGHT_LANGUAGE": "en",
        "HINDSIGHT_LOG_FORMAT": "json",
        "HINDSIGHT_METRICS_TOKEN": TOKEN,
    }
    school = School(folder / "data", free_port(), settings)
    school.start()
    try:
        with school.opened() as (database, storage):
            with database.write() as session:
                person = make_person(session, "Marigold Teacher", email="marigold@school.example")
                teacher = Teacher(school.address, begin_sign_in(session, person, "a browser"))
            lesson_id = upload_over_a_restart(school, teacher)
            wait_for(database, lesson_id, "transcribe_chunk", "running")
            for number in range(len(school.processes)):
                teacher.comments(lesson_id, 2 * number)
                restarting = threading.Thread(target=school.restart, args=(number,))
                restarting.start()
                teacher.comments(lesson_id, 2 * number + 1)
                restarting.join()
            school.wait_until_it_answers()
            wait_settled(database, lesson_id)
            metrics = teacher.asks("GET", "/metrics", headers={"authorization": f"Bearer {TOKEN}"}).text
            teacher.client.close()
            school.stop()
            yield Story(teacher, lesson_id, database, storage, school.log.read_text("utf-8"), metrics)
    finally:
        school.stop()
        servers.remove(ground)


def upload_over_a_restart(school: School, teacher: Teacher) -> str:
    half, go_on = threading.Event(), threading.Event()
    lessons: list[str] = []
    content = RECORDING.read_bytes()
    sending = threading.Thread(target=lambda: lessons.append(teacher.uploads(content, half, go_on)))
    sending.start()
    wait_until(half.is_set, "half of the upload is there")
    school.ask_to_end(0)
    go_on.set()  # what is sent now meets pages that end, are gone, or have just come back
    school.restart(0)
    sending.join()
    [lesson_id] = lessons
    return lesson_id


def test_an_upload_goes_on_where_it_was_and_becomes_one_whole_lesson(story: Story) -> None:
    assert story.teacher.offsets == sorted(story.teacher.offsets)  # what was confirmed stays
    with story.database.read() as session:
        check_lesson(session, story.storage, story.lesson_id)
        kept = next(key for key in story.storage.keys(f"lessons/{story.lesson_id}") if "/original" in key)
    content = b"".join(story.storage.read(kept, 0, story.storage.size(kept)))
    assert content == RECORDING.read_bytes()


def test_no_attempt_is_counted_and_there_is_one_transcript(story: Story) -> None:
    with story.database.read() as session:
        steps = session.scalars(select(Step).where(Step.lesson_id == story.lesson_id)).all()
        words = session.get_one(Finding, (story.lesson_id, "words")).document
    assert {(step.state, step.attempts) for step in steps} == {("done", 1)}
    assert len(words) > 100


def test_every_comment_that_was_confirmed_is_there_once(story: Story) -> None:
    with story.database.read() as session:
        texts = session.scalars(select(Comment.text).where(Comment.lesson_id == story.lesson_id)).all()
    assert sorted(texts) == sorted(story.teacher.confirmed)


def test_the_log_follows_the_lesson_through_every_stage(story: Story) -> None:
    lines = [json.loads(line) for line in story.log.splitlines() if line.startswith("{")]
    of_steps = [line for line in lines if line["message"] in ("step begins", "step over", "step stopped")]
    assert all({"lesson", "stage", "step", "attempt", "at", "level"} <= set(line) for line in of_steps)
    assert {line["lesson"] for line in of_steps} == {story.lesson_id}
    ended = {line["stage"] for line in of_steps if line["message"] == "step over"}
    assert ended == {name for name, stage in STAGES.items() if not stage.on_request}
    assert {line["code"] for line in of_steps if line["message"] == "step stopped"} <= {"shutdown"}
    asked = {line["route"] for line in lines if line.get("lesson") == story.lesson_id and "route" in line}
    assert {"/api/uploads/{upload_id}", "/api/lessons/{lesson_id}/comments"} <= asked


def test_the_log_holds_nobodys_words_names_or_titles(story: Story) -> None:
    with (RECORDING.parent / "lesson.tsv").open(encoding="utf-8") as table:
        said = [row["text"] for row in csv.DictReader(table, delimiter="\t")]
    with story.database.read() as session:
        heard = [word[2] for word in session.get_one(Finding, (story.lesson_id, "words")).document]
    runs = [" ".join(heard[n : n + 3]) for n in range(len(heard) - 2)]
    assert len(runs) > 100
    assert [text for text in (*MARKS, "arigold", *said, *runs) if text in story.log] == []


def test_metrics_of_the_work_are_read_by_a_parser(story: Story) -> None:
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(story.metrics)
        for sample in family.samples
    }
    assert found["hindsight_steps", "asr", "done"] >= 1
    assert found["hindsight_oldest_due_step_seconds",] == 0
    for name, stage in STAGES.items():
        if not stage.on_request:
            assert found["hindsight_stage_seconds_count", name] >= 1
            assert found["hindsight_stage_seconds_sum", name] > 0
    assert not any(name == "hindsight_failed_steps" for name, *_ in found)
