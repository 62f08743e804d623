"""Builds the view of a lesson from the rows that its reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy.orm import Session

from annotation.coaching.goals import goals_of
from annotation.coaching.partnerships import coached_in, names_of
from annotation.lessons.clips import OpenClipShare, clips_of, clips_open_of, open_clip_shares
from annotation.lessons.comments import Placed, beginning_for, list_comments
from annotation.lessons.guesses import find_guess
from annotation.lessons.lessons import Stage, files_of, place_in, stages_of
from annotation.lessons.openings import openings
from annotation.lessons.sharing import OpenShare, last_day, open_shares, pill_text
from annotation.people.names import short_name
from core.models import Clip, Comment, Lesson, Opening, Person, StoredFile
from transcription.public import find_findings
from web.views.api import (
    ActivityView,
    AudienceGoalView,
    AudienceView,
    ClipView,
    CommentView,
    FailureView,
    FilmstripView,
    GoalTitleView,
    GuessView,
    LessonGoalView,
    LessonPageView,
    LessonView,
    MediaView,
    MovementView,
    NamedView,
    OpeningView,
    QuestionView,
    ShareView,
    SpeakerView,
    StepsView,
    StepView,
    TurnView,
)

Files = dict[str, StoredFile]


def media_kind(lesson: Lesson, files: Files) -> Literal["video", "sound"] | None:
    """Return whether there is a picture, once that is known."""
    if "rendition" in files:
        return "video" if files["rendition"].mime.startswith("video/") else "sound"
    if lesson.media is not None:
        return "video" if lesson.media.get("video") else "sound"
    return None


def media_view(lesson: Lesson, files: Files) -> MediaView | None:
    """Return what the player plays, if there is a rendition."""
    file = files.get("rendition")
    if file is None:
        return None
    size = {name: int(file.info.get(name) or 0) for name in ("width", "height")}
    fps = float(file.info.get("fps") or 0)
    return MediaView(url=f"/media/lessons/{lesson.id}/rendition", mime=file.mime, fps=fps, **size)


def _filmstrip_view(lesson: Lesson, files: Files) -> FilmstripView | None:
    file = files.get("filmstrip")
    if file is None or not file.info:
        return None
    sizes = {name: int(file.info[name]) for name in ("width", "height", "columns", "count", "interval_ms")}
    return FilmstripView(url=f"/media/lessons/{lesson.id}/filmstrip", **sizes)


def poster_url(lesson: Lesson, files: Files) -> str | None:
    """Return the address of the lesson's picture."""
    return f"/media/lessons/{lesson.id}/poster" if "poster" in files else None


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
        is_owner=lesson.owner_id == me.id,
        kind=media_kind(lesson, files),
        playable="rendition" in files,
        failure=failure,
    )


def step_views(stages: Sequence[Stage], is_owner: bool) -> list[StepView]:
    """Return the stages; the owner alone can start a failed one again."""
    return [
        StepView(
            stage=one.stage,
            state=one.state,
            progress=one.progress,
            error_code=one.error_code,
            error_sentence=one.error_sentence,
            can_retry=is_owner and one.state in ("failed", "cancelled"),
            can_stop=is_owner and one.state in ("ready", "running"),
        )
        for one in stages
    ]


def steps_view(session: Session, person: Person, lesson: Lesson) -> StepsView:
    """Return how far the work is."""
    files = files_of(session, [lesson.id]).get(lesson.id, {})
    stages = stages_of(session, [lesson.id]).get(lesson.id, [])
    return StepsView(
        steps=step_views(stages, lesson.owner_id == person.id),
        playable="rendition" in files,
        kind=media_kind(lesson, files),
        media=media_view(lesson, files),
    )


def comment_view(
    comment: Comment, author_name: str, goal_title: str | None, me: Person, begin_ms: int = 0
) -> CommentView:
    """Return a comment as its reader sees it; `begin_ms` is where the clock begins that she sees."""
    goal = None
    if comment.goal_id is not None and goal_title is not None:
        goal = GoalTitleView(id=comment.goal_id, title=goal_title)
    return CommentView(
        id=comment.id,
        author=NamedView(id=comment.author_id, name=author_name),
        partnership_id=comment.partnership_id,
        parent_id=comment.parent_id,
        on_clip=comment.clip_id is not None,
        kind=comment.kind,
        start_ms=comment.start_ms - begin_ms,
        end_ms=None if comment.end_ms is None else comment.end_ms - begin_ms,
        goal=goal,
        stage=comment.stage,
        text=comment.text,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        deleted=comment.deleted_at is not None,
        mine=comment.author_id == me.id,
    )


def comment_views(session: Session, person: Person, lesson_id: str) -> list[CommentView]:
    """Return the comments that a person may read."""
    return [comment_view(*row, person) for row in list_comments(session, person, lesson_id)]


def clip_comment_views(session: Session, person: Person, clip: Clip) -> list[CommentView]:
    """Return the comments on a clip that a person may read, on the clip's own clock."""
    rows = list_comments(session, person, clip.lesson_id, clip)
    return [comment_view(*row, person, clip.start_ms) for row in rows]


def one_comment_view(session: Session, person: Person, comment: Comment) -> CommentView:
    """Return a comment that a person may read, on the clock that she sees it on."""
    begin_ms = beginning_for(session, person, comment)
    rows = list_comments(session, person, comment.lesson_id)
    return next(comment_view(*row, person, begin_ms) for row in rows if row[0].id == comment.id)


def comment_url(one: Placed) -> str:
    """Return the address at which a comment is read, or nothing when its place is not open any more."""
    where = {Lesson: "lessons", Clip: "clips"}
    return f"/{where[type(one.place)]}/{one.place.id}#comment-{one.comment.id}" if one.place is not None else ""


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


def lesson_page_view(session: Session, me: Person, lesson: Lesson) -> LessonPageView:
    """Return everything of the lesson page, in a fixed number of queries."""
    files = files_of(session, [lesson.id]).get(lesson.id, {})
    found = find_findings(session, lesson.id)
    shares = open_shares(session, me, [lesson.id]).get(lesson.id, [])
    is_owner = lesson.owner_id == me.id
    guess = guess_view(session, me, lesson, found.measures)
    owner_name = names_of(session, {lesson.owner_id})[lesson.owner_id]
    return LessonPageView(
        lesson=lesson_view(lesson, files, me, owner_name),
        me=NamedView(id=me.id, name=me.name),
        media=media_view(lesson, files),
        poster_url=poster_url(lesson, files),
        filmstrip=_filmstrip_view(lesson, files),
        captions_url=f"/media/lessons/{lesson.id}/captions.vtt",
        steps=step_views(stages_of(session, [lesson.id]).get(lesson.id, []), is_owner),
        turns=[TurnView.model_validate(row) for row in found.turns],
        questions=[QuestionView.model_validate(row) for row in found.questions],
        activities=[ActivityView.model_validate(row) for row in found.activities],
        scenes=found.scenes,
        movement=None if found.movement is None else MovementView.model_validate(found.movement),
        speakers=[SpeakerView.model_validate(row) for row in found.speakers],
        guess=guess,
        measures=None if guess.wanted else found.measures,
        comments=comment_views(session, me, lesson.id),
        audiences=audience_views(session, me, shares),
        pill=pill_text(shares, clips_open_of(session, me, [lesson.id]).get(lesson.id, [])),
        shares=share_views(session, me, lesson.id) if is_owner else [],
        coaches_meet=lesson.coaches_meet and is_owner,
        place_ms=place_in(session, me, lesson),
        goals=lesson_goals(session, me, lesson, [one.partnership.id for one in shares]),
        clips=clip_views(session, me, lesson, files) if is_owner else [],
    )


def lesson_goals(session: Session, me: Person, lesson: Lesson, partnership_ids: Sequence[str]) -> list[LessonGoalView]:
    """Return the active goals that a lesson can be looked at for: all of its owner's, or those that a coach shares."""
    if lesson.owner_id == me.id:
        partnership_ids = [one.id for one in coached_in(session, me)]
    goals = [goal for goal in goals_of(session, me, partnership_ids) if not goal.closed_at]
    names = names_of(session, {goal.set_by_id for goal in goals})
    return [
        LessonGoalView(id=one.id, title=one.title, set_by_name=names[one.set_by_id], measure=one.measure)
        for one in goals
    ]


def clip_views(session: Session, me: Person, lesson: Lesson, files: Files) -> list[ClipView]:
    """Return the clips of one's own lesson, with who can see each."""
    clips = clips_of(session, me, lesson.id)
    shares = open_clip_shares(session, me, [clip.id for clip in clips])
    opened = _opened(session, me, lesson.id)
    return [
        ClipView(
            id=clip.id,
            title=clip.title,
            start_ms=clip.start_ms,
            end_ms=clip.end_ms,
            ready=f"clip-{clip.number}" in files,
            blurred=f"blurred-{clip.number}" in files,
            with_=[NamedView(id=one.other.id, name=one.other.name) for one in shares.get(clip.id, [])],
            partnership_ids=[one.partnership.id for one in shares.get(clip.id, [])],
            shares=[share_view(one, opened.get((clip.id, one.other.id), [])) for one in shares.get(clip.id, [])],
            pill=pill_text(shares.get(clip.id, [])),
        )
        for clip in clips
    ]


def guess_view(session: Session, me: Person, lesson: Lesson, measures: dict[str, Any] | None) -> GuessView:
    """Return whether the owner can guess; a lesson without talk or without measures has nothing to guess."""
    made = find_guess(session, me, lesson.id) if lesson.owner_id == me.id else None
    asks = lesson.owner_id == me.id and made is None and measures is not None and measures["speech_ms"] > 0
    return GuessView(wanted=asks, share=None if made is None else made.share)


def lesson_cards(
    session: Session, me: Person, lessons: Sequence[Lesson], owner_names: dict[str, str]
) -> list[dict[str, Any]]:
    """Return lessons for a list: head, picture, sign of trust, and how far the work is."""
    ids = [lesson.id for lesson in lessons]
    files, stages, shares = files_of(session, ids), stages_of(session, ids), open_shares(session, me, ids)
    mine = [lesson.id for lesson in lessons if lesson.owner_id == me.id]
    clips = clips_open_of(session, me, mine) if mine else {}
    cards = []
    for lesson in lessons:
        its = files.get(lesson.id, {})
        steps = step_views(stages.get(lesson.id, []), lesson.owner_id == me.id)
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


def lesson_state(lesson: Lesson, steps: Sequence[StepView]) -> Literal["failed", "working", "ready"]:
    """Return one word for a lesson in a list."""
    if lesson.failure_code or any(step.state == "failed" for step in steps):
        return "failed"
    return "ready" if all(step.state == "done" for step in steps) else "working"
