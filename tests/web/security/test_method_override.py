"""A proxy that lets only GET and POST through: the method may stand in a header, for orders alone."""

from __future__ import annotations

import pytest

from tests.support.web_school import School


@pytest.mark.parametrize(("method", "status"), [("PATCH", 200), ("patch", 200), ("GET", 405), ("TRACE", 405)])
def test_an_order_is_taken_for_what_its_header_says_and_never_for_a_look(
    school: School, method: str, status: int
) -> None:
    address = f"/api/lessons/{school.ids['lesson']}"
    headers = {"x-http-method-override": method}
    answer = school.browser("owner").post(address, json={"title": "Anew"}, headers=headers)
    assert answer.status_code == status
    title = school.browser("owner").get(address).json()
    assert ("Anew" in str(title)) == (status == 200)


def test_an_order_in_a_header_from_another_site_is_refused_as_any_other(school: School) -> None:
    headers = {"x-http-method-override": "PATCH", "sec-fetch-site": "cross-site"}
    answer = school.browser("owner").post(f"/api/lessons/{school.ids['lesson']}", json={"title": "x"}, headers=headers)
    assert answer.status_code == 403
