"""`python -m tests.faults.dying PLAN`: runs a deployment whose processes are killed at the points of a plan.

The pages and the workers are what `hindsight web` and `hindsight worker` run. The first time that a stage passes a
point between its claim and its end, those whom the plan names are killed with SIGKILL: the worker that does the stage,
the pages, or Redis. A note of it is kept, so that it happens once. Whoever died is started again, and again.

Processes are forked from one that has everything imported: a death costs milliseconds, not seconds of a test.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import ingest.upload.uploads
import web.app
import web.routes.lessons.uploads
import workers.pipeline.runner
import workers.pipeline.speech_stages
import workers.queue.broker
import workers.queue.dispatcher
import workers.queue.process
from core.database.db import Database
from core.pipeline import steps
from core.settings import Settings, get_settings
from core.storage.base import Storage
from tests.support.databases import postgres_program
from tests.support.queue_server import QUEUE_SERVER
from transcription.words.chunks import plan_chunks

POINTS = ("claimed", "kept", "written", "finished")
UPLOAD_POINTS = ("received", "kept", "written", "finished")
UPLOAD = "upload"  # what the pages do themselves, with the same kinds of points
WORKERS = {"io": 2, "media": 2, "analysis": 1, "asr": 1}  # threads of each queue's process, as `hindsight serve` has
HEAVY = ("av", "ctranslate2", "cv2", "huggingface_hub", "obstore", "psycopg", "scipy.signal", "tokenizers")
PATIENCE_SECONDS = 30


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """Who dies (`worker`, `web`, `queue`, `database`), at which points, where it is noted.

    Also the ports of the pages and of Redis, and the folder of a PostgreSQL that may be restarted.
    """

    kills: tuple[str, ...]
    points: tuple[str, ...]
    notes: str
    web_port: int
    queue_port: int = 0
    database: str = ""

    def to_json(self) -> str:
        """Return the plan as the command line takes it."""
        return json.dumps(asdict(self))

    def noted(self) -> set[tuple[str, str]]:
        """Return the (stage, point) at which somebody died."""
        pairs = (path.name.split("@") for path in Path(self.notes).glob("*@*"))
        return {(stage, point) for stage, point in pairs}


class Reaper:
    """Kills whom the plan names when a stage passes a point for the first time."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._here = threading.local()

    def begin(self, stage: str) -> None:
        """Remember what this thread works on."""
        self._here.stage = stage

    def pass_point(self, point: str) -> None:
        """Kill, if this is the first time."""
        stage: str = getattr(self._here, "stage", "")
        if not stage or point not in (UPLOAD_POINTS if stage == UPLOAD else self._plan.points):
            return
        victims = ("web",) if stage == UPLOAD else self._plan.kills
        if not set(victims) <= set(self._plan.kills):
            return
        try:
            (Path(self._plan.notes) / f"{stage}@{point}").touch(exist_ok=False)
        except FileExistsError:
            return
        for victim in victims:
            if victim == "database":
                restart_postgres(self._plan.database)
            else:
                own = victim == "worker" or stage == UPLOAD
                os.kill(os.getpid() if own else self._process_of(victim), signal.SIGKILL)

    def _process_of(self, victim: str) -> int:
        """Wait until a victim is up, and return its process."""
        path = Path(self._plan.notes) / victim
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            with suppress(FileNotFoundError, ProcessLookupError, ValueError):
                process = int(path.read_text())
                path.unlink()  # it is written again when another one is up
                return process
            time.sleep(0.01)
        raise AssertionError(f"{victim} was not up")


def surround(
    place: object, name: str, before: Callable[..., None] | None = None, after: Callable[[], None] | None = None
) -> None:
    """Have something done before a function, with its arguments, and after it."""
    real: Callable[..., Any] = getattr(place, name)

    def surrounded(*arguments: Any) -> Any:
        if before is not None:
            before(*arguments)
        result = real(*arguments)
        if after is not None:
            after()
        return result

    setattr(place, name, surrounded)


def arm_worker(reaper: Reaper) -> None:
    """Put the points into the runner: after the claim, before, in and after the transaction that ends a step."""

    def begin(_database: Database, _storage: Storage, _settings: Settings, claim: steps.Claim, *_: object) -> None:
        reaper.begin(claim.stage)
        reaper.pass_point("claimed")

    surround(workers.pipeline.runner, "read_context", before=begin)
    surround(steps, "finish_step", before=lambda *_: reaper.pass_point("kept"))
    surround(workers.pipeline.runner, "advance", after=partial(reaper.pass_point, "written"))
    surround(workers.pipeline.runner, "store", after=partial(reaper.pass_point, "finished"))


def arm_web(reaper: Reaper) -> None:
    """Put the points into the end of an upload: all received, file kept, rows written, all finished."""

    def begin(*_: object) -> None:
        reaper.begin(UPLOAD)
        reaper.pass_point("received")

    surround(web.routes.lessons.uploads, "complete_upload", begin, partial(reaper.pass_point, "finished"))
    surround(
        ingest.upload.uploads,
        "note_complete",
        lambda *_: reaper.pass_point("kept"),
        partial(reaper.pass_point, "written"),
    )


def hasten(plan: Plan) -> None:
    """Let the whole take seconds: short chunks, so that there are several, and lost steps that are soon noticed.

    Where the pages die in an upload, the sweeper does not end it for them.
    """
    short = partial(plan_chunks, shortest_ms=3_000, longest_ms=6_000)
    vars(workers.pipeline.speech_stages)["plan_chunks"] = short
    workers.queue.process.REOPEN_SECONDS = 0.3
    vars(workers.pipeline.runner)["lower_priority"] = lambda: None
    steps.AGAIN_AFTER = (timedelta(seconds=1),) * 3
    if "web" in plan.kills:
        workers.queue.process.SWEEP_SECONDS = float("inf")


def serve_pages(plan: Plan, reaper: Reaper) -> None:
    """Be the web process."""
    import uvicorn

    arm_web(reaper)
    uvicorn.run(web.app.create_app(), port=plan.web_port, log_level="warning", timeout_graceful_shutdown=1)


def work(reaper: Reaper, queue: str) -> None:
    """Be a worker process."""
    arm_worker(reaper)
    workers.queue.process.work((queue,), WORKERS[queue], sweeps=queue == "io")


def fork(run: Callable[[], None]) -> int:
    """Run something in a process of its own, and return its number."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        run()
        code = 0
    except BaseException:
        log.exception("%s ended", run)
    finally:
        os._exit(code)


def start_redis(port: int) -> int:
    """Start a Redis that keeps nothing, and return its process."""
    command = [str(QUEUE_SERVER), "--port", str(port), "--save", "", "--bind", "127.0.0.1", "--loglevel", "warning"]
    return subprocess.Popen(command).pid


def restart_postgres(folder: str) -> None:
    """Break every connection to a PostgreSQL as its crash would, and start it again."""
    command = [str(postgres_program("pg_ctl")), "-D", folder, "-l", f"{folder}/log", "-m", "immediate", "-w", "restart"]
    owner = Path(folder).stat().st_uid
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=owner)


def answers(port: int) -> bool:
    """Say whether somebody listens."""
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def keep_house(plan: Plan) -> None:
    """Start everybody, and start again whoever died, until told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    reaper, notes = Reaper(plan), Path(plan.notes)
    make: dict[str, Callable[[], int]] = {queue: partial(fork, partial(work, reaper, queue)) for queue in WORKERS}
    make["web"] = partial(fork, partial(serve_pages, plan, reaper))
    ports = {"web": plan.web_port}
    if plan.queue_port:
        make = {"queue": partial(start_redis, plan.queue_port)} | make
        ports["queue"] = plan.queue_port
    there: dict[str, int] = {}
    new: set[str] = set()
    while not stop.wait(0.01):
        for name, start in make.items():
            if name in there and os.waitpid(there[name], os.WNOHANG)[0]:
                del there[name]
            if name not in there:
                there[name] = start()
                new.add(name)
            if name in new and (name not in ports or answers(ports[name])):
                new.discard(name)
                partly = notes / f"{name}.part"
                partly.write_text(str(there[name]))
                partly.replace(notes / name)
    queue = there.pop("queue", None)  # ends last: a worker wants to say what it has done
    for process in there.values():
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
    for process in there.values():
        os.waitpid(process, 0)
    if queue is not None:
        os.kill(queue, signal.SIGTERM)
        os.waitpid(queue, 0)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)s %(name)s %(levelname)s %(message)s")
    for heavy in HEAVY:
        import_module(heavy)
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "nothing may have begun a thread before the first fork"
    get_settings()
    wanted = Plan(**json.loads(sys.argv[1]))
    hasten(wanted)
    keep_house(wanted)
