"""Checks a deployment for faults and explains each with its remedy."""

from __future__ import annotations

import shutil
import smtplib
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import redis
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from core.clock import utc_now
from core.database.db import Database, words_of
from core.database.migrate import our_versions, require_usable
from core.errors import HindsightError
from core.models import SecondFactor
from core.pipeline.disk import amount, disk_outlook
from core.pipeline.status import free_bytes, waiting_queues
from core.sealing import SealBroken, key_file, unseal
from core.settings import GIB, Settings
from core.storage.base import Storage
from core.storage.private_files import OTHERS, exposed_paths, links_out
from core.time_zone import machine_zone

FEWEST_BYTES = 2 * GIB
PATIENCE_SECONDS = 10
CLOCKS_SECONDS = 10  # a lease is a minute
LONGEST_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `wrong` is empty when it is well, else what is wrong and what to do."""

    name: str
    wrong: str = ""
    well: str = "well"  # what is said when nothing is wrong


def examine(settings: Settings, storage: Callable[[], Storage]) -> Iterator[Finding]:
    """Look at everything that this deployment's settings name."""
    looks: list[tuple[str, Callable[[], str]]] = [
        ("data folder", lambda: data_folder(settings)),
        ("permissions", lambda: permissions(settings)),
        ("database", lambda: database(settings)),
        ("workers", lambda: workers(settings)),
        ("recordings", lambda: recordings(storage())),
        ("ffmpeg", lambda: ffmpeg(settings)),
        ("models", lambda: models(settings)),
        ("second factor", lambda: second_factor(settings)),
        ("https", lambda: https(settings)),
    ]
    if settings.broker_url:
        looks.append(("queue", lambda: queue(settings)))
    if settings.smtp_host:
        looks.append(("mail", lambda: mail(settings)))
    if settings.oidc_issuer:
        looks.append(("single sign-on", lambda: single_sign_on(settings)))
    yield Finding("time zone", well=time_zone(settings))
    if not settings.s3_bucket:
        yield disk(settings)
    for name, look in looks:
        try:
            yield Finding(name, look())
        except HindsightError as error:
            yield Finding(name, str(error))
        except Exception as error:  # whatever a part raises is what is wrong with it
            yield Finding(name, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")


@contextmanager
def closing_database(address: str) -> Iterator[Database]:
    """Yield a database that is closed afterwards."""
    there = Database(address)
    try:
        yield there
    finally:
        there.dispose()


def disk(settings: Settings) -> Finding:
    """Say how long the disk lasts at the rate of the last weeks."""
    try:
        free = free_bytes(settings.data_dir)
        with closing_database(settings.database_address) as there, there.read() as session:
            outlook = disk_outlook(session, utc_now(), free, settings.disk_reserve_bytes)
    except (SQLAlchemyError, OSError):
        return Finding("disk", well="how long it lasts cannot be told without the database")
    said = f"{amount(free)} free. {outlook.sentence}"
    return Finding("disk", f"{said} Free some space, or use a larger disk." if outlook.ends_soon else "", said)


def time_zone(settings: Settings) -> str:
    """Say by which clock the school's days are counted, and where that was found."""
    if settings.time_zone:
        return f"{settings.zone.key} (HINDSIGHT_TIME_ZONE)"
    if machine_zone():
        return f"{settings.zone.key} (this machine's own)"
    return "UTC, since this machine names none. If the school's clock is another one, set HINDSIGHT_TIME_ZONE"


def data_folder(settings: Settings) -> str:
    """It can be written, and has enough free space."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=settings.data_dir):
            free = free_bytes(settings.data_dir)
    except OSError as error:
        return f"{settings.data_dir} cannot be written ({error.strerror}). Check whose it is, or HINDSIGHT_DATA_DIR."
    if free < max(FEWEST_BYTES, settings.disk_reserve_bytes):
        return f"Only {free / GIB:.1f} GiB are free in {settings.data_dir}: uploads will soon be refused. Free some."
    return ""


def permissions(settings: Settings) -> str:
    """No other account of this machine can read it, and a proxy that sends films can."""
    exposed = exposed_paths(settings)
    if exposed:
        what = "1 file or folder has" if len(exposed) == 1 else f"{len(exposed)} files and folders have"
        return (
            f"{what} the wrong permissions, {exposed[0]} among them: other accounts of this machine may read them, or "
            "the proxy cannot. Run “hindsight migrate”, which mends it or says why it cannot."
        )
    linked = [path for path in links_out(settings) if path.stat().st_mode & OTHERS]
    if linked:
        return (
            f"{linked[0]} is a link, and what it leads to may be read by other accounts of this machine. We follow no "
            f"links: run “chmod -R go-rwx {linked[0].resolve()}”."
        )
    return ""


def database(settings: Settings) -> str:
    """It answers, and is of this program's version."""
    there = Database(settings.database_address)
    try:
        version = require_usable(there)
        with there.engine.connect() as connection:
            if not version:
                return "It is empty. Run “hindsight migrate” (“hindsight serve” does it by itself)."
            now = connection.execute(select(func.now())).scalar_one() if is_elsewhere(there) else utc_now()
            apart = abs((now - utc_now()).total_seconds())
    except SQLAlchemyError as error:
        return f"It does not answer ({words_of(error)}). Check HINDSIGHT_DATABASE_URL, and that it runs."
    finally:
        there.dispose()
    if version != our_versions()[-1]:
        return f"It is of version {version}, this program of {our_versions()[-1]}. Run “hindsight migrate”."
    if settings.broker_url and not is_elsewhere(there):
        return "Several machines cannot share SQLite. Set HINDSIGHT_DATABASE_URL to PostgreSQL."
    if apart > CLOCKS_SECONDS:
        return f"Its clock and this machine's are {apart:.0f} s apart: work would be taken for lost. Set both by NTP."
    return ""


def is_elsewhere(database: Database) -> bool:
    """Say whether the database may be on another machine."""
    return database.engine.dialect.name != "sqlite"


def workers(settings: Settings) -> str:
    """Somebody takes what is due, of every kind."""
    try:
        with closing_database(settings.database_address) as there, there.read() as session:
            waiting = waiting_queues(session, utc_now(), LONGEST_WAIT)
    except (SQLAlchemyError, OSError):
        return "Whether anybody works cannot be seen without the database."
    if waiting:
        minutes, queues = LONGEST_WAIT.seconds // 60, ",".join(waiting)
        return f"Steps are due for {minutes} minutes and nobody takes them. Start “hindsight worker --queues {queues}”."
    return ""


def second_factor(settings: Settings) -> str:
    """The key with which the secrets of people's apps are sealed is there, and the right one."""
    try:
        with closing_database(settings.database_address) as there, there.read() as session:
            sealed = session.scalar(select(SecondFactor.secret).limit(1))
    except (SQLAlchemyError, OSError):
        return ""  # an old or missing database is told of above
    try:
        if sealed is not None:
            unseal(sealed)
    except SealBroken:
        path = key_file(settings)
        return (
            f"{path} is missing or is another one, so codes of apps cannot be checked. Put it back from a backup; "
            "if it is lost, run “hindsight second-factor-remove” for whoever asks."
        )
    return ""


def recordings(storage: Storage) -> str:
    """What is kept can be read, and deleted again."""
    key = f"doctor/{uuid4().hex}"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "note"
        source.write_bytes(b"well")
        try:
            storage.keep(source, key)
            content = b"".join(storage.read(key, 0, storage.size(key)))
            storage.delete(key)
        except Exception as error:
            why = " ".join(str(error).split())[:200]
            return f"A file cannot be kept and read back ({why}). Check the disk, or HINDSIGHT_S3_…"
    return "" if content == b"well" else "What is read is not what was kept."


def queue(settings: Settings) -> str:
    """Redis answers."""
    try:
        with redis.Redis.from_url(settings.broker_url, socket_timeout=PATIENCE_SECONDS) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        return f"Redis does not answer ({error}). Check HINDSIGHT_BROKER_URL, and that it runs."
    return ""


def ffmpeg(settings: Settings) -> str:
    """It runs, and can write what browsers play."""
    from ingest.media.ffmpeg import binary

    path = binary(settings.ffmpeg)
    if shutil.which(path) is None:
        return f"There is no program {path}. Check HINDSIGHT_FFMPEG, or leave it empty."
    run = subprocess.run([path, "-hide_banner", "-encoders"], capture_output=True, timeout=60, check=False, text=True)
    missing = [name for name in ("libx264", " aac ") if name not in run.stdout]
    return f"{path} cannot write {', '.join(name.strip() for name in missing)}. Name another one." if missing else ""


def models(settings: Settings) -> str:
    """The model for words is there, so that no lesson waits for a download."""
    from transcription.networks.model_files import whisper_model

    found = whisper_model(settings.asr_model, settings.models_dir)
    if not Path(found).is_dir():
        return (
            f"“{found}” is not on this machine: the first lesson would try to download it. Check HINDSIGHT_ASR_MODEL."
        )
    return ""


def https(settings: Settings) -> str:
    """People's sessions do not travel in the clear."""
    public = urlsplit(settings.public_url)
    if public.scheme == "https" and not settings.cookies_need_https:
        return "People come by https, but cookies may travel without. Leave HINDSIGHT_SECURE_COOKIES empty."
    if settings.cookies_need_https and public.scheme == "http":
        return "HINDSIGHT_SECURE_COOKIES is on, but HINDSIGHT_PUBLIC_URL is http: nobody could stay signed in."
    if settings.host not in ("127.0.0.1", "localhost", "::1") and not settings.public_url:
        return "It listens to the network, but HINDSIGHT_PUBLIC_URL is empty: links in mails would lead nowhere."
    if settings.travels_unprotected:
        return (
            f"{settings.public_url} is plain http: passwords and recordings travel in the clear, and browsers record"
            " nothing there. Put a proxy with https before it (docs/operating.md, Https)."
        )
    return ""


def mail(settings: Settings) -> str:
    """The mail server answers as the settings say."""
    try:
        kind = smtplib.SMTP_SSL if settings.smtp_security == "tls" else smtplib.SMTP
        with kind(settings.smtp_host, settings.smtp_port, timeout=PATIENCE_SECONDS) as server:
            if settings.smtp_security == "starttls":
                server.starttls()
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return f"The mail server does not take our mails ({error}). Check HINDSIGHT_SMTP_…"
    return ""


def single_sign_on(settings: Settings) -> str:
    """The provider says who it is."""
    address = f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        issuer = httpx.get(address, timeout=PATIENCE_SECONDS).raise_for_status().json().get("issuer", "")
    except (httpx.HTTPError, ValueError) as error:
        return f"{address} does not answer ({type(error).__name__}). Check HINDSIGHT_OIDC_ISSUER."
    if issuer.rstrip("/") != settings.oidc_issuer.rstrip("/"):
        return f"The provider calls itself {issuer}: set HINDSIGHT_OIDC_ISSUER to exactly that."
    if not settings.oidc_client_id:
        return "HINDSIGHT_OIDC_CLIENT_ID is empty."
    return ""
