"""Single sign-on: who an identity is, which address counts, and a sign-in that one browser begins and ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from annotation.errors import NotOnTheList, NumberChanged, SignOnFailed
from annotation.people.single_sign_on import (
    KEPT,
    address_of,
    begin_sign_on,
    end_sign_on,
    forget_number,
    is_known,
    person_of_claims,
)
from core.clock import stopped_at, utc_now
from core.database.db import Database
from core.models import Person, SignIn, SignOn
from core.settings import get_settings
from tests.support.factories import Pair

NAME = "School ID"
ISSUER = "https://id.school.example"


def claims(pair: Pair, number: str = "7", **values: Any) -> dict[str, Any]:
    """Return what the provider says of Ada."""
    return {"iss": ISSUER, "sub": number, "email": pair.ada.email, "email_verified": True} | values


def come(pair: Pair, said: dict[str, Any], *, trusts_email: bool = False) -> Person:
    """Come from the provider with what it says."""
    return person_of_claims(pair.session, said, trusts_email=trusts_email, name=NAME)


@pytest.mark.parametrize(
    ("said", "trusts", "refusal"),
    [
        ({"email": "Ada@S.ex", "email_verified": True}, False, ""),
        ({"email": "Ada@S.ex", "email_verified": "true"}, False, ""),
        ({"email": "Ada@S.ex", "email_verified": "True"}, True, "address_not_verified"),
        ({"email": "Ada@S.ex", "email_verified": False}, True, "address_not_verified"),
        ({"email": "Ada@S.ex", "email_verified": 1}, True, "address_not_verified"),
        ({"email": "Ada@S.ex"}, False, "address_not_verified"),
        ({"email": "Ada@S.ex"}, True, ""),
        ({"email": " "}, True, "address_missing"),
        ({"email": ["ada@s.ex"]}, True, "address_missing"),
        ({}, True, "address_missing"),
        ({"email": "\u212aate@s.ex", "email_verified": True}, False, "address_with_lookalikes"),
    ],
)
def test_an_address_counts_only_if_the_provider_says_that_it_verified_it(
    said: dict[str, Any], trusts: bool, refusal: str
) -> None:
    found = address_of(said, trusts_email=trusts)
    assert (found.refusal, found.usable) == (refusal, not refusal)
    assert found.email == ("" if refusal else "ada@s.ex")


def test_she_is_known_by_her_number_from_the_first_time_on_whatever_becomes_of_her_address(pair: Pair) -> None:
    assert not is_known(pair.session, claims(pair), NAME)
    assert come(pair, claims(pair)) is pair.ada
    assert pair.ada.subject == f"{ISSUER}|7"
    assert is_known(pair.session, claims(pair), NAME)
    assert come(pair, claims(pair, email="ada.married@school.example")) is pair.ada
    assert come(pair, {"iss": ISSUER, "sub": "7"}) is pair.ada


def test_an_issuer_with_a_slash_at_its_end_is_the_same_one(pair: Pair) -> None:
    come(pair, claims(pair, iss=f"{ISSUER}/"))
    assert pair.ada.subject == f"{ISSUER}/|7"
    assert come(pair, claims(pair)) is pair.ada
    assert come(pair, claims(pair, iss=f"{ISSUER}/")) is pair.ada


def test_another_number_under_her_address_is_refused_until_hers_is_forgotten(pair: Pair) -> None:
    come(pair, claims(pair))
    with pytest.raises(NumberChanged, match="sign-on-reset"):
        come(pair, claims(pair, "8"))
    assert forget_number(pair.session, pair.ada)
    assert not forget_number(pair.session, pair.ada)
    assert come(pair, claims(pair, "8")) is pair.ada
    with pytest.raises(NumberChanged):
        come(pair, claims(pair, "7"))


def test_who_comes_the_first_time_joins_and_what_was_made_before_her_stops_working(pair: Pair) -> None:
    pair.ada.joined_at, pair.ada.password_hash = None, "somebody else's"
    times = dict.fromkeys(("created_at", "last_seen_at", "expires_at"), utc_now() + timedelta(days=1))
    pair.session.add(SignIn(person_id=pair.ada.id, secret_hash="x", **times))
    pair.session.flush()
    come(pair, claims(pair))
    assert (pair.ada.joined_at is not None, pair.ada.password_hash) == (True, "")
    assert pair.session.scalars(select(SignIn)).all() == []


def test_who_is_not_on_the_list_or_whose_account_is_closed_is_not_let_in(pair: Pair) -> None:
    with pytest.raises(NotOnTheList) as refused:
        come(pair, claims(pair, email="who@elsewhere.example"))
    assert refused.value.reason == "not_on_the_list"
    pair.ada.deactivated_at = utc_now() - timedelta(days=31)
    pair.session.flush()
    with pytest.raises(NotOnTheList) as refused:
        come(pair, claims(pair))
    assert (refused.value.reason, pair.ada.subject) == ("account_closed", None)
    pair.ada.deactivated_at = utc_now()  # a leaver still gets to her own page
    pair.session.flush()
    assert come(pair, claims(pair)) is pair.ada


def test_an_address_that_nobody_verified_gets_nowhere(pair: Pair) -> None:
    with pytest.raises(SignOnFailed) as refused:
        come(pair, claims(pair, email_verified=False))
    assert refused.value.reason == "address_not_verified"
    with pytest.raises(SignOnFailed):
        come(pair, {"iss": ISSUER, "sub": "7", "email": pair.ada.email})
    assert come(pair, {"iss": ISSUER, "sub": "7", "email": pair.ada.email}, trusts_email=True) is pair.ada


@pytest.mark.parametrize("number", ["", 7, None, "7\n8", "x" * 400])
def test_a_number_that_is_none_is_refused(pair: Pair, number: Any) -> None:
    with pytest.raises(SignOnFailed) as refused:
        come(pair, claims(pair, number))
    assert refused.value.reason == "invalid_claim_sub"


def test_whoever_comes_first_is_the_lead_only_where_the_provider_is_the_only_way_in(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"iss": ISSUER, "sub": "1", "email": "lea@school.example", "email_verified": True}
    with database.write() as session:
        with pytest.raises(NotOnTheList):
            person_of_claims(session, said, trusts_email=False, name=NAME)
        monkeypatch.setenv("HINDSIGHT_OIDC_ISSUER", ISSUER)
        monkeypatch.setenv("HINDSIGHT_OIDC_CLIENT_ID", "x")
        monkeypatch.setenv("HINDSIGHT_PASSWORDS", "false")
        get_settings.cache_clear()
        lead = person_of_claims(session, said, trusts_email=False, name=NAME)
        assert (lead.is_lead, lead.name, lead.subject) == (True, "lea", f"{ISSUER}|1")
        second = said | {"sub": "2", "email": "eve@school.example"}
        with pytest.raises(NotOnTheList):
            person_of_claims(session, second, trusts_email=False, name=NAME)


def test_a_sign_in_is_ended_once_by_the_browser_that_began_it_within_ten_minutes(pair: Pair) -> None:
    session, now = pair.session, utc_now()
    with stopped_at(now):
        first, second = (begin_sign_on(session, "/lessons") for _ in range(2))
    session.flush()
    refused = [("", first.state), (first.secret, second.state), ("made up", first.state), (first.secret, "")]
    with stopped_at(now + KEPT - timedelta(seconds=1)):
        for secret, state in refused:
            with pytest.raises(SignOnFailed):
                end_sign_on(session, secret, state, NAME)
        found = end_sign_on(session, first.secret, first.state, NAME)
        session.flush()
        assert (found.next_address, found.nonce, found.verifier) == ("/lessons", first.nonce, first.verifier)
        with pytest.raises(SignOnFailed):
            end_sign_on(session, first.secret, first.state, NAME)
    with stopped_at(now + KEPT):
        with pytest.raises(SignOnFailed):
            end_sign_on(session, second.secret, second.state, NAME)
        begin_sign_on(session, "/")
        session.flush()
        assert len(session.scalars(select(SignOn)).all()) == 1  # what nobody came back from is forgotten
