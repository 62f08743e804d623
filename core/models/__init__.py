"""All tables, one file an aggregate."""

from core.models.base import Base, new_id
from core.models.coaching import CoachingSession, Comment, CommentVersion, Goal, Partnership, Share
from core.models.events import Event
from core.models.findings import ActivityRow, ChunkRow, Finding, MeasuresRow, QuestionRow, SpeakerRow, TurnRow
from core.models.lessons import Clip, ClipShare, Lesson, Opening, Place, StoredFile, Upload
from core.models.people import Invitation, Person, SignIn
from core.models.reflection import Correction, Dictation, Guess, ShownMeasures, VoicePrint
from core.models.steps import Step

__all__ = [
    "ActivityRow",
    "Base",
    "ChunkRow",
    "Clip",
    "ClipShare",
    "CoachingSession",
    "Comment",
    "CommentVersion",
    "Correction",
    "Dictation",
    "Event",
    "Finding",
    "Goal",
    "Guess",
    "Invitation",
    "Lesson",
    "MeasuresRow",
    "Opening",
    "Partnership",
    "Person",
    "Place",
    "QuestionRow",
    "Share",
    "ShownMeasures",
    "SignIn",
    "SpeakerRow",
    "Step",
    "StoredFile",
    "TurnRow",
    "Upload",
    "VoicePrint",
    "new_id",
]
