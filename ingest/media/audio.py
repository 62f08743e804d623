"""Audio extraction: 16 kHz, one channel, 16 bit, for speech processing."""

from __future__ import annotations

from pathlib import Path

from core.types import MediaInfo, Watch
from ingest.media.channels import mix_down
from ingest.media.ffmpeg import merge, output, run_ffmpeg, source_of

SAMPLE_RATE = 16_000


def extract_audio(source: Path, info: MediaInfo, target: Path, watch: Watch, *, ffmpeg: str = "") -> None:
    """Write the probed sound track to `target` as WAV, on the clock of the picture.

    Gaps and a late start are filled with silence, so that a time in the sound is the same time in the film.
    Raises ValueError for a recording without sound, and what `run_ffmpeg` raises.
    """
    if info.audio is None:
        raise ValueError("no sound track")
    read = source_of(source)
    two = info.audio.channels == 2
    written = target.with_name(f"{target.name}.two") if two else target
    node = output(
        [read[str(info.audio.index)]],
        written,
        af="aresample=async=1:first_pts=0",
        ac=2 if two else 1,
        ar=SAMPLE_RATE,
        acodec="pcm_s16le",
        f="wav",
        map_metadata=-1,
    )
    if info.video is not None:  # a clock begins with the first track that is read: so the picture is read too
        node = merge(node, output([read[str(info.video.index)]], "-", c="copy", f="null"))
    run_ffmpeg(node, duration_ms=info.duration_ms, watch=watch, ffmpeg=ffmpeg)
    if two:
        mix_down(written, target, watch)
        written.unlink()
