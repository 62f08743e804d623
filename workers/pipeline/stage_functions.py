"""Computations shared by the pipeline's stages and `hindsight analyse`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from core.errors import HindsightError, ModelMissing
from core.types import Role, Span, VoiceTurn, Watch, Word
from transcription.networks.model_files import whisper_model
from transcription.networks.speaker_networks import OnnxSpeakerModels
from transcription.questions.lesson_questions import find_questions
from transcription.speakers.diarization import find_speakers
from transcription.speakers.roles import find_roles, turn_roles
from transcription.speakers.turns import assign_words_to_turns
from transcription.speakers.voice_print import VoiceSample, recognise, sample_voice
from transcription.words.recogniser import Recogniser, WhisperRecogniser


@cache
def load_recogniser(model: str, models_dir: Path) -> Recogniser:
    """Return the recogniser of this process, loaded once; raises ModelMissing when it cannot be had."""
    try:
        return WhisperRecogniser(whisper_model(model, models_dir), model)
    except HindsightError:
        raise
    except (
        OSError,
        RuntimeError,
        ValueError,
    ) as error:  # the hub's client has many ways to say that a name is unknown or the network away
        raise ModelMissing(name=model) from error


def diarize(
    sound: Path, speech: tuple[Span, ...], speakers: int | None, models_dir: Path, watch: Watch
) -> tuple[VoiceTurn, ...]:
    """Return who speaks when; nobody where there is no speech, and then no model is loaded."""
    if not speech:
        return ()
    return find_speakers(sound, speech, models=OnnxSpeakerModels(models_dir), speakers=speakers, watch=watch)


def match_teacher_voice(
    sound: Path, voices: Sequence[VoiceTurn], own_voice: Sequence[float], models_dir: Path
) -> str | None:
    """Return which of the voices is the teacher's own that she lent, or None."""
    models = OnnxSpeakerModels(models_dir)
    samples = {speaker: sample_voice(sound, voices, speaker, models) for speaker in {v.speaker for v in voices}}
    return recognise(own_voice, {speaker: sample for speaker, sample in samples.items() if sample is not None})


def enrol_teacher_voice(sound: Path, voices: Sequence[VoiceTurn], models_dir: Path) -> VoiceSample | None:
    """Return a sample of the teacher's voice when it is clear who she is; of nobody else."""
    roles = find_roles(voices, {})
    teacher = next((speaker for speaker, role in roles.items() if role is Role.TEACHER), None)
    return None if teacher is None else sample_voice(sound, voices, teacher, OnnxSpeakerModels(models_dir))


def classify_roles(
    words: Sequence[Word], voices: Sequence[VoiceTurn], speech: Sequence[Span], known_teacher: str | None = None
) -> tuple[Role, ...]:
    """Return the role of each voice turn: who asks is part of what tells the teacher."""
    nameless = assign_words_to_turns(words, voices, (Role.UNSURE,) * len(voices))
    asked = Counter(question.speaker for question in find_questions(nameless, voices, speech))
    return turn_roles(voices, find_roles(voices, asked, known_teacher))
