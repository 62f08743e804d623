"""Write an analysis as the files of `hindsight analyse --out DIR`."""

from __future__ import annotations

from pathlib import Path

from transcription.document import Analysis
from transcription.formats.elan import write_eaf
from transcription.formats.moments import write_moments
from transcription.formats.rttm import write_rttm
from transcription.formats.subtitles import write_srt, write_vtt


def write_folder(folder: Path, analysis: Analysis) -> tuple[Path, ...]:
    """Write `transcript.vtt`, `transcript.srt`, `speakers.rttm`, `analysis.eaf`, `moments.csv`; return their paths.

    The folder is made if it is not there. Raises `OSError` when it cannot be written to.
    """
    mime = "video/mp4" if analysis.media.video is not None else "audio/x-wav"
    texts = {
        "transcript.vtt": write_vtt(analysis.turns),
        "transcript.srt": write_srt(analysis.turns),
        "speakers.rttm": write_rttm(analysis.turns, Path(analysis.name).stem),
        "analysis.eaf": write_eaf(analysis.turns, analysis.questions, analysis.activities, analysis.name, mime=mime),
        "moments.csv": write_moments(analysis.questions, analysis.activities),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return tuple(folder / name for name in texts)
