"""Scenario of fault tests: one lesson from upload to measures, on a deployment whose processes are killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from imageio_ffmpeg import get_ffmpeg_exe

from annotation.lessons.clips import ask_for_blur, make_clip
from annotation.lessons.spoken_comments import start_spoken_comment
from annotation.people.sign_in import begin_sign_in
from core.database.db import Database
from core.models import Lesson, Person, Place, new_id
from core.storage.base import Storage
from tests.faults.dying import Plan
from tests.faults.watching import wait_for, wait_settled
from tests.support.factories import make_person
from tests.web.routes.lessons.test_uploads import TUS, metadata, patch_headers
from web.security.auth import COOKIE

LESSON = Path(__file__).resolve().parents[2] / "demo" / "lesson.mp4"
SETTINGS = {
    "HINDSIGHT_ASR_MODEL": "tiny.en",
    "HINDSIGHT_ASR_WORKERS": "1",
    "HINDSIGHT_LANGUAGE": "en",
    "HINDSIGHT_LEASE_SECONDS": "1",
    "HINDSIGHT_DISPATCH_SECONDS": "0.1",
    "HINDSIGHT_MAX_ATTEMPTS": "50",  # each stage dies several times: that is no fault of the recording
    "HINDSIGHT_DISK_RESERVE_BYTES": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "dramatiq_restart_delay": "100",
}
CLIP_MS = (1_000, 2_000)
PATIENCE_SECONDS = 240


def cut_recording(folder: Path) -> Path:
    """Write some seconds of the demo's lesson: two questions of the teacher's, an answer of a pupil's."""
    target = folder / "lesson.mp4"
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"]
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-ss", "20.5", "-t", "11", "-i", str(LESSON), *coding]
    subprocess.run([*command, str(target)], check=True, stdin=subprocess.DEVNULL)
    return target


@contextmanager
def household(plan: Plan, log: Path, settings: Mapping[str, str]) -> Iterator[None]:
    """Run the pages and workers of a plan, and end them however the test ends."""
    Path(plan.notes).mkdir()
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.dying", plan.to_json()],
            env=os.environ | SETTINGS | dict(settings),
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield
        process.terminate()
        assert process.wait(30) == 0, log.read_text("utf-8")[-3000:]
    except BaseException:
        sys.stderr.write(log.read_text("utf-8")[-20_000:])
        raise
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass
class Teacher:
    """Whoever uploads and writes, in a browser that tries again until it has an answer."""

    client: httpx.Client
    person_id: str
    comments: list[str] = field(default_factory=list)
    place_ms: int = 0

    def ask(self, method: str, path: str, **more: object) -> httpx.Response:
        """Ask until there is an answer that is no failure of the server's."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self.client.request(method, path, **more)  # type: ignore[arg-type] # httpx's own words
                if answer.status_code < 500 and answer.status_code != httpx.codes.LOCKED:
                    return answer
            except httpx.TransportError as error:
                assert time.monotonic() < end, error
            assert time.monotonic() < end
            time.sleep(0.05)

    def upload(self, recording: bytes) -> str:
        """Send a recording as a browser does: ask how much is there, send the rest, until it is a lesson."""
        headers = {**TUS, "upload-length": str(len(recording)), "upload-metadata": metadata(filename="lesson.mp4")}
        where = self.ask("POST", "/api/uploads", headers=headers).headers["location"]
        while True:
            head = self.ask("HEAD", where, headers=TUS)
            if "hindsight-lesson" in head.headers:
                return head.headers["hindsight-lesson"]
            offset = int(head.headers["upload-offset"])
            with_rest = patch_headers(offset)
            try:
                self.client.patch(where, content=recording[offset:], headers=with_rest)
            except httpx.TransportError:
                continue  # the next question says how much arrived

    def write(self, lesson_id: str) -> None:
        """Write a comment and keep the place; each is sent again until it is confirmed."""
        number = len(self.comments)
        words = {"text": f"At last I waited, {number}.", "start_ms": number % 1000, "draft_id": f"draft-{number}"}
        answer = self.ask("POST", f"/api/lessons/{lesson_id}/comments", json=words)
        assert answer.status_code in (200, 201), answer.text
        self.comments.append(words["text"])  # type: ignore[arg-type] # a text
        self.place_ms = number * 10
        assert self.ask("PUT", f"/api/lessons/{lesson_id}/place", json={"at_ms": self.place_ms}).status_code == 204

    def check_place(self, database: Database, lesson_id: str) -> None:
        """Raise AssertionError unless the place that was confirmed last is kept."""
        with database.read() as session:
            assert session.get_one(Place, (lesson_id, self.person_id)).at_ms == self.place_ms

    @contextmanager
    def writing(self, lesson_id: str) -> Iterator[None]:
        """Go on writing until the block ends."""
        stop, failures = threading.Event(), list[BaseException]()

        def go_on() -> None:
            try:
                while not stop.wait(0.2):
                    self.write(lesson_id)
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        assert not failures, failures


@contextmanager
def a_teacher(database: Database, port: int) -> Iterator[Teacher]:
    """Yield a teacher who is signed in."""
    with database.write() as session:
        person = make_person(session)
        secret = begin_sign_in(session, person, "a browser")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", cookies={COOKIE: secret}, timeout=60) as client:
        yield Teacher(client, person.id)


def play(database: Database, storage: Storage, teacher: Teacher, recording: Path, scratch: Path) -> str:
    """Upload, ask for a clip, its blurred form and the words of a comment, write all the time; wait for the end."""
    lesson_id = teacher.upload(recording.read_bytes())
    with teacher.writing(lesson_id):
        wait_for(database, lesson_id, "probe_media", "done")
        said = shutil.copyfile(recording, scratch / "said.mp4")
        size, key = said.stat().st_size, f"lessons/{lesson_id}/said-{new_id()}"
        storage.keep(said, key)
        with database.write() as session:
            person, lesson = session.get_one(Person, teacher.person_id), session.get_one(Lesson, lesson_id)
            clip = make_clip(session, person, lesson_id, "A question", *CLIP_MS)
            ask_for_blur(session, person, clip.id)
            start_spoken_comment(session, person, lesson, key, size, "video/mp4")
        wait_settled(database, lesson_id, PATIENCE_SECONDS)
    teacher.check_place(database, lesson_id)
    return lesson_id
