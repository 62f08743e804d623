"""What several calls of the rooms make together, for the pipeline and for `hindsight analyse` alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from core.errors import HindsightError, ModelMissing
from core.types import Role, Span, VoiceTurn, Watch, Word
from transcription.models import whisper_model
from transcription.questions import find_questions
from transcription.recogniser import Recogniser, WhisperRecogniser
from transcription.roles import find_roles, turn_roles
from transcription.speaker_models import OnnxSpeakerModels
from transcription.speakers import find_speakers
from transcription.turns import speak_words


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


def hear_speakers(
    sound: Path, speech: tuple[Span, ...], speakers: int | None, models_dir: Path, watch: Watch
) -> tuple[VoiceTurn, ...]:
    """Return who speaks when; nobody where there is no speech, and then no model is loaded."""
    if not speech:
        return ()
    return find_speakers(sound, speech, models=OnnxSpeakerModels(models_dir), speakers=speakers, watch=watch)


def tell_roles(words: Sequence[Word], voices: Sequence[VoiceTurn], speech: Sequence[Span]) -> tuple[Role, ...]:
    """Return the role of each voice turn: who asks is part of what tells the teacher."""
    nameless = speak_words(words, voices, (Role.UNSURE,) * len(voices))
    asked = Counter(question.speaker for question in find_questions(nameless, voices, speech))
    return turn_roles(voices, find_roles(voices, asked))
