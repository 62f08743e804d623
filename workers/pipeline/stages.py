"""The one table of the pipeline: its stages, what each waits for, and where each runs.

A stage is a function of a frozen context; what it returns is stored together with the step's end, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.models import ChunkRow, Dictation, Finding, Lesson, VoicePrint
from core.settings import Settings
from core.types import Chunk, MediaInfo, Span, Turn, VoiceTurn, Watch, Word
from ingest.media.audio import extract_audio as write_sound
from ingest.media.faces import blur_faces
from ingest.media.pictures import make_pictures as write_pictures
from ingest.media.probe import media_to_json
from ingest.media.probe import probe_media as probe_file
from ingest.media.rendition import cut_clip as write_clip
from ingest.media.rendition import make_rendition as write_rendition
from transcription.lesson.activities import find_activities as name_activities
from transcription.lesson.analysis_store import (
    keep_activities,
    keep_measures,
    keep_questions,
    keep_turns,
    lay_over,
    words_to_json,
)
from transcription.lesson.measures import measure_lesson as compute_measures
from transcription.questions.lesson_questions import find_questions as hear_questions
from transcription.speakers.turns import speak_words
from transcription.speech.audio import read_sound
from transcription.speech.detection import find_speech
from transcription.words.chunks import plan_chunks as cut_chunks
from transcription.words.merge import merge_transcript as merge_words
from transcription.words.recogniser import find_language
from transcription.words.recogniser import transcribe_chunk as hear_words
from workers.pipeline.stage_functions import hear_speakers, know_teacher, learn_teacher, load_recogniser, tell_roles

Save = Callable[[Session, Lesson], None]
SUFFIX = {"video/mp4": ".mp4", "video/webm": ".webm", "audio/mp4": ".m4a", "audio/wav": ".wav", "image/jpeg": ".jpg"}


@dataclass(frozen=True, slots=True)
class Context:
    """All that a stage may look at. `folder` is its own to write in; `found` has the findings it needs."""

    source: Path | None
    sound: Path | None
    folder: Path
    media: MediaInfo | None
    language: str
    chunk: Chunk | None
    pieces: tuple[tuple[Word, ...], ...]
    turns: tuple[Turn, ...]
    found: Mapping[str, Any]
    settings: Settings
    watch: Watch
    own_voice: tuple[float, ...] | None = None  # that the lesson's owner lent
    may_learn_voice: bool = False  # she allowed it, and it is not made yet
    clip: tuple[int, Span] | None = None  # its number in the lesson, and its range
    said: tuple[int, Path] | None = None  # a spoken comment: its number in the lesson, and its sound

    @property
    def known_media(self) -> MediaInfo:
        """What the file is; every stage but the first knows it."""
        if self.media is None:
            raise ValueError("the recording is not probed yet")
        return self.media

    @property
    def known_source(self) -> Path:
        """The recording, for a stage that asked for it."""
        if self.source is None:
            raise ValueError("this stage does not read the recording")
        return self.source

    @property
    def known_sound(self) -> Path:
        """The sound, for a stage that asked for it."""
        if self.sound is None:
            raise ValueError("this stage does not read the sound")
        return self.sound

    @property
    def speech(self) -> tuple[Span, ...]:
        """Where somebody speaks."""
        return tuple(Span(*pair) for pair in self.found.get("speech", ()))

    @property
    def voices(self) -> tuple[VoiceTurn, ...]:
        """Who speaks when."""
        return tuple(VoiceTurn(**row) for row in self.found.get("voices", ()))


@dataclass(frozen=True, slots=True)
class NewFile:
    """A finished file in the stage's folder that goes into the store."""

    kind: str
    path: Path
    mime: str
    info: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Output:
    """What a stage leaves: files for the store, and rows, written in the transaction that ends the step.

    `drops`: kinds of files of the lesson that are needed no more.
    """

    save: Save
    files: tuple[NewFile, ...] = ()
    drops: frozenset[str] = frozenset()
    event: str = "step"


@dataclass(frozen=True, slots=True)
class Stage:
    """A row of the table. `reads` names what the context must hold; `optional`: others go on when it fails.

    `asked`: it is done when somebody asks for it, once for each number, and no lesson waits for it.
    """

    name: str
    queue: str
    after: tuple[str, ...]
    run: Callable[[Context], Output]
    reads: frozenset[str] = frozenset()
    wanted: Callable[[MediaInfo], bool] = bool
    optional: bool = False
    asked: bool = False
    version: int = 1


def probe_media(context: Context) -> Output:
    """Look at the file."""
    media = probe_file(context.known_source)

    def save(_session: Session, lesson: Lesson) -> None:
        lesson.media, lesson.duration_ms = media_to_json(media), media.duration_ms

    return Output(save, event="lesson")


def make_rendition(context: Context) -> Output:
    """Make what the browser plays."""
    target = context.folder / "rendition"
    made = write_rendition(
        context.known_source, context.known_media, target, context.watch, ffmpeg=context.settings.ffmpeg
    )
    return Output(save_nothing, (NewFile("rendition", target, made.mime, asdict(made)),), event="lesson")


def make_pictures(context: Context) -> Output:
    """Make poster and filmstrip, find scenes and movement."""
    poster, strip = context.folder / "poster", context.folder / "filmstrip"
    made = write_pictures(
        context.known_source, context.known_media, poster, strip, context.watch, ffmpeg=context.settings.ffmpeg
    )
    found = {
        "scenes": [asdict(scene) for scene in made.scenes],
        "movement": made.movement,
        "grid": asdict(made.grid) if made.grid else None,
    }
    info = asdict(made.filmstrip) if made.filmstrip else {}
    files = (NewFile("poster", poster, "image/jpeg", {}), NewFile("filmstrip", strip, "image/jpeg", info))
    return Output(save_finding("pictures", found), files, event="lesson")


def extract_audio(context: Context) -> Output:
    """Take the sound out."""
    target = context.folder / "sound"
    write_sound(context.known_source, context.known_media, target, context.watch, ffmpeg=context.settings.ffmpeg)
    return Output(save_nothing, (NewFile("sound", target, "audio/wav", {}),))


def plan_chunks(context: Context) -> Output:
    """Find speech, cut it into chunks, and hear which language it is."""
    settings = context.settings
    speech = find_speech(context.known_sound, context.watch)
    chunks = cut_chunks(speech, context.known_media.duration_ms)
    language = settings.language
    if chunks and not language:
        recogniser = load_recogniser(settings.asr_model, settings.models_dir)
        language = find_language(recogniser, context.known_sound, chunks)

    def save(session: Session, lesson: Lesson) -> None:
        lesson.language = language
        save_finding("speech", [[s.start_ms, s.end_ms] for s in speech])(session, lesson)
        session.execute(delete(ChunkRow).where(ChunkRow.lesson_id == lesson.id))
        session.add_all(
            ChunkRow(
                lesson_id=lesson.id,
                number=chunk.number,
                start_ms=chunk.start_ms,
                end_ms=chunk.end_ms,
                speech=[[s.start_ms, s.end_ms] for s in chunk.speech],
            )
            for chunk in chunks
        )

    return Output(save)


def transcribe_chunk(context: Context) -> Output:
    """Hear the words of one chunk."""
    if context.chunk is None:
        raise ValueError("no such chunk")
    settings, number = context.settings, context.chunk.number
    recogniser = load_recogniser(settings.asr_model, settings.models_dir)
    words = hear_words(recogniser, context.known_sound, context.chunk, context.language, context.watch)

    def save(session: Session, lesson: Lesson) -> None:
        row = session.query(ChunkRow).filter_by(lesson_id=lesson.id, number=number).one()
        row.words = words_to_json(words)

    return Output(save, event="words")


def merge_transcript(context: Context) -> Output:
    """Join the chunks' words."""
    return Output(save_finding("words", words_to_json(merge_words(context.pieces))))


def find_speakers(context: Context) -> Output:
    """Hear who speaks when."""
    settings = context.settings
    voices = hear_speakers(context.known_sound, context.speech, None, settings.models_dir, context.watch)
    learned = known = None
    if voices and context.own_voice is not None:
        known = know_teacher(context.known_sound, voices, context.own_voice, settings.models_dir)
    elif voices and context.may_learn_voice:
        learned = learn_teacher(context.known_sound, voices, settings.models_dir)

    def save(session: Session, lesson: Lesson) -> None:
        save_finding("voices", [asdict(voice) for voice in voices])(session, lesson)
        save_finding("teacher", known)(session, lesson)
        lent = session.get(VoicePrint, lesson.owner_id)
        if learned is not None and lent is not None and lent.voice is None:  # she may have taken it back meanwhile
            lent.voice, lent.heard_ms = list(learned.voice), learned.heard_ms

    return Output(save)


def find_questions(context: Context) -> Output:
    """Put words, voices and roles together, and find what is asked."""
    words = tuple(Word(*row) for row in context.found.get("words", ()))
    voices = context.voices
    roles = tell_roles(words, voices, context.speech, context.found.get("teacher"))
    turns = speak_words(words, voices, roles)
    questions = hear_questions(turns, voices, context.speech)

    def save(session: Session, lesson: Lesson) -> None:
        save_finding("roles", list(roles))(session, lesson)
        keep_turns(session, lesson.id, turns)
        keep_questions(session, lesson.id, questions)
        lay_over(session, lesson)

    return Output(save, event="words")


def find_activities(context: Context) -> Output:
    """Name what the class does."""
    movement = context.found.get("pictures", {}).get("movement", ())
    duration_ms = context.known_media.duration_ms
    activities = name_activities(context.turns, context.voices, context.speech, duration_ms, movement)

    def save(session: Session, lesson: Lesson) -> None:
        keep_activities(session, lesson.id, activities)
        lay_over(session, lesson)

    return Output(save, event="words")


def measure_lesson(context: Context) -> Output:
    """Measure talk, questions and waits."""
    questions = hear_questions(context.turns, context.voices, context.speech)
    measures = compute_measures(
        context.turns, context.voices, context.speech, questions, context.known_media.duration_ms
    )

    def save(session: Session, lesson: Lesson) -> None:
        keep_measures(session, lesson.id, measures)
        lay_over(session, lesson)

    return Output(save, event="words")


def cut_clip(context: Context) -> Output:
    """Make a clip's own file."""
    if context.clip is None:
        return Output(save_nothing)  # it was deleted for good meanwhile
    number, span = context.clip
    target = context.folder / "clip"
    made = write_clip(
        context.known_source, context.known_media, span, target, context.watch, ffmpeg=context.settings.ffmpeg
    )
    return Output(save_nothing, (NewFile(f"clip-{number}", target, made.mime, asdict(made)),), event="lesson")


def blur_clip(context: Context) -> Output:
    """Make a clip's file once more, with blurred faces, for its owner to save."""
    cut = cut_clip(context)
    if context.clip is None or not cut.files:
        return cut
    target = context.folder / "blurred"
    blur_faces(cut.files[0].path, target, context.watch, ffmpeg=context.settings.ffmpeg)
    return Output(save_nothing, (NewFile(f"blurred-{context.clip[0]}", target, "video/mp4", {}),), event="lesson")


def hear_comment(context: Context) -> Output:
    """Hear the words of a comment that somebody spoke; its sound is not kept."""
    if context.said is None:
        return Output(save_nothing)
    number, source = context.said
    settings, info, sound = context.settings, probe_file(source), context.folder / "said.wav"
    write_sound(source, info, sound, context.watch, ffmpeg=settings.ffmpeg)
    recogniser = load_recogniser(settings.asr_model, settings.models_dir)
    samples = read_sound(sound, 0, info.duration_ms)
    language = context.language or settings.language or recogniser.language(samples)
    text = " ".join(word.text.strip() for word in recogniser.words(samples, language, context.watch))

    def save(session: Session, lesson: Lesson) -> None:
        row = session.query(Dictation).filter_by(lesson_id=lesson.id, number=number).one()
        row.text = text

    return Output(save, drops=frozenset({f"said-{number}"}))


def save_nothing(_session: Session, _lesson: Lesson) -> None:
    """The files are all."""


def save_finding(kind: str, document: Any) -> Save:
    """Return a save that keeps a finding, over an older one."""

    def save(session: Session, lesson: Lesson) -> None:
        session.merge(Finding(lesson_id=lesson.id, kind=kind, document=document))

    return save


def has_sound(media: MediaInfo) -> bool:
    """Say whether there is something to listen to."""
    return media.audio is not None


def has_picture(media: MediaInfo) -> bool:
    """Say whether there is something to look at."""
    return media.video is not None


def reads(*names: str) -> frozenset[str]:
    """Name what a stage's context must hold: source, sound, chunk, pieces, turns, or a finding."""
    return frozenset(names)


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("probe_media", "io", (), probe_media, reads("source")),
        Stage("make_rendition", "media", ("probe_media",), make_rendition, reads("source")),
        Stage(
            "make_pictures",
            "media",
            ("make_rendition",),
            make_pictures,
            reads("source"),
            has_picture,
            optional=True,
            version=2,
        ),
        Stage("extract_audio", "io", ("probe_media",), extract_audio, reads("source"), has_sound, version=2),
        Stage("plan_chunks", "analysis", ("extract_audio",), plan_chunks, reads("sound"), has_sound, version=2),
        Stage(
            "transcribe_chunk",
            "asr",
            ("plan_chunks",),
            transcribe_chunk,
            reads("sound", "chunk"),
            has_sound,
            version=2,
        ),
        Stage("merge_transcript", "io", ("transcribe_chunk",), merge_transcript, reads("pieces"), has_sound),
        Stage(
            "find_speakers",
            "analysis",
            ("plan_chunks",),
            find_speakers,
            reads("sound", "speech", "own_voice"),
            has_sound,
            version=2,
        ),
        Stage(
            "find_questions",
            "analysis",
            ("merge_transcript", "find_speakers"),
            find_questions,
            reads("words", "voices", "speech", "teacher"),
            has_sound,
            version=2,
        ),
        Stage(
            "find_activities",
            "analysis",
            ("find_questions", "make_pictures"),
            find_activities,
            reads("turns", "voices", "speech", "pictures"),
            has_sound,
        ),
        Stage(
            "measure_lesson",
            "analysis",
            ("find_activities",),
            measure_lesson,
            reads("turns", "voices", "speech"),
            has_sound,
        ),
        Stage("cut_clip", "media", (), cut_clip, reads("source", "clip"), optional=True, asked=True),
        Stage("blur_clip", "media", (), blur_clip, reads("source", "clip"), has_picture, optional=True, asked=True),
        Stage("hear_comment", "asr", (), hear_comment, reads("said"), optional=True, asked=True),
    )
}
QUEUES = tuple(sorted({stage.queue for stage in STAGES.values()}))
FAN_OUT = "transcribe_chunk"  # as many steps as there are chunks
