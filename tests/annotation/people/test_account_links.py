"""Account links: each works once, for its time, for its own purpose; who gets it, and what ends the others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from annotation.errors import EmailTaken, LinkUnusable, LinkUsed
from annotation.people.account_links import (
    accept_invitation,
    answer_reset_requests,
    ask_for_reset,
    choose_password,
    find_link,
    hand_out,
    invite,
    invite_again,
    mail_reset,
    make_link,
    make_link_by_command,
    open_invitation,
    prepare_invitations,
    save_invitations,
)
from annotation.people.credentials import list_notices
from annotation.people.passwords import NewPassword, password_fits
from core.clock import stopped_at, utc_now
from core.errors import InvalidInput, NotAllowed, NotFound
from core.models import AccountLink, Mail, Person, ResetRequest, SignIn
from core.settings import get_settings
from tests.support.factories import Pair, make_person

WORDS = "four words of mine"

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def single_sign_on(monkeypatch: pytest.MonkeyPatch, data_dir: object) -> None:
    """Make the school's provider the only way in."""
    for name, value in (("ISSUER", "https://id.school.example"), ("CLIENT_ID", "x"), ("NAME", "School ID")):
        monkeypatch.setenv(f"HINDSIGHT_OIDC_{name}", value)
    monkeypatch.setenv("HINDSIGHT_PASSWORDS", "false")
    get_settings.cache_clear()


def lead_of(pair: Pair) -> Person:
    """Make Otto the lead."""
    pair.otto.is_lead = True
    pair.session.flush()
    return pair.otto


def invited(pair: Pair) -> Person:
    """Put somebody on the staff list who has not joined."""
    return make_person(pair.session, "Nia New", joined_at=None, password_hash="")


def events(pair: Pair, person: Person) -> list[str]:
    """Return what somebody's own page says happened."""
    pair.session.flush()
    return sorted(notice.event for notice, _ in list_notices(pair.session, person))


def mailed(pair: Pair) -> list[str]:
    """Return the secrets of the links that wait to be mailed."""
    pair.session.flush()
    texts = pair.session.scalars(select(Mail.text).order_by(Mail.made_at)).all()
    return [
        line.rpartition("/")[2] for text in texts for line in text.splitlines() if "/join/" in line or "/new-" in line
    ]


def test_the_lead_invites_and_nobody_else(pair: Pair) -> None:
    person, secret = invite(
        pair.session, lead_of(pair), " Nia New ", "NIA@school.example", department=" ", manager_id=pair.ada.id
    )
    assert (person.name, person.email, person.department, person.manager_id) == (
        "Nia New",
        "nia@school.example",
        "",
        pair.ada.id,
    )
    assert find_link(pair.session, secret, "join")[1] is person
    assert secret not in {link.secret_hash for link in pair.session.scalars(select(AccountLink))}
    with pytest.raises(NotAllowed):
        invite(pair.session, pair.ada, "Eve", "eve@school.example")
    with pytest.raises(EmailTaken):
        invite(pair.session, pair.otto, "Nia", "nia@school.example")
    with pytest.raises(NotFound):
        invite(pair.session, pair.otto, "Eve", "eve@school.example", manager_id="nobody")


def test_a_link_works_once_and_whoever_comes_second_is_told_when_and_where(pair: Pair) -> None:
    person = invited(pair)
    secret = make_link(pair.session, person, "join")
    joined = accept_invitation(pair.session, secret, "Nia", NewPassword(WORDS), "Firefox on Windows", called="Ni")
    assert (joined.name, joined.called, password_fits(WORDS, joined.password_hash)) == ("Nia", "Ni", True)
    assert joined.joined_at is not None
    pair.session.flush()
    with pytest.raises(LinkUsed, match=r"it was used on \w+ \d+ \w+ \d+ at \d\d:\d\d on Firefox on Windows"):
        accept_invitation(pair.session, secret, "Eve", NewPassword(WORDS))
    assert joined.name == "Nia"


@pytest.mark.parametrize(("kind", "lasts"), [("join", timedelta(days=14)), ("reset", timedelta(hours=2))])
def test_a_link_works_until_its_time_is_over(pair: Pair, kind: str, lasts: timedelta) -> None:
    person = invited(pair) if kind == "join" else pair.ada
    now = utc_now()
    with stopped_at(now):
        secret = make_link(pair.session, person, kind)
    with stopped_at(now + lasts - timedelta(seconds=1)):
        assert find_link(pair.session, secret, kind)[1] is person
    with stopped_at(now + lasts), pytest.raises(LinkUnusable):
        find_link(pair.session, secret, kind)
    with stopped_at(now + lasts):
        make_link(pair.session, pair.priya, "reset")  # the next link sweeps what is over
    assert len(pair.session.scalars(select(AccountLink)).all()) == 1


def test_a_link_is_for_its_own_purpose_and_for_who_is_here(pair: Pair) -> None:
    person = invited(pair)
    join, reset = make_link(pair.session, person, "join"), make_link(pair.session, pair.ada, "reset")
    wrong = ((join, "reset"), (reset, "join"), ("made up", "join"), ("", "reset"))
    for secret, kind in wrong:
        with pytest.raises(LinkUnusable):
            find_link(pair.session, secret, kind)
    person.joined_at = utc_now()  # she came on another road meanwhile
    pair.ada.deactivated_at = utc_now()
    pair.session.flush()
    for secret, kind in ((join, "join"), (reset, "reset")):
        with pytest.raises(LinkUnusable):
            find_link(pair.session, secret, kind)


def test_a_new_link_ends_the_older_one_of_its_kind_unless_both_go_to_one_mailbox(pair: Pair) -> None:
    first = make_link(pair.session, pair.ada, "reset")
    second = make_link(pair.session, pair.ada, "reset")
    with pytest.raises(LinkUnusable):
        find_link(pair.session, first, "reset")
    third = make_link(pair.session, pair.ada, "reset", beside_others=True)
    for secret in (second, third):
        assert find_link(pair.session, secret, "reset")[1] is pair.ada


def test_who_has_joined_is_not_invited_again_and_who_has_not_gets_a_new_link(pair: Pair) -> None:
    lead, person = lead_of(pair), invited(pair)
    old = make_link(pair.session, person, "join")
    _, secret = invite_again(pair.session, lead, person.id)
    assert find_link(pair.session, secret, "join")[1] is person
    with pytest.raises(LinkUnusable):
        find_link(pair.session, old, "join")
    with pytest.raises(EmailTaken):
        invite_again(pair.session, lead, pair.ada.id)
    with pytest.raises(NotFound):
        invite_again(pair.session, lead, "nobody")
    with pytest.raises(NotAllowed):
        invite_again(pair.session, pair.ada, person.id)
    person.deactivated_at = utc_now()
    with pytest.raises(NotFound):
        invite_again(pair.session, lead, person.id)


def test_the_first_opening_of_an_invitation_is_told_once_and_uses_nothing_up(pair: Pair) -> None:
    person = invited(pair)
    secret = make_link(pair.session, person, "join")
    now = utc_now()
    with stopped_at(now):
        assert open_invitation(pair.session, secret, "Safari on iPhone") is person
    open_invitation(pair.session, secret, "a filter")
    assert events(pair, person) == ["link-opened"]
    assert find_link(pair.session, secret, "join")[0].opened_at == now


def test_a_new_password_by_a_link_signs_every_device_out_and_ends_other_links(pair: Pair) -> None:
    times = dict.fromkeys(("created_at", "last_seen_at", "expires_at"), utc_now() + timedelta(days=1))
    pair.session.add(SignIn(person_id=pair.ada.id, secret_hash="x", **times))
    first = make_link(pair.session, pair.ada, "reset")
    second = make_link(pair.session, pair.ada, "reset", beside_others=True)
    choose_password(pair.session, first, NewPassword(WORDS))
    assert password_fits(WORDS, pair.ada.password_hash)
    assert pair.session.scalars(select(SignIn)).all() == []
    with pytest.raises(LinkUnusable):
        find_link(pair.session, second, "reset")
    assert events(pair, pair.ada) == ["password-reset"]
    with pytest.raises(InvalidInput):
        NewPassword("short")


def test_the_link_of_the_command_ends_older_ones_and_she_is_told(pair: Pair) -> None:
    old = make_link(pair.session, pair.ada, "reset")
    secret = make_link_by_command(pair.session, pair.ada)
    assert find_link(pair.session, secret, "reset")[1] is pair.ada
    with pytest.raises(LinkUnusable):
        find_link(pair.session, old, "reset")
    assert events(pair, pair.ada) == ["link-by-command"]


@pytest.mark.usefixtures("mail_server")
def test_who_asks_for_a_new_password_is_mailed_a_link_if_she_is_here_and_asked_lately(pair: Pair) -> None:
    session, now = pair.session, utc_now()
    leaver = make_person(session, "Gone", deactivated_at=now)
    with stopped_at(now - timedelta(hours=1)):
        ask_for_reset(session, pair.priya.email)  # nobody answered in time
    for address in (pair.ada.email.upper(), invited(pair).email, leaver.email, "nobody@school.example"):
        ask_for_reset(session, address)
    session.flush()
    with stopped_at(now):
        assert answer_reset_requests(session) == 1
    assert session.scalars(select(ResetRequest)).all() == []
    (secret,) = mailed(pair)
    assert find_link(session, secret, "reset")[1] is pair.ada


@pytest.mark.usefixtures("mail_server")
def test_whoever_asks_again_and_again_ends_no_link_that_is_on_its_way(pair: Pair) -> None:
    for _ in range(2):
        assert mail_reset(pair.session, pair.ada)
    for secret in mailed(pair):
        assert find_link(pair.session, secret, "reset")[1] is pair.ada
    assert len(mailed(pair)) == 2


def test_without_a_mail_server_nobody_is_mailed_a_link_and_the_request_is_forgotten(pair: Pair) -> None:
    ask_for_reset(pair.session, pair.ada.email)
    pair.session.flush()
    assert answer_reset_requests(pair.session) == 0
    assert pair.session.scalars(select(ResetRequest)).all() == []
    assert pair.session.scalars(select(AccountLink)).all() == []


@pytest.mark.usefixtures("mail_server")
def test_an_invitation_is_mailed_to_its_person_and_not_shown_to_the_lead(pair: Pair) -> None:
    person = invited(pair)
    secret = make_link(pair.session, person, "join")
    assert hand_out(pair.session, person, secret)
    assert (mailed(pair), events(pair, person)) == ([secret], [])


def test_an_invitation_that_the_lead_is_shown_is_told_to_its_person(pair: Pair) -> None:
    person = invited(pair)
    assert not hand_out(pair.session, person, make_link(pair.session, person, "join"))
    assert (mailed(pair), events(pair, person)) == ([], ["link-shown"])


@pytest.mark.usefixtures("mail_server", "single_sign_on")
def test_with_single_sign_on_alone_an_invitation_has_no_link(pair: Pair) -> None:
    person = invited(pair)
    secret = make_link(pair.session, person, "join")
    assert hand_out(pair.session, person, secret)
    with pytest.raises(LinkUnusable):
        find_link(pair.session, secret, "join")
    text = pair.session.scalars(select(Mail.text)).one()
    assert "sign in there with School ID" in text
    assert "/join/" not in text
    assert not mail_reset(pair.session, pair.ada)


def test_many_invitations_are_what_one_is_shown_mailed_or_by_the_provider(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [invited(pair), make_person(pair.session, "Bo New", joined_at=None)]
    wanted = [(one.id, one.name) for one in people]
    made = prepare_invitations(wanted)
    save_invitations(pair.session, made)
    assert [name for name, _ in made.shown] == ["Nia New", "Bo New"]
    assert [find_link(pair.session, secret, "join")[1] for _, secret in made.shown] == people
    assert [events(pair, one) for one in people] == [["link-shown"], ["link-shown"]]
    monkeypatch.setenv("HINDSIGHT_SMTP_HOST", "mail.school.example")
    get_settings.cache_clear()
    made = prepare_invitations(wanted)
    save_invitations(pair.session, made)
    assert made.shown == []
    assert {find_link(pair.session, secret, "join")[1].name for secret in mailed(pair)} == {"Nia New", "Bo New"}
    monkeypatch.setenv("HINDSIGHT_OIDC_ISSUER", "https://id.school.example")
    monkeypatch.setenv("HINDSIGHT_OIDC_CLIENT_ID", "x")
    monkeypatch.setenv("HINDSIGHT_PASSWORDS", "false")
    get_settings.cache_clear()
    made = prepare_invitations(wanted)
    assert (list(made.links), len(made.mails), list(made.told), list(made.shown)) == ([], 2, [], [])
