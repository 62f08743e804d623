"""`hindsight analyse` and `hindsight speakers`, as somebody at a terminal uses them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PROJECT = Path(__file__).resolve().parents[3]


def command(name: str, *arguments: str | Path) -> list[str]:
    """Return what starts a command in a process of its own."""
    start = f"from workers.commands import {name}; {name}()"
    return [sys.executable, "-c", start, *map(str, arguments)]


def run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(command(name, *arguments), cwd=PROJECT, capture_output=True, text=True, check=False)


def write_noise(path: Path, seconds: int, loud: float = 0.1) -> Path:
    """Write white noise."""
    noise = np.random.default_rng(2).standard_normal(16_000 * seconds) * loud
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((np.clip(noise, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def test_noise_gives_a_whole_document_without_words(tmp_path: Path) -> None:
    noise = write_noise(tmp_path / "a name with: signs, ümlauts %s.wav", 12)
    done = run("analyse", noise, "--json", "-")
    assert (done.returncode, done.stderr) == (0, "")
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["words"] == document["turns"] == document["questions"] == document["scenes"] == []
    assert document["measures"]["silence_ms"] == document["source"]["duration_ms"] == 12_000
    assert document["source"]["name"] == noise.name
    assert document["source"]["video"] is None


@pytest.mark.parametrize("content", [b"", b"this is no recording\n" * 500], ids=["empty", "text"])
def test_a_file_that_cannot_be_used_ends_with_3_and_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "lesson.mp4"
    file.write_bytes(content)
    done = run("analyse", file, "--json", tmp_path / "out.json", "--out", tmp_path / "out")
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["lesson.mp4"]


@pytest.mark.parametrize(
    "arguments",
    [["--speakers", "0"], ["--language", "klingon"], ["--json", "no/such/folder/out.json"]],
    ids=["speakers", "language", "folder"],
)
def test_arguments_that_cannot_be_used_end_with_2(tmp_path: Path, arguments: list[str]) -> None:
    done = run("analyse", write_noise(tmp_path / "noise.wav", 1), *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_document_may_lie_in_the_folder_that_out_makes(tmp_path: Path) -> None:
    out = tmp_path / "new" / "results"
    done = run("analyse", write_noise(tmp_path / "noise.wav", 1), "--out", out, "--json", out / "lesson.json")
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    assert {"lesson.json", "transcript.vtt"} <= {path.name for path in out.iterdir()}


def test_an_unreadable_transcript_ends_with_3(tmp_path: Path) -> None:
    transcript = tmp_path / "lesson.vtt"
    transcript.write_bytes(b"")
    done = run("analyse", write_noise(tmp_path / "noise.wav", 1), "--transcript", transcript)
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.engine
def test_a_real_voice_gives_words_in_turns_and_every_file(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "audio" / "faster-whisper" / "jfk.flac"
    out = tmp_path / "out"
    done = run("analyse", source, "--asr-model", "tiny.en", "--json", tmp_path / "a.json", "--out", out)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    document: dict[str, Any] = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert "country" in " ".join(word["text"] for word in document["words"])
    for index, turn in enumerate(document["turns"]):
        own = [word["text"] for word in document["words"] if word["turn"] == index]
        assert turn["text"] == " ".join(own)
    measures = document["measures"]
    parts = sum(measures[f"{part}_ms"] for part in ("teacher", "pupil", "group", "unsure", "silence"))
    assert abs(parts - document["source"]["duration_ms"]) <= document["source"]["duration_ms"] / 100
    assert {path.name for path in out.iterdir()} == {
        "transcript.vtt",
        "transcript.srt",
        "speakers.rttm",
        "analysis.eaf",
        "moments.csv",
    }


@pytest.mark.engine
def test_speakers_alone_are_written_as_rttm(shared_data: Path) -> None:
    done = run("speakers", shared_data / "audio" / "faster-whisper" / "jfk.flac", "--rttm", "-")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(line.startswith("SPEAKER jfk 1 ") for line in done.stdout.splitlines())
    assert done.stdout


@pytest.mark.engine
@pytest.mark.alone(reason="it interrupts an analysis a second after the sound was read")
def test_an_interrupt_leaves_nothing_behind(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    source = shared_data / "audio" / "falcon" / "test.wav"
    arguments = command("analyse", source, "--json", tmp_path / "out.json")
    with subprocess.Popen(arguments, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 30
        while not list(scratch.glob("*/sound.wav")) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)
        running.terminate()
        _, errors = running.communicate(timeout=30)
    assert running.returncode == 130
    assert errors.splitlines() == ["Stopped; nothing was written."]
    assert list(scratch.glob("hindsight-*")) == []
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("exit 1", "The recording could not be converted. exit 1:"),
        ("echo No space left on device >&2; exit 1", "has run out of disk space."),
        ("kill -9 $$", "The program that converts recordings was stopped from outside, perhaps for want of memory."),
    ],
)
def test_an_ffmpeg_that_fails_ends_with_3_and_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, sentence: str
) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    monkeypatch.setenv("HINDSIGHT_FFMPEG", str(broken))
    done = run("analyse", write_noise(tmp_path / "noise.wav", 2), "--json", tmp_path / "out.json")
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1)
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.json").exists()
