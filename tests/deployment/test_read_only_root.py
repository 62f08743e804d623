"""Hindsight works where nothing can be written but its data folder and an empty /tmp, with no right of root's.

That is what `read_only`, `tmpfs` and `cap_drop` of docker-compose.yml do; here a mount namespace does it.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import select

from core.database.db import Database
from core.models import Step
from core.storage.base import Storage
from tests.browser.school import School, free_port
from tests.faults.invariants import check_lesson
from tests.faults.watching import wait_settled
from tests.support.recordings import make_video, upload_recording

CLOSED = """
set -e
mount --make-rprivate /
mount --bind "$HINDSIGHT_DATA_DIR" /mnt
mount -t tmpfs tmpfs /tmp
mount -o remount,bind,ro /
if touch "$HOME/written" /var/tmp/written 2>/dev/null; then exit 9; fi
export HINDSIGHT_DATA_DIR=/mnt
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""


def needs_mounts() -> None:
    """Skip where this user may not mount anything; it is no matter of a missing wheel, so in CI too."""
    tried = shutil.which("setpriv") and subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)
    if os.geteuid() != 0 or not tried or tried.returncode != 0:
        pytest.skip("only root can make a root that is read-only")
    if Path(__file__).is_relative_to("/tmp"):
        pytest.skip("this checkout lies below /tmp, which is emptied here")


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.timeout(240)
@pytest.mark.embedded(reason="its one folder is all that there is to write to; the full set's servers lie below /tmp")
def test_a_lesson_completes_on_a_root_that_is_read_only_without_any_right_of_roots(
    database: Database, storage: Storage, data_dir: Path
) -> None:
    needs_mounts()
    film = make_video(data_dir / "film.avi", 3, codec="mpeg4")
    settings = {"HINDSIGHT_ASR_MODEL": "tiny.en", "HINDSIGHT_ASR_WORKERS": "1", "HINDSIGHT_LANGUAGE": "en"}
    within = ("unshare", "--mount", "sh", "-c", CLOSED, "closed")
    school = School(data_dir, free_port(), settings, within=within)
    school.start()
    try:
        with database.write() as session:
            lesson_id = upload_recording(session, storage, film).id
        wait_settled(database, lesson_id)
        of_the_school = [data_dir / "uploads", data_dir / "scratch", *(data_dir / "files").rglob("*")]
        assert {stat.S_IMODE(path.lstat().st_mode) & 0o077 for path in of_the_school} == {0}
    finally:
        school.stop()
    with database.read() as session:
        check_lesson(session, storage, lesson_id)
        assert set(session.scalars(select(Step.state))) == {"done"}
    assert "Read-only file system" not in school.log.read_text("utf-8")
