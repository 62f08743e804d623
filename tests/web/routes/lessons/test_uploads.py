"""Resumable uploads over the protocol: what is refused, what is kept, what becomes of a cut or a kill."""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from core.clock import utc_now
from core.models import Lesson, Step, StoredFile, Upload
from core.settings import get_settings
from core.storage.configured import get_storage
from ingest.upload.uploads import finish_left_behind, sweep_uploads
from tests.support.web_school import KINDS, School

TUS = {"tus-resumable": "1.0.0"}
RECORDING = random.Random(7).randbytes(3 * 1024**2 + 17)


def metadata(**words: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in words.items())


def begin(client: TestClient, length: int = len(RECORDING), name: str = "Year_9 fractions.MP4", **words: str) -> str:
    headers = {**TUS, "upload-length": str(length), "upload-metadata": metadata(filename=name, **words)}
    answer = client.post("/api/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["upload-expires"].endswith("GMT")
    return str(answer.headers["location"])


def patch_headers(offset: int) -> dict[str, str]:
    return {**TUS, "upload-offset": str(offset), "content-type": "application/offset+octet-stream"}


def test_a_recording_that_comes_in_two_parts_becomes_one_lesson(school: School) -> None:
    client = school.browser("owner")
    where = begin(client, class_name="9b", taught_on="2026-11-20")
    first = client.patch(where, headers=patch_headers(0), content=RECORDING[:1_500_000])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "1500000")
    assert "hindsight-lesson" not in first.headers
    head = client.head(where, headers=TUS)
    assert (head.status_code, head.headers["upload-offset"], head.headers["upload-length"]) == (
        200,
        "1500000",
        str(len(RECORDING)),
    )
    assert head.headers["cache-control"] == "no-store"
    last = client.patch(where, headers=patch_headers(1_500_000), content=RECORDING[1_500_000:])
    assert (last.status_code, last.headers["upload-offset"]) == (204, str(len(RECORDING)))
    with school.database.read() as session:
        lesson = session.get_one(Lesson, last.headers["hindsight-lesson"])
        assert (lesson.title, lesson.class_name, str(lesson.taught_on)) == ("Year 9 fractions", "9b", "2026-11-20")
        assert lesson.owner_id == school.ids["person_owner"]
        file = session.scalars(select(StoredFile).where(StoredFile.lesson_id == lesson.id)).one()
        step = session.scalars(select(Step).where(Step.lesson_id == lesson.id)).one()
    assert (file.kind, file.bytes, file.sha256) == ("original", len(RECORDING), hashlib.sha256(RECORDING).hexdigest())
    assert (step.stage, step.state) == ("probe_media", "ready")
    with get_storage().local(file.key) as path:
        assert path.read_bytes() == RECORDING
    assert not list(get_settings().uploads_dir.iterdir())


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"upload-length": "5"}, 412, "upload_version"),
        ({"tus-resumable": "0.2.2", "upload-length": "5"}, 412, "upload_version"),
        (TUS, 400, "upload_unreadable"),
        ({**TUS, "upload-length": "-5"}, 400, "upload_unreadable"),
        ({**TUS, "upload-length": "5", "upload-metadata": "filename ?"}, 400, "upload_unreadable"),
        ({**TUS, "upload-length": "0"}, 422, "file_empty"),
        ({**TUS, "upload-length": "9000000000000"}, 413, "file_too_large"),
        ({**TUS, "upload-length": "5", "upload-metadata": metadata(filename="notes.docx")}, 415, "file_kind_unknown"),
        ({**TUS, "upload-length": "5", "upload-metadata": metadata(filename="mp4")}, 415, "file_kind_unknown"),
        ({**TUS, "upload-length": "5", "upload-metadata": metadata(title="x")}, 415, "file_kind_unknown"),
        (
            {**TUS, "upload-length": "5", "upload-metadata": metadata(filename="a.mp4", taught_on="soon")},
            422,
            "invalid_input",
        ),
    ],
)
def test_what_cannot_be_taken_is_refused_before_a_byte_is_sent(
    school: School, headers: dict[str, str], status: int, code: str
) -> None:
    answer = school.browser("owner").post(
        "/api/uploads", headers={"upload-metadata": metadata(filename="a.mp4"), **headers}
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["tus-resumable"] == "1.0.0"
    with school.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Upload)) == 0


def test_the_server_says_what_it_speaks(school: School) -> None:
    answer = school.browser("nobody").options("/api/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,creation-defer-length,termination,expiration"
    assert answer.headers["tus-max-size"] == str(get_settings().upload_max_bytes)


def test_bytes_in_the_wrong_form_or_place_are_refused(school: School) -> None:
    client = school.browser("owner")
    where = begin(client, 10)
    good = patch_headers(0)
    tries: list[tuple[dict[str, str], bytes, int]] = [
        ({**good, "content-type": "video/mp4"}, b"12345", 415),
        ({**good, "upload-offset": "3"}, b"12345", 409),
        ({**good, "upload-offset": "x"}, b"12345", 400),
        ({**good, "tus-resumable": "2.0"}, b"12345", 412),
        (good, b"12345678901", 413),
    ]
    for headers, body, status in tries:
        assert client.patch(where, headers=headers, content=body).status_code == status
    assert client.head(where, headers=TUS).headers["upload-offset"] == "0"
    assert client.head(where).status_code == 412


def test_more_bytes_than_announced_are_never_stored_when_no_length_is_said(school: School) -> None:
    client = school.browser("owner")
    where = begin(client, 10)
    answer = client.patch(where, headers=patch_headers(0), content=iter([b"12345", b"1234567890"]))
    assert answer.status_code == 413
    asked = client.head(where, headers=TUS).headers
    assert int(asked["upload-offset"]) < 10
    assert "hindsight-lesson" not in asked


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "owner"])
def test_nobody_but_its_owner_sees_an_upload(school: School, kind: str) -> None:
    where = begin(school.browser("owner"), 10)
    client = school.browser(kind)
    status = {"nobody": 401, "leaver": 403}.get(kind, 404)
    assert client.head(where, headers=TUS).status_code == status
    assert client.patch(where, headers=patch_headers(0), content=b"12345").status_code == status
    assert client.delete(where, headers=TUS).status_code == status
    if kind == "nobody":
        assert client.post("/api/uploads", headers={**TUS, "upload-length": "5"}).status_code == 401
    assert school.browser("owner").head(where, headers=TUS).headers["upload-offset"] == "0"


def test_an_upload_that_is_given_up_leaves_nothing(school: School) -> None:
    client = school.browser("owner")
    where = begin(client)
    client.patch(where, headers=patch_headers(0), content=RECORDING[:1000])
    assert client.delete(where, headers=TUS).status_code == 204
    assert client.head(where, headers=TUS).status_code == 404
    assert client.delete(where, headers=TUS).status_code == 404
    assert not list(get_settings().uploads_dir.iterdir())


def test_giving_up_a_complete_upload_keeps_its_lesson(school: School) -> None:
    client = school.browser("owner")
    where = begin(client)
    done = client.patch(where, headers=patch_headers(0), content=RECORDING)
    assert client.delete(where, headers=TUS).status_code == 204
    assert client.get(f"/api/lessons/{done.headers['hindsight-lesson']}").status_code == 200
    assert len(list(get_storage().keys(f"lessons/{done.headers['hindsight-lesson']}"))) == 1


def test_the_same_recording_twice_is_said_and_kept_twice(school: School) -> None:
    client = school.browser("owner")
    first = client.patch(begin(client), headers=patch_headers(0), content=RECORDING).headers
    where = begin(client, name="copy.mov", title="Again")
    second = client.patch(where, headers=patch_headers(0), content=RECORDING).headers
    other = school.browser("stranger")
    third = other.patch(begin(other), headers=patch_headers(0), content=RECORDING).headers
    assert "hindsight-same-as" not in first
    assert second["hindsight-same-as"] == first["hindsight-lesson"] != second["hindsight-lesson"]
    assert "hindsight-same-as" not in third  # what others have is nobody's business
    assert client.head(where, headers=TUS).headers["hindsight-same-as"] == first["hindsight-lesson"]


def test_asking_and_sending_again_after_the_end_makes_no_second_lesson(school: School) -> None:
    client = school.browser("owner")
    where = begin(client)
    done = client.patch(where, headers=patch_headers(0), content=RECORDING)
    again = client.patch(where, headers=patch_headers(len(RECORDING)), content=b"")
    asked = client.head(where, headers=TUS)
    ids = {answer.headers["hindsight-lesson"] for answer in (done, again, asked)}
    assert len(ids) == 1
    with school.database.read() as session:
        owner = school.ids["person_owner"]
        assert session.scalar(select(func.count()).where(Lesson.owner_id == owner)) == 2  # the school's own, and this


def test_no_upload_begins_that_does_not_fit(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": 1000}))
    headers = {**TUS, "upload-length": "1001", "upload-metadata": metadata(filename="a.mp4")}
    answer = school.browser("owner").post("/api/uploads", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_disk_that_fills_up_loses_nothing_that_was_acknowledged(
    school: School, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    client = school.browser("owner")
    where = begin(client)
    client.patch(where, headers=patch_headers(0), content=RECORDING[:1000])
    path = get_settings().uploads_dir / where.rpartition("/")[2]
    with monkeypatch.context() as patched:
        patched.setattr(os, call, full_for(path, getattr(os, call)))
        refused = client.patch(where, headers=patch_headers(1000), content=RECORDING[1000:])
    assert (refused.status_code, refused.json()["code"]) == (507, "disk_full")
    offset = int(client.head(where, headers=TUS).headers["upload-offset"])
    assert 1000 <= offset < len(RECORDING)
    done = client.patch(where, headers=patch_headers(offset), content=RECORDING[offset:])
    assert done.status_code == 204
    with school.database.read() as session:
        query = select(StoredFile.sha256).where(StoredFile.lesson_id == done.headers["hindsight-lesson"])
        assert session.scalar(query) == hashlib.sha256(RECORDING).hexdigest()


def full_for(path: Path, real: Callable[..., int | None]) -> Callable[..., int | None]:
    """Return a system call that finds no room for one file, as if the disk were full."""

    def call(handle: int, *rest: object) -> int | None:
        if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, *rest)

    return call


def test_a_recording_grows_and_its_length_is_said_at_its_end(school: School) -> None:
    client = school.browser("owner")
    headers = {**TUS, "upload-defer-length": "1", "upload-metadata": metadata(filename="Lesson.webm")}
    where = client.post("/api/uploads", headers=headers).headers["location"]
    assert client.patch(where, headers=patch_headers(0), content=b"12345").headers["upload-offset"] == "5"
    asked = client.head(where, headers=TUS).headers
    assert (asked["upload-offset"], asked["upload-defer-length"]) == ("5", "1")
    assert "upload-length" not in asked
    assert "hindsight-lesson" not in asked
    short = client.patch(where, headers=patch_headers(5) | {"upload-length": "3"}, content=b"")
    assert (short.status_code, short.json()["code"]) == (422, "invalid_input")
    last = client.patch(where, headers=patch_headers(5) | {"upload-length": "8"}, content=b"678")
    assert last.headers["hindsight-lesson"]
    assert client.head(where, headers=TUS).headers["upload-length"] == "8"


def test_a_recording_whose_browser_went_away_is_kept_with_one_press_or_by_itself(school: School) -> None:
    client = school.browser("owner")
    headers = {**TUS, "upload-defer-length": "1", "upload-metadata": metadata(filename="Lesson.webm")}
    kept, left = (client.post("/api/uploads", headers=headers).headers["location"] for _ in range(2))
    for where in (kept, left):
        client.patch(where, headers=patch_headers(0), content=b"12345")
    assert "Keep what was recorded" in client.get("/upload").text
    answer = client.patch(kept, headers=patch_headers(5) | {"upload-length": "5"}, content=b"")
    assert answer.headers["hindsight-lesson"]
    folder = get_settings().uploads_dir
    with school.database.write() as session:
        assert sweep_uploads(session, folder, utc_now() + timedelta(days=30)) == []
    assert finish_left_behind(school.database, get_storage(), folder) == [left.rsplit("/", 1)[-1]]
