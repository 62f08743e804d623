"""A goal's page: what it says and said, its actions, its comments, its measure over time."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from annotation.coaching.actions import actions_of
from annotation.coaching.goals import MEASURES, get_goal, set_by_the_coach, version_of_goal, versions_of_goal
from annotation.coaching.partnerships import get_partnership, names_of
from annotation.lessons.comments import comments_on_goal
from core.models import Person
from web.views.coaching.partnerships import partnership_lines
from web.views.lessons.comments import comment_url
from web.views.lessons.measures_over_time import goal_line

GROW = (("G", "Goal"), ("R", "Reality"), ("O", "Options"), ("W", "Will"), ("", "Without a stage"))


def goal_context(session: Session, person: Person, goal_id: str) -> dict[str, Any]:
    """Return what a goal's page shows."""
    goal = get_goal(session, person, goal_id)
    partnership = get_partnership(session, person, goal.partnership_id)
    chart, change = goal_line(session, person, goal)
    return {
        "chart": chart,
        "goal": goal,
        "set_by": names_of(session, {goal.set_by_id})[goal.set_by_id],
        "set_by_coach": set_by_the_coach(goal, partnership),
        "partnership": partnership_lines(session, person, [partnership])[0],
        "actions": actions_of(session, person, goal_id=goal_id),
        "version": version_of_goal(goal),
        "versions": versions_of_goal(session, person, goal_id),
        "change": change,
        "stages": GROW,
        "comments": [
            {
                "author": one.author.name,
                "where": "a lesson that is not shared now" if one.place is None else one.place.title,
                "url": comment_url(one),
                "stage": one.comment.stage,
                "text": one.comment.text,
                "start_ms": one.at_ms,
            }
            for one in comments_on_goal(session, person, goal_id)
        ],
        "measure_names": MEASURES,
    }
