"""Every road into an account and every pair of them in both orders: what still works afterwards, and who was told."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.coaching.reminders import site
from annotation.errors import EmailTaken, FirstPassword, LinkUnusable, NotOnTheList, WrongSignIn
from annotation.people import passwords
from annotation.people.account_links import (
    accept_invitation,
    answer_reset_requests,
    ask_for_reset,
    choose_password,
    find_link,
    invite,
    invite_again,
    make_link_by_command,
)
from annotation.people.credentials import RULES, Event, list_notices
from annotation.people.people import find_by_email
from annotation.people.sign_in import (
    Browser,
    Road,
    admit,
    change_password,
    check_sign_in,
    find_sign_in,
    known_device,
    remove_password,
    sign_out_everywhere,
)
from annotation.people.single_sign_on import person_of_claims
from annotation.school.staff import bring_back, mark_left
from core.database.db import Database
from core.errors import HindsightError, InvalidInput, NotFound
from core.models import Mail, Person
from core.settings import get_settings
from tests.support.factories import make_person

PROJECT = Path(__file__).resolve().parents[3]
ISSUER = "https://id.school.example"


pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def _mail_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HINDSIGHT_SMTP_HOST", "mail.school.example")
    get_settings.cache_clear()


@dataclass
class Account:
    """An account as its person knows it: what was made for it, and what of that should still work."""

    session: Session
    lead: Person
    person: Person
    joined: bool = False
    left: bool = False
    by_provider: bool = False
    password: str = ""
    links: dict[str, str] = field(default_factory=dict)  # secret: kind
    devices: dict[str, str] = field(default_factory=dict)  # secret: the one by which the browser is known
    made: dict[str, list[tuple[str, ...]]] = field(default_factory=lambda: {"link": [], "device": [], "password": []})
    told: list[Event] = field(default_factory=list)

    def add_link(self, secret: str, kind: str) -> None:
        self.links[secret] = kind
        self.made["link"].append((secret, kind))

    def add_device(self, person: Person, road: Road) -> None:
        browser = Browser("Firefox on Windows")
        secret, known = admit(self.session, person, browser, road)
        self.devices[secret] = known
        self.made["device"].append((secret, known))

    def new_password(self) -> str:
        made = f"four words of mine, number {len(self.made['password'])}"
        self.made["password"].append((made,))
        return made

    def end(self, *what: str) -> None:
        """Strike out what an event ends; "others" are all devices but the last one."""
        if "links" in what:
            self.links.clear()
        if "devices" in what:
            self.devices.clear()
        if "others" in what:
            self.devices = dict(list(self.devices.items())[-1:])
        if "password" in what:
            self.password = ""

    def mailed_link(self, path: str) -> str:
        """Return the secret in the newest mail of a kind."""
        mine = select(Mail.text).where(Mail.person_id == self.person.id, Mail.text.contains(f"{site()}/{path}/"))
        text = self.session.scalars(mine.order_by(Mail.made_at.desc(), Mail.id)).all()
        fresh = [one.split(f"/{path}/")[1].split()[0] for one in text]
        return next(secret for secret in fresh if secret not in {one for one, _ in self.made["link"]})

    def device(self) -> object:
        found = find_sign_in(self.session, list(self.devices)[-1])
        assert found is not None
        return found[1]


def is_in(account: Account) -> bool:
    return account.joined and not account.left


def may_join(account: Account) -> bool:
    return not account.joined and not account.left and "join" in account.links.values()


def join_by_link(account: Account) -> None:
    """Whoever has the first link that was ever made: the lead."""
    secret = account.made["link"][0][0]
    person = accept_invitation(account.session, secret, "Ada", password := account.new_password())
    account.end("links", "devices")
    account.joined, account.password = True, password
    account.told.append(Event.JOINED_BY_LINK)
    account.add_device(person, "link")


def holds_first_link(account: Account) -> bool:
    return may_join(account) and account.made["link"][0][0] in account.links


def by_provider(account: Account) -> None:
    claims = {"iss": ISSUER, "sub": account.person.id, "email": account.person.email, "email_verified": True}
    person = person_of_claims(account.session, claims, trusts_email=False, name="the school")
    if not account.by_provider:
        account.end("links", "devices", "password")
        account.told.append(Event.JOINED_BY_PROVIDER)
    account.joined = account.by_provider = True
    account.add_device(person, "provider")


def sign_in(account: Account) -> None:
    person = check_sign_in(account.session, account.person.email, account.password or "nobody has this password")
    account.add_device(person, "password")


def ask_for_link(account: Account) -> None:
    before = len(account.links)
    ask_for_reset(account.session, account.person.email.upper())
    if answer_reset_requests(account.session) != 1:
        raise NotFound
    account.add_link(account.mailed_link("new-password"), "reset")
    assert len(account.links) == before + 1


def reset(account: Account) -> None:
    ask_for_link(account)
    secret = list(account.links)[-1]
    choose_password(account.session, secret, password := account.new_password())
    account.end("links", "devices")
    account.password = password
    account.told.append(Event.PASSWORD_RESET)


def use_first_reset_link(account: Account) -> None:
    """Whoever has the first link to a new password that was ever made."""
    secret = next((secret for secret, kind in account.made["link"] if kind == "reset"), "none")
    choose_password(account.session, secret, password := account.new_password())
    account.end("links", "devices")
    account.password = password
    account.told.append(Event.PASSWORD_RESET)


def holds_reset_link(account: Account) -> bool:
    first = next((secret for secret, kind in account.made["link"] if kind == "reset"), "none")
    return is_in(account) and first in account.links


def password_change(account: Account) -> None:
    device = account.device()
    old, event = account.password or "nobody has this password", Event.PASSWORD_CHANGED
    if not account.password:
        event = Event.PASSWORD_SET
    change_password(account.session, account.person, old, password := account.new_password(), device)  # type: ignore[arg-type]
    account.end("links", "others")
    account.password = password
    account.told.append(event)


def may_change_password(account: Account) -> bool:
    by_provider = bool(account.devices) and account.device().road == "provider"  # type: ignore[attr-defined]
    return is_in(account) and bool(account.devices) and (bool(account.password) or by_provider)


def command(account: Account) -> None:
    person = find_by_email(account.session, account.person.email)
    secret = make_link_by_command(account.session, person)
    account.end("links")
    account.told.append(Event.LINK_BY_COMMAND)
    account.add_link(secret, "reset")


def password_away(account: Account) -> None:
    remove_password(account.session, account.person, account.device())  # type: ignore[arg-type]
    account.end("links", "others", "password")
    account.told.append(Event.PASSWORD_REMOVED)


def out_everywhere(account: Account) -> None:
    sign_out_everywhere(account.session, account.person, account.device())  # type: ignore[arg-type]
    account.end("links", "others")
    account.told.append(Event.SIGNED_OUT_EVERYWHERE)


def new_invitation(account: Account) -> None:
    _, secret = invite_again(account.session, account.lead, account.person.id)
    account.end("links")
    account.add_link(secret, "join")


def mark_absent(account: Account) -> None:
    mark_left(account.session, account.lead, account.person.id)
    account.end("links", "devices")
    account.left = True
    account.told.append(Event.LEFT)


def come_back(account: Account) -> None:
    bring_back(account.session, account.lead, account.person.id)
    account.end("links", "devices")
    account.left = False
    account.told.append(Event.CAME_BACK)


# A road: what is done, and when it is open. Where it is not, it is refused and nothing has changed.
ROADS: dict[str, tuple[Callable[[Account], None], Callable[[Account], bool]]] = {
    "join by the first link": (join_by_link, holds_first_link),
    "another invitation": (new_invitation, lambda one: not one.joined and not one.left),
    "single sign-on": (by_provider, lambda _: True),
    "sign in by password": (sign_in, lambda one: bool(one.password)),
    "reset asked for": (ask_for_link, is_in),
    "reset": (reset, is_in),
    "an old reset link": (use_first_reset_link, holds_reset_link),
    "password change": (password_change, may_change_password),
    "password taken away": (password_away, lambda one: bool(one.devices and one.password and one.by_provider)),
    "signed out everywhere": (out_everywhere, lambda one: bool(one.devices)),
    "password-link": (command, is_in),
    "leaving": (mark_absent, lambda one: not one.left),
    "coming back": (come_back, lambda one: one.left),
}
STARTS: dict[str, tuple[str, ...]] = {
    "invited": (),
    "joined by link": ("join by the first link",),
    "joined by single sign-on": ("single sign-on",),
    "joined by link, then single sign-on": ("join by the first link", "single sign-on"),
    "single sign-on with a password": ("single sign-on", "password change"),
}
REFUSED = (LinkUnusable, EmailTaken, WrongSignIn, FirstPassword, NotFound, InvalidInput, NotOnTheList)


def travel(account: Account, road: str) -> None:
    """Take a road: it is open, or refused."""
    act, is_open = ROADS[road]
    if is_open(account):
        act(account)
    elif road in ("password change", "password taken away", "signed out everywhere") and not account.devices:
        return  # there is no device to do it on
    else:
        with pytest.raises(REFUSED):
            act(account)


def works(account: Account, what: str, *made: str) -> bool:
    """Say whether something that was made for an account opens it now."""
    session = account.session
    try:
        if what == "link":
            find_link(session, made[0], made[1])
            return True
        if what == "password":
            return check_sign_in(session, account.person.email, made[0]).id == account.person.id
    except (LinkUnusable, WrongSignIn):
        return False
    is_known = known_device(session, account.person.email, made[1]) != ""
    is_signed_in = find_sign_in(session, made[0]) is not None
    assert is_known == is_signed_in  # a device that was thrown out has no count of its own either
    return is_signed_in


def should_work(account: Account, what: str, *made: str) -> bool:
    if what == "link":
        return made[0] in account.links
    return made[0] in account.devices if what == "device" else made[0] == account.password


def look_after(session: Session, lead: Person, roads: tuple[str, ...]) -> int:
    """Take roads one after the other, then try everything that was made on them; return how much that was."""
    person, secret = invite(session, lead, "Ada", "ada@school.example")
    account = Account(session, lead, person)
    account.add_link(secret, "join")
    for road in roads:
        travel(account, road)
    session.refresh(person)
    tried = [(what, made) for what, everything in account.made.items() for made in everything]
    for what, made in tried:
        assert works(account, what, *made) == should_work(account, what, *made), (roads, what)
    assert (person.subject is not None) == account.by_provider, roads
    assert sorted(row.event for row, _ in list_notices(session, person)) == sorted(account.told), roads
    assert not (account.joined and works(account, "link", *account.made["link"][0])), roads
    return len(tried)


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("_mail_is_on")
def test_after_any_two_roads_in_both_orders_only_what_should_open_an_account_opens_it(database: Database) -> None:
    scenarios = looks = 0
    with database.write() as session:
        lead = make_person(session, "Lea Lead", is_lead=True)
        for start, first, second in product(STARTS, ROADS, ROADS):
            with session.begin_nested() as journey:
                looks += look_after(session, lead, (*STARTS[start], first, second))
                journey.rollback()
            scenarios += 1
    print(  # noqa: T201 - the figure that the documents point to
        f"{scenarios} journeys: {len(ROADS)} roads x {len(ROADS)} x {len(STARTS)} beginnings;"
        f" {looks} links, devices and passwords tried afterwards, none works that should not"
    )
    assert scenarios == len(ROADS) ** 2 * len(STARTS)


def test_every_event_has_a_rule_and_a_sentence() -> None:
    assert set(RULES) == set(Event)
    for event, rule in RULES.items():
        assert event is Event.DELETED or rule.says.format(when="", on="").endswith(".")


CREDENTIALS = {"password_hash", "subject", "joined_at", "deactivated_at", "email"}
TABLES = {"SignIn", "AccountLink", "KnownDevice", "AccountNotice"}
MAY_WRITE = {
    "annotation/people/credentials.py",
    "annotation/people/people.py",  # puts somebody on the list; the first account
    "annotation/people/account_links.py",  # makes links
    "annotation/people/sign_in.py",  # signs devices in and out
    "annotation/people/account_deletion.py",  # empties what is left after the event
}


def test_nothing_else_writes_what_people_get_in_with() -> None:
    """A road that is built beside `credentials` is found here: pass its event through `change`."""
    found = []
    for path in sorted(PROJECT.glob("*/**/*.py")):
        name = path.relative_to(PROJECT).as_posix()
        if name.split("/")[0] not in {"annotation", "web", "workers", "ingest", "core"} or name in MAY_WRITE:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            flat = [one for target in targets for one in (target.elts if isinstance(target, ast.Tuple) else [target])]
            found += [
                f"{name}: {one.attr}" for one in flat if isinstance(one, ast.Attribute) and one.attr in CREDENTIALS
            ]
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", "")
                named = {one.id for one in node.args if isinstance(one, ast.Name)}
                found += [
                    f"{name}: {called}({one})" for one in named & TABLES if called in ("delete", "update", "insert")
                ]
                found += [f"{name}: {called}()"] if called in TABLES | {"Person"} else []
    assert found == []


def test_of_two_at_once_at_one_link_one_joins(database: Database) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with database.write() as session:
        lead = make_person(session, "Lea Lead", is_lead=True)
        person, secret = invite(session, lead, "Ada", "ada@school.example")

    def join(number: int) -> str:
        try:
            with database.write() as session:
                accept_invitation(session, secret, "Ada", f"four words of mine {number}")
        except HindsightError as error:
            return error.code
        return "joined"

    def by_single_sign_on(_: int) -> str:
        claims = {"iss": ISSUER, "sub": "ada", "email": person.email, "email_verified": True}
        try:
            with database.write() as session:
                person_of_claims(session, claims, trusts_email=False, name="the school")
        except HindsightError as error:
            return error.code
        return "joined"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(join, range(4))) == ["joined", *["link_used"] * 3]
        answers = list(pool.map(by_single_sign_on, range(4)))
    assert "joined" in answers
    assert set(answers) <= {"joined", "sign_on_failed"}
    with database.read() as session:
        assert session.get_one(Person, person.id).password_hash == ""
        told = [row.event for row, _ in list_notices(session, person)]
        assert sorted(told) == ["joined-by-link", "joined-by-provider"]


def test_a_sign_in_that_was_proven_before_a_change_does_not_survive_it(database: Database) -> None:
    with database.write() as session:
        ada = make_person(session, password_hash=passwords.hash_password("four words of mine"))
    with database.read() as session:
        proven = check_sign_in(session, ada.email, "four words of mine")
    with database.write() as session:
        person_of_claims(
            session,
            {"iss": ISSUER, "sub": "1", "email": ada.email, "email_verified": True},
            trusts_email=False,
            name="the school",
        )
    with pytest.raises(WrongSignIn), database.write() as session:
        admit(session, proven, Browser("the lead's"), "password")
