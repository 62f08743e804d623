"""Hostile files: nothing of what they claim, name or break gets past the limits of the process that opens them."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from core.errors import Implausible, StepFailed, UnusableFile
from core.types import FreeWatch, MediaInfo, VideoStream
from ingest.media.ffmpeg import output, run_ffmpeg, run_frames, source_of
from ingest.media.limits import MOST_PIXELS, Limits, limits_of, refuse_implausible, without_network
from ingest.media.probe import PROBE_SECONDS, probe_media
from tests.support.hostile_files import make_seeds, mutate

SOME = 40  # here; two thousand with `make bench-hostile`


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return make_seeds(tmp_path_factory.mktemp("seeds"))


def encode(target: Path, *arguments: str) -> Path:
    command = [get_ffmpeg_exe(), "-v", "error", "-y", *arguments, str(target)]
    subprocess.run(command, check=True, capture_output=True, timeout=110)
    return target


def test_mutated_recordings_are_probed_or_refused_in_a_sentence_and_in_time(seeds: list[Path], tmp_path: Path) -> None:
    dice = random.Random(20261124)
    for number in range(SOME):
        path = tmp_path / f"mutant-{number}{seeds[number % len(seeds)].suffix}"
        path.write_bytes(mutate(seeds[number % len(seeds)].read_bytes(), dice))
        begun = time.monotonic()
        try:
            info = probe_media(path)
        except UnusableFile as error:
            assert str(error).endswith(".")
        else:
            assert info.video or info.audio
        assert time.monotonic() - begun < PROBE_SECONDS


def test_a_small_file_that_claims_8k_for_ten_hours_is_refused_in_seconds(tmp_path: Path) -> None:
    lavfi = "color=black:size=8192x8192:rate=1/18000"
    codec = ("-c:v", "libsvtav1", "-preset", "12")
    bomb = encode(tmp_path / "bomb.mp4", "-f", "lavfi", "-i", lavfi, "-frames:v", "3", *codec)
    assert bomb.stat().st_size < 20_000
    begun = time.monotonic()
    with pytest.raises(Implausible, match="8192 x 8192"):
        probe_media(bomb)
    assert time.monotonic() - begun < 60


def test_hours_in_a_handful_of_bytes_are_refused(tmp_path: Path) -> None:
    lavfi = "color=black:size=64x48:rate=1/18000"
    bomb = encode(tmp_path / "bomb.mp4", "-f", "lavfi", "-i", lavfi, "-frames:v", "3", "-c:v", "libx264")
    assert bomb.stat().st_size < 20_000
    with pytest.raises(Implausible, match="holds only"):
        probe_media(bomb)


@pytest.mark.parametrize(
    ("width", "duration_ms", "size", "believed"),
    [
        (1920, 3_600_000, 2_000_000_000, True),
        (0, 3_600_000, 2_500_000, True),  # sound alone, at 5.5 kbit/s
        (64, 60_000, 900, True),  # short, and nearly nothing
        (9000, 60_000, 9_000_000, False),
        (64, 3_600_000, 20_000, False),
        (64, 25 * 3_600_000, 10**10, False),
    ],
)
def test_what_a_camera_makes_is_believed(width: int, duration_ms: int, size: int, believed: bool) -> None:
    video = VideoStream("h264", width, width, 25.0, 0, "yuv420p") if width else None
    info = MediaInfo("mp4", duration_ms, video, None)
    assert MOST_PIXELS < 9000 * 9000
    if believed:
        refuse_implausible(info, size)
    else:
        with pytest.raises(Implausible):
            refuse_implausible(info, size)


SCRIPTS = {
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{secret}\n#EXT-X-ENDLIST\n",
    "far.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n",
    "concat.txt": "ffconcat version 1.0\nfile '{secret}'\n",
    "play.sdp": "v=0\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "dash.mpd": '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><BaseURL>{secret}</BaseURL></Period></MPD>',
    "old.mov": "file:{secret}",
}


@pytest.mark.parametrize("name", sorted(SCRIPTS))
@pytest.mark.parametrize("suffix", ["", ".mp4"])
def test_a_script_that_names_other_files_or_addresses_is_refused(tmp_path: Path, name: str, suffix: str) -> None:
    secret = encode(tmp_path / "secret.ts", "-f", "lavfi", "-i", "testsrc=duration=1:size=64x48", "-c:v", "mpeg2video")
    trap = tmp_path / (name + suffix)
    trap.write_text(SCRIPTS[name].format(secret=secret))
    with pytest.raises(UnusableFile):
        probe_media(trap)


def test_a_program_cannot_use_more_than_its_limits(tmp_path: Path) -> None:
    limits = Limits(memory_bytes=200 * 1024**2, cpu_seconds=1, file_bytes=1024**2, open_files=16)

    def run(code: str) -> int:
        script = f'{limits.as_shell()} exec "$@"'
        return subprocess.run(
            ["/bin/sh", "-c", script, "x", sys.executable, "-c", code], capture_output=True, timeout=30, check=False
        ).returncode

    assert run("print(1)") == 0
    assert run("bytearray(400 * 1024**2)") != 0
    assert run("while True: pass") != 0
    assert run(f"open({str(tmp_path / 'big')!r}, 'wb').write(bytes(3 * 1024**2))") != 0
    assert run("held = [open('/dev/null') for _ in range(40)]") != 0


def test_limits_hold_where_the_system_allows_less_and_where_it_knows_none_for_memory() -> None:
    code = (
        "import resource, sys; from ingest.media import limits; limits.BOUNDS_MEMORY = False;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)); own = limits.Limits();"
        "own.apply(); assert '-v' not in own.as_shell();"
        "memory, _ = resource.getrlimit(resource.RLIMIT_AS);"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE), memory == own.memory_bytes)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "(40, 40) False\n"


@pytest.mark.skipif(not without_network(), reason="this system gives no network of its own to a program")
def test_what_decodes_has_no_network() -> None:
    code = "import socket; socket.create_connection(('127.0.0.1', 1), 1)"
    run = subprocess.run([*without_network(), sys.executable, "-c", code], capture_output=True, check=False)
    assert b"unreachable" in run.stderr


def test_a_decoder_that_gives_no_more_pictures_is_ended_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = tmp_path / "stuck"
    stuck.write_text("#!/bin/sh\nprintf 123456\nsleep 600\n")
    stuck.chmod(0o755)
    monkeypatch.setattr("ingest.media.ffmpeg.STALLED_SECONDS", 1)
    node = output([source_of(tmp_path / "film.mp4")], "pipe:1", f="rawvideo")
    frames = run_frames(node, 4, duration_ms=1000, watch=FreeWatch(), ffmpeg=str(stuck))
    assert next(frames) == b"1234"
    begun = time.monotonic()
    with pytest.raises(StepFailed, match="no progress"):
        next(frames)
    assert time.monotonic() - begun < 30


def test_ffmpeg_is_ended_at_its_limit_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = encode(tmp_path / "film.mkv", "-f", "lavfi", "-i", "testsrc2=duration=30:size=640x480", "-c:v", "mjpeg")
    monkeypatch.setattr("ingest.media.ffmpeg.limits_of", lambda _ms: Limits(cpu_seconds=1, file_bytes=1024**3))
    node = output([source_of(film)], tmp_path / "out.mp4", vcodec="libx264", preset="veryslow")
    begun = time.monotonic()
    with pytest.raises(StepFailed):
        run_ffmpeg(node, duration_ms=30_000, watch=FreeWatch())
    assert time.monotonic() - begun < 30
    assert limits_of(3 * 3_600_000).cpu_seconds > 3 * 3600
