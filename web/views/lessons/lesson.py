"""Builds the view of a lesson from the rows that its reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from annotation.access.measures import may_see_measures
from annotation.access.reading import is_owner
from annotation.coaching.goals import goals_of
from annotation.coaching.partnerships import coached_in, names_of
from annotation.lessons.clips import clips_open_of
from annotation.lessons.lessons import Stage, files_of, place_in, stages_of
from annotation.lessons.sharing import open_shares, pill_text
from core.models import Lesson, Person
from core.pipeline.stages import STAGES
from transcription.public import find_findings
from web.views.base import NamedView, View
from web.views.lessons.clips import ClipView, clip_views
from web.views.lessons.comments import CommentView, comment_views
from web.views.lessons.measures_over_time import GuessView, guess_view
from web.views.lessons.media import (
    Files,
    FilmstripView,
    MediaView,
    MovementView,
    _filmstrip_view,
    media_kind,
    media_view,
    poster_url,
)
from web.views.lessons.sharing import (
    AudienceGoalView,
    AudienceView,
    ShareView,
    audience_views,
    share_views,
)
from web.views.lessons.transcript import ActivityView, QuestionView, SpeakerView, TurnView, question_view


def lesson_view(lesson: Lesson, files: Files, me: Person, owner_name: str) -> LessonView:
    """Return a lesson's head."""
    failure = None
    if lesson.failure_code:
        failure = FailureView(code=lesson.failure_code, sentence=lesson.failure_sentence)
    return LessonView(
        id=lesson.id,
        title=lesson.title,
        class_name=lesson.class_name,
        taught_on=lesson.taught_on,
        duration_ms=lesson.duration_ms,
        language=lesson.language,
        owner=NamedView(id=lesson.owner_id, name=owner_name),
        is_owner=is_owner(lesson, me),
        kind=media_kind(lesson, files),
        playable="rendition" in files,
        failure=failure,
    )


def step_views(stages: Sequence[Stage], mine: bool, *, is_final: bool = False) -> list[StepView]:
    """Return the stages; the owner alone can start a failed one again, and sees what was asked for clip by clip.

    `is_final`: the file itself cannot be used, so there is nothing to start again.
    """
    return [
        StepView(
            stage=one.stage,
            state=one.state,
            progress=one.progress,
            error_code=one.error_code,
            error_sentence=one.error_sentence,
            can_retry=mine and not is_final and one.state in ("failed", "cancelled"),
            can_stop=mine and one.state in ("ready", "running"),
        )
        for one in stages
        if mine or not STAGES[one.stage].on_request
    ]


def steps_view(session: Session, person: Person, lesson: Lesson) -> StepsView:
    """Return how far the work is."""
    files = files_of(session, [lesson.id]).get(lesson.id, {})
    stages = stages_of(session, [lesson.id]).get(lesson.id, [])
    return StepsView(
        steps=step_views(stages, is_owner(lesson, person), is_final=bool(lesson.failure_code)),
        playable="rendition" in files,
        kind=media_kind(lesson, files),
        media=media_view(lesson, files),
    )


def lesson_page_view(session: Session, me: Person, lesson: Lesson) -> LessonPageView:
    """Return everything of the lesson page, in a fixed number of queries."""
    files = files_of(session, [lesson.id]).get(lesson.id, {})
    found = find_findings(session, lesson.id)
    shares = open_shares(session, me, [lesson.id]).get(lesson.id, [])
    mine = is_owner(lesson, me)
    is_measured = may_see_measures(session, me, lesson)
    guess = guess_view(session, me, lesson, found.measures)
    owner_name = names_of(session, {lesson.owner_id})[lesson.owner_id]
    return LessonPageView(
        lesson=lesson_view(lesson, files, me, owner_name),
        me=NamedView(id=me.id, name=me.name),
        media=media_view(lesson, files),
        poster_url=poster_url(lesson, files),
        filmstrip=_filmstrip_view(lesson, files),
        captions_url=f"/media/lessons/{lesson.id}/captions.vtt",
        steps=step_views(stages_of(session, [lesson.id]).get(lesson.id, []), mine, is_final=bool(lesson.failure_code)),
        turns=[TurnView.model_validate(row) for row in found.turns],
        questions=[question_view(row, with_waits=is_measured) for row in found.questions],
        activities=[ActivityView.model_validate(row) for row in found.activities],
        scenes=found.scenes,
        movement=None if found.movement is None else MovementView.model_validate(found.movement),
        speakers=[SpeakerView.model_validate(row) for row in found.speakers],
        guess=guess,
        measures=found.measures if is_measured and not guess.wanted else None,
        comments=comment_views(session, me, lesson.id),
        audiences=audience_views(session, me, shares),
        pill=pill_text(shares, clips_open_of(session, me, [lesson.id]).get(lesson.id, [])),
        shares=share_views(session, me, lesson.id) if mine else [],
        coaches_meet=lesson.coaches_meet_at is not None and mine,
        place_ms=place_in(session, me, lesson),
        goals=lesson_goals(session, me, lesson, [one.partnership.id for one in shares]),
        clips=clip_views(session, me, lesson, files) if mine else [],
    )


def lesson_goals(session: Session, me: Person, lesson: Lesson, partnership_ids: Sequence[str]) -> list[LessonGoalView]:
    """Return the active goals that a lesson can be looked at for: all of its owner's, or those that a coach shares."""
    if is_owner(lesson, me):
        partnership_ids = [one.id for one in coached_in(session, me)]
    goals = [goal for goal in goals_of(session, me, partnership_ids) if not goal.closed_at]
    names = names_of(session, {goal.set_by_id for goal in goals})
    return [
        LessonGoalView(id=one.id, title=one.title, set_by_name=names[one.set_by_id], measure=one.measure)
        for one in goals
    ]


def lesson_cards(
    session: Session, me: Person, lessons: Sequence[Lesson], owner_names: dict[str, str]
) -> list[dict[str, Any]]:
    """Return lessons for a list: head, picture, sign of trust, and how far the work is."""
    if not lessons:
        return []
    ids = [lesson.id for lesson in lessons]
    files, stages, shares = files_of(session, ids), stages_of(session, ids), open_shares(session, me, ids)
    mine = [lesson.id for lesson in lessons if is_owner(lesson, me)]
    clips = clips_open_of(session, me, mine) if mine else {}
    cards = []
    for lesson in lessons:
        its = files.get(lesson.id, {})
        steps = step_views(stages.get(lesson.id, []), is_owner(lesson, me))
        cards.append(
            {
                **lesson_view(lesson, its, me, owner_names.get(lesson.owner_id, me.name)).model_dump(),
                "url": f"/lessons/{lesson.id}",
                "poster_url": poster_url(lesson, its),
                "pill": pill_text(shares.get(lesson.id, []), clips.get(lesson.id, [])),
                "created_at": lesson.created_at,
                "steps": steps,
                "state": lesson_state(lesson, steps),
            }
        )
    return cards


def lesson_state(lesson: Lesson, steps: Sequence[StepView]) -> Literal["unusable", "failed", "working", "ready"]:
    """Return one word for a lesson in a list; `unusable`: its file can never become playable."""
    if lesson.failure_code:
        return "unusable"
    if any(step.state == "failed" for step in steps):
        return "failed"
    return "ready" if all(step.state == "done" for step in steps) else "working"


class FailureView(View):
    """Why a lesson can never become playable."""

    code: str
    sentence: str


class LessonView(View):
    """A lesson's head."""

    id: str
    title: str
    class_name: str
    taught_on: date | None
    duration_ms: int | None
    language: str
    owner: NamedView
    is_owner: bool
    kind: Literal["video", "sound"] | None
    playable: bool
    failure: FailureView | None


class StepView(View):
    """One stage of the work."""

    stage: str
    state: str
    progress: float
    error_code: str
    error_sentence: str
    can_retry: bool
    can_stop: bool


class StepsView(View):
    """How far the work is."""

    steps: list[StepView]
    playable: bool
    kind: Literal["video", "sound"] | None
    media: MediaView | None


class LessonGoalView(AudienceGoalView):
    """An active goal that a lesson can be looked at for."""

    measure: str


class NewPlace(BaseModel):
    """Where somebody is in a lesson."""

    at_ms: int = Field(ge=0, le=2**31 - 1)


class LessonPageView(View):
    """Everything of the lesson page."""

    lesson: LessonView
    me: NamedView
    media: MediaView | None
    poster_url: str | None
    filmstrip: FilmstripView | None
    captions_url: str
    steps: list[StepView]
    turns: list[TurnView]
    questions: list[QuestionView]
    activities: list[ActivityView]
    scenes: list[Any]
    movement: MovementView | None
    speakers: list[SpeakerView]
    guess: GuessView
    measures: dict[str, Any] | None
    comments: list[CommentView]
    audiences: list[AudienceView]
    pill: str
    shares: list[ShareView]
    coaches_meet: bool
    place_ms: int
    goals: list[LessonGoalView]
    clips: list[ClipView]


class LessonChange(BaseModel):
    """What is changed of a lesson; what is not sent stays."""

    title: str | None = None
    class_name: str | None = None
    taught_on: date | None = None


class LessonDeletion(BaseModel):
    """The title, typed, is asked for before a lesson is deleted."""

    title: str


class CoachesMeet(BaseModel):
    """Whether the coaches of a lesson may read each other's comments on it."""

    allowed: bool
