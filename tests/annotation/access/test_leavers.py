"""What a leaver may still do: what is named, and nothing else."""

from __future__ import annotations

import pytest

from annotation.access.leavers import LeaverAct, has_left, require_allowed
from annotation.errors import LeftSchool
from core.clock import utc_now
from core.models import Person


def test_a_leaver_does_what_is_named_and_nothing_else() -> None:
    leaver = Person(deactivated_at=utc_now())
    assert has_left(leaver)
    for act in LeaverAct:
        require_allowed(leaver, act)
    with pytest.raises(LeftSchool):
        require_allowed(leaver, None)


def test_whoever_is_of_the_school_may_do_both() -> None:
    colleague = Person(deactivated_at=None)
    assert not has_left(colleague)
    for act in (*LeaverAct, None):
        require_allowed(colleague, act)
