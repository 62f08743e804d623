"""Clips: those of a lesson for its owner, and the page of one clip, on the clip's own clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from annotation.access.reading import is_owner
from annotation.coaching.partnerships import names_of
from annotation.lessons.clips import clips_of, open_clip_shares
from annotation.lessons.lessons import file_of, files_of, get_own_lesson
from annotation.lessons.sharing import pill_text
from core.models import Clip, Lesson, Person, StoredFile, TurnRow
from transcription.public import find_turns_within
from web.views.base import NamedView, View
from web.views.lessons.comments import CommentView, clip_comment_views
from web.views.lessons.media import Files, MediaView
from web.views.lessons.sharing import AudienceView, ShareView, _opened, audience_views, clip_share_views, share_view
from web.views.lessons.transcript import TurnView


class ClipView(View):
    """A clip of a lesson; `ready` once its file is there, `blurred` once one with blurred faces is.

    `with` names those who can see it.
    """

    id: str
    title: str
    start_ms: int
    end_ms: int
    ready: bool
    blurred: bool
    with_: list[NamedView] = Field(alias="with")
    partnership_ids: list[str]
    shares: list[ShareView]
    pill: str


class NewClip(BaseModel):
    """A range of a lesson and its name; `draft_id` is made by the page, so that sent twice it is made once."""

    title: str
    start_ms: int = Field(ge=0)
    end_ms: int = Field(ge=0)
    draft_id: str = Field("", max_length=64)


class ClipSharing(BaseModel):
    """To which partnership a clip is opened, and until the end of which day; `draft_id` as in `NewClip`."""

    partnership_id: str
    until: date | None = None
    draft_id: str = Field("", max_length=64)


class ClipPageView(View):
    """Everything of a clip's page. Times count from the clip's beginning; nothing outside its range is in it."""

    id: str
    title: str
    owner: NamedView
    is_owner: bool
    duration_ms: int
    media: MediaView | None
    captions_url: str
    turns: list[TurnView]
    with_: list[NamedView] = Field(alias="with")
    comments: list[CommentView]
    audiences: list[AudienceView]
    shares: list[ShareView]


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


def clip_file(session: Session, clip: Clip, kind: str = "clip") -> StoredFile | None:
    """Return a clip's own file, once it is cut; `blurred` is the one with blurred faces."""
    return file_of(session, clip.lesson_id, f"{kind}-{clip.number}")


def turns_within(session: Session, clips: Sequence[Clip]) -> dict[str, list[TurnRow]]:
    """Return the words that lie in each of some clips, on its own clock, by its id; not a word of the rest."""
    turns = find_turns_within(session, [(clip.lesson_id, clip.start_ms, clip.end_ms) for clip in clips])
    return {clip.id: _cut_to(clip, turns[clip.lesson_id]) for clip in clips}


def _cut_to(clip: Clip, turns: Sequence[TurnRow]) -> list[TurnRow]:
    kept = []
    for turn in turns:
        if turn.end_ms <= clip.start_ms or turn.start_ms >= clip.end_ms:
            continue
        words = [word for word in turn.words if word[0] >= clip.start_ms and word[1] <= clip.end_ms]
        text = " ".join(word[2] for word in words)
        kept.append(
            TurnRow(
                lesson_id=turn.lesson_id,
                number=turn.number,
                start_ms=max(0, turn.start_ms - clip.start_ms),
                end_ms=min(clip.end_ms, turn.end_ms) - clip.start_ms,
                speaker=turn.speaker,
                role=turn.role,
                text=text,
                words=[[word[0] - clip.start_ms, word[1] - clip.start_ms, *word[2:]] for word in words],
            )
        )
    return kept


def clip_media(session: Session, clip: Clip) -> MediaView | None:
    """Return what the player plays, once the clip's file is there."""
    file = clip_file(session, clip)
    if file is None:
        return None
    size = {name: int(file.info.get(name) or 0) for name in ("width", "height")}
    fps = float(file.info.get("fps") or 0)
    language = session.get_one(Lesson, clip.lesson_id).language
    return MediaView(url=f"/media/clips/{clip.id}", mime=file.mime, fps=fps, language=language, **size)


def clip_page_view(session: Session, me: Person, clip: Clip, lesson: Lesson) -> ClipPageView:
    """Return everything of a clip's page."""
    shares = open_clip_shares(session, me, [clip.id]).get(clip.id, [])
    return ClipPageView(
        id=clip.id,
        title=clip.title,
        owner=NamedView(id=lesson.owner_id, name=names_of(session, {lesson.owner_id})[lesson.owner_id]),
        is_owner=is_owner(lesson, me),
        duration_ms=clip.end_ms - clip.start_ms,
        media=clip_media(session, clip),
        captions_url=f"/media/clips/{clip.id}/captions.vtt",
        turns=[TurnView.model_validate(row) for row in turns_within(session, [clip])[clip.id]],
        with_=[NamedView(id=one.other.id, name=one.other.name) for one in shares],
        comments=clip_comment_views(session, me, clip),
        audiences=audience_views(session, me, shares),
        shares=clip_share_views(session, me, clip) if is_owner(lesson, me) else [],
    )


def own_clip_views(session: Session, person: Person, lesson_id: str) -> list[ClipView]:
    """Return the clips of one's own lesson."""
    lesson = get_own_lesson(session, person, lesson_id)
    return clip_views(session, person, lesson, files_of(session, [lesson_id]).get(lesson_id, {}))
