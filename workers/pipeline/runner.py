"""Runs one step: claims it, computes outside any transaction, and ends it in one."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import threading
from concurrent.futures import Future
from contextlib import ExitStack
from contextvars import copy_context
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.database.db import Database, get_database
from core.errors import HindsightError, MachineLacks, StepFailed, UnusableFile, WorkStopped, saying_disk_full
from core.logs import logged_about
from core.models import ChunkRow, Clip, Finding, Lesson, StoredFile, VoicePrint
from core.pipeline import steps
from core.pipeline.stages import FIRST_STAGE, STAGES
from core.pipeline.step_events import record_step_event
from core.settings import Settings, get_settings
from core.storage.base import Storage
from core.storage.configured import get_storage
from core.types import Chunk, Span, Word
from ingest.media.probe import media_from_json
from transcription.lesson.corrected_findings import read_basis
from transcription.lesson.queries import read_turns
from workers.pipeline.bindings import BINDINGS, Binding
from workers.pipeline.context import SUFFIX, Context, NewFile, Output
from workers.pipeline.graph import LESSON_LOCK, advance
from workers.pipeline.heart import Heart, Held

log = logging.getLogger(__name__)

POLITE = 15  # of `nice`, while a stage computes: the pages come first
FINDINGS = frozenset({"speech", "voices", "words", "pictures", "teacher"})


def run_step(step_id: str, shutdown: threading.Event, held: Held | None = None) -> None:
    """Do a step if it can be claimed; every ending is written to its row.

    `held` has its claim until then. A stage that goes on beyond its deadline sets `shutdown`: its process must end.
    """
    database, settings, storage = get_database(), get_settings(), get_storage()
    lease = timedelta(seconds=settings.lease_seconds)
    with database.write() as session:
        claim = steps.claim_step(session, step_id, lease)
        if claim is not None:
            record_step_event(session, claim)
    if claim is None:
        return
    held = held or Held()
    about = logged_about(lesson=claim.lesson_id, stage=claim.stage, step=step_id, attempt=claim.attempt)
    with about, held.holding(claim):
        do_step(database, storage, settings, claim, shutdown, held)


def do_step(
    database: Database, storage: Storage, settings: Settings, claim: steps.Claim, shutdown: threading.Event, held: Held
) -> None:
    """Do a step that is claimed."""
    binding = BINDINGS[claim.stage]
    folder = settings.scratch_dir / claim.token
    lease = timedelta(seconds=settings.lease_seconds)
    log.info("step begins")
    overdue = partial(give_up, database, settings, claim, shutdown, held)
    try:
        with saying_disk_full(), Heart(database, claim, lease, shutdown, overdue) as heart, ExitStack() as opened:
            heart.check()
            folder.mkdir(parents=True)
            context = read_context(database, storage, settings, claim, binding, folder, heart, opened)
            output = compute(claim.stage, binding, context)
            heart.check()
            store(database, storage, claim, output)
    except WorkStopped as stop:
        log.info("step stopped", extra={"code": stop.reason})
        end_stopped(database, settings, claim, stop)
    except HindsightError as error:
        log.warning("step failed", extra={"code": error.code}, exc_info=error)
        end_failed(database, claim, error, settings)
    except Exception:
        log.exception("step failed", extra={"code": StepFailed.code})
        end_failed(database, claim, StepFailed(), settings)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def give_up(database: Database, settings: Settings, claim: steps.Claim, shutdown: threading.Event, held: Held) -> None:
    """End a step whose stage never asked whether its time is over, and with it this process: a thread cannot be ended.

    Where the end cannot be written the lease is over soon, and the try counts then.
    """
    log.error("a stage went on beyond its deadline: this process ends", extra={"code": "deadline"})
    held.overdue = True
    try:
        end_stopped(database, settings, claim, WorkStopped("deadline"))
    except Exception:
        log.exception("the end of the step was not written")
    held.drop(claim)
    shutdown.set()


def compute(name: str, binding: Binding, context: Context) -> Output:
    """Run a stage in a thread of its own, at low priority, as are the programs and threads that it starts.

    The thread that ends the step does not: who holds the database must not wait for a processor meanwhile.
    """
    outcome: Future[Output] = Future()

    def run() -> None:
        lower_priority()
        try:
            outcome.set_result(binding.run(context))
        except BaseException as error:  # raised again where it is waited for
            outcome.set_exception(error)

    threading.Thread(target=partial(copy_context().run, run), name=name, daemon=True).start()
    return outcome.result()


def lower_priority() -> None:
    """Let others go first from now on: this thread alone (Linux), or this process (decision 0142).

    On Linux it runs when a processor is idle: a thread of the pages that wakes up does not wait for its slice to end.
    """
    os.setpriority(os.PRIO_PROCESS, 0, max(POLITE, os.getpriority(os.PRIO_PROCESS, 0)))
    if sys.platform == "linux":
        try:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        except PermissionError:  # a container that forbids it: its low priority remains
            log.debug("the scheduler's idle class is forbidden here")


def read_context(
    database: Database,
    storage: Storage,
    settings: Settings,
    claim: steps.Claim,
    binding: Binding,
    folder: Path,
    heart: Heart,
    opened: ExitStack,
) -> Context:
    """Read what the stage asked for; files stay open for it until `opened` is closed."""
    with database.read() as session:
        lesson = session.get_one(Lesson, claim.lesson_id)
        keys = {
            row.kind: row.key for row in session.scalars(select(StoredFile).where(StoredFile.lesson_id == lesson.id))
        }
        found = {
            row.kind: row.document
            for row in session.scalars(select(Finding).where(Finding.lesson_id == lesson.id))
            if row.kind in binding.reads & FINDINGS
        }
        chunks = read_chunks(session, lesson.id) if binding.reads & {"chunk", "pieces"} else []
        turns = read_turns(session, lesson.id) if "turns" in binding.reads else ()
        media = media_from_json(lesson.media) if lesson.media else None
        clip = read_clip(session, lesson.id, claim.chunk_no) if "clip" in binding.reads else None
        basis = read_basis(session, lesson) if "corrections" in binding.reads else None
        lent = session.get(VoicePrint, lesson.owner_id) if "own_voice" in binding.reads else None
    said = f"said-{claim.chunk_no}" if "said" in binding.reads else ""
    return Context(
        source=opened.enter_context(storage.local(keys["original"])) if "source" in binding.reads else None,
        sound=opened.enter_context(storage.local(keys["sound"])) if "sound" in binding.reads else None,
        folder=folder,
        media=media,
        language=lesson.language,
        chunk=next((chunk for chunk, _ in chunks if chunk.number == claim.chunk_no), None),
        pieces=tuple(words for _, words in chunks),
        turns=turns,
        found=found,
        settings=settings,
        watch=heart,
        own_voice=tuple(lent.voice) if lent is not None and lent.voice else None,
        may_learn_voice=lent is not None and not lent.voice,
        clip=clip,
        basis=basis,
        said=(claim.chunk_no, opened.enter_context(storage.local(keys[said]))) if said in keys else None,
    )


def read_clip(session: Session, lesson_id: str, number: int) -> tuple[int, Span] | None:
    """Return the number and range of a clip that is still wanted."""
    wanted = select(Clip).where(Clip.lesson_id == lesson_id, Clip.number == number, Clip.deleted_at.is_(None))
    clip = session.scalar(wanted)
    return None if clip is None else (number, Span(clip.start_ms, clip.end_ms))


def read_chunks(session: Session, lesson_id: str) -> list[tuple[Chunk, tuple[Word, ...]]]:
    """Return the chunks with the words that they have so far."""
    rows = session.scalars(select(ChunkRow).where(ChunkRow.lesson_id == lesson_id).order_by(ChunkRow.number))
    return [
        (
            Chunk(row.number, row.start_ms, row.end_ms, tuple(Span(*pair) for pair in row.speech)),
            tuple(Word(*word) for word in row.words or ()),
        )
        for row in rows
    ]


def store(database: Database, storage: Storage, claim: steps.Claim, output: Output) -> None:
    """Keep the files, then write rows and the step's end in one transaction; a lost claim leaves nothing.

    When that transaction fails its files stay: the line may have broken after the commit, and then rows name them.
    The sweeper takes those of nobody.
    """
    rows = save_files(storage, claim, output)
    for key in end_step(database, claim, output, rows):
        storage.delete(key)
    log.info("step over")


def save_files(storage: Storage, claim: steps.Claim, output: Output) -> list[StoredFile]:
    """Move files into the store under names with the claim's token, all or none; return their rows."""
    rows: list[StoredFile] = []
    try:
        for file in output.files:
            rows.append(stored_row(claim, file))
            storage.keep(file.path, rows[-1].key)
    except BaseException:
        for row in rows:
            storage.delete(row.key)
        raise
    return rows


def end_step(database: Database, claim: steps.Claim, output: Output, rows: list[StoredFile]) -> list[str]:
    """Write what a step leaves and its end, and return the keys of files that no row names any more."""
    with database.write() as session:
        lesson = session.get(Lesson, claim.lesson_id, with_for_update=LESSON_LOCK)
        if lesson is None or not steps.finish_step(session, claim):
            return [row.key for row in rows]
        kinds = {row.kind for row in rows} | output.drops
        older = session.scalars(
            select(StoredFile).where(StoredFile.lesson_id == lesson.id, StoredFile.kind.in_(kinds))
        ).all()
        for each in older:
            session.delete(each)
        session.flush()
        session.add_all(rows)
        output.save(session, lesson)
        session.flush()
        advance(session, lesson)
        record_step_event(session, claim, output.event)
    return [each.key for each in older]


def stored_row(claim: steps.Claim, file: NewFile) -> StoredFile:
    """Return the row of a new file."""
    return StoredFile(
        lesson_id=claim.lesson_id,
        kind=file.kind,
        key=f"lessons/{claim.lesson_id}/{file.kind}-{claim.token}{SUFFIX[file.mime]}",
        mime=file.mime,
        bytes=file.path.stat().st_size,
        info=dict(file.info),
        created_at=utc_now(),
    )


def end_stopped(database: Database, settings: Settings, claim: steps.Claim, stop: WorkStopped) -> None:
    """Write down why the work was stopped; a deleted lesson goes on when its owner brings it back."""
    with database.write() as session:
        lesson = session.get(Lesson, claim.lesson_id, with_for_update=LESSON_LOCK)
        if lesson is None or stop.reason == "lost":
            return
        if stop.reason in ("shutdown", "deleted", "outdated"):
            steps.release_claim(session, claim)
        elif stop.reason == "cancelled":
            steps.cancel_step(session, claim)
        elif stop.reason == "deadline":
            final = claim.attempt >= settings.max_attempts
            steps.fail_step(session, claim, "deadline", "This took far too long and was stopped.", final=final)
            if final and STAGES[claim.stage].optional:
                advance(session, lesson)
        record_step_event(session, claim)


def end_failed(database: Database, claim: steps.Claim, error: HindsightError, settings: Settings) -> None:
    """Write down what failed; what a retry cannot mend fails for good, and so does the last try.

    Where the machine lacks something (room, a model, its bucket) no try counts, however long that takes to mend.
    """
    unusable = isinstance(error, UnusableFile)
    final = unusable or claim.attempt >= settings.max_attempts
    sentence = " ".join(str(error.args[0] if error.args else error.sentence).split())[:500]
    with database.write() as session:
        lesson = session.get(Lesson, claim.lesson_id, with_for_update=LESSON_LOCK)
        if lesson is None:
            return
        if isinstance(error, MachineLacks):
            final = False
            ended = steps.put_off_step(session, claim, error.code, sentence)
        else:
            ended = steps.fail_step(session, claim, error.code, sentence, final=final)
        if not ended:
            return
        if unusable and claim.stage == FIRST_STAGE:
            lesson.failure_code, lesson.failure_sentence = error.code, sentence
        if final and STAGES[claim.stage].optional:
            advance(session, lesson)
        record_step_event(session, claim)
