"""Stage functions for speech: chunks, words, speakers, spoken comments."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.models import ChunkRow, Dictation, Lesson, VoicePrint
from ingest.media.audio import extract_audio
from ingest.media.probe import probe_media
from transcription.lesson.analysis_store import words_to_json
from transcription.speech.audio import read_sound
from transcription.speech.detection import detect_speech
from transcription.words.chunks import plan_chunks
from transcription.words.merge import merge_transcript
from transcription.words.recogniser import detect_language, transcribe_chunk
from workers.pipeline.context import Context, Output, save_finding, save_nothing
from workers.pipeline.stage_functions import diarize, enrol_teacher_voice, load_recogniser, match_teacher_voice


def run_plan_chunks(context: Context) -> Output:
    """Find speech, cut it into chunks, and hear which language it is."""
    settings = context.settings
    speech = detect_speech(context.known_sound, context.watch)
    chunks = plan_chunks(speech, context.known_media.duration_ms)
    language = settings.language
    if chunks and not language:
        recogniser = load_recogniser(settings.asr_model, settings.models_dir)
        language = detect_language(recogniser, context.known_sound, chunks)

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


def run_transcribe_chunk(context: Context) -> Output:
    """Hear the words of one chunk."""
    if context.chunk is None:
        raise ValueError("no such chunk")
    settings, number = context.settings, context.chunk.number
    recogniser = load_recogniser(settings.asr_model, settings.models_dir)
    words = transcribe_chunk(recogniser, context.known_sound, context.chunk, context.language, context.watch)

    def save(session: Session, lesson: Lesson) -> None:
        row = session.query(ChunkRow).filter_by(lesson_id=lesson.id, number=number).one()
        row.words = words_to_json(words)

    return Output(save, event="words")


def run_merge_transcript(context: Context) -> Output:
    """Join the chunks' words."""
    return Output(save_finding("words", words_to_json(merge_transcript(context.pieces))))


def run_find_speakers(context: Context) -> Output:
    """Hear who speaks when."""
    settings = context.settings
    voices = diarize(context.known_sound, context.speech, None, settings.models_dir, context.watch)
    learned = known = None
    if voices and context.own_voice is not None:
        known = match_teacher_voice(context.known_sound, voices, context.own_voice, settings.models_dir)
    elif voices and context.may_learn_voice:
        learned = enrol_teacher_voice(context.known_sound, voices, settings.models_dir)

    def save(session: Session, lesson: Lesson) -> None:
        save_finding("voices", [asdict(voice) for voice in voices])(session, lesson)
        save_finding("teacher", known)(session, lesson)
        lent = session.get(VoicePrint, lesson.owner_id)
        if learned is not None and lent is not None and lent.voice is None:  # she may have taken it back meanwhile
            lent.voice, lent.heard_ms = list(learned.voice), learned.heard_ms

    return Output(save)


def run_hear_comment(context: Context) -> Output:
    """Hear the words of a comment that somebody spoke; its sound is not kept."""
    if context.said is None:
        return Output(save_nothing)
    number, source = context.said
    settings, sound = context.settings, context.folder / "said.wav"
    info = probe_media(source, context.watch)
    extract_audio(source, info, sound, context.watch, ffmpeg=settings.ffmpeg)
    recogniser = load_recogniser(settings.asr_model, settings.models_dir)
    samples = read_sound(sound, 0, info.duration_ms)
    language = context.language or settings.language or recogniser.language(samples)
    text = " ".join(word.text.strip() for word in recogniser.words(samples, language, context.watch))

    def save(session: Session, lesson: Lesson) -> None:
        row = session.query(Dictation).filter_by(lesson_id=lesson.id, number=number).one()
        row.text = text

    return Output(save, drops=frozenset({f"said-{number}"}))
