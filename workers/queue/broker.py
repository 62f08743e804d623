"""The message broker that carries step ids: in memory by default, or Redis.

It is never asked what is true. A lost message costs one round of the dispatcher, a message delivered twice nothing.
"""

from __future__ import annotations

import threading

import dramatiq
from dramatiq.brokers.stub import StubBroker

from core.pipeline.stages import QUEUES
from workers.pipeline.heart import Held
from workers.pipeline.runner import run_step

Actors = dict[str, dramatiq.Actor[[str], None]]

HERE = "hindsight:here"  # a key that is gone when Redis has lost everything
ANSWER_SECONDS = 10  # of a Redis that is there; without a limit one that is cut off would be waited for
NEVER_MS = 24 * 3600 * 1000  # dramatiq cannot interrupt C code; the step's own watch ends it


def make_broker(address: str) -> dramatiq.Broker:
    """Return a broker for a Redis address, or for this process alone when it is empty."""
    if not address:
        broker: dramatiq.Broker = StubBroker()
    else:
        import redis
        from dramatiq.brokers.redis import RedisBroker

        client = redis.Redis.from_url(address, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS)
        broker = RedisBroker(client=client)  # type: ignore[no-untyped-call] # dramatiq leaves it untyped
    broker.emit_after("process_boot")  # without it StubBroker's time limits silently do nothing
    return broker


def was_emptied(broker: dramatiq.Broker) -> bool:
    """Say, once, that a Redis has lost what it held: flushed, or started anew without its data."""
    from dramatiq.brokers.redis import RedisBroker

    return isinstance(broker, RedisBroker) and bool(broker.client.set(HERE, "1", nx=True))


def make_actors(broker: dramatiq.Broker, shutdown: threading.Event, running: Running) -> Actors:
    """Declare one actor a queue; each does the step whose id it is sent."""

    def do(step_id: str) -> None:
        with running:
            run_step(step_id, shutdown, running.held)

    return {
        queue: dramatiq.Actor(
            do,
            broker=broker,
            actor_name=f"run_{queue}_step",
            queue_name=queue,
            priority=0,
            options={"max_retries": 0, "time_limit": NEVER_MS},
        )
        for queue in QUEUES
    }


class Running:
    """Counts what was sent to this process and is not over, so that no more is sent than can be done.

    `held` has the claims of those under way. `stumbled` is set when a message may have come to nothing: the database or
    Redis was away for a moment.
    """

    def __init__(self) -> None:
        self.stumbled = threading.Event()
        self.held = Held()
        self._lock = threading.Lock()
        self._sent = 0

    @property
    def count(self) -> int:
        """How many steps are under way or on their way."""
        return self._sent

    def sent(self) -> None:
        """Note that one more is on its way."""
        with self._lock:
            self._sent += 1

    def __enter__(self) -> None:
        """Begin; it was counted when it was sent."""

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """One is over."""
        if error is not None:
            self.stumbled.set()
        with self._lock:
            self._sent = max(0, self._sent - 1)
