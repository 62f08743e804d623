"""Heart of a step: renews the lease of its claim until its deadline; and the claims that a process holds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import timedelta
from functools import partial

from core.database.db import Database
from core.errors import WorkStopped
from core.pipeline import steps
from core.pipeline.step_events import record_step_event

log = logging.getLogger(__name__)

DEADLINE = timedelta(hours=6)  # beyond it even the longest film is a trap
ASKS_SECONDS = 30.0  # within which a stage that asks has asked whether to go on


class Held:
    """The claims that this process holds; `overdue` once a stage went on beyond its deadline."""

    def __init__(self) -> None:
        self.overdue = False
        self._claims: dict[str, steps.Claim] = {}
        self._changed = threading.Condition()

    @contextmanager
    def holding(self, claim: steps.Claim) -> Iterator[None]:
        """Hold a claim until its end is written."""
        self._claims[claim.token] = claim
        try:
            yield
        finally:
            self.drop(claim)

    def drop(self, claim: steps.Claim) -> None:
        """Hold a claim no longer."""
        with self._changed:
            self._claims.pop(claim.token, None)
            self._changed.notify_all()

    def wait_until_none(self, seconds: float) -> bool:
        """Wait for the ends of all, and say whether they came in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._claims, seconds)

    def release_all(self, database: Database) -> None:
        """Open the steps that are still held, without counting their tries; whoever works on one has lost it."""
        claims = list(self._claims.values())
        if not claims:
            return
        with database.write() as session:
            for claim in claims:
                if steps.cancel_step(session, claim) or steps.release_claim(session, claim):
                    record_step_event(session, claim)
        log.warning("%s steps given back that did not stop in time", len(claims))


class Heart:
    """Keeps a claim alive from a thread of its own; the work asks it whether to go on.

    After the deadline nothing is renewed. For work that does not ask, `on_overdue` is called a while later.
    """

    def __init__(
        self,
        database: Database,
        claim: steps.Claim,
        lease: timedelta,
        shutdown: threading.Event,
        on_overdue: Callable[[], None],
    ) -> None:
        self._database, self._claim, self._lease, self._shutdown = database, claim, lease, shutdown
        self._on_overdue = on_overdue
        self._fraction = 0.0
        self._hold: steps.Hold = "ours"
        self._ended = threading.Event()
        self._deadline = time.monotonic() + DEADLINE.total_seconds()
        beat = partial(copy_context().run, self._beat)  # which knows what the log is about
        self._thread = threading.Thread(target=beat, name=f"lease {claim.step_id}", daemon=True)

    def progress(self, fraction: float) -> None:
        """Note how much is done; it is written with the next beat."""
        self._fraction = fraction

    def check(self) -> None:
        """Raise WorkStopped when the work must not go on."""
        if self._shutdown.is_set():
            raise WorkStopped("shutdown")
        if self._hold != "ours":
            raise WorkStopped(self._hold)
        if time.monotonic() > self._deadline:
            raise WorkStopped("deadline")

    def _beat(self) -> None:
        lease = self._lease.total_seconds()
        said, written_at = 0.0, time.monotonic()
        while not self._ended.wait(max(0.0, min(2.0, lease / 4, self._deadline - time.monotonic()))):
            if time.monotonic() >= self._deadline:
                if not self._ended.wait(min(ASKS_SECONDS, lease / 2)):
                    self._on_overdue()
                return
            fraction = self._fraction
            is_news = fraction - said >= 0.01
            try:
                with self._database.read() as session:
                    self._hold = steps.check_hold(session, self._claim)
                if is_news or time.monotonic() - written_at > lease / 4:
                    with self._database.write() as session:
                        steps.renew_lease(session, self._claim, self._lease, fraction)
                        if is_news:
                            record_step_event(session, self._claim)
                    said, written_at = fraction if is_news else said, time.monotonic()
            except Exception:  # the database may be away for a moment; the lease says how long that may last
                log.warning("lease not renewed", exc_info=True)

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
