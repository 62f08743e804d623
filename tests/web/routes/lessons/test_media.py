"""Films that lie in a bucket: the same answers, ranges and refusals as from a folder."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core.database.erasures import finish_erasures
from core.models import StoredFile
from core.settings import get_settings
from core.storage.object_store import ObjectStorage
from tests.support.factories import keep_bytes
from tests.support.web_school import BYTES, School


@pytest.fixture
def far(school: School, bucket: ObjectStorage) -> School:
    """Return the school with its files in a bucket, whatever the run is on."""
    with school.database.read() as session:
        for file in session.scalars(select(StoredFile)):
            keep_bytes(bucket, file.key, BYTES)
    return school


def test_a_film_of_a_bucket_plays_from_anywhere_for_the_pair_alone(far: School) -> None:
    address = f"/media/lessons/{far.ids['lesson']}/rendition"
    coach = far.browser("coach")
    whole = coach.get(address)
    assert (whole.status_code, whole.content) == (200, BYTES)
    assert (whole.headers["accept-ranges"], whole.headers["content-length"]) == ("bytes", str(len(BYTES)))
    part = coach.get(address, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, BYTES[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(BYTES)}"
    assert coach.get(address, headers={"range": f"bytes={len(BYTES)}-"}).status_code == 416
    head = coach.head(address)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(BYTES)))
    for kind in ("lead", "manager", "taken_back", "stranger", "nobody"):
        assert far.browser(kind).get(address, headers={"range": "bytes=0-9"}).status_code in (401, 404)


def test_a_clip_is_saved_and_everything_is_taken_along_from_a_bucket(far: School) -> None:
    saved = far.browser("owner").get(f"/media/clips/{far.ids['clip']}?download=true")
    assert saved.content == BYTES
    assert "A%20wait" in saved.headers["content-disposition"]
    assert BYTES in far.browser("owner").get("/me/everything.zip").content


def test_a_lesson_deleted_for_good_leaves_the_bucket_too(far: School, bucket: ObjectStorage) -> None:
    far.browser("coach").get(f"/media/lessons/{far.ids['lesson']}/rendition")
    gone = far.browser("owner").post(
        f"/lessons/{far.ids['lesson']}/delete-for-good", data={"title": "Year 9 fractions"}
    )
    assert gone.status_code == 303
    finish_erasures(far.database, bucket, get_settings().uploads_dir)  # as the sweeper does
    assert list(bucket.keys()) == []
