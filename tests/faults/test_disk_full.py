"""A real disk fills up, wherever something is written: the person is told, nothing is half, and work goes on later."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text, update

from annotation.lessons.clips import ask_for_blur, make_clip
from annotation.lessons.spoken_comments import start_spoken_comment
from core.clock import utc_now
from core.commands import backup
from core.database.backup import back_up, restore
from core.database.db import Database
from core.database.migrate import migrate_database
from core.database.rewriting import empty_journal
from core.errors import DiskFull
from core.models import Comment, Lesson, Person, Step, StoredFile, new_id
from core.settings import get_settings
from core.storage.configured import get_storage
from core.storage.local import LocalStorage
from core.storage.object_store import ObjectStorage
from tests.faults.invariants import check_lesson
from tests.support.processes import forget_process
from tests.support.recordings import make_video, upload_recording
from tests.support.web_school import BYTES, School
from tests.web.routes.lessons.test_uploads import RECORDING, TUS, begin, patch_headers
from workers.pipeline.runner import run_step

SIZE_BYTES = 24 * 1024**2
WRITING = {"make_rendition", "make_pictures", "extract_audio", "cut_clip", "blur_clip", "hear_comment"}
SENTENCE = "has run out of disk space. Nothing was lost"


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A file system of its own with little room."""

    folder: Path

    @property
    def filler(self) -> Path:
        """What takes the room."""
        return self.folder / "filler"

    def fill(self) -> None:
        """Leave no room at all."""
        with self.filler.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as error:
                assert error.errno == errno.ENOSPC

    def clear(self) -> None:
        """Make room again."""
        self.filler.unlink(missing_ok=True)


def mount_small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Yield a real small file system at a folder; root alone may make one."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    options = ["-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs", str(folder)]
    mounted = subprocess.run(["mount", *options], check=False, capture_output=True, text=True)
    if mounted.returncode:
        reason = f"no small disk may be mounted here: {mounted.stderr.strip()}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield SmallDisk(folder)
    finally:
        forget_process()
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def small_disk(data_dir: Path) -> Iterator[SmallDisk]:
    """Yield the disk of the whole data folder."""
    yield from mount_small_disk(data_dir)


@pytest.fixture
def disk_of_files(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallDisk]:
    """Yield the disk of everything but the database."""
    address = f"sqlite:///{tmp_path / 'apart.sqlite3'}"
    migrate_database(address)
    monkeypatch.setenv("HINDSIGHT_DATABASE_URL", address)
    forget_process()
    yield from mount_small_disk(data_dir)


@pytest.mark.embedded
def test_an_upload_that_does_not_fit_is_told_so_and_goes_on_where_it_was(small_disk: SmallDisk, school: School) -> None:
    owner = school.browser("owner")
    where = begin(owner)
    owner.patch(where, content=RECORDING[:1_000_000], headers=patch_headers(0))
    small_disk.fill()
    refused = owner.patch(where, content=RECORDING[1_000_000:], headers=patch_headers(1_000_000))
    assert (refused.status_code, SENTENCE in refused.json()["message"]) == (507, True)
    assert owner.head(where, headers=TUS).headers["upload-offset"] == "1000000"
    small_disk.clear()
    done = owner.patch(where, content=RECORDING[1_000_000:], headers=patch_headers(1_000_000))
    [key] = get_storage().keys(f"lessons/{done.headers['hindsight-lesson']}")
    with get_storage().local(key) as path:
        assert path.read_bytes() == RECORDING


@pytest.mark.embedded
def test_an_upload_whose_lesson_does_not_fit_becomes_one_when_there_is_room(
    small_disk: SmallDisk, school: School
) -> None:
    owner = school.browser("owner")
    where = begin(owner)
    get_settings().uploads_dir.mkdir(exist_ok=True)
    (get_settings().uploads_dir / where.rpartition("/")[2]).write_bytes(RECORDING)
    empty_journal(school.database)  # its journal has no room in it either
    small_disk.fill()
    assert owner.head(where, headers=TUS).status_code == 507
    small_disk.clear()
    lesson_id = owner.head(where, headers=TUS).headers["hindsight-lesson"]
    with school.database.read() as session:
        steps = session.scalars(select(Step.stage).where(Step.lesson_id == lesson_id)).all()
    assert steps == ["probe_media"]


@pytest.mark.embedded
def test_comments_that_were_confirmed_are_there_after_the_disk_was_full_and_pages_open_meanwhile(
    small_disk: SmallDisk, school: School
) -> None:
    owner, lesson_id = school.browser("owner"), school.ids["lesson"]
    assert owner.get("/").status_code == 200  # the school runs: its database is open
    empty_journal(school.database)
    small_disk.fill()
    comments, confirmed = f"/api/lessons/{lesson_id}/comments", list[str]()
    said = f"I waited. 0 {'.' * 3000}"
    while (answer := owner.post(comments, json={"text": said, "start_ms": 1})).status_code == 201:
        confirmed.append(said)
        said = f"I waited. {len(confirmed)} {'.' * 3000}"
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert SENTENCE in answer.json()["message"]
    assert owner.get(f"/lessons/{lesson_id}").status_code == 200
    assert owner.post(f"/api/lessons/{lesson_id}/said", content=BYTES).status_code == 507
    assert not list(get_settings().uploads_dir.glob("said-*"))
    small_disk.clear()
    assert owner.post(comments, json={"text": said, "start_ms": 1}).status_code == 201
    with school.database.read() as session:
        texts = session.scalars(select(Comment.text).where(Comment.text.like("I waited. %"))).all()
    assert sorted(texts) == sorted([*confirmed, said])


@pytest.mark.embedded
def test_a_page_that_is_the_first_to_read_when_the_disk_is_full_says_so(small_disk: SmallDisk, school: School) -> None:
    owner = school.browser("owner")
    school.database.dispose()
    empty_journal(school.database)
    small_disk.fill()
    answer = owner.get(f"/api/lessons/{school.ids['lesson']}")
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    small_disk.clear()
    assert owner.get("/").status_code == 200


def ready_steps(database: Database) -> list[tuple[str, str]]:
    """Return what is ready, its pause over."""
    with database.write() as session:
        session.execute(update(Step).where(Step.state == "ready").values(next_at=utc_now()))
    with database.read() as session:
        found = session.execute(select(Step.id, Step.stage).where(Step.state == "ready"))
        return [(row[0], row[1]) for row in found]


@pytest.mark.embedded
@pytest.mark.engine
@pytest.mark.slow
def test_every_stage_that_finds_no_room_says_so_leaves_nothing_and_is_done_when_there_is_room(
    disk_of_files: SmallDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HINDSIGHT_ASR_MODEL", "tiny.en")
    forget_process()
    from core.database.db import get_database

    database, storage = get_database(), get_storage()
    film = make_video(tmp_path / "a.mp4", 4, size="640x360")
    said = shutil.copyfile(film, tmp_path / "said.mp4")
    with database.write() as session:
        lesson = upload_recording(session, storage, film)
        lesson_id, owner_id = lesson.id, lesson.owner_id
    refused: set[str] = set()
    asked = False
    while ready := ready_steps(database):
        for step_id, stage in ready:
            files = sorted(storage.keys())
            disk_of_files.fill()
            run_step(step_id, threading.Event())
            with database.read() as session:
                step = session.get_one(Step, step_id)
            if step.state == "ready":
                assert (step.error_code, SENTENCE in step.error_sentence) == ("disk_full", True), stage
                assert sorted(storage.keys()) == files
                refused.add(stage)
            assert not list(get_settings().scratch_dir.iterdir())
            disk_of_files.clear()
            run_step_again(database, step_id)
        if not asked:
            asked = True
            key = f"lessons/{lesson_id}/said-{new_id()}"
            size = said.stat().st_size
            storage.keep(said, key)
            with database.write() as session:
                person, there = session.get_one(Person, owner_id), session.get_one(Lesson, lesson_id)
                clip = make_clip(session, person, lesson_id, "A moment", 500, 3500)
                ask_for_blur(session, person, clip.id)
                start_spoken_comment(session, person, there, key, size, "video/mp4")
    assert refused == WRITING
    with database.read() as session:
        check_lesson(session, storage, lesson_id)
        assert set(session.scalars(select(Step.state))) == {"done"}


def run_step_again(database: Database, step_id: str) -> None:
    """Run a step whose pause is over."""
    ready_steps(database)
    run_step(step_id, threading.Event())


def test_a_copy_of_what_lies_in_a_bucket_that_does_not_fit_leaves_nothing_half(
    small_disk: SmallDisk, bucket: ObjectStorage, tmp_path: Path
) -> None:
    (tmp_path / "film").write_bytes(RECORDING)
    bucket.keep(tmp_path / "film", "lessons/a/original-a.mp4")
    small_disk.fill()
    with pytest.raises(DiskFull), bucket.local("lessons/a/original-a.mp4"):
        pass
    assert not list(bucket.copies.glob("*"))
    small_disk.clear()
    with bucket.local("lessons/a/original-a.mp4") as path:
        assert path.read_bytes() == RECORDING


@pytest.mark.embedded
def test_a_backup_that_does_not_fit_says_so_and_the_one_before_stays_whole(
    database: Database, tmp_path: Path, data_dir: Path
) -> None:
    target = tmp_path / "backups"
    target.mkdir()
    storage = LocalStorage(data_dir / "files")
    for disk in mount_small_disk(target):
        folder = disk.folder / "hindsight"
        with database.write() as session:
            lesson_id = upload_recording(session, storage, make_video(tmp_path / "a.mp4", 1)).id
        back_up(database, storage, folder)
        with database.write() as session:
            session.execute(update(Lesson).values(title="A new title"))
            upload_recording(session, storage, make_video(tmp_path / "b.mp4", 1))
        disk.fill()
        with pytest.raises(DiskFull):
            back_up(database, storage, folder)
        told = CliRunner().invoke(backup, [str(folder)])
        assert (told.exit_code, SENTENCE in told.output) == (1, True)
        assert not list(folder.rglob("*.part"))
        elsewhere = tmp_path / "restored"
        address = f"sqlite:///{elsewhere / 'hindsight.sqlite3'}"
        other = Database(address)
        restored = restore(other, address, LocalStorage(elsewhere / "files"), folder, elsewhere / "scratch")
        with other.read() as session:
            assert [row.id for row in session.scalars(select(Lesson))] == [lesson_id]
        other.dispose()
        assert restored.files == 1
        disk.clear()
        assert back_up(database, storage, folder).files == 1


@pytest.mark.embedded
def test_a_file_that_does_not_fit_on_another_disk_is_not_kept_half(
    small_disk: SmallDisk, database: Database, tmp_path: Path
) -> None:
    film = tmp_path / "film"
    film.write_bytes(RECORDING)
    small_disk.fill()
    storage = LocalStorage(small_disk.folder / "files")
    with pytest.raises(DiskFull):
        storage.keep(film, "lessons/a/original-a.mp4")
    assert list(storage.keys()) == []
    assert film.read_bytes() == RECORDING
    small_disk.clear()
    storage.keep(film, "lessons/a/original-a.mp4")
    assert list(storage.keys()) == ["lessons/a/original-a.mp4"]


@pytest.mark.parametrize("any_database", ["postgres"], indirect=True)
def test_a_full_disk_of_postgresql_is_called_that(any_database: Database) -> None:
    full = "DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
    with pytest.raises(DiskFull), any_database.write() as session:
        session.execute(text(full))
    with any_database.read() as session:
        assert session.scalars(select(StoredFile)).all() == []
