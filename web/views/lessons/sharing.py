"""Who a lesson or a clip is open to, since when and until when, and who opened it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from annotation.coaching.goals import goals_of
from annotation.coaching.partnerships import names_of
from annotation.lessons.clips import OpenClipShare, open_clip_shares
from annotation.lessons.openings import LISTED, openings
from annotation.lessons.sharing import OpenShare, last_day, open_shares
from annotation.people.names import short_name
from core.models import Clip, Opening, Person
from web.views.base import NamedView, View
from web.views.lessons.comments import GoalTitleView


class AudienceGoalView(GoalTitleView):
    """A goal that a comment can name."""

    set_by_name: str


class AudienceView(View):
    """Whom the viewer can write to on this lesson."""

    partnership_id: str
    label: str
    other: NamedView
    goals: list[AudienceGoalView]


class OpeningView(View):
    """Who opened a lesson, and when."""

    person: NamedView
    opened_at: datetime


class ShareView(View):
    """A lesson opened to one partnership; `until` is the last day."""

    id: str
    partnership_id: str
    with_: NamedView = Field(alias="with")
    since: datetime
    until: date | None
    openings: list[OpeningView]


class NewShare(BaseModel):
    """Whom to share with, and until the end of which day; `draft_id` as in `NewClip`."""

    partnership_id: str
    until: date | None = None
    draft_id: str = Field("", max_length=64)


def share_views(session: Session, owner: Person, lesson_id: str) -> list[ShareView]:
    """Return the open shares of one's own lesson, with who opened it when."""
    opened = _opened(session, owner, lesson_id)
    shares = open_shares(session, owner, [lesson_id]).get(lesson_id, [])
    return [share_view(one, opened.get((None, one.other.id), [])) for one in shares]


def clip_share_views(session: Session, owner: Person, clip: Clip) -> list[ShareView]:
    """Return the open shares of a clip of one's own, with who opened it when."""
    opened = _opened(session, owner, clip.lesson_id)
    shares = open_clip_shares(session, owner, [clip.id]).get(clip.id, [])
    return [share_view(one, opened.get((clip.id, one.other.id), [])) for one in shares]


def _opened(session: Session, owner: Person, lesson_id: str) -> dict[tuple[str | None, str], list[OpeningView]]:
    """Return who opened one's own lesson when, by the clip (None: all of it) and the reader."""
    opened: dict[tuple[str | None, str], list[OpeningView]] = {}
    for row, reader, _lesson, _clip in openings(session, owner, lesson_id):
        if row.kind != LISTED:
            opened.setdefault((row.clip_id, reader.id), []).append(_opening_view(row, reader))
    return opened


def _opening_view(row: Opening, reader: Person) -> OpeningView:
    return OpeningView(person=NamedView(id=reader.id, name=reader.name), opened_at=row.opened_at)


def share_view(one: OpenShare | OpenClipShare, opened: list[OpeningView]) -> ShareView:
    """Return a share."""
    return ShareView(
        id=one.share.id,
        partnership_id=one.partnership.id,
        with_=NamedView(id=one.other.id, name=one.other.name),
        since=one.share.created_at,
        until=last_day(one.share.until),
        openings=opened,
    )


def audience_views(
    session: Session, person: Person, shares: Sequence[OpenShare] | Sequence[OpenClipShare]
) -> list[AudienceView]:
    """Return whom a person can write to on a lesson or a clip: those it is open to now."""
    goals = [goal for goal in goals_of(session, person, [one.partnership.id for one in shares]) if not goal.closed_at]
    names = names_of(session, {goal.set_by_id for goal in goals})
    views = []
    for one in shares:
        its = [goal for goal in goals if goal.partnership_id == one.partnership.id]
        views.append(
            AudienceView(
                partnership_id=one.partnership.id,
                label=short_name(one.other),
                other=NamedView(id=one.other.id, name=one.other.name),
                goals=[
                    AudienceGoalView(id=goal.id, title=goal.title, set_by_name=names[goal.set_by_id]) for goal in its
                ],
            )
        )
    return views
