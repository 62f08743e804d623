"""The rule that coaching never crosses line management, at any distance and through any data."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from annotation.access.reading import may_see
from annotation.coaching.partnerships import (
    answer_request,
    ask_for_partnership,
    list_partnerships,
    make_partnership,
    resume_partnership,
)
from annotation.errors import PartnershipExists, PartnershipOver, PartnershipRefused
from annotation.lessons.sharing import share_lesson
from annotation.school.staff import set_place
from annotation.school.suggestions import suggestions_for
from core.database.db import Database
from core.errors import NotFound
from core.models import Partnership, Share
from tests.support.factories import make_lesson, make_person, make_share
from tests.support.factories import make_partnership as add_partnership


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


def test_two_people_become_partners_when_the_one_who_was_asked_says_yes(database: Database) -> None:
    with database.write() as session:
        ada, priya, other = (make_person(session, name) for name in ("Ada", "Priya", "Otto"))
        asked = ask_for_partnership(session, ada, priya.id, i_coach=False, kind="coaching")
        assert (asked.coach_id, asked.coachee_id, asked.state) == (priya.id, ada.id, "asked")
        for nobody in (ada, other):  # whoever asked cannot answer, nor can anybody else
            with pytest.raises(NotFound):
                answer_request(session, nobody, asked.id, yes=True)
        with pytest.raises(PartnershipExists):
            ask_for_partnership(session, priya, ada.id, i_coach=True, kind="coaching")
        assert answer_request(session, priya, asked.id, yes=True).state == "active"
        with pytest.raises(NotFound):
            answer_request(session, priya, asked.id, yes=True)


def test_a_question_that_is_not_answered_opens_nothing(database: Database) -> None:
    with database.write() as session:
        ada, priya = make_person(session, "Ada"), make_person(session, "Priya")
        asked = ask_for_partnership(session, priya, ada.id, i_coach=True, kind="coaching")
        lesson = make_lesson(session, ada)
        make_share(session, lesson, asked)
        assert not may_see(session, priya, lesson)
        with pytest.raises(PartnershipOver):
            share_lesson(session, ada, lesson, asked.id, None)
        assert answer_request(session, ada, asked.id, yes=False).state == "ended"


@pytest.mark.parametrize("i_coach", [False, True])
def test_nobody_can_ask_within_the_own_management_line(database: Database, i_coach: bool) -> None:
    with database.write() as session:
        head = make_person(session, "Hal Head")
        middle = make_person(session, "Mia Middle", manager_id=head.id)
        ada = make_person(session, "Ada", manager_id=middle.id)
        with pytest.raises(PartnershipRefused):
            ask_for_partnership(session, ada, head.id, i_coach=i_coach, kind="mentoring")
        assert head.id not in {one.id for one in suggestions_for(session, [ada])[ada.id]}


def test_a_suspended_partnership_goes_on_when_the_list_allows_it_with_nothing_open(
    database: Database,
) -> None:
    with database.write() as session:
        lead = make_person(session, "Lea Lead", is_lead=True)
        coach, ada = make_person(session, "Priya"), make_person(session, "Ada")
        pair = add_partnership(session, coach, ada)
        lesson = make_lesson(session, ada)
        make_share(session, lesson, pair)
        set_place(session, lead, ada.id, "", coach.id)
        with pytest.raises(PartnershipRefused):
            resume_partnership(session, ada, pair.id)
        set_place(session, lead, ada.id, "", None)
        assert resume_partnership(session, ada, pair.id).state == "active"
        assert not may_see(session, coach, lesson)


def test_one_person_is_coach_and_coachee_and_has_several_coaches(database: Database) -> None:
    with database.write() as session:
        lead = make_person(session, "Lea Lead", is_lead=True)
        ada, priya, omar = (make_person(session, name) for name in ("Ada", "Priya", "Omar"))
        for coach, coachee in ((priya, ada), (omar, ada), (ada, priya)):
            make_partnership(session, lead, coach.id, coachee.id, kind="coaching")
        assert len(list_partnerships(session, ada)) == 3
