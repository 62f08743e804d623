"""Creates the people of a browser test with domain functions, in the running server's database."""

from __future__ import annotations

from dataclasses import dataclass

from annotation.coaching.goals import GoalText, set_goal
from annotation.coaching.partnerships import make_partnership
from annotation.people.account_links import accept_invitation, invite
from annotation.people.passwords import NewPassword
from annotation.people.people import make_first_account
from tests.browser.school import School

PASSWORD = "a quiet corner 7"


@dataclass(frozen=True)
class People:
    """Who is there."""

    teacher: str = "tom@school.example"
    coach: str = "priya@school.example"
    lead: str = "lena@school.example"
    coach_name: str = "Priya Coach"
    goal: str = "Wait longer after I ask"


def create_demo_school(school: School) -> People:
    """Add a lead, a coach, a teacher, their partnership and a goal."""
    people = People()
    with school.opened() as (database, _), database.write() as session:
        lead = make_first_account(session, "Lena Lead", people.lead, NewPassword(PASSWORD))
        _, secret = invite(session, lead, "Priya Coach", people.coach)
        coach = accept_invitation(session, secret, "Priya Coach", NewPassword(PASSWORD))
        _, secret = invite(session, lead, "Tom Teacher", people.teacher)
        teacher = accept_invitation(session, secret, "Tom Teacher", NewPassword(PASSWORD))
        partnership = make_partnership(session, lead, coach.id, teacher.id, kind="coaching")
        set_goal(session, teacher, partnership.id, GoalText(title=people.goal))
    return people
