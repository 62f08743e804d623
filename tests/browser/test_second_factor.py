"""Setting up a second factor and signing in with it, in a real browser: on a phone too, in both themes."""

from __future__ import annotations

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Place
from tests.browser.people import PASSWORD
from tests.browser.signing_in import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_second_factor_from_the_picture_to_the_last_recovery_code(browser: Browser, place: Place, theme: str) -> None:
    context = browser.new_context(
        bypass_csp=True,  # for axe; what the pages' own policy refuses is looked for below
        color_scheme="dark" if theme == "dark" else "light",
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    address = place.school.address

    def look(name: str) -> None:
        assert [str(one["id"]) for one in Axe().run(page).response["violations"]] == [], name
        for width, height in ((1280, 720), (360, 740)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            page.screenshot(path=f"test-results/second-factor-{name}-{width}-{theme}.png", full_page=True)

    sign_in(page, place.school, place.people.coach)
    page.goto(f"{address}/me")
    page.get_by_role("link", name="Set it up").click()
    expect(page.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    look("setup")
    app = pyotp.TOTP(page.locator("code.key").inner_text().replace(" ", ""))
    page.get_by_label("The code that the app shows now").fill(app.now())
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    codes = page.locator(".recovery-codes code").all_inner_texts()
    page.get_by_role("button", name="Copy them").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").split() == codes
    look("codes")
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("heading", name="This week")).to_be_visible()
    page.goto(f"{address}/me")
    look("me")
    page.get_by_role("button", name="Sign out").click()
    give_password(page, place)
    look("code")
    page.get_by_label("Code, or one of your recovery codes").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("That code isn't right")
    look("wrong-code")
    page.get_by_label("Code, or one of your recovery codes").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="This week")).to_be_visible()
    page.goto(f"{address}/me/second-factor")
    look("manage")
    part = page.get_by_role("region", name="Take it away")
    part.get_by_label("Your password").fill(PASSWORD)
    part.get_by_label("Code of your app, or a recovery code").fill("000000")
    part.get_by_role("button", name="Take it away").click()
    expect(page.get_by_role("alert")).to_contain_text("That code isn't right")
    look("manage-wrong-code")
    part.get_by_label("Your password").fill(PASSWORD)
    part.get_by_label("Code of your app, or a recovery code").fill(codes[1])
    part.get_by_role("button", name="Take it away").click()
    expect(page.get_by_text("Your second factor is taken away")).to_be_visible()
    context.close()


def give_password(page: Page, place: Place) -> None:
    page.goto(f"{place.school.address}/sign-in")
    page.get_by_label("Email").fill(place.people.coach)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Your code")).to_be_visible()


def test_the_pages_own_policy_has_nothing_to_say(browser: Browser, place: Place) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    sign_in(page, place.school, place.people.coach)
    page.goto(f"{place.school.address}/me/second-factor")
    expect(page.locator(".qr svg")).to_be_visible()
    assert [one for one in said if "Content Security Policy" in one] == []
    page.close()
