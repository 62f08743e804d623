"""axe finds nothing on any page, in light and in dark."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.conftest import Place
from tests.browser.signing_in import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_stands_in_anybodys_way(browser: Browser, place: Place, theme: str) -> None:
    # axe is put into the page as a script, which the pages' own policy forbids
    context = browser.new_context(bypass_csp=True, color_scheme="dark" if theme == "dark" else "light")
    page = context.new_page()
    found: dict[str, list[str]] = {}

    def look(address: str) -> None:
        page.goto(address)
        page.wait_for_timeout(300)
        wrong = [str(one["id"]) for one in Axe().run(page).response["violations"]]
        if wrong:
            found[address.removeprefix(place.school.address)] = wrong

    look(f"{place.school.address}/sign-in")
    sign_in(page, place.school, place.people.lead)
    look(f"{place.school.address}/programme")
    context.clear_cookies()
    sign_in(page, place.school, place.people.teacher)
    for path in ("/", "/upload", "/partnerships", "/me", "/nowhere"):
        look(f"{place.school.address}{path}")
    page.goto(f"{place.school.address}/partnerships")
    for pattern in ("/partnerships/", "/goals/"):
        link = page.locator(f"main a[href^='{pattern}']").first
        address = str(link.get_attribute("href"))
        look(f"{place.school.address}{address}")
    look(place.lesson)
    for tab in ("Words", "Measures", "Goals"):
        page.get_by_role("tab", name=tab).click()
        wrong = [str(one["id"]) for one in Axe().run(page).response["violations"]]
        if wrong:
            found[f"lesson: {tab}"] = wrong
    context.close()
    assert found == {}
