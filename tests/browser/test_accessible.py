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
    look(f"{place.school.address}/forgotten")
    sign_in(page, place.school, place.people.lead)
    look(f"{place.school.address}/programme")
    colleague = page.locator("main a[href^='/programme/people/']").first.get_attribute("href")
    look(f"{place.school.address}{colleague}")
    context.clear_cookies()
    sign_in(page, place.school, place.people.teacher)
    own = (
        "/",
        "/upload",
        "/partnerships",
        "/me",
        "/coaches",
        "/coaches/modules/grow",
        "/portfolio",
        "/walks",
        "/nowhere",
    )
    for path in own:
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
    lesson = f"{place.school.address}/api/lessons/{place.lesson.rsplit('/', 1)[-1]}"
    page.goto(f"{place.school.address}/partnerships")
    partnership = str(page.locator("main a[href^='/partnerships/']").first.get_attribute("href"))
    share = page.request.post(f"{lesson}/shares", data={"partnership_id": partnership.rsplit("/", 1)[-1]}).json()
    clip = page.request.post(f"{lesson}/clips", data={"title": "A wait", "start_ms": 0, "end_ms": 4000}).json()[-1]
    look(f"{place.school.address}/clips/{clip['id']}")
    page.goto(place.lesson)
    page.get_by_role("button", name="Open together").click()
    look(page.url)
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.screenshot(path=f"test-results/session-phone-{theme}.png")
    page.request.delete(f"{place.school.address}/api/shares/{share['id']}")
    page.request.delete(f"{place.school.address}/api/clips/{clip['id']}")
    context.close()
    assert found == {}
