"""Errors of people and coaching: each has a code of its own, a status of a refusal, and sentences that help."""

from __future__ import annotations

import inspect

import pytest

from annotation import errors
from annotation.errors import (
    LinkUnusable,
    LinkUsed,
    NotOnTheList,
    PartnershipOver,
    PartnershipSuspended,
    SignOnFailed,
    TitleDiffers,
)
from core.errors import HindsightError
from core.settings import get_settings

CLASSES = [
    one
    for _, one in inspect.getmembers(errors, inspect.isclass)
    if issubclass(one, HindsightError) and one.__module__ == "annotation.errors"
]


def test_no_two_errors_have_one_code() -> None:
    codes = [one.code for one in CLASSES]
    assert sorted(codes) == sorted(set(codes))
    assert len(CLASSES) > 25


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_an_error_refuses_and_says_so_in_whole_sentences(error: type[HindsightError]) -> None:
    assert 400 <= error.status < 500
    assert error.sentence[0].isupper() or error.sentence.startswith("{")
    assert error.sentence.endswith((".", "}."))
    assert "  " not in error.sentence


def test_whoever_asks_for_any_error_of_a_kind_gets_the_finer_one_too() -> None:
    assert issubclass(LinkUsed, LinkUnusable)
    assert issubclass(PartnershipSuspended, PartnershipOver)
    assert (LinkUsed.status, PartnershipSuspended.status) == (LinkUnusable.status, PartnershipOver.status)


@pytest.mark.parametrize(("passwords", "way"), [("true", "use your password"), ("false", "tell your IT person")])
def test_who_cannot_sign_in_is_told_a_way_that_there_is(
    monkeypatch: pytest.MonkeyPatch, data_dir: object, passwords: str, way: str
) -> None:
    monkeypatch.setenv("HINDSIGHT_PASSWORDS", passwords)
    monkeypatch.setenv("HINDSIGHT_OIDC_ISSUER", "https://id.school.example")
    monkeypatch.setenv("HINDSIGHT_OIDC_CLIENT_ID", "hindsight")
    monkeypatch.setenv("HINDSIGHT_OIDC_CLIENT_SECRET", "secret")
    get_settings.cache_clear()
    error = SignOnFailed("School account", "provider_away")
    assert (str(error), error.reason) == (
        f"Signing in with School account did not work. Please try again, or {way}.",
        "provider_away",
    )


def test_a_reason_for_the_log_is_no_part_of_the_sentence() -> None:
    error = NotOnTheList("ada@school.example", reason="account_closed")
    assert "account_closed" not in str(error)
    assert "ada@school.example is not on your school's list" in str(error)
    assert str(TitleDiffers()).startswith("Please type the lesson's title exactly")
    assert str(TitleDiffers("your email address")).startswith("Please type your email address exactly")
