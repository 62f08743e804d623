"""The public face of `transcription`: all that `web` may use of it. An import contract forbids the rest."""

from __future__ import annotations

from transcription.formats.elan import read_eaf, write_eaf
from transcription.formats.reading import Transcript, TranscriptUnreadable, parse_transcript
from transcription.formats.subtitles import write_srt, write_text, write_vtt
from transcription.lesson.analysis_store import (
    add_correction,
    forget_import,
    keep_import,
    list_corrections,
    read_correction,
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
from transcription.lesson.mirror import look_in_mirror
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
    "ActivityCorrection",
    "Correction",
    "QuestionCorrection",
    "Transcript",
    "TranscriptUnreadable",
    "TurnCorrection",
    "VoiceCorrection",
    "WordsCorrection",
    "add_correction",
    "anchors_of",
    "correct_text",
    "find_findings",
    "find_turns",
    "forget_import",
    "has_import",
    "keep_import",
    "list_corrections",
    "look_in_mirror",
    "named_turns",
    "parse_transcript",
    "read_activities",
    "read_correction",
    "read_eaf",
    "read_questions",
    "read_turns",
    "set_undone",
    "unplaced_corrections",
    "write_eaf",
    "write_srt",
    "write_text",
    "write_vtt",
]
