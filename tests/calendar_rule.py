"""Lint rule: days and weeks are computed only in `core/school_day.py`, by the school's clock.

`python -m tests.calendar_rule` (part of `make lint`) names every line that makes a day in another way: from the clock
of UTC, of this machine or of the browser. Ruff's DTZ rules see a moment without a zone; this one, another zone than the
school's.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PACKAGES = ("annotation", "core", "demo", "ingest", "transcription", "web", "workers")
EXEMPT = {"core/school_day.py", "web/frontend/src/text/school_day.ts"}

METHODS = {
    "date": "a day of UTC: SchoolDay.of(moment)",
    "isocalendar": "a week of UTC: SchoolDay.of(moment).monday",
    "weekday": "a weekday of UTC: SchoolDay.of(moment).monday",
    "isoweekday": "a weekday of UTC: SchoolDay.of(moment).monday",
    "strftime": "words of UTC: full_day, day_in_words or day_and_time of core.school_day",
    "ctime": "words of UTC: full_day, day_in_words or day_and_time of core.school_day",
    "combine": "a moment made of a day: SchoolDay.begins, .ends or .noon",
    "today": "a day of this machine: SchoolDay.of(utc_now())",
    "localtime": "this machine's clock: on_school_clock",
    "gmtime": "a day of UTC: on_school_clock",
}
FIELDS = re.compile(r"%[-#]?[aAwdbBmyYHIpMjUWcxXGuV]")  # directives of a time in a format
TEMPLATE = re.compile(r"\.(?:strftime|date|isoformat|weekday|ctime)\(")
PAGES = re.compile(
    r"\.toLocale(?:Date|Time)?String\(|\.toDateString\(|\.toTimeString\(|\.get(?:UTC)?(?:Day|Date|Month|FullYear|Hours|Minutes)\("
    r"|\.getTimezoneOffset\(|\.toISOString\(\)\.s|Intl\.DateTimeFormat"
)


def faults_of_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, what is wrong) of Python."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            name = node.func.attr
            maker = node.func.value
            if name == "date" and node.args:
                continue  # the making of a date from numbers
            if name == "today" and isinstance(maker, ast.Name) and maker.id == "SchoolDay":
                continue
            yield node.lineno, f".{name}() is {METHODS[name]}"
        elif isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = "".join(str(part.value) for part in ast.walk(node.format_spec) if isinstance(part, ast.Constant))
            if FIELDS.search(spec):
                yield node.lineno, f"the format {spec} is {METHODS['strftime']}"


def faults_of(path: Path, source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, what is wrong) of Python, a template, or the pages; `# calendar rule:` excuses a line."""
    lines = source.splitlines()
    yield from ((number, what) for number, what in _faults(path, source) if "# calendar rule:" not in lines[number - 1])


def _faults(path: Path, source: str) -> Iterator[tuple[int, str]]:
    if path.suffix == ".py":
        yield from faults_of_python(source)
        return
    rule = TEMPLATE if path.suffix in (".html", ".typ") else PAGES
    for number, line in enumerate(source.splitlines(), start=1):
        if found := rule.search(line):
            yield number, f"{found.group()} is not by the school's clock: see school_day"


def sources() -> Iterator[Path]:
    """Yield every file that the rule is about."""
    for package in PACKAGES:
        for path in sorted((PROJECT / package).rglob("*")):
            parts = path.relative_to(PROJECT).parts
            known = path.suffix in (".py", ".html", ".typ") or (path.suffix == ".ts" and "src" in parts)
            if known and "node_modules" not in parts and "/".join(parts) not in EXEMPT and ".test." not in path.name:
                yield path


def faults() -> Iterable[str]:
    """Return a line for each place that breaks the rule."""
    return [
        f"{path.relative_to(PROJECT)}:{line}: {what}"
        for path in sources()
        for line, what in faults_of(path, path.read_text(encoding="utf-8"))
    ]


def main() -> None:
    """Name every place that breaks the rule; ends with 1 if there is one."""
    found = list(faults())
    sys.stdout.write("".join(f"{one}\n" for one in found))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
