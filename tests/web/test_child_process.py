"""What takes long is computed in a child process: pages go on, errors come back, and what never ends is ended."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import time
from collections.abc import Iterable, Iterator
from functools import partial

import pytest
from fastapi import UploadFile
from fastapi.routing import APIRoute

import annotation.school.staff
import transcription.formats.readers
import web.child_process
from annotation.errors import StaffUnreadable
from annotation.school.staff import decode_staff, read_staff
from tests.access.test_every_route import TABLE, address
from tests.support.web_school import School
from transcription.formats.readers import decode_transcript
from web.child_process import MachineBusy, TakesTooLong, compute_in_child


def test_it_is_another_process_and_each_person_has_one_at_a_time() -> None:
    async def compute() -> tuple[int, float, float]:
        begun = time.monotonic()
        await asyncio.gather(*(compute_in_child(of, time.sleep, 0.6) for of in ("ada", "bo")))
        beside = time.monotonic() - begun
        await asyncio.gather(*(compute_in_child("ada", time.sleep, 0.6) for _ in range(2)))
        return await compute_in_child("ada", os.getpid), beside, time.monotonic() - begun - beside

    pid, beside, after = asyncio.run(compute())
    assert pid != os.getpid()
    assert after > max(beside, 1.2)


def test_an_error_for_people_comes_back_as_it_was_raised() -> None:
    with pytest.raises(StaffUnreadable, match="must name the columns"):
        asyncio.run(compute_in_child("ada", read_staff, "no,columns\n"))


def compute_for_ever() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (1, resource.getrlimit(resource.RLIMIT_CPU)[1]))  # sooner than 20 seconds
    while True:
        pass


def end_by(number: int) -> None:
    os.kill(os.getpid(), number)


def test_what_fails_or_computes_for_too_long_refuses_the_file() -> None:
    for function in (partial(os._exit, 3), compute_for_ever):
        with pytest.raises(TakesTooLong):
            asyncio.run(compute_in_child("ada", function))


def test_a_busy_machine_refuses_no_file_but_asks_to_try_again(
    school: School, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (signal.SIGKILL, signal.SIGTERM):
        with pytest.raises(MachineBusy):
            asyncio.run(compute_in_child("ada", end_by, number))
    monkeypatch.setattr(web.child_process, "WAIT_SECONDS", 0.5)
    begun = time.monotonic()
    with pytest.raises(MachineBusy):
        asyncio.run(compute_in_child("ada", time.sleep, 60))
    assert time.monotonic() - begun < 10
    monkeypatch.setattr(web.child_process, "WAIT_SECONDS", 0.001)
    for path in sorted(taking_files(school.app.routes)):
        allowed, _, form = TABLE["POST", path]
        assert form is not None
        files = {"file": ("a.txt", form["file"].encode())}
        client = school.browser(next(iter(allowed)))
        answer = client.post(address(school, path), files=files)
        assert (answer.status_code, "try again in a few minutes" in answer.text) == (503, True), path
        assert [getattr(one, "code", "") for one in caplog.records].count("machine_busy") == 1, path
        caplog.clear()


def test_the_event_loop_turns_while_a_large_file_is_read() -> None:
    cue = "00:00:01.000 --> 00:00:02.000\nWhat do you think, and why?\n\n"
    data = ("WEBVTT\n\n" + cue * 40_000).encode()

    async def longest_pause() -> float:
        reading = asyncio.ensure_future(compute_in_child("ada", decode_transcript, data))
        longest, last = 0.0, time.process_time()
        while not reading.done():
            await asyncio.sleep(0.005)
            longest, last = max(longest, time.process_time() - last), time.process_time()
        assert len((await reading).lines) == 40_000
        return longest

    gc.freeze()  # what other tests left here is no garbage of this one
    try:
        assert asyncio.run(longest_pause()) < 0.4  # of this process: what comes back is unpacked in a thread
    finally:
        gc.unfreeze()


def taking_files(routes: Iterable[object]) -> Iterator[str]:
    """Yield the paths of the routes that take a file in a form, those of included routers too."""
    for route in routes:
        if isinstance(route, APIRoute) and any(
            one.field_info.annotation is UploadFile for one in route.dependant.body_params
        ):
            yield route.path
        yield from taking_files(getattr(getattr(route, "original_router", None), "routes", ()))


def test_no_file_that_is_brought_in_a_form_is_read_in_the_pages_process(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(data: bytes) -> str:
        raise AssertionError("read in the pages' process")

    for module in (transcription.formats.readers, annotation.school.staff):
        monkeypatch.setattr(module, "decode_text", refuse)
    with pytest.raises(AssertionError):
        decode_staff(b"x")
    paths = sorted(taking_files(school.app.routes))
    assert len(paths) >= 2
    for path in paths:
        allowed, _, form = TABLE["POST", path]
        client = school.browser(next(iter(allowed)))
        assert form is not None
        answer = client.post(address(school, path), files={"file": ("a.txt", form["file"].encode())})
        assert answer.status_code in (200, 303), path
