"""A worker process: dispatcher, sweeper and dramatiq threads, until it is asked to stop."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Sequence

import dramatiq
from sqlalchemy.exc import OperationalError

from core.database.db import get_database
from core.pipeline.stages import QUEUES
from core.pipeline.steps import send_again
from core.settings import Settings, get_settings
from core.storage.configured import get_storage
from workers.mailer import send_mails
from workers.queue.broker import Actors, Running, make_actors, make_broker, was_emptied
from workers.queue.dispatcher import MOST_AT_ONCE, dispatch
from workers.queue.sweeper import erase, reopen_steps, sweep

log = logging.getLogger(__name__)

ERASE_SECONDS, REOPEN_SECONDS, MAIL_SECONDS, SWEEP_SECONDS = 3.0, 5.0, 10.0, 300.0
STOP_MS = 240_000  # at most, for work that cannot be asked to stop just now; `hindsight serve` has less patience


def prepare_database(settings: Settings) -> None:
    """Bring the database up to date, unless it is away: then it is waited for later.

    Raises what `core.database.migrate.version_of` raises when the database cannot be used.
    """
    from core.database.migrate import migrate_database  # brings Alembic: half a second in each child of `serve`

    try:
        migrate_database(settings.database_address)
    except OperationalError:
        log.warning("the database does not answer yet")


def work(queues: Sequence[str], threads: int, *, sweeps: bool) -> None:
    """Do the steps of some queues until SIGTERM; running ones are given back, not lost."""
    settings = get_settings()
    database = get_database()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    broker = make_broker(settings.broker_url)
    running = Running()
    actors = make_actors(broker, stop, running)
    if not settings.broker_url:  # messages of a former process of these queues died with it
        with database.write() as session:
            send_again(session, queues)
    worker = dramatiq.Worker(broker, queues=set(queues), worker_threads=threads, worker_timeout=200)
    worker.start()
    log.info("working on %s with %s threads", ", ".join(queues), threads)
    try:
        supervise(broker, actors, queues, threads, running, stop, sweeps=sweeps)
    finally:
        worker.stop(timeout=STOP_MS)
        broker.close()
        database.dispose()


def supervise(
    broker: dramatiq.Broker,
    actors: Actors,
    queues: Sequence[str],
    threads: int,
    running: Running,
    stop: threading.Event,
    *,
    sweeps: bool,
) -> None:
    """Dispatch and sweep until told to stop; a database that is away for a while is waited for."""
    database, settings = get_database(), get_settings()
    reopened = erased = swept = mailed = 0.0
    while not stop.is_set():
        # In this process alone no more is sent than can start at once: another process may have a free thread.
        space = MOST_AT_ONCE if settings.broker_url else threads - running.count
        try:
            if was_emptied(broker):
                running.stumbled.set()
            if running.stumbled.is_set():
                with database.write() as session:
                    send_again(session, QUEUES)
                running.stumbled.clear()
            sent = dispatch(database, actors, queues, space, running)
            if sweeps and time.monotonic() - reopened > REOPEN_SECONDS:
                reopened = time.monotonic()
                reopen_steps(database, settings)
            if sweeps and time.monotonic() - erased > ERASE_SECONDS:
                erased = time.monotonic()
                erase(database, get_storage(), settings, overwritten=False)
            if sweeps and time.monotonic() - mailed > MAIL_SECONDS:
                mailed = time.monotonic()
                send_mails(database, settings)
            if sweeps and time.monotonic() - swept > SWEEP_SECONDS:
                swept = time.monotonic()
                sweep(database, get_storage(), settings)
        except Exception:
            sent = 0
            running.stumbled.set()
            log.exception("the dispatcher stumbled and goes on")
        if not sent:
            stop.wait(settings.dispatch_seconds)
