"""Roads by which somebody else could become a teacher, walked as an attacker walks them, through the pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from annotation.people.account_links import answer_reset_requests, invite, make_link
from annotation.people.passwords import hash_password
from annotation.people.people import address_key
from annotation.people.sign_in import PER_ACCOUNT, PER_ADDRESS
from annotation.people.single_sign_on import person_of_claims
from core.database.db import Database
from core.errors import HindsightError
from core.models import AccountLink, KnownDevice, Mail, Person, ResetRequest
from core.settings import get_settings
from tests.support.factories import make_person
from web.app import create_app
from web.security.auth import COOKIE, KNOWN_COOKIE

pytestmark = pytest.mark.usefixtures("quick_hashes")

LEAD, ADA = "lea@school.example", "ada@school.example"
LEADS, HERS = "four words of the lead", "four words of mine"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"


def browser(app: object, agent: str = FIREFOX) -> TestClient:
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)  # type: ignore[arg-type]
    client.headers |= {"accept": "text/html", "user-agent": agent}
    return client


@pytest.fixture
def lead(database: Database) -> TestClient:
    """Return the browser of a programme lead who is signed in."""
    with database.write() as session:
        make_person(session, "Lea Lead", email=LEAD, is_lead=True, password_hash=hash_password(LEADS))
    client = browser(create_app())
    assert client.post("/sign-in", data={"email": LEAD, "password": LEADS}).status_code == 303
    return client


@pytest.fixture
def _mail_is_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HINDSIGHT_SMTP_HOST", "mail.school.example")
    monkeypatch.setenv("HINDSIGHT_PUBLIC_URL", "https://hindsight.school.example")
    monkeypatch.setenv("HINDSIGHT_SECURE_COOKIES", "false")  # the tests' browsers come by http
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def invited(lead: TestClient, email: str = ADA) -> str:
    """Invite Ada and return the page that the lead gets."""
    return lead.post("/programme/invitations", data={"name": "Ada", "email": email}).text


def shown_link(page: str) -> str:
    return str(re.findall(r"/join/[\w-]+", page)[0])


def by_provider(database: Database, email: str = ADA, subject: str = "1") -> Person:
    claims = {"iss": "https://id.school.example", "sub": subject, "email": email, "email_verified": True}
    with database.write() as session:
        return person_of_claims(session, claims, trusts_email=False, name="the school", device="Safari on iPhone")


def test_the_link_is_dead_for_the_lead_once_the_teacher_came_by_single_sign_on(
    lead: TestClient, database: Database
) -> None:
    link = shown_link(invited(lead))
    assert lead.get(link).status_code == 200
    by_provider(database)
    assert lead.get(link).status_code == 404
    assert lead.post(link, data={"name": "Ada", "password": LEADS}).status_code == 404
    assert browser(lead.app).post("/sign-in", data={"email": ADA, "password": LEADS}).status_code == 401


def test_what_the_lead_made_by_joining_first_ends_when_she_comes_by_single_sign_on_and_her_page_says_so(
    lead: TestClient, database: Database
) -> None:
    link = shown_link(invited(lead))
    false_ada = browser(lead.app)
    assert false_ada.post(link, data={"name": "Ada", "password": LEADS}).status_code == 303
    assert false_ada.get("/me").status_code == 200
    by_provider(database)
    assert false_ada.get("/me").headers["location"].startswith("/sign-in")
    assert false_ada.post("/sign-in", data={"email": ADA, "password": LEADS}).status_code == 401
    with database.read() as session:
        assert session.scalars(select(KnownDevice.person_id).join(Person).where(Person.email == ADA)).all() == []


def test_whoever_comes_second_to_a_link_and_who_joined_are_told_when_and_where_it_was_used(
    lead: TestClient, database: Database
) -> None:
    page = invited(lead)
    link = shown_link(page)
    assert "Whoever opens this link first can take the account" in page
    previewed = browser(lead.app, "a filter of mails")
    assert {previewed.get(link).status_code for _ in range(3)} == {200}  # looking does not use it up
    her = browser(lead.app, SAFARI)
    assert her.post(link, data={"name": "Ada", "password": HERS}).status_code == 303
    me = her.get("/me").text
    assert "shown to the programme lead" in me
    assert me.count("was first opened") == 1
    assert re.search(r"first opened on \w+ \d+ \w+ \d{4} at \d\d:\d\d on A browser", me)
    assert re.search(r"was used on \w+ \d+ \w+ \d{4} at \d\d:\d\d on Safari on iPhone", me)
    again = lead.get(link)
    assert again.status_code == 404
    assert re.search(r"it was used on \w+ \d+ \w+ \d{4} at \d\d:\d\d on Safari on iPhone", again.text)


@pytest.mark.usefixtures("_mail_is_on")
def test_with_a_mail_server_the_lead_never_sees_a_link_and_chooses_no_word_of_the_mail(
    lead: TestClient, database: Database
) -> None:
    trap = {"name": "Read https://evil.example first", "email": ADA}
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example"}
    pages = [lead.post("/programme/invitations", data=trap, headers=headers)]
    with database.read() as session:
        ada = session.scalars(select(Person.id).where(Person.email == ADA)).one()
    pages.append(lead.post(f"/programme/people/{ada}/link", headers=headers))
    pages.append(
        lead.post("/programme/staff/apply", data={"text": "name,email\nBo,bo@school.example\n"}, headers=headers)
    )
    assert [page.status_code for page in pages] == [303] * 3
    assert not any("/join/" in page.text + page.headers["location"] for page in pages)
    with database.read() as session:
        texts = session.scalars(select(Mail.text)).all()
    assert len(texts) == 2  # the mail of the first link, which works no more, is not sent
    assert all("https://hindsight.school.example/join/" in text and "evil" not in text for text in texts)


def test_with_single_sign_on_an_import_makes_no_link(
    lead: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HINDSIGHT_OIDC_ISSUER", "https://id.school.example")
    get_settings.cache_clear()
    answer = lead.post("/programme/staff/apply", data={"text": "name,email\nBo,bo@school.example\n"})
    assert answer.status_code == 303
    with database.read() as session:
        assert session.scalars(select(AccountLink)).all() == []


def test_an_old_link_is_dead_after_leaving_and_coming_back_and_after_another_invitation(
    lead: TestClient, database: Database
) -> None:
    first = shown_link(invited(lead))
    with database.read() as session:
        ada = session.scalars(select(Person.id).where(Person.email == ADA)).one()
    second = shown_link(lead.post(f"/programme/people/{ada}/link").text)
    assert [lead.get(link).status_code for link in (first, second)] == [404, 200]
    assert lead.post(f"/programme/people/{ada}/left").status_code == 303
    assert lead.get(second).status_code == 404
    assert lead.post(f"/programme/people/{ada}/back").status_code == 303
    assert lead.get(second).status_code == 404
    third = shown_link(lead.post(f"/programme/people/{ada}/link").text)
    assert browser(lead.app).post(third, data={"name": "Ada", "password": HERS}).status_code == 303
    assert lead.post(f"/programme/people/{ada}/link").status_code == 409  # she has joined
    with database.write() as session:  # even a row that should not be there opens nothing
        stray = make_link(session, session.get_one(Person, ada), "join")
    assert lead.get(f"/join/{stray}").status_code == 404


FORMS = ("ADA@School.Example", " ada@school.example. ", "\uff41da@school.example", "ada@\u017fchool.example")


@pytest.mark.parametrize("form", FORMS)
def test_one_address_in_another_form_is_no_second_account_nor_an_import_of_one(
    lead: TestClient, database: Database, form: str
) -> None:
    with database.write() as session:
        ada = make_person(session, "Ada", email=ADA, password_hash=hash_password(HERS))
    assert "already an account" in invited(lead, form)
    text = f"name,email\nAda,{form}\n"
    assert lead.post("/programme/staff/apply", data={"text": text}).status_code == 303
    assert browser(lead.app).post("/sign-in", data={"email": form, "password": HERS}).status_code == 303
    with database.read() as session:
        assert len(session.scalars(select(Person)).all()) == 2
        assert session.get_one(Person, ada.id).email == ADA


def test_a_mailbox_that_only_looks_like_hers_at_the_provider_is_not_hers(database: Database) -> None:
    with database.write() as session:
        kate = make_person(session, "Kate", email="kate@school.example", password_hash="")
    for number, other in enumerate(
        ("\u212aate@school.example", "\uff4bate@school.example", "kate@\u017fchool.example")
    ):
        assert address_key(other) == kate.email
        with pytest.raises(HindsightError):
            by_provider(database, other, str(number))
    assert by_provider(database, "Kate@School.example").id == kate.id


def test_the_lead_cannot_change_an_address_and_a_row_with_another_is_another_person(
    lead: TestClient, database: Database
) -> None:
    with database.write() as session:
        ada = make_person(session, "Ada", email=ADA, department="Art", password_hash=hash_password(HERS))
    form = {"department": "Maths", "email": "mine@lead.example", "name": "Me"}
    assert lead.post(f"/programme/people/{ada.id}", data=form).status_code == 303
    text = "name,email\nAda,mine@lead.example\n"
    assert lead.post("/programme/staff/apply", data={"text": text, "others_left": "true"}).status_code == 200
    with database.read() as session:
        still = session.get_one(Person, ada.id)
        assert (still.email, still.department) == (ADA, "Maths")
        other = session.scalars(select(Person).where(Person.email == "mine@lead.example")).one()
        assert other.id != ada.id
    assert "Please write an email address" in invited(lead, f"{ada.id}@gone.invalid")


@pytest.mark.parametrize("old", ["nobody has this password", "", "-"])
def test_an_account_without_a_password_takes_no_old_one(lead: TestClient, database: Database, old: str) -> None:
    with database.write() as session:
        ada = make_person(session, "Ada", email=ADA, password_hash="", subject="x|1")
        secret = _signed_in(session, ada, "")
    client = browser(lead.app)
    client.cookies.set(COOKIE, secret)
    answer = client.post("/me/password", data={"old": old, "new": LEADS})
    assert answer.status_code == 403
    assert "has no password" in answer.text
    with database.read() as session:
        assert session.get_one(Person, ada.id).password_hash == ""


def _signed_in(session: Session, person: Person, road: str) -> str:
    from annotation.people.sign_in import begin_sign_in

    return begin_sign_in(session, person, "a browser", road=road)


@pytest.mark.usefixtures("_mail_is_on")
def test_a_first_password_is_set_after_the_provider_or_by_a_mailed_link_and_can_be_taken_away(
    lead: TestClient, database: Database
) -> None:
    with database.write() as session:
        ada = make_person(session, "Ada", email=ADA, password_hash="", subject="x|1")
        fresh, older = (_signed_in(session, ada, road) for road in ("provider", "link"))
    client, other = browser(lead.app), browser(lead.app)
    client.cookies.set(COOKIE, fresh)
    other.cookies.set(COOKIE, older)
    assert "Mail me a link" in other.get("/me").text
    assert other.post("/me/password/link").headers["location"] == "/me?notice=link-mailed"
    assert client.post("/me/password", data={"new": HERS}).headers["location"] == "/me?notice=password-changed"
    assert other.get("/me").status_code == 303
    assert "A password was set beside your school account" in client.get("/me").text
    assert client.post("/me/password/remove").headers["location"] == "/me?notice=password-removed"
    assert browser(lead.app).post("/sign-in", data={"email": ADA, "password": HERS}).status_code == 401


@pytest.mark.usefixtures("_mail_is_on")
def test_a_reset_link_is_dead_after_a_password_change_and_others_requests_end_none(
    lead: TestClient, database: Database
) -> None:
    with database.write() as session:
        make_person(session, "Ada", email=ADA, password_hash=hash_password(HERS))
    her = browser(lead.app)
    assert her.post("/sign-in", data={"email": ADA, "password": HERS}).status_code == 303
    for _ in range(2):
        assert browser(lead.app).post("/forgotten", data={"email": ADA}).status_code == 303
    with database.write() as session:
        assert answer_reset_requests(session) == 2
        links = [path for text in session.scalars(select(Mail.text)) for path in re.findall(r"/new-password/\S+", text)]
    assert [her.get(link).status_code for link in links] == [200, 200]
    assert her.post("/me/password", data={"old": HERS, "new": LEADS}).status_code == 303
    assert [her.get(link).status_code for link in links] == [404, 404]
    with database.read() as session:  # nor is a mail with a dead link sent
        assert not any("/new-password/" in text for text in session.scalars(select(Mail.text)))


@pytest.mark.usefixtures("_mail_is_on")
def test_forgotten_and_sign_in_do_the_same_work_for_known_and_unknown_addresses(
    lead: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:
        make_person(session, "Ada", email=ADA, password_hash=hash_password(HERS))
        make_person(session, "Invited", email="invited@school.example", password_hash="", joined_at=None)
        make_person(session, "By provider", email="sso@school.example", password_hash="", subject="x|2")
    hashed: list[bool] = []
    from annotation.people import passwords

    real = passwords._hasher()

    class Counting:
        def verify(self, password: str, stored: str) -> bool:
            hashed.append(stored.startswith("$argon2id$"))
            return real.verify(password, stored)

        def hash(self, password: str) -> str:
            return real.hash(password)

    monkeypatch.setattr(passwords, "_hasher", Counting)
    addresses = (
        ADA,
        "invited@school.example",
        "sso@school.example",
        "nobody@school.example",
        "a\0b@x.example",
        "x" * 999,
    )
    for path, more in (("/forgotten", {}), ("/sign-in", {"password": "not the right one"})):
        done, answers = [], set()
        for address in addresses:
            statements: list[str] = []
            hashed.clear()

            def note(_c: object, _k: object, text: str, *_: object, into: list[str] = statements) -> None:
                into.append(text)

            engines = {database.engine, database.writer}
            for engine in engines:
                event.listen(engine, "before_cursor_execute", note)
            answer = browser(lead.app).post(path, data={"email": address, **more})
            for engine in engines:
                event.remove(engine, "before_cursor_execute", note)
            done.append((statements, list(hashed)))
            answers.add((answer.status_code, answer.text.replace(address, "").replace(address.replace("\0", ""), "")))
        assert all(one == done[0] for one in done), path
        assert len(done[0][0]) > 0
        assert len({status for status, _ in answers}) == 1
    with database.write() as session:
        assert answer_reset_requests(session) == 2  # who has joined: by a password, by single sign-on
        assert session.scalars(select(ResetRequest)).all() == []


def test_ten_wrong_guesses_by_others_lock_no_device_on_which_she_signed_in_before(
    lead: TestClient, database: Database
) -> None:
    with database.write() as session:
        make_person(session, "Ada", email=ADA, password_hash=hash_password(HERS))
    right, wrong = {"email": ADA, "password": HERS}, {"email": ADA, "password": "not the right one"}
    her = browser(lead.app)
    assert her.post("/sign-in", data=right).status_code == 303
    assert her.post("/sign-out").status_code == 303
    stranger = browser(lead.app)
    answers = [stranger.post("/sign-in", data=wrong).status_code for _ in range(PER_ACCOUNT.amount + 1)]
    assert answers == [401] * PER_ACCOUNT.amount + [429]
    assert stranger.post("/sign-in", data=right).status_code == 429  # unknown devices wait, whoever they are
    assert isinstance(lead.app, FastAPI)
    for _ in range(PER_ADDRESS.amount):  # and a whole address that guessed too much
        lead.app.state.attempts.failed("testclient")
    assert stranger.post("/sign-in", data={"email": LEAD, "password": LEADS}).status_code == 429
    copied = her.cookies[KNOWN_COOKIE]
    assert her.post("/sign-in", data=right).status_code == 303
    assert stranger.post("/sign-in", data=right).status_code == 429  # her success is no new beginning for the others
    thief = browser(lead.app)
    thief.cookies.set(KNOWN_COOKIE, copied)  # it was good until she signed in again, and never more than for a count
    assert thief.get("/me").status_code == 303
    assert thief.post("/sign-in", data=right).status_code == 429
    other = browser(lead.app)
    other.cookies.set(KNOWN_COOKIE, her.cookies[KNOWN_COOKIE])
    assert other.get("/me").status_code == 303
    assert other.post("/sign-in", data={"email": LEAD, "password": LEADS}).status_code == 429  # known to Ada alone


def test_a_known_device_has_its_own_limit_and_others_guesses_do_not_stop_a_change_of_password(
    lead: TestClient, database: Database
) -> None:
    with database.write() as session:
        make_person(session, "Ada", email=ADA, password_hash=hash_password(HERS))
    wrong = {"email": ADA, "password": "not the right one"}
    her, other = browser(lead.app), browser(lead.app)
    for client in (her, other):
        assert client.post("/sign-in", data={"email": ADA, "password": HERS}).status_code == 303
    other.cookies.delete(COOKIE)
    answers = [other.post("/sign-in", data=wrong).status_code for _ in range(PER_ACCOUNT.amount + 1)]
    assert answers == [401] * PER_ACCOUNT.amount + [429]
    stranger = browser(lead.app)
    answers = [stranger.post("/sign-in", data=wrong).status_code for _ in range(PER_ACCOUNT.amount + 1)]
    assert answers == [401] * PER_ACCOUNT.amount + [429]
    assert her.post("/me/password", data={"old": HERS, "new": LEADS}).status_code == 303
    assert her.post("/me/devices/out").status_code == 303
    her.cookies.delete(COOKIE)
    assert her.post("/sign-in", data={"email": ADA, "password": LEADS}).status_code == 303
    assert other.post("/sign-in", data={"email": ADA, "password": LEADS}).status_code == 429  # it is known no more


def test_the_link_of_the_command_ends_older_ones_and_she_is_told(lead: TestClient, database: Database) -> None:
    from click.testing import CliRunner

    from annotation.commands import password_link

    with database.write() as session:
        ada = make_person(session, "Ada", email=ADA, password_hash=hash_password(HERS))
        older = make_link(session, ada, "reset")
    her = browser(lead.app)
    assert her.post("/sign-in", data={"email": ADA, "password": HERS}).status_code == 303
    said = CliRunner().invoke(password_link, [ADA.upper()])
    assert said.exit_code == 0, said.output
    assert her.get(f"/new-password/{older}").status_code == 404
    assert her.get("/new-password/" + said.output.strip().rpartition("/")[2]).status_code == 200
    assert "made a link to a new password for you" in her.get("/me").text


def test_a_name_that_the_lead_changes_is_told(lead: TestClient, database: Database) -> None:
    with database.write() as session:
        ada = make_person(session, "Ada", email=ADA)
        secret = _signed_in(session, ada, "")
    lead.post("/programme/staff/apply", data={"text": f"name,email\nBo,{ADA}\n"})
    client = browser(lead.app)
    client.cookies.set(COOKIE, secret)
    assert "Your name on the staff list was changed" in client.get("/me").text


def test_an_invitation_is_no_link_to_a_new_password_nor_the_other_way_round(database: Database) -> None:
    with database.write() as session:
        lea = make_person(session, "Lea Lead", is_lead=True)
        _, join = invite(session, lea, "Ada", ADA)
        reset = make_link(session, make_person(session, "Bo"), "reset")
    client = browser(create_app())
    assert client.get(f"/new-password/{join}").status_code == client.get(f"/join/{reset}").status_code == 404
