"""Errors cross a process as they are: every class that there is, found by walking the subclasses."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import HindsightError, NoSchool, PortableError
from core.types import Watch
from workers.analyse.process_pool import ProcessPool, Task

OURS = ("annotation", "core", "ingest", "transcription", "web", "workers")


def import_all() -> None:
    """Load every module of ours, so that every class of error is known; what is a program by itself does nothing."""
    for name in OURS:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if "node_modules" not in module.name:
                importlib.import_module(module.name)


def subclasses(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    """Yield every class below one."""
    for below in kind.__subclasses__():
        yield below
        yield from subclasses(below)


def error_classes() -> list[type[BaseException]]:
    """Return the error classes of ours, by name."""
    import_all()
    found = {kind for kind in subclasses(BaseException) if kind.__module__.partition(".")[0] in OURS} - {PortableError}
    return sorted(found, key=lambda kind: (kind.__module__, kind.__qualname__))


CLASSES = error_classes()


def make(kind: type[BaseException]) -> BaseException:
    """Return an error of a class: each place of its sentence, and each argument that it must have, is filled."""
    wanted = inspect.signature(kind.__init__).parameters.values()
    needed = {
        one.name: OSError(28, "No space left on device") if one.name == "error" else f"a {one.name}"
        for one in wanted
        if one.name != "self" and one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    }
    if issubclass(kind, HindsightError) and any(one.kind == one.VAR_KEYWORD for one in wanted):
        places = [name for _, name, _, _ in string.Formatter().parse(kind.sentence) if name]
        needed |= {name: f"a {name}" for name in places}
    return kind(**needed)


def held(error: BaseException) -> tuple[object, ...]:
    """Return all that an error says of itself."""
    places, fields = getattr(error, "places", None), getattr(error, "fields", None)
    return type(error), str(error), error.args, places, fields, error.__dict__


def test_the_walk_finds_errors_of_every_package() -> None:
    assert {kind.__module__.partition(".")[0] for kind in CLASSES} == set(OURS)
    assert {"FfmpegFailed", "WorkStopped", "OutputUnusable", "SignOnFailed"} <= {kind.__name__ for kind in CLASSES}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_is_the_same_after_it_was_sent(kind: type[BaseException]) -> None:
    error = make(kind)
    again = pickle.loads(pickle.dumps(error))
    assert held(again) == held(error)


def raise_one(number: int, _watch: Watch) -> None:
    """In a member of the pool: raise the error of a number."""
    raise make(CLASSES[number])


def test_whoever_waits_for_a_process_gets_its_error_whole_whatever_its_class() -> None:
    with ProcessPool(1) as pool:
        for number, kind in enumerate(CLASSES):
            if not issubclass(kind, PortableError):
                continue
            error = make(kind)
            task = Task(kind.__name__, raise_one, (number,))
            with pytest.raises(kind) as raised:
                pool.run([task], lambda _key, _result: (), lambda _key, _part: None)
            assert held(raised.value) == held(error)


def test_what_cannot_be_sent_crosses_as_its_text(tmp_path: Path) -> None:
    error = NoSchool(folder=tmp_path, seen={"by": [tmp_path, 3]}, lock=open)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.places["folder"]) == (str(error), str(tmp_path))
    assert again.places["seen"] == {"by": (str(tmp_path), 3)}
    assert again.places["lock"] == str(open)
