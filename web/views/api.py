"""API response models; the pages' TypeScript types are generated from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class View(BaseModel):
    """Read from rows and dataclasses alike."""

    model_config = ConfigDict(from_attributes=True, populate_by_name=True)


class ErrorView(View):
    """Every failure."""

    code: str
    message: str


class NamedView(View):
    """A person or a goal by name."""

    id: str
    name: str


class PersonView(NamedView):
    """Who is signed in."""

    is_lead: bool
    has_left: bool


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


class MediaView(View):
    """What the player plays."""

    url: str
    mime: str
    width: int
    height: int
    fps: float  # pictures a second, 0 when there are none or nobody knows


class FilmstripView(View):
    """A sheet of small pictures."""

    url: str
    width: int
    height: int
    columns: int
    count: int
    interval_ms: int


class MovementView(View):
    """Where the picture moves: for each step the share of each cell, 0..100, row by row."""

    columns: int
    rows: int
    every_ms: int
    cells: list[list[int]]


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


class TurnView(View):
    """Who spoke, and the words as [start_ms, end_ms, text, probability]."""

    number: int
    start_ms: int
    end_ms: int
    speaker: str
    role: str
    text: str
    words: list[tuple[int, int, str, float]]


class QuestionView(View):
    """A question that was asked."""

    id: str
    start_ms: int
    end_ms: int
    text: str
    speaker: str
    role: str
    kind: str
    confidence: float
    answered_by: str
    wait_1_ms: int | None
    wait_2_ms: int | None


class ActivityView(View):
    """What the class did for a range."""

    start_ms: int
    end_ms: int
    kind: str


class SpeakerView(View):
    """A voice."""

    label: str
    role: str
    name: str


class CorrectionView(View):
    """What the owner put right; `fits` is false when nothing in the lesson is meant any more."""

    id: str
    sentence: str
    made_at: datetime
    undone_at: datetime | None
    fits: bool


class GoalTitleView(View):
    """A goal by its title."""

    id: str
    title: str


class AudienceGoalView(GoalTitleView):
    """A goal that a comment can name."""

    set_by_name: str


class LessonGoalView(AudienceGoalView):
    """An active goal that a lesson can be looked at for."""

    measure: str


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
    """A range of a lesson and its name."""

    title: str
    start_ms: int = Field(ge=0)
    end_ms: int = Field(ge=0)


class ClipSharing(BaseModel):
    """To which partnership a clip is opened, and until the end of which day."""

    partnership_id: str
    until: date | None = None


class SaidView(View):
    """A spoken comment: `working`, `heard` with its text, or `failed`."""

    id: str
    state: Literal["working", "heard", "failed"]
    text: str


class CommentVersionView(View):
    """What a comment said before."""

    text: str
    written_at: datetime


class NewPlace(BaseModel):
    """Where somebody is in a lesson."""

    at_ms: int = Field(ge=0, le=2**31 - 1)


class RoomView(View):
    """What both players of a session follow; `at` is the server's clock in ms since 1970."""

    playing: bool
    position_ms: int
    speed: float
    at: int
    steered_by: str
    number: int


class Steering(BaseModel):
    """What the steering player does, and when that was on the server's clock."""

    playing: bool
    position_ms: int = Field(ge=0, le=2**31 - 1)
    speed: float = 1.0
    at: int


class CardView(View):
    """A chosen moment of a session."""

    start_ms: int
    text: str
    by: str


class NewCard(BaseModel):
    """A moment for a card."""

    start_ms: int = Field(ge=0, le=2**31 - 1)
    text: str = ""


class LogLineView(View):
    """A line of a log."""

    at_ms: int
    what: str


class LogForm(BaseModel):
    """A meeting that is written up afterwards; only the action is asked for."""

    met_on: date | None = None
    goal: str = ""
    reality: str = ""
    options: str = ""
    will: str = ""
    action: str = ""
    action_by: date | None = None
    goal_id: str = ""

    @field_validator("met_on", "action_by", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None


class LogView(View):
    """The log of a session as data; `notes` by G, R, O, W."""

    day: date
    kind: str
    coach: str
    coachee: str
    lines: list[LogLineView]
    notes: dict[str, str]
    action: str
    action_by: date | None
    action_done: bool


class LogChange(BaseModel):
    """What is written into a log; what is not sent stays."""

    notes: dict[str, str] | None = None
    action: str | None = None
    action_by: date | None = None
    goal_id: str | None = None
    minutes: int | None = None


class SessionView(View):
    """A session as one of the two sees it; `now` is the server's clock, `began` and `now` in ms since 1970."""

    id: str
    partnership_id: str
    title: str
    me: NamedView
    other: NamedView
    other_called: str
    kind: Literal["video", "sound"] | None
    media: MediaView | None
    captions_url: str
    here: list[str]
    room: RoomView
    now: int
    minutes: int
    began: int | None
    over: bool
    moments: list[CardView]
    offered: list[CardView]
    notes: dict[str, str]
    action: str
    action_by: date | None
    action_goal_id: str | None
    log: list[LogLineView]


class AudienceView(View):
    """Whom the viewer can write to on this lesson."""

    partnership_id: str
    label: str
    other: NamedView
    goals: list[AudienceGoalView]


class CommentView(View):
    """A comment as its reader sees it."""

    id: str
    author: NamedView
    partnership_id: str | None
    parent_id: str | None
    on_clip: bool
    kind: str
    start_ms: int
    end_ms: int | None
    goal: GoalTitleView | None
    stage: str
    text: str
    created_at: datetime
    edited_at: datetime | None
    deleted: bool
    mine: bool


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


class NewGuess(BaseModel):
    """A share of the talk (0..1), or that she does not want to guess."""

    share: float | None = None


class GuessView(View):
    """What the owner guessed; `wanted`: she can guess now, and the measures wait for it."""

    wanted: bool
    share: float | None


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


Kind = Literal["noticed", "question", "suggestion"]
StageLetter = Literal["", "G", "R", "O", "W"]
MAX_MS = 2**31 - 1


class NewComment(BaseModel):
    """What the page sends to write a comment."""

    partnership_id: str | None = None
    parent_id: str | None = None
    kind: Kind = "noticed"
    start_ms: int = Field(ge=0, le=MAX_MS)
    end_ms: int | None = Field(None, ge=0, le=MAX_MS)
    goal_id: str | None = None
    stage: StageLetter = ""
    text: str
    draft_id: str = ""


class CommentChange(BaseModel):
    """What is changed of a comment; what is not sent stays."""

    text: str | None = None
    kind: Kind | None = None
    goal_id: str | None = None
    stage: StageLetter | None = None
    start_ms: int | None = Field(None, ge=0, le=MAX_MS)
    end_ms: int | None = Field(None, ge=0, le=MAX_MS)


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


class NewNote(BaseModel):
    """What is noticed at a moment of a visit; `draft_id` is made by the page."""

    at_ms: int = Field(ge=0, le=MAX_MS)
    text: str
    draft_id: str


class NoteView(View):
    """A note of a visit."""

    id: str
    at_ms: int
    text: str


class NewShare(BaseModel):
    """Whom to share with, and until the end of which day."""

    partnership_id: str
    until: date | None = None
