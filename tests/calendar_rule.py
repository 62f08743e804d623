"""Lint rule: days and weeks are computed, and written for people, only in `core/school_day.py`, by the school's clock.

`python -m tests.calendar_rule` (part of `make lint`) names every line that makes a day in another way: from the clock
of UTC, of this machine or of the browser. Ruff's DTZ rules see a moment without a zone; this one, another zone than the
school's. It also names each place of a template or of the pages' sources that writes a day or a moment as it comes,
without the function or filter that gives it its one form; there it goes by names (`opened_at`, `until`, `day`).
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from jinja2 import Environment, nodes

PROJECT = Path(__file__).resolve().parent.parent
PACKAGES = ("annotation", "core", "demo", "ingest", "transcription", "web", "workers")
EXEMPT = {"core/school_day.py", "web/frontend/src/text/school_day.ts"}

METHODS = {
    "date": "a day of UTC: SchoolDay.of(moment)",
    "isocalendar": "a week of UTC: SchoolDay.of(moment).monday",
    "weekday": "a weekday of UTC: SchoolDay.of(moment).monday",
    "isoweekday": "a weekday of UTC: SchoolDay.of(moment).monday",
    "strftime": "words of UTC: full_day or day_and_time of core.school_day",
    "ctime": "words of UTC: full_day or day_and_time of core.school_day",
    "combine": "a moment made of a day: SchoolDay.begins, .ends or .noon",
    "today": "a day of this machine: SchoolDay.of(utc_now())",
    "localtime": "this machine's clock: on_school_clock",
    "gmtime": "a day of UTC: on_school_clock",
}
FOR_PEOPLE = ("annotation", "web")  # packages whose text people read
FORMS = {"isoformat": "another form than people read: full_day or day_and_time, or for data iso_day or iso_moment"}
FIELDS = re.compile(r"%[-#]?[aAwdbBmyYHIpMjUWcxXGuV]")  # directives of a time in a format
TEMPLATE = re.compile(r"\.(?:strftime|date|isoformat|weekday|ctime)\(")
PAGES = re.compile(
    r"\.toLocale(?:Date|Time)?String\(|\.toDateString\(|\.toTimeString\(|\.get(?:UTC)?(?:Day|Date|Month|FullYear|Hours|Minutes)\("
    r"|\.getTimezoneOffset\(|\.toISOString\(|Intl\.DateTimeFormat"
)
DATED = re.compile(
    r"(?:\w+_(?:at|on)|action_by|day|monday|since|today|until|when)$"
)  # what a day or a moment is called
UNDATED = {"open_at"}  # an address
FILTERS = {"by_day", "clock_time", "day_and_time", "full_day", "iso_day", "time_ago"}
NEAR = {"by_day", "time_ago"}  # write near days by their names
# In the pages: a field of the API in a sentence, or as a part of an element.
SHOWN = re.compile(
    r"(?P<maker>\w*)\s*(?:\$\{|[(,]\s*)(?P<whose>[\w!?]+(?:\.[\w!?]+)*)\."
    r"(?P<name>\w+_(?:at|on)|action_by|since|until|day)(?=\s*[,)}]|\s\?\?)"
)
MAKERS = {"dayAndTime", "dayInWords", "dayOf", "add", "has", "if"}  # the last three show nothing
OTHERS = ("!", "this.", "words.")  # what is no day of the API


def faults_of_python(source: str, *, for_people: bool = False) -> Iterator[tuple[int, str]]:
    """Yield (line, what is wrong) of Python; `for_people`: of a package whose text people read."""
    methods = METHODS | FORMS if for_people else METHODS
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods:
            name = node.func.attr
            maker = node.func.value
            if name == "date" and node.args:
                continue  # the making of a date from numbers
            if name == "today" and isinstance(maker, ast.Name) and maker.id == "SchoolDay":
                continue
            yield node.lineno, f".{name}() is {methods[name]}"
        elif isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = "".join(str(part.value) for part in ast.walk(node.format_spec) if isinstance(part, ast.Constant))
            if FIELDS.search(spec):
                yield node.lineno, f"the format {spec} is {METHODS['strftime']}"


def faults_of_template(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, what is wrong) of what a template writes: days and moments go through a filter, one to a line."""
    tree = Environment(autoescape=True).parse(source)
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            yield from ((node.lineno, f"{name} is written as it comes: |full_day") for name in _dated(node))
    lines: dict[int, set[bool]] = {}
    for used in tree.find_all(nodes.Filter):
        if used.name in NEAR | {"day_and_time", "full_day"}:
            lines.setdefault(used.lineno, set()).add(used.name in NEAR)
    yield from (
        (line, "a date stands beside “3 days ago”: two forms in one line") for line in lines if len(lines[line]) > 1
    )


def _dated(node: nodes.Expr) -> Iterator[str]:
    """Yield the names of days and moments that an expression writes as they are."""
    if isinstance(node, nodes.Filter):
        if node.name not in FILTERS and node.node is not None:
            yield from _dated(node.node)
    elif isinstance(node, nodes.CondExpr):  # what is asked is not written
        yield from _dated(node.expr1)
        if node.expr2 is not None:
            yield from _dated(node.expr2)
    elif isinstance(node, (nodes.Getattr, nodes.Name)):
        name = node.attr if isinstance(node, nodes.Getattr) else node.name
        if DATED.match(name) and name not in UNDATED:
            yield name
    elif isinstance(node, (nodes.Concat, nodes.BinExpr)):
        for part in node.iter_child_nodes():
            yield from _dated(part)  # type: ignore[arg-type]


def faults_of_pages(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, what is wrong) of what TypeScript shows: each day or moment goes through a function."""
    for found in SHOWN.finditer(source):
        if found["maker"] not in MAKERS and not f"{found['whose']}.".startswith(OTHERS):
            line = source.count("\n", 0, found.start("name")) + 1
            yield line, f"{found['name']} is shown as it comes: dayOf, dayAndTime or dayInWords"


def faults_of(path: Path, source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, what is wrong) of Python, a template, or the pages; `# calendar rule:` excuses a line."""
    lines = source.splitlines()
    yield from ((number, what) for number, what in _faults(path, source) if "# calendar rule:" not in lines[number - 1])


def _faults(path: Path, source: str) -> Iterator[tuple[int, str]]:
    if path.suffix == ".py":
        package = path.relative_to(PROJECT).parts[0] if path.is_absolute() else path.parts[0]
        yield from faults_of_python(source, for_people=package in FOR_PEOPLE)
        return
    if path.suffix == ".html":
        yield from faults_of_template(source)
    elif path.suffix == ".ts":
        yield from faults_of_pages(source)
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
