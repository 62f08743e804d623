"""Writes an analysis as a folder of files (`hindsight analyse --out DIR`)."""

from __future__ import annotations

from pathlib import Path

from transcription.formats.elan import write_eaf
from transcription.formats.moments import write_moments
from transcription.formats.rttm import write_rttm
from transcription.formats.subtitles import write_srt, write_vtt
from transcription.lesson.analysis_document import Analysis


def folder_files(analysis: Analysis) -> dict[str, str]:
    """Return `transcript.vtt`, `transcript.srt`, `speakers.rttm`, `analysis.eaf` and `moments.csv`: texts by name."""
    mime = "video/mp4" if analysis.media.video is not None else "audio/x-wav"
    return {
        "transcript.vtt": write_vtt(analysis.turns),
        "transcript.srt": write_srt(analysis.turns),
        "speakers.rttm": write_rttm(analysis.turns, Path(analysis.name).stem),
        "analysis.eaf": write_eaf(analysis.turns, analysis.questions, analysis.activities, analysis.name, mime=mime),
        "moments.csv": write_moments(analysis.questions, analysis.activities),
    }
