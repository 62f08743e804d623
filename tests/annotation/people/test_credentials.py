"""Every road into an account and every pair of them in both orders: what still works afterwards, and who was told."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.coaching.reminders import site
from annotation.errors import (
    AlreadySetUp,
    CodeNeeded,
    EmailTaken,
    FirstPassword,
    LinkUnusable,
    NothingSetUp,
    NotOnTheList,
    PasswordsOff,
    WrongCode,
    WrongPassword,
    WrongSignIn,
)
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
from annotation.people.passwords import NewPassword, TypedPassword
from annotation.people.people import find_by_email
from annotation.people.second_factor import (
    begin_setup,
    finish_setup,
    remove_factor,
    remove_lost,
    renew_codes,
    use_code,
)
from annotation.people.sign_in import (
    Browser,
    Road,
    admit,
    change_password,
    check_sign_in,
    find_device,
    find_sign_in,
    known_device,
    remove_password,
    sign_out_everywhere,
)
from annotation.people.single_sign_on import forget_number, person_of_claims
from annotation.people.two_step_sign_in import enter_by_code, enter_by_password, who_waits
from annotation.school.staff import mark_left, reinstate
from core.database.db import Database
from core.errors import HindsightError, InvalidInput, NotFound
from core.models import Mail, Person, SignIn
from core.settings import get_settings
from tests.support.factories import make_person

PROJECT = Path(__file__).resolve().parents[3]
ISSUER = "https://id.school.example"


pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def _mail_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HINDSIGHT_SMTP_HOST", "mail.school.example")
    get_settings.cache_clear()


class Clock:
    """A clock that goes on by a step of a code each time it is looked at, so that no code comes twice."""

    now = datetime(2026, 11, 30, 15, 0, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def code(self, app: str) -> str:
        self.now += timedelta(seconds=30)
        return pyotp.TOTP(app or "A" * 32).at(self.now)


CLOCK = Clock()
RULE = {"second factor": "nobody"}  # the setting


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
    roads: dict[str, Road] = field(default_factory=dict)  # of each device
    waiting: list[str] = field(default_factory=list)  # sign-ins whose password was right
    app: str = ""  # the secret in it
    recovery: list[str] = field(default_factory=list)
    ruled: bool = False  # the school asks everybody for a second factor
    made: dict[str, list[tuple[str, ...]]] = field(
        default_factory=lambda: {
            what: [] for what in ("link", "device", "password", "waiting sign-in", "app", "recovery code")
        }
    )
    told: list[Event] = field(default_factory=list)

    def add_link(self, secret: str, kind: str) -> None:
        self.links[secret] = kind
        self.made["link"].append((secret, kind))

    def add_device(self, person: Person, road: Road) -> None:
        browser = Browser("Firefox on Windows")
        secret, known = admit(self.session, person, browser, road)
        self.keep_device(secret, known, road)

    def keep_device(self, secret: str, known: str, road: Road) -> None:
        self.devices[secret], self.roads[secret] = known, road
        self.made["device"].append((secret, known))

    def new_recovery_codes(self, codes: list[str]) -> None:
        self.recovery = list(codes)
        self.made["recovery code"] += [(one,) for one in codes[:2]]  # the others are as these

    def new_password(self) -> str:
        made = f"four words of mine, number {len(self.made['password'])}"
        self.made["password"].append((made,))
        return made

    def typed(self, password: str = "") -> TypedPassword:
        """Return what she types into a form."""
        stored = self.session.get_one(Person, self.person.id).password_hash
        return TypedPassword(password or self.password, stored)

    def end(self, *what: str) -> None:
        """Strike out what an event ends; "others" are all devices but the last one."""
        if "links" in what:
            self.links.clear()
        if "devices" in what:
            self.devices.clear()
        if "others" in what:
            self.devices = dict(list(self.devices.items())[-1:])
        if {"devices", "others", "factor"} & set(what):
            self.waiting.clear()
        if "password" in what:
            self.password = ""
        if "factor" in what:
            self.app, self.recovery = "", []

    def mailed_link(self, path: str) -> str:
        """Return the secret in the newest mail of a kind."""
        mine = select(Mail.text).where(Mail.person_id == self.person.id, Mail.text.contains(f"{site()}/{path}/"))
        text = self.session.scalars(mine.order_by(Mail.made_at.desc(), Mail.id)).all()
        fresh = [one.split(f"/{path}/")[1].split()[0] for one in text]
        return next(secret for secret in fresh if secret not in {one for one, _ in self.made["link"]})

    def device(self) -> SignIn:
        found = find_device(self.session, list(self.devices)[-1])
        assert found is not None
        return found[1]

    def sees_nothing(self, secret: str) -> bool:
        """Say whether the school's rule keeps a device out until a second factor is set up."""
        return self.ruled and bool(self.password) and not self.app and self.roads[secret] != "provider"


def is_in(account: Account) -> bool:
    return account.joined and not account.left


def at_device(account: Account) -> bool:
    return bool(account.devices) and not account.sees_nothing(list(account.devices)[-1])


def may_join(account: Account) -> bool:
    return not account.joined and not account.left and "join" in account.links.values()


def join_by_link(account: Account) -> None:
    """Whoever has the first link that was ever made: the lead."""
    secret = account.made["link"][0][0]
    person = accept_invitation(account.session, secret, "Ada", NewPassword(password := account.new_password()))
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
        account.end("links", "devices", "password", "factor")
        account.told.append(Event.JOINED_BY_PROVIDER)
    account.joined = account.by_provider = True
    account.add_device(person, "provider")


def sign_in(account: Account) -> None:
    """With the app's code, where there is one."""
    typed_in(account, lambda: CLOCK.code(account.app))


def sign_in_by_recovery_code(account: Account) -> None:
    if not account.recovery:
        raise NothingSetUp
    code = account.recovery[0]
    typed_in(account, lambda: code)
    account.recovery.remove(code)
    account.told.append(Event.RECOVERY_CODE_USED)


def password_typed(account: Account) -> str:
    """Type the password and no code; return what the browser waits with, or nothing when it is in."""
    person = check_sign_in(account.session, account.person.email, account.password or "nobody has this password")
    entered = enter_by_password(account.session, person, "/", Browser("Firefox on Windows"), "password")
    assert entered.waits == bool(account.app)
    if not entered.waits:
        account.keep_device(entered.secret, entered.known, "password")
        return ""
    account.waiting.append(entered.secret)
    account.made["waiting sign-in"].append((entered.secret,))
    return entered.secret


def typed_in(account: Account, code: Callable[[], str]) -> None:
    if waiting := password_typed(account):
        entered, _ = enter_by_code(account.session, waiting, code(), Browser("Firefox on Windows"))
        account.waiting.remove(waiting)
        account.keep_device(entered.secret, entered.known, "password")


def set_factor(account: Account) -> None:
    person = account.session.get_one(Person, account.person.id)
    app = begin_setup(account.session, person).secret
    codes = finish_setup(account.session, person, account.typed(), CLOCK.code(app), account.device())
    account.end("others")
    account.app = app
    account.made["app"].append((app,))
    account.new_recovery_codes(codes)
    account.told.append(Event.FACTOR_SET)


def may_set_factor(account: Account) -> bool:
    return bool(account.devices and account.password and not account.app)


def take_factor_away(account: Account) -> None:
    remove_factor(account.session, account.person, account.typed(), CLOCK.code(account.app), account.device())
    account.end("others", "factor")
    account.told.append(Event.FACTOR_REMOVED)


def lose_factor(account: Account) -> None:
    """By the command: phone and recovery codes are lost."""
    if not remove_lost(account.session, account.person):
        raise NothingSetUp
    account.end("devices", "factor")
    account.told.append(Event.FACTOR_LOST)


def make_recovery_codes(account: Account) -> None:
    code = CLOCK.code(account.app)
    account.new_recovery_codes(
        renew_codes(account.session, account.person, account.typed(), code, account.device()),
    )
    account.told.append(Event.RECOVERY_CODES_MADE)


def begin_rule(account: Account) -> None:
    RULE["second factor"] = "everybody"
    account.ruled = True


def number_forgotten(account: Account) -> None:
    if not forget_number(account.session, account.person):
        raise NotFound
    account.end("links", "devices")
    account.by_provider = False
    account.told.append(Event.NUMBER_FORGOTTEN)


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
    choose_password(account.session, secret, NewPassword(password := account.new_password()))
    account.end("links", "devices")
    account.password = password
    account.told.append(Event.PASSWORD_RESET)


def use_first_reset_link(account: Account) -> None:
    """Whoever has the first link to a new password that was ever made."""
    secret = next((secret for secret, kind in account.made["link"] if kind == "reset"), "none")
    choose_password(account.session, secret, NewPassword(password := account.new_password()))
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
    change_password(
        account.session, account.person, account.typed(old), NewPassword(password := account.new_password()), device
    )
    account.end("links", "others")
    account.password = password
    account.told.append(event)


def may_change_password(account: Account) -> bool:
    by_provider = bool(account.devices) and account.device().road == "provider"
    return is_in(account) and at_device(account) and (bool(account.password) or by_provider)


def command(account: Account) -> None:
    person = find_by_email(account.session, account.person.email)
    secret = make_link_by_command(account.session, person)
    account.end("links")
    account.told.append(Event.LINK_BY_COMMAND)
    account.add_link(secret, "reset")


def password_away(account: Account) -> None:
    remove_password(account.session, account.person, account.device())
    account.end("links", "others", "password", "factor")
    account.told.append(Event.PASSWORD_REMOVED)


def out_everywhere(account: Account) -> None:
    sign_out_everywhere(account.session, account.person, account.device())
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
    reinstate(account.session, account.lead, account.person.id)
    account.end("links", "devices")
    account.left = False
    account.told.append(Event.CAME_BACK)


# A road: what is done, and when it is open. Where it is not, it is refused and nothing has changed.
ROADS: dict[str, tuple[Callable[[Account], object], Callable[[Account], bool]]] = {
    "join by the first link": (join_by_link, holds_first_link),
    "another invitation": (new_invitation, lambda one: not one.joined and not one.left),
    "single sign-on": (by_provider, lambda _: True),
    "sign in by password": (sign_in, lambda one: bool(one.password)),
    "reset asked for": (ask_for_link, is_in),
    "reset": (reset, is_in),
    "an old reset link": (use_first_reset_link, holds_reset_link),
    "password change": (password_change, may_change_password),
    "password taken away": (password_away, lambda one: at_device(one) and bool(one.password and one.by_provider)),
    "signed out everywhere": (out_everywhere, at_device),
    "password-link": (command, is_in),
    "password typed, no code yet": (password_typed, lambda one: bool(one.password)),
    "sign in by recovery code": (sign_in_by_recovery_code, lambda one: bool(one.recovery)),
    "second factor set": (set_factor, may_set_factor),
    "second factor taken away": (take_factor_away, lambda one: at_device(one) and bool(one.app)),
    "new recovery codes": (make_recovery_codes, lambda one: at_device(one) and bool(one.app)),
    "second-factor-remove": (lose_factor, lambda one: bool(one.app)),
    "the school asks for a second factor": (begin_rule, lambda _: True),
    "sign-on-reset": (number_forgotten, lambda one: one.by_provider),
    "leaving": (mark_absent, lambda one: not one.left),
    "coming back": (come_back, lambda one: one.left),
}
ON_A_DEVICE = {
    "password change",
    "password taken away",
    "signed out everywhere",
    "second factor set",
    "second factor taken away",
    "new recovery codes",
}
SAME_AGAIN = {"leaving": mark_left, "coming back": reinstate}  # done where it is done already, nothing changes
STARTS: dict[str, tuple[str, ...]] = {
    "invited": (),
    "joined by link": ("join by the first link",),
    "joined by single sign-on": ("single sign-on",),
    "joined by link, then single sign-on": ("join by the first link", "single sign-on"),
    "single sign-on with a password": ("single sign-on", "password change"),
    "joined by link, with a second factor": ("join by the first link", "second factor set"),
    "single sign-on with a password and a second factor": ("single sign-on", "password change", "second factor set"),
}
REFUSED = (
    LinkUnusable,
    EmailTaken,
    WrongSignIn,
    FirstPassword,
    NotFound,
    InvalidInput,
    NotOnTheList,
    AlreadySetUp,
    NothingSetUp,
    PasswordsOff,
    WrongPassword,
)


def travel(account: Account, road: str) -> None:
    """Take a road: it is open, or refused."""
    act, is_open = ROADS[road]
    if is_open(account):
        act(account)
    elif road in ON_A_DEVICE and not (account.devices if road == "second factor set" else at_device(account)):
        return  # there is no device to do it on, or a page of every device asks for a second factor first
    elif road in SAME_AGAIN:
        SAME_AGAIN[road](account.session, account.lead, account.person.id)
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
        if what == "waiting sign-in":
            return who_waits(session, made[0]).id == account.person.id
        if what in ("app", "recovery code"):
            with session.begin_nested() as trial:
                use_code(session, account.person, made[0] if what == "recovery code" else CLOCK.code(made[0]), "")
                trial.rollback()
            return True
    except (LinkUnusable, WrongSignIn, CodeNeeded, NothingSetUp, WrongCode):
        return False
    is_known = known_device(session, account.person.email, made[1]) != ""
    is_signed_in = find_device(session, made[0]) is not None
    assert is_known == is_signed_in  # a device that was thrown out has no count of its own either
    return find_sign_in(session, made[0]) is not None


def should_work(account: Account, what: str, *made: str) -> bool:
    if what == "link":
        return made[0] in account.links
    if what == "device":
        return made[0] in account.devices and not account.sees_nothing(made[0])
    if what == "waiting sign-in":
        return made[0] in account.waiting
    if what == "recovery code":
        return made[0] in account.recovery
    return made[0] == (account.app if what == "app" else account.password)


def look_after(session: Session, lead: Person, roads: tuple[str, ...]) -> int:
    """Take roads one after the other, then try everything that was made on them; return how much that was."""
    person, secret = invite(session, lead, "Ada", "ada@school.example")
    account = Account(session, lead, person)
    account.add_link(secret, "join")
    RULE["second factor"] = "nobody"
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


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("_mail_is_on")
@pytest.mark.parametrize("start", STARTS)
def test_after_any_two_roads_in_both_orders_only_what_should_open_an_account_opens_it(
    start: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotation.people.second_factor.utc_now", CLOCK)
    settings = {
        who: get_settings().model_copy(update={"require_second_factor": who}) for who in ("nobody", "everybody")
    }
    monkeypatch.setattr("annotation.people.second_factor.get_settings", lambda: settings[RULE["second factor"]])
    journeys = looks = 0
    with database.write() as session:
        lead = make_person(session, "Lea Lead", is_lead=True)
        for first, second in product(ROADS, ROADS):
            with session.begin_nested() as journey:
                looks += look_after(session, lead, (*STARTS[start], first, second))
                journey.rollback()
            journeys += 1
    print(  # noqa: T201 - the figures that the documents point to
        f"{start}: {journeys} journeys of two roads out of {len(ROADS)};"
        f" {looks} links, devices, passwords and codes tried afterwards, none works that should not"
    )
    assert journeys == len(ROADS) ** 2


def test_every_event_has_a_rule_and_a_sentence() -> None:
    assert set(RULES) == set(Event)
    for event, rule in RULES.items():
        assert event is Event.DELETED or rule.says.format(when="", on="").endswith(".")


CREDENTIALS = {"password_hash", "subject", "joined_at", "deactivated_at", "email"}
TABLES = {
    "SignIn",
    "AccountLink",
    "KnownDevice",
    "AccountNotice",
    "SecondFactor",
    "RecoveryCode",
    "PendingSignIn",
}
MAY_WRITE = {
    "annotation/people/credentials.py",
    "annotation/people/people.py",  # puts somebody on the list; the first account
    "annotation/people/account_links.py",  # makes links
    "annotation/people/sign_in.py",  # signs devices in and out
    "annotation/people/second_factor.py",  # makes apps' secrets and recovery codes, and uses them up
    "annotation/people/two_step_sign_in.py",  # makes sign-ins that wait for a code
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
                accept_invitation(session, secret, "Ada", NewPassword(f"four words of mine {number}"))
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
    assert answers == ["joined"] * 4  # one is the first; the others find her known by then
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
