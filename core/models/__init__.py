"""All database tables, one module for each aggregate."""

from core.models.analysis import ActivityRow, ChunkRow, Finding, MeasuresRow, QuestionRow, SpeakerRow, TurnRow
from core.models.base import Base, new_id
from core.models.coaching import (
    Action,
    CoachingSession,
    Comment,
    CommentVersion,
    Goal,
    GoalVersion,
    Partnership,
    SessionNote,
    Share,
)
from core.models.corrections import Correction, Dictation, Guess, MeasuresOpening, ShownMeasures, VoicePrint
from core.models.daily_use import DailyUse
from core.models.erasure import Erasure
from core.models.events import Event
from core.models.lessons import Clip, ClipShare, Lesson, Opening, Place, StoredFile, Upload
from core.models.people import (
    AccountLink,
    AccountNotice,
    KnownDevice,
    Mail,
    PendingSignIn,
    Person,
    RecoveryCode,
    ResetRequest,
    SecondFactor,
    SignIn,
    SignOn,
)
from core.models.receipts import Receipt
from core.models.steps import Step
from core.models.training import ModuleAnswer, PortfolioItem
from core.models.walks import Walk, WalkNote

__all__ = [
    "AccountLink",
    "AccountNotice",
    "Action",
    "ActivityRow",
    "Base",
    "ChunkRow",
    "Clip",
    "ClipShare",
    "CoachingSession",
    "Comment",
    "CommentVersion",
    "Correction",
    "DailyUse",
    "Dictation",
    "Erasure",
    "Event",
    "Finding",
    "Goal",
    "GoalVersion",
    "Guess",
    "KnownDevice",
    "Lesson",
    "Mail",
    "MeasuresOpening",
    "MeasuresRow",
    "ModuleAnswer",
    "Opening",
    "Partnership",
    "PendingSignIn",
    "Person",
    "Place",
    "PortfolioItem",
    "QuestionRow",
    "Receipt",
    "RecoveryCode",
    "ResetRequest",
    "SecondFactor",
    "SessionNote",
    "Share",
    "ShownMeasures",
    "SignIn",
    "SignOn",
    "SpeakerRow",
    "Step",
    "StoredFile",
    "TurnRow",
    "Upload",
    "VoicePrint",
    "Walk",
    "WalkNote",
    "new_id",
]
