"""The public interface of `transcription`: all that `web` may import, enforced by an import contract."""

from __future__ import annotations

from transcription.formats.elan import write_eaf
from transcription.formats.readers import decode_transcript
from transcription.formats.subtitles import write_srt, write_text, write_vtt
from transcription.formats.transcript import MAX_BYTES, Transcript, TranscriptUnreadable
from transcription.lesson.analysis_store import (
    add_correction,
    list_corrections,
    read_correction,
    remove_import,
    save_import,
    set_undone,
    unplaced_corrections,
)
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
    has_import,
    named_turns,
    read_activities,
    read_questions,
    read_turns,
)

__all__ = [
    "MAX_BYTES",
    "ActivityCorrection",
    "Correction",
    "QuestionCorrection",
    "Transcript",
    "TranscriptUnreadable",
    "TurnCorrection",
    "VoiceCorrection",
    "WordsCorrection",
    "add_correction",
    "analyse_conversation",
    "anchors_of",
    "correct_text",
    "decode_transcript",
    "find_findings",
    "find_turns",
    "has_import",
    "list_corrections",
    "named_turns",
    "read_activities",
    "read_correction",
    "read_questions",
    "read_turns",
    "remove_import",
    "save_import",
    "set_undone",
    "unplaced_corrections",
    "write_eaf",
    "write_srt",
    "write_text",
    "write_vtt",
]
