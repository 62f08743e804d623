"""Takes the README's screenshot of the review page. Run: `make screenshot`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the main job in a browser, and keep its picture of the review page."""
    failed = pytest.main([str(PROJECT / "tests" / "browser" / "test_main_job.py"), "-q"])
    if not failed:
        shutil.copyfile(PROJECT / "test-results" / "review.png", PROJECT / "docs" / "review-page.png")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
