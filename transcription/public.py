"""The public interface of `transcription`: all that `web` may import, enforced by an import contract."""

from __future__ import annotations

from transcription.formats.elan import write_eaf
from transcription.formats.readers import decode_transcript
from transcription.formats.subtitles import write_srt, write_text, write_vtt
from transcription.formats.transcript import MAX_BYTES, Transcript, TranscriptUnreadable
from transcription.lesson.analysis_store import list_corrections, read_correction, unplaced_corrections
from transcription.lesson.corrected_findings import (
    Basis,
    change_lesson,
    correct,
    forget_transcript,
    take_transcript,
    undo,
)
from transcription.lesson.corrected_findings import Change as LessonChange
from transcription.lesson.corrections import (
    ActivityCorrection,
    Correction,
    QuestionCorrection,
    TurnCorrection,
    VoiceCorrection,
    WordsCorrection,
    anchors_of,
    correct_text,
)
from transcription.lesson.mirror import analyse_conversation
from transcription.lesson.queries import (
    find_findings,
    find_turns,
    find_turns_within,
    has_import,
    named_turns,
    read_activities,
    read_questions,
    read_turns,
)

__all__ = [
    "MAX_BYTES",
    "ActivityCorrection",
    "Basis",
    "Correction",
    "LessonChange",
    "QuestionCorrection",
    "Transcript",
    "TranscriptUnreadable",
    "TurnCorrection",
    "VoiceCorrection",
    "WordsCorrection",
    "analyse_conversation",
    "anchors_of",
    "change_lesson",
    "correct",
    "correct_text",
    "decode_transcript",
    "find_findings",
    "find_turns",
    "find_turns_within",
    "forget_transcript",
    "has_import",
    "list_corrections",
    "named_turns",
    "read_activities",
    "read_correction",
    "read_questions",
    "read_turns",
    "take_transcript",
    "undo",
    "unplaced_corrections",
    "write_eaf",
    "write_srt",
    "write_text",
    "write_vtt",
]
