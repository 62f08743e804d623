"""All tables, one file an aggregate."""

from core.models.base import Base, new_id
from core.models.coaching import Comment, CommentVersion, Goal, Partnership, Share
from core.models.events import Event
from core.models.findings import ActivityRow, ChunkRow, Finding, MeasuresRow, QuestionRow, SpeakerRow, TurnRow
from core.models.lessons import Lesson, Opening, StoredFile, Upload
from core.models.people import Invitation, Person, SignIn
from core.models.steps import Step

__all__ = [
    "ActivityRow",
    "Base",
    "ChunkRow",
    "Comment",
    "CommentVersion",
    "Event",
    "Finding",
    "Goal",
    "Invitation",
    "Lesson",
    "MeasuresRow",
    "Opening",
    "Partnership",
    "Person",
    "QuestionRow",
    "Share",
    "SignIn",
    "SpeakerRow",
    "Step",
    "StoredFile",
    "TurnRow",
    "Upload",
    "new_id",
]
