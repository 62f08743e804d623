"""Cost of poster, filmstrip and scene detection on a synthetic 720p film with a key frame every two seconds."""

from __future__ import annotations

import resource
import subprocess
import tempfile
from pathlib import Path

from core.types import FreeWatch
from ingest.media.ffmpeg import binary
from ingest.media.pictures import make_pictures
from ingest.media.probe import probe_media


def pictures_seconds(minutes: int) -> float:
    """Return the processor seconds that a minute of a noisy film of some minutes takes, all threads together."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        film = write_film(folder, minutes)
        info = probe_media(film)
        before = processor_seconds()
        make_pictures(film, info, folder / "poster.jpg", folder / "filmstrip.jpg", FreeWatch())
        return (processor_seconds() - before) / minutes


def write_film(folder: Path, minutes: int) -> Path:
    """Write one minute of a moving test picture with noise and a tone, repeated."""
    one, film = folder / "one.mp4", folder / "film.mp4"
    run = (binary(), "-v", "error")
    picture = ("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=25,noise=alls=12:allf=t", "-f", "lavfi", "-i", "sine")
    coding = ("-t", "60", "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "4M", "-g", "50", "-pix_fmt", "yuv420p")
    subprocess.run((*run, *picture, *coding, "-c:a", "aac", str(one)), check=True)
    again = ("-stream_loop", str(minutes - 1), "-i", str(one), "-c", "copy", str(film))
    subprocess.run((*run, *again), check=True)
    return film


def processor_seconds() -> float:
    """Return the seconds of processor that this process and its ended children have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
