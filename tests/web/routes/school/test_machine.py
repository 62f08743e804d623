"""Metrics and the lead's page of the work: numbers of all lessons together, and not a word of any."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.clock import utc_now
from core.models import Step
from core.settings import get_settings
from tests.support.web_school import School


@pytest.fixture
def busy(school: School) -> School:
    """Return a school with work that is done, due and failed."""
    now = utc_now()
    with school.database.write() as session:
        values = {"lesson_id": school.ids["lesson"], "next_at": now - timedelta(seconds=90)}
        session.add(Step(stage="probe_media", queue="io", state="ready", **values))
        ended = {"started_at": now - timedelta(seconds=30), "finished_at": now - timedelta(seconds=10)}
        for number in (1, 2):
            session.add(Step(stage="transcribe_chunk", queue="asr", state="done", chunk_no=number, **values, **ended))
        code = {"error_code": "ffmpeg_failed", "error_sentence": "Secret words"}
        session.add(Step(stage="make_pictures", queue="media", state="failed", **values, **code))
    return school


def test_metrics_are_read_by_a_parser_and_by_nobody_without_the_token(
    busy: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = busy.browser("lead")
    assert client.get("/metrics").status_code == 404
    monkeypatch.setenv("HINDSIGHT_METRICS_TOKEN", "a long token")
    get_settings.cache_clear()
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer another"}).status_code == 404
    answer = busy.browser("nobody").get("/metrics", headers={"authorization": "Bearer a long token"})
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert found["hindsight_steps", "asr", "done"] == 2
    assert found["hindsight_failed_steps", "ffmpeg_failed"] == 1
    assert 89 < found["hindsight_oldest_due_step_seconds",] < 120
    assert found["hindsight_stage_seconds_count", "transcribe_chunk"] == 2
    assert found["hindsight_stage_seconds_sum", "transcribe_chunk"] == pytest.approx(40, abs=1)
    assert found["hindsight_free_bytes",] > 0
    for secret in ("Secret words", "Year 9", busy.ids["lesson"], "Ada"):
        assert secret not in answer.text


def test_the_lead_sees_the_work_and_nothing_of_anybody(busy: School) -> None:
    page = busy.browser("lead").get("/programme/work").text
    assert "transcribe_chunk" in page
    assert "20.0 s" in page
    assert "ffmpeg_failed: 1" in page
    lasts = "(How long that lasts cannot be told yet|That lasts|Nothing was added)"
    assert re.search("B free. " + ("" if get_settings().s3_bucket else lasts), page)  # a bucket is no disk of its own
    for secret in ("Secret words", "Year 9", "Ada"):
        assert secret not in page
