"""faster-whisper baseline: transcribes a film and nothing else. Run by benchmarks/speed/speed.py in its own process.

python -m benchmarks.speed.faster_whisper_baseline sequential|batched MODEL FILM TEXT THREADS
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


def main(way: str, model: str, film: str, text: Path, threads: int) -> None:
    """Recognise as the library comes: its defaults but for the beam, which is ours, and the times of words."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    whisper: Any = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=threads)
    engine = BatchedInferencePipeline(whisper) if way == "batched" else whisper
    segments, _ = engine.transcribe(film, language="en", beam_size=2, word_timestamps=True)
    text.write_text("".join(segment.text for segment in segments), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]), int(sys.argv[5]))
