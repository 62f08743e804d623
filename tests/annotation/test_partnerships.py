"""The rule that coaching never crosses line management, at any distance and through any data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from annotation.errors import PartnershipRefused
from annotation.partnerships import make_partnership, who_manages
from annotation.staff import set_place
from core.db import Database
from core.models import Partnership, Share
from tests.factories import make_lesson, make_person, make_share
from tests.factories import make_partnership as add_partnership

PEOPLE = "abcdef"


@given(st.dictionaries(st.sampled_from(PEOPLE), st.none() | st.sampled_from(PEOPLE)))
def test_a_circle_in_the_staff_list_never_hangs_and_both_directions_agree(managers: dict[str, str | None]) -> None:
    for a in PEOPLE:
        for b in PEOPLE:
            if a != b:
                assert (who_manages(managers, a, b) is None) == (who_manages(managers, b, a) is None)


@pytest.mark.parametrize("turned", [False, True])
def test_a_manager_two_levels_up_is_refused_in_either_direction(database: Database, turned: bool) -> None:
    with database.write() as session:
        lead = make_person(session, "Lea Lead", is_lead=True)
        head = make_person(session, "Hal Head")
        middle = make_person(session, "Mia Middle", manager_id=head.id)
        ada = make_person(session, "Ada", manager_id=middle.id)
        pair = (ada.id, head.id) if turned else (head.id, ada.id)
        with pytest.raises(PartnershipRefused, match="Hal Head is in the line management of Ada"):
            make_partnership(session, lead, *pair, kind="coaching")


def test_a_change_of_the_staff_list_suspends_and_closes_what_was_shared(database: Database) -> None:
    with database.write() as session:
        lead = make_person(session, "Lea Lead", is_lead=True)
        coach, ada = make_person(session, "Priya"), make_person(session, "Ada")
        share = make_share(session, make_lesson(session, ada), add_partnership(session, coach, ada))
        assert set_place(session, lead, ada.id, "Maths", coach.id) == 1
    with database.read() as session:
        assert session.scalars(select(Partnership.state)).all() == ["suspended"]
        assert session.get_one(Share, share.id).taken_back_at is not None
