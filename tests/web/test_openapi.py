"""schemathesis over the whole API: whatever is sent, the answer is one that the description names, and never a 5xx."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS

from tests.support.web_school import School
from web.app import create_app

schema = schemathesis.openapi.from_dict(create_app().openapi())
CHECKED = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
PLACES = {
    "lesson_id": "lesson",
    "partnership_id": "partnership_coach",
    "comment_id": "comment",
    "share_id": "share",
    "correction_id": "correction",
    "clip_id": "clip",
    "said_id": "said",
    "session_id": "session",
    "walk_id": "open_walk",
    "note_id": "note_open_walk",
}
STREAMS = r"/events$"  # they have no end: tests/web/live/


@schema.exclude(path_regex=STREAMS).parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.timeout(180)
def test_no_request_gets_an_answer_that_is_not_described(case: schemathesis.Case[Any], school: School) -> None:
    checks: list[Any] = [CHECKS.get_one(name) for name in CHECKED]
    for kind in ("owner", "coach", "nobody"):
        for ids in ({}, {name: school.ids[known] for name, known in PLACES.items()}):
            case.path_parameters = {name: ids.get(name, value) for name, value in (case.path_parameters or {}).items()}
            sent = case.as_transport_kwargs(base_url="http://testserver")
            sent.pop("cookies", None)
            if not isinstance(sent.get("data", {}), dict):  # the name that requests has for it
                sent["content"] = sent.pop("data")
            case.validate_response(school.browser(kind).request(**sent), checks=checks)
