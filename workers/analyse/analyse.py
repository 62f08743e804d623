"""Analyses one file with all pipeline stages, without a server or database."""

from __future__ import annotations

import hashlib
import platform
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.errors import EmptyFile
from core.types import Chunk, FreeWatch, MediaInfo, Pictures, Span, VoiceTurn, Watch, Word
from ingest.media.audio import extract_audio
from ingest.media.pictures import make_pictures
from ingest.media.probe import probe_media
from transcription.lesson.analysis_document import Analysis
from transcription.lesson.derive_findings import Evidence, derive_findings
from transcription.speech.detection import detect_speech
from transcription.words.chunks import plan_chunks
from transcription.words.merge import merge_transcript
from transcription.words.recogniser import detect_language, transcribe_chunk
from workers.analyse.pool_member import peak_rss_bytes
from workers.analyse.process_pool import ProcessPool, Task
from workers.pipeline.stage_functions import classify_roles, diarize, load_recogniser

ENGINES = ("hindsight-lessons", "faster-whisper", "ctranslate2", "onnxruntime", "numpy")
FROM_TRANSCRIPT = "transcript"  # stands for the engine when the words were brought along
READ_BYTES = 1 << 20

Show = Callable[[str, float], None]  # a stage and how much of it is done, 0..1


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """What to analyse, and how. `words` takes the place of recognising; `language` empty: found by listening."""

    file: Path
    asr_model: str
    models_dir: Path
    processes: int
    language: str = ""
    words: tuple[Word, ...] | None = None
    speakers: int | None = None
    ffmpeg: str = ""


@dataclass(slots=True)
class _Results:
    """What the stages have found so far."""

    language: str = ""
    speech: tuple[Span, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    words: dict[int, tuple[Word, ...]] = field(default_factory=dict)
    voices: tuple[VoiceTurn, ...] = ()
    pictures: Pictures | None = None


class Clock:
    """Measures what each stage takes, in milliseconds of the wall clock."""

    def __init__(self) -> None:
        self.wall_ms: dict[str, int] = {}
        self._started: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        started = time.monotonic()
        yield
        self.wall_ms[name] = self._since(started)

    def begin(self, name: str) -> None:
        """Start a stage that several share; only the first call counts."""
        self._started.setdefault(name, time.monotonic())

    def end(self, name: str) -> None:
        """Note the time of a shared stage; the last call counts."""
        self.wall_ms[name] = self._since(self._started[name])

    @staticmethod
    def _since(started: float) -> int:
        return round((time.monotonic() - started) * 1000)


def analyse_file(options: AnalysisOptions, show: Show) -> Analysis:
    """Return the whole analysis; raises `UnusableFile` for a file that cannot be used, ModelMissing, StepFailed."""
    clock = Clock()
    began = time.monotonic()
    with clock.stage("probe_media"):
        media = _probe(options.file)
    with clock.stage("read_source"):
        sha256, size_bytes = _fingerprint(options.file)
    with tempfile.TemporaryDirectory(prefix="hindsight-") as folder, ProcessPool(options.processes) as pool:
        speech, results = _listen(options, media, Path(folder), pool, clock, show)
        peak = peak_rss_bytes() + pool.peak_rss_bytes
    with clock.stage("measure_lesson"):
        analysis = _derive(options, media, speech, results)
    clock.wall_ms["all"] = round((time.monotonic() - began) * 1000)
    return replace(
        analysis,
        sha256=sha256,
        size_bytes=size_bytes,
        versions=_versions(),
        wall_ms=dict(clock.wall_ms),
        peak_rss_bytes=max(peak, peak_rss_bytes()),
    )


def speakers_of(options: AnalysisOptions, show: Show) -> tuple[VoiceTurn, ...]:
    """Return only who speaks when; raises as `analyse_file` does."""
    media = _probe(options.file)
    if media.audio is None:
        return ()
    with tempfile.TemporaryDirectory(prefix="hindsight-") as folder:
        sound = Path(folder) / "sound.wav"
        extract_audio(options.file, media, sound, _watch("sound", show), ffmpeg=options.ffmpeg)
        speech = detect_speech(sound, _watch("speech", show))
        return diarize(sound, speech, options.speakers, options.models_dir, _watch("speakers", show))


def _probe(file: Path) -> MediaInfo:
    if file.stat().st_size == 0:
        raise EmptyFile
    return probe_media(file)


def _fingerprint(file: Path) -> tuple[str, int]:
    sha256, size = hashlib.sha256(), 0
    with file.open("rb") as source:
        while part := source.read(READ_BYTES):
            sha256.update(part)
            size += len(part)
    return sha256.hexdigest(), size


def _watch(stage: str, show: Show) -> Watch:
    return FreeWatch(lambda fraction: show(stage, fraction))


def _listen(
    options: AnalysisOptions, media: MediaInfo, folder: Path, pool: ProcessPool, clock: Clock, show: Show
) -> tuple[tuple[Span, ...], _Results]:
    """Do what looks and listens: sound, speech, words, voices and pictures, as soon as each can begin."""
    results = _Results(language=options.language)
    sound = folder / "sound.wav"
    done_ms: dict[str, float] = {}

    def progress(key: str, fraction: float) -> None:
        stage = key.split(maxsplit=1)[0]
        clock.begin(_STAGES[stage])
        done_ms[key] = fraction
        parts = len(results.chunks) if stage == "words" else 1
        show(stage, sum(part for name, part in done_ms.items() if name.split()[0] == stage) / parts)

    def done(key: str, result: Any) -> Iterable[Task]:
        progress(key, 1.0)
        stage, _, number = key.partition(" ")
        clock.end(_STAGES[stage])
        following = _keep(stage, int(number or 0), result, results, options, media, sound)
        for task in following:
            clock.begin(_STAGES[task.key.split()[0]])
        return following

    tasks: list[Task] = []
    if media.audio is not None:
        tasks.append(Task("sound", extract_sound, (options.file, media, sound, options.ffmpeg)))
    if media.video is not None:
        tasks.append(Task("pictures", analyse_pictures, (options.file, media, folder, options.ffmpeg)))
    for task in tasks:
        clock.begin(_STAGES[task.key])
    pool.run(tasks, done, progress)
    return results.speech, results


def _keep(
    stage: str, number: int, result: Any, results: _Results, options: AnalysisOptions, media: MediaInfo, sound: Path
) -> list[Task]:
    """Keep what was found, and return what can be done with it."""
    engine = (options.asr_model, options.models_dir, sound)
    match stage:
        case "sound":
            return [Task("speech", detect_speech, (sound,))]
        case "speech":
            results.speech = result
            results.chunks = plan_chunks(result, media.duration_ms) if options.words is None else ()
            language = Task("language", detect_language_once, (*engine, results.chunks, options.language))
            voices = Task("speakers", diarize, (sound, result, options.speakers, options.models_dir))
            return [*([language] if results.chunks else []), *([voices] if results.speech else [])]
        case "language":
            results.language = result
            return [Task(f"words {chunk.number}", transcribe, (*engine, chunk, result)) for chunk in results.chunks]
        case "words":
            results.words[number] = result
        case "speakers":
            results.voices = result
        case "pictures":
            results.pictures = result
    return []


_STAGES = {
    "sound": "extract_audio",
    "speech": "plan_chunks",
    "language": "find_language",
    "words": "transcribe_chunk",
    "speakers": "find_speakers",
    "pictures": "make_pictures",
}


def detect_language_once(
    model: str, models_dir: Path, sound: Path, chunks: tuple[Chunk, ...], language: str, watch: Watch
) -> str:
    """In a process of the pool: find the language, unless it is given."""
    watch.check()
    recogniser = load_recogniser(model, models_dir)
    return language or detect_language(recogniser, sound, chunks)


def transcribe(
    model: str, models_dir: Path, sound: Path, chunk: Chunk, language: str, watch: Watch
) -> tuple[Word, ...]:
    """In a process of the pool: the words of one chunk."""
    return transcribe_chunk(load_recogniser(model, models_dir), sound, chunk, language, watch)


def extract_sound(file: Path, media: MediaInfo, sound: Path, ffmpeg: str, watch: Watch) -> None:
    """In a process of the pool: take the sound out."""
    extract_audio(file, media, sound, watch, ffmpeg=ffmpeg)


def analyse_pictures(file: Path, media: MediaInfo, folder: Path, ffmpeg: str, watch: Watch) -> Pictures:
    """In a process of the pool: the scenes and the movement."""
    return make_pictures(file, media, folder / "poster.jpg", folder / "filmstrip.jpg", watch, ffmpeg=ffmpeg)


def _derive(options: AnalysisOptions, media: MediaInfo, speech: tuple[Span, ...], results: _Results) -> Analysis:
    """Do what only thinks: turns, roles, questions, activities, measures."""
    if options.words is None:
        words = merge_transcript(results.words[number] for number in sorted(results.words))
    else:
        words = tuple(word for word in options.words if word.start_ms < media.duration_ms)
    roles = classify_roles(words, results.voices, speech)
    movement = results.pictures.movement if results.pictures else ()
    found = derive_findings(Evidence(words, results.voices, roles, speech, media.duration_ms, movement))
    return Analysis(
        name=options.file.name.encode("utf-8", "replace").decode(),
        sha256="",
        size_bytes=0,
        media=media,
        asr=options.asr_model if options.words is None else FROM_TRANSCRIPT,
        language=results.language or "en",
        turns=found.turns,
        questions=found.questions,
        activities=found.activities,
        scenes=results.pictures.scenes if results.pictures else (),
        measures=found.measures,
    )


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in ENGINES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:  # run from a tree that is not installed
            versions[name] = "unknown"
    return versions
