"""Mutates valid recordings into hostile files: flipped bits, moved and repeated parts, false sizes."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

KINDS = {  # a second of picture and sound in each container and codec that phones and cameras make
    "phone.mp4": ("-c:v", "libx264", "-c:a", "aac"),
    "apple.mov": ("-c:v", "libx265", "-c:a", "aac"),
    "browser.webm": ("-c:v", "libvpx", "-c:a", "libopus"),
    "screen.mkv": ("-c:v", "mpeg4", "-c:a", "libmp3lame"),
    "camera.ts": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    "old.avi": ("-c:v", "mjpeg", "-c:a", "pcm_s16le", "-ar", "8000"),
    "voice.mp3": ("-vn", "-c:a", "libmp3lame"),
    "voice.flac": ("-vn", "-c:a", "flac"),
    "voice.ogg": ("-vn", "-c:a", "libopus"),
    "voice.wav": ("-vn", "-ar", "8000"),
}
ODD_SIZES = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00", b"\x80\x00\x00\x00")


def make_seeds(folder: Path) -> list[Path]:
    """Return an honest file of each kind."""
    made = []
    for name, codecs in KINDS.items():
        picture = ("-f", "lavfi", "-i", "testsrc2=duration=1:size=96x64:rate=10")
        sound = ("-f", "lavfi", "-i", "sine=duration=1:frequency=300")
        command = [get_ffmpeg_exe(), "-v", "error", "-y", *picture, *sound, *codecs, str(folder / name)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        made.append(folder / name)
    return made


def mutate(data: bytes, dice: random.Random) -> bytes:
    """Return the bytes with one to six things wrong, more often near the beginning, where the headers are."""
    made = bytearray(data)
    for _ in range(dice.randint(1, 6)):
        near = min(len(made), 600) if dice.random() < 0.6 else len(made)
        at = dice.randrange(max(1, near))
        kind = dice.randrange(7)
        if kind == 0:
            made[at : at + 1] = bytes([dice.randrange(256)])
        elif kind == 1:
            made[at : at + 4] = dice.choice(ODD_SIZES)
        elif kind == 2:
            del made[at : at + dice.randint(1, 2000)]
        elif kind == 3:
            piece = made[at : at + dice.randint(1, 400)]
            made[at:at] = piece * dice.randint(1, 30)
        elif kind == 4:
            other = dice.randrange(len(made) or 1)
            made[at : at + 64], made[other : other + 64] = made[other : other + 64], made[at : at + 64]
        elif kind == 5:
            made[at : at + 200] = dice.randbytes(200)
        else:
            del made[max(at, 32) :]
        if not made:
            return bytes(made)
    return bytes(made)
