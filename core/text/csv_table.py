"""CSV reading and writing, with protection against spreadsheet formulas that can be removed again.

A spreadsheet runs a cell that begins like a formula (https://owasp.org/www-community/attacks/CSV_Injection). Where it
splits at semicolons, tabs or bars, a cell begins wherever such a letter stands in a text, and a line wherever a line
break does, for a quotation mark in the middle of a cell protects nothing. So an apostrophe goes before each such place.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

MARK = "\ufeff"  # byte order mark: without it Excel reads UTF-8 in its own country's code page
_FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"  # wide and small forms are taken for the plain ones
_SPLITS = ",;|\t\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\uff0c\uff1b"  # where a cell or a line can begin
_SKIPPED = (  # what may stand before a formula and be overlooked: spaces, letters without width, quotation marks
    " \"'\u2018\u2019\u201c\u201d\x00-\x08\x0e-\x1b\x1f\x7f\xa0\xad"
    "\u1680\u180e\u2000-\u200f\u202a-\u202f\u205f-\u206f\u3000\ufeff"
)
_BEGINS = f"(?=[{_SKIPPED}]*[{_FORMULA}])"
_FIRST = f"(?='*[\t\n\r]|[{_SKIPPED}{_SPLITS}]*[{_FORMULA}])"
_PLACES = re.compile(f"^{_FIRST}|(?<=[{_SPLITS}]){_BEGINS}")
_MARKED = re.compile(f"^'{_FIRST}|(?<=[{_SPLITS}])'{_BEGINS}")


def csv_text(head: Sequence[str], rows: Iterable[Iterable[object]], *, for_programs: bool = False) -> str:
    """Return a table as CSV (RFC 4180) for spreadsheets, with the byte order mark by which Excel knows UTF-8.

    `for_programs` leaves it out, since most programs take it for a part of the first column's name, and ends lines
    with a line feed alone.
    """
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n" if for_programs else "\r\n")
    table.writerow(head)
    table.writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue() if for_programs else MARK + out.getvalue()


def harmless(cell: object) -> str:
    """Return a cell that is safe from CSV injection, wherever a spreadsheet splits it; numbers stay, None is empty."""
    if cell is None or isinstance(cell, int | float):
        return "" if cell is None else str(cell)
    return _PLACES.sub("'", str(cell))


def as_written(cell: str) -> str:
    """Return a cell as it was before `harmless` put an apostrophe before a formula."""
    return _MARKED.sub("", cell)


def without_mark(text: str) -> str:
    """Return a table's text without a byte order mark and the empty lines before it."""
    return text.lstrip(f"{MARK}\r\n")
