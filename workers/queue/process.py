"""A worker process: dispatcher, sweeper and dramatiq threads, until it is asked to stop."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from functools import partial

import dramatiq
from sqlalchemy.exc import OperationalError

from core.database.db import get_database
from core.pipeline.stages import QUEUES
from core.pipeline.steps import send_again
from core.settings import Settings, get_settings
from core.storage.configured import get_storage
from workers.mailer import send_mails
from workers.pipeline.heart import Held
from workers.queue.broker import Actors, Running, make_actors, make_broker, was_emptied
from workers.queue.dispatcher import MOST_AT_ONCE, dispatch
from workers.queue.sweeper import FileCursor, close_shares, erase, reopen_steps, sweep

log = logging.getLogger(__name__)

ERASE_SECONDS, REOPEN_SECONDS, MAIL_SECONDS, SWEEP_SECONDS = 3.0, 5.0, 10.0, 300.0
GIVE_BACK_SECONDS, BROKER_SECONDS = 5.0, 3.0  # at the end: for work to stop by itself, and then for the broker
STOP_SECONDS = GIVE_BACK_SECONDS + BROKER_SECONDS
SILENT_SECONDS = 600.0  # C code that lets no Python run for so long lets nothing be renewed, written or stopped


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
    """Do the steps of some queues until SIGTERM, or until one is beyond its deadline; others are given back."""
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
    worker.queue_prefetch = prefetch_of(settings, queues, threads)
    worker.start()
    over = threading.Event()
    for keep in (partial(end_in_time, stop, over, running.held), partial(end_when_silent, over)):
        threading.Thread(target=keep, daemon=True).start()
    log.info("working on %s with %s threads", ", ".join(queues), threads)
    try:
        supervise(broker, actors, queues, threads, running, stop, sweeps=sweeps)
    finally:
        worker.stop(timeout=int(STOP_SECONDS * 1000))
        broker.close()
        over.set()
        stop.set()
        database.dispose()


def prefetch_of(settings: Settings, queues: Sequence[str], threads: int) -> int:
    """Return how many messages of a queue may be under way at once: with fewer, threads have nothing to do.

    Of a Redis each queue gets its share of the threads: another process may have one that is free.
    """
    return -(-threads // len(queues)) if settings.broker_url else threads


def end_in_time(stop: threading.Event, over: threading.Event, held: Held) -> None:
    """End this process soon after it is asked to stop, whatever it waits for.

    Steps that do not end by themselves are given back: their tries do not count, and what they still write is theirs no
    more. A broker that does not answer is left alone.
    """
    stop.wait()
    if not held.wait_until_none(GIVE_BACK_SECONDS) and not over.is_set():
        try:
            held.release_all(get_database())
        except Exception:
            log.exception("steps could not be given back; their leases end by themselves")
    if not over.wait(BROKER_SECONDS):
        log.warning("this process ends with something unfinished")
        logging.shutdown()
        os._exit(1 if held.overdue else 0)


def end_when_silent(over: threading.Event) -> None:
    """End this process when no Python runs in it for a long time; the timer is one of C."""
    while not over.is_set():
        faulthandler.dump_traceback_later(SILENT_SECONDS, exit=True, file=sys.__stderr__ or sys.stderr)
        over.wait(SILENT_SECONDS / 20)
    faulthandler.cancel_dump_traceback_later()


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
    cursor = FileCursor.anywhere()
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
                close_shares(database)
            if sweeps and time.monotonic() - erased > ERASE_SECONDS:
                erased = time.monotonic()
                erase(database, get_storage(), settings, overwritten=False)
            if sweeps and time.monotonic() - mailed > MAIL_SECONDS:
                mailed = time.monotonic()
                send_mails(database, settings)
            if sweeps and time.monotonic() - swept > SWEEP_SECONDS:
                swept = time.monotonic()
                sweep(database, get_storage(), settings, cursor)
        except Exception:
            sent = 0
            running.stumbled.set()
            log.exception("the dispatcher stumbled and goes on")
        if not sent:
            stop.wait(settings.dispatch_seconds)
