"""Machine status: Prometheus metrics, and a page for the lead. No titles, names or content."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from core.clock import utc_now
from core.database.db import get_database
from core.errors import NotFound
from core.pipeline.disk import amount, disk_outlook
from core.pipeline.status import Work, free_bytes, read_pipeline_status
from core.settings import get_settings
from web.rendering import page
from web.security.auth import CurrentLead

router = APIRouter(include_in_schema=False)


class WorkCollector(Collector):
    """Turns how the work stands into metrics."""

    def __init__(self, work: Work, room: int) -> None:
        self.work, self.room = work, room

    def collect(self) -> Iterable[Metric]:
        """Yield each metric."""
        steps = GaugeMetricFamily("hindsight_steps", "Steps by queue and state.", labels=["queue", "state"])
        for (queue, state), count in sorted(self.work.steps.items()):
            steps.add_metric([queue, state], count)
        failures = GaugeMetricFamily("hindsight_failed_steps", "Failed steps by code.", labels=["code"])
        for code, count in sorted(self.work.failures.items()):
            failures.add_metric([code], count)
        times = SummaryMetricFamily(
            "hindsight_stage_seconds", "What steps that ended within a day took.", labels=["stage"]
        )
        for one in self.work.times:
            times.add_metric([one.stage], count_value=one.count, sum_value=one.seconds)
        yield from (steps, failures, times)
        for name, about, value in (
            (
                "oldest_due_step_seconds",
                "How long the oldest step that is due has waited.",
                self.work.oldest_due_seconds,
            ),
            ("lessons_under_way", "Lessons with work to do.", self.work.lessons_under_way),
            ("uploads_open", "Uploads that are not complete.", self.work.uploads_open),
            ("mails_waiting", "Mails that wait to be sent.", self.work.mails_waiting),
            ("free_bytes", "Room left on the disk of the data folder.", self.room),
        ):
            yield GaugeMetricFamily(f"hindsight_{name}", about, value=value)


@router.get("/metrics")
def read_metrics(request: Request) -> Response:
    """Return numbers for Prometheus to whoever has the token of the settings; without one there is no such page."""
    token = get_settings().metrics_token.get_secret_value()
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise NotFound
    with get_database().read() as session:
        work = read_pipeline_status(session, utc_now())
    registry = CollectorRegistry()
    registry.register(WorkCollector(work, free_bytes(get_settings().data_dir)))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/programme/work", response_class=HTMLResponse)
def show_work(request: Request, lead: CurrentLead) -> HTMLResponse:
    """Show the lead how the machine is doing."""
    with get_database().read() as session:
        work = read_pipeline_status(session, utc_now())
        free = free_bytes(get_settings().data_dir)
        outlook = disk_outlook(session, utc_now(), free, get_settings().disk_reserve_bytes)
    totals: dict[str, int] = {}
    for (_, state), count in work.steps.items():
        totals[state] = totals.get(state, 0) + count
    # In a bucket recordings take nothing of this machine's disk, so that nothing is said of how long it lasts.
    lasts = "" if get_settings().s3_bucket else outlook.sentence
    return page(
        request,
        "school/machine.html",
        lead,
        page_title="The machine",
        work=work,
        totals=totals,
        room=amount(free),
        lasts=lasts,
    )
