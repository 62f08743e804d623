"""Sign-in sessions: a random secret for each device, stored as a hash, revocable, with limited attempts."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import ConnectionPool
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from annotation.errors import FirstPassword, TooManyAttempts, WrongSignIn
from annotation.people.credentials import Event, change, end_device, lock
from annotation.people.passwords import NewPassword, TypedPassword, password_fits
from annotation.people.people import address_key, hash_secret, leaver_until
from annotation.people.second_factor import came_by_password, is_missing
from core.clock import utc_now
from core.errors import NotFound
from core.models import KnownDevice, Person, SignIn
from core.settings import get_settings

log = logging.getLogger("hindsight.signing_in")

SHARED_FOR = timedelta(hours=12)  # a sign-in on a shared computer lasts no longer than a day at school
KNOWN_FOR = timedelta(days=365)  # a device on which somebody has not signed in for so long is unknown again
FRESH = timedelta(minutes=10)  # a sign-in by the provider lets a first password be set for so long
SEEN_EVERY = timedelta(minutes=10)  # how exactly "last seen" is kept
AT_ONCE = 500  # secrets in one query
PER_ACCOUNT = RateLimitItemPerMinute(10, 15)
PER_CODE = RateLimitItemPerMinute(5, 15)  # codes that do not fit, of somebody whose password was right
PER_ADDRESS = RateLimitItemPerMinute(60, 15)  # a whole school may come from one address


class Attempts:
    """How often an account and an address were tried lately; with a Redis, over all web processes together.

    Of an address only what failed is counted: a whole school that signs in at eight o'clock may come from one.
    While Redis is away each process counts for itself: nobody is locked out, and nobody may guess for ever.
    """

    def __init__(self, redis_address: str = "") -> None:
        self._here = MovingWindowRateLimiter(MemoryStorage())
        self._shared = MovingWindowRateLimiter(_redis(redis_address)) if redis_address else self._here

    def begin(self, account: str, address: str, known: str = "") -> None:
        """Count an attempt; raises TooManyAttempts.

        `known` is the device, if the account's person signed in there before: it has a count of its own, and others
        cannot fill that. https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
        """

        def is_fine(limiter: MovingWindowRateLimiter) -> bool:
            fine = limiter.hit(PER_ACCOUNT, *_count_of(account, known))
            return fine if known else limiter.test(PER_ADDRESS, "address", address) and fine

        if not self._ask(is_fine):
            raise TooManyAttempts

    def failed(self, address: str, known: str = "") -> None:
        """Count an attempt that failed on a device that is not known."""
        if not known:
            self._ask(lambda limiter: limiter.hit(PER_ADDRESS, "address", address))

    def begin_code(self, person_id: str, address: str, known: str = "") -> None:
        """Count an attempt at a code; raises TooManyAttempts. A device that is known has a count of its own here too:
        whoever has somebody's password, and no code, cannot lock her out where she signed in before.
        """

        def is_fine(limiter: MovingWindowRateLimiter) -> bool:
            fine = limiter.hit(PER_CODE, *_count_of(person_id, known))
            return fine if known else limiter.test(PER_ADDRESS, "address", address) and fine

        if not self._ask(is_fine):
            raise TooManyAttempts

    def code_fitted(self, person_id: str, known: str = "") -> None:
        """Start again for somebody whose code was right: only the count that the attempt was in."""

        def forget(limiter: MovingWindowRateLimiter) -> bool:
            limiter.clear(PER_CODE, *_count_of(person_id, known))
            return True

        self._ask(forget)
        forget(self._here)

    def succeeded(self, account: str, known: str = "") -> None:
        """Start again for an account that signed in: only the count that the attempt was in."""

        def forget(limiter: MovingWindowRateLimiter) -> bool:
            limiter.clear(PER_ACCOUNT, *_count_of(account, known))
            return True

        self._ask(forget)
        forget(self._here)

    def _ask(self, question: Callable[[MovingWindowRateLimiter], bool]) -> bool:
        try:
            return question(self._shared)
        except StorageError:
            log.warning("Redis is away: attempts to sign in are counted in this process alone", exc_info=True)
            return question(self._here)


def _count_of(account: str, known: str) -> tuple[str, ...]:
    """Return the name of the count in which an attempt is."""
    return ("account", hash_secret(account)) + (("device", known) if known else ())


def _redis(address: str) -> RedisStorage:
    """Return the counters in Redis; whoever signs in never waits longer than a second for them."""
    pool = ConnectionPool.from_url(address, socket_timeout=1, socket_connect_timeout=1)
    return RedisStorage(address, pool, key_prefix="hindsight:attempts", wrap_exceptions=True)


def check_sign_in(session: Session, email: str, password: str) -> Person:
    """Return whose password this is; raises WrongSignIn, whatever was wrong."""
    person = session.scalar(select(Person).where(Person.email == address_key(email)))
    fits = password_fits(password, person.password_hash if person else "")
    if not fits or person is None or is_closed(person):
        raise WrongSignIn
    return person


def is_closed(person: Person) -> bool:
    """Say whether nobody can sign in to this account any more: a leaver can for a while."""
    until = leaver_until(person)
    return until is not None and until <= utc_now()


Road = Literal["link", "password", "provider"]


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser says of itself and carries: the secrets of its sign-in, and of being known."""

    device: str = ""
    secret: str = ""
    known: str = ""
    is_shared: bool = False  # with others: nothing there outlives the sign-in


def known_device(session: Session, email: str, known: str) -> str:
    """Return what is kept of a browser's secret if the person of an address signed in there before, else nothing."""
    hers = select(KnownDevice.secret_hash).join(Person, Person.id == KnownDevice.person_id)
    hers = hers.where(Person.email == address_key(email), KnownDevice.secret_hash == hash_secret(known))
    return session.scalar(hers.where(KnownDevice.seen_at > utc_now() - KNOWN_FOR)) or ""


def admit(session: Session, person: Person, browser: Browser, road: Road) -> tuple[str, str]:
    """Sign a browser in; return its new secrets, of the sign-in and of being known. What it carried before is worth
    nothing. A shared computer gets no secret of being known, and is signed in for SHARED_FOR.

    Raises WrongSignIn if the account has changed since it was found that this is `person`.
    """
    row = lock(session, person)
    if (row.password_hash, row.subject) != (person.password_hash, person.subject) or is_closed(row):
        raise WrongSignIn
    if browser.is_shared:
        return begin_sign_in(session, row, browser.device, browser.secret, road=road, lasts=SHARED_FOR), ""
    known = secrets.token_urlsafe(32)
    former = KnownDevice.secret_hash == hash_secret(browser.known)
    session.execute(delete(KnownDevice).where(former, KnownDevice.person_id == row.id))
    session.execute(update(KnownDevice).where(former).values(secret_hash=hash_secret(known)))  # others who share it
    session.execute(delete(KnownDevice).where(KnownDevice.seen_at <= utc_now() - KNOWN_FOR))
    session.add(KnownDevice(secret_hash=hash_secret(known), person_id=row.id, seen_at=utc_now()))
    secret = begin_sign_in(session, row, browser.device, browser.secret, road=road, known_hash=hash_secret(known))
    return secret, known


def begin_sign_in(
    session: Session,
    person: Person,
    device: str,
    former_secret: str = "",
    *,
    road: str = "",
    known_hash: str | None = None,
    lasts: timedelta | None = None,
) -> str:
    """Sign a device in and return its new secret; what the browser carried before is worth nothing."""
    end_sign_in(session, former_secret)
    now = utc_now()
    session.execute(delete(SignIn).where(SignIn.expires_at <= now))
    secret = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            secret_hash=hash_secret(secret),
            person_id=person.id,
            device=device,
            road=road,
            known_hash=known_hash,
            created_at=now,
            last_seen_at=now,
            expires_at=now + (lasts or timedelta(days=get_settings().session_days)),
        )
    )
    session.flush()
    return secret


def find_sign_in(session: Session, secret: str) -> tuple[Person, SignIn] | None:
    """Return who is signed in with a secret, and the device; None when it is unknown, over, or may see nothing yet."""
    found = find_device(session, secret)
    return None if found is None or is_missing(session, *found) else found


def find_device(session: Session, secret: str) -> tuple[Person, SignIn] | None:
    """Return whose device this is, also when she must set up a second factor first; find_sign_in is for all else."""
    return find_devices(session, [secret]).get(secret)


def find_devices(session: Session, cookies: Iterable[str]) -> dict[str, tuple[Person, SignIn]]:
    """Return whose devices these are, by the secret, in one query for some hundreds of them."""
    found: dict[str, tuple[Person, SignIn]] = {}
    distinct = list(dict.fromkeys(cookies))
    for start in range(0, len(distinct), AT_ONCE):
        by_hash = {hash_secret(secret): secret for secret in distinct[start : start + AT_ONCE]}
        rows = session.execute(
            select(Person, SignIn)
            .join(SignIn, SignIn.person_id == Person.id)
            .where(SignIn.secret_hash.in_(by_hash), SignIn.expires_at > utc_now())
        )
        found |= {by_hash[row[1].secret_hash]: (row[0], row[1]) for row in rows if _is_open(row[0], row[1])}
    return found


def _is_open(person: Person, device: SignIn) -> bool:
    """Say whether a device lets anybody in: none by password once the school has gone over to single sign-on."""
    return not is_closed(person) and (get_settings().passwords or not came_by_password(person, device))


def note_seen(session: Session, sign_in_id: str) -> None:
    """Remember that a device was used just now."""
    row = session.get(SignIn, sign_in_id)
    if row is not None:
        row.last_seen_at = utc_now()


def end_sign_in(session: Session, secret: str) -> None:
    """Sign out the device that carries this secret."""
    if secret:
        session.execute(delete(SignIn).where(SignIn.secret_hash == hash_secret(secret)))


def list_devices(session: Session, person: Person) -> Sequence[SignIn]:
    """Return where a person is signed in, last used first."""
    mine = select(SignIn).where(SignIn.person_id == person.id, SignIn.expires_at > utc_now())
    return session.scalars(mine.order_by(SignIn.last_seen_at.desc())).all()


def revoke_device(session: Session, person: Person, sign_in_id: str) -> None:
    """Sign one of a person's own devices out."""
    row = session.get(SignIn, sign_in_id)
    if row is None or row.person_id != person.id:
        raise NotFound
    end_device(session, row)


def change_password(session: Session, person: Person, old: TypedPassword, new: NewPassword, device: SignIn) -> None:
    """Change a password and sign every other device out; raises WrongSignIn for a wrong old one.

    In an account without a password the device must have come from the provider just now; raises FirstPassword.
    """
    row = lock(session, person)
    if row.password_hash:
        if not old.opens(row.password_hash):
            raise WrongSignIn
    elif not may_set_first_password(device):
        raise FirstPassword
    event = Event.PASSWORD_CHANGED if row.password_hash else Event.PASSWORD_SET
    change(session, row, event, password=new, device=device.device, keep_sign_in_id=device.id)


def may_set_first_password(device: SignIn) -> bool:
    """Say whether the provider said just now that the person of an account is at this device."""
    return device.road == "provider" and device.created_at > utc_now() - FRESH


def remove_password(session: Session, person: Person, device: SignIn) -> None:
    """Take the password away from an account that single sign-on opens; raises NotFound for another."""
    row = lock(session, person)
    if row.subject is None or not row.password_hash:
        raise NotFound
    change(session, row, Event.PASSWORD_REMOVED, device=device.device, keep_sign_in_id=device.id)


def sign_out_everywhere(session: Session, person: Person, device: SignIn) -> None:
    """Sign out every device but the one that asks."""
    change(session, person, Event.SIGNED_OUT_EVERYWHERE, device=device.device, keep_sign_in_id=device.id)


def device_name(user_agent: str) -> str:
    """Say in a few words what a browser calls itself: "Firefox on Windows"."""
    browsers = {"Edg": "Edge", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
    systems = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows"}
    systems |= {"CrOS": "Chromebook", "Mac OS": "Mac", "Linux": "Linux"}
    browser = next((name for mark, name in browsers.items() if mark in user_agent), "A browser")
    system = next((name for mark, name in systems.items() if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser
