"""Runs a function in a process of its own: what may take long is computed there, and no page waits for it."""

from __future__ import annotations

import asyncio
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

import anyio
from starlette.concurrency import run_in_threadpool

from core.errors import UnusableFile
from web.compute_child import LONGEST_SECONDS

ROOT = Path(__file__).resolve().parents[1]

P = ParamSpec("P")
T = TypeVar("T")


class TakesTooLong(UnusableFile):
    """What somebody brought cannot be read in the time or the memory that there is."""

    code = "takes_too_long"
    sentence = "This file takes too long to read. It may be damaged, or not what it seems: please choose another."
    fields = ("file",)


_turns: WeakValueDictionary[tuple[asyncio.AbstractEventLoop, str], asyncio.Lock] = WeakValueDictionary()


async def compute_in_child(of: str, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Return what a function of a module returns, or raise its HindsightError; also raises TakesTooLong.

    `of` is the id of whose it is: each person has one process at a time, and nobody waits for somebody else's.
    """
    turn = _turns.setdefault((asyncio.get_running_loop(), of), asyncio.Lock())
    async with turn:
        question = await run_in_threadpool(pickle.dumps, (function, arguments, named))
        try:
            with anyio.fail_after(LONGEST_SECONDS):
                done = await anyio.run_process(
                    [sys.executable, "-m", "web.compute_child"],
                    input=question,
                    stderr=None,
                    check=False,
                    cwd=ROOT,
                )
        except TimeoutError:
            raise TakesTooLong from None
    if done.returncode != 0:
        raise TakesTooLong
    returned, value = await run_in_threadpool(pickle.loads, done.stdout)
    if not returned:
        raise value
    result: T = value
    return result
