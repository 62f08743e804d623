"""Child process that compiles one PDF: `python -m web.pdf.child` reads JSON from standard input.

Typst can panic on what somebody wrote, and then prints parts of it to standard error: it runs where nothing else does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def make(job: dict[str, Any]) -> bytes:
    """Return the PDF of a job: `template` (a path), `data` that it reads, `fonts` (folders), `standard`."""
    import typst

    template = Path(job["template"])
    made = typst.compile(
        template,
        root=template.parent,
        format="pdf",
        # Only what is installed along: the same paper on every machine.
        font_paths=typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=job["fonts"],
        ),
        sys_inputs={"data": json.dumps(job["data"], ensure_ascii=False)},
        pdf_standards=job["standard"],
    )
    assert isinstance(made, bytes)
    return made


if __name__ == "__main__":
    sys.stdout.buffer.write(make(json.load(sys.stdin.buffer)))
