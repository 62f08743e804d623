"""Runs a function in a process of its own: what may take long is computed there, and no page waits for it."""

from __future__ import annotations

import asyncio
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

import anyio
from starlette.concurrency import run_in_threadpool

from core.errors import HindsightError, UnusableFile

ROOT = Path(__file__).resolve().parents[1]
WAIT_SECONDS = 50  # for a child, which may compute for `LONGEST_SECONDS` of them; proxies give up after a minute

P = ParamSpec("P")
T = TypeVar("T")


class TakesTooLong(UnusableFile):
    """What somebody brought cannot be read in the time or the memory that there is."""

    code = "takes_too_long"
    sentence = "This file takes too long to read. It may be damaged, or not what it seems: please choose another."
    fields = ("file",)


class MachineBusy(HindsightError):
    """A child process did not get the machine's time or memory: that is no fault of what somebody brought."""

    code = "machine_busy"
    status = 503
    sentence = (
        "The school's machine has so much to do just now that this was not finished, and nothing was changed. "
        "Please try again in a few minutes."
    )


_turns: WeakValueDictionary[tuple[asyncio.AbstractEventLoop, str], asyncio.Lock] = WeakValueDictionary()


async def compute_in_child(of: str, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Return what a function of a module returns, or raise its HindsightError; also raises TakesTooLong, MachineBusy.

    `of` is the id of whose it is: each person has one process at a time, and nobody waits for somebody else's.
    """
    turn = _turns.setdefault((asyncio.get_running_loop(), of), asyncio.Lock())
    async with turn:
        question = await run_in_threadpool(pickle.dumps, (function, arguments, named))
        try:
            with anyio.fail_after(WAIT_SECONDS):
                done = await anyio.run_process(
                    [sys.executable, "-m", "web.compute_child"],
                    input=question,
                    stderr=None,
                    check=False,
                    cwd=ROOT,
                )
        except TimeoutError:  # it has not computed for as long as it may
            raise MachineBusy from None
    if done.returncode < 0 and done.returncode != -signal.SIGXCPU:  # killed from outside, as for want of memory
        raise MachineBusy
    if done.returncode != 0:
        raise TakesTooLong
    returned, value = await run_in_threadpool(pickle.loads, done.stdout)
    if not returned:
        raise value
    result: T = value
    return result
