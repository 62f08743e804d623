"""Stage functions for media: probe, rendition, pictures, audio, clips."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy.orm import Session

from core.models import Lesson
from ingest.media.audio import extract_audio
from ingest.media.faces import blur_faces
from ingest.media.pictures import make_pictures
from ingest.media.probe import media_to_json, probe_media
from ingest.media.rendition import cut_clip, make_rendition
from workers.pipeline.context import Context, NewFile, Output, save_finding, save_nothing


def run_probe_media(context: Context) -> Output:
    """Look at the file."""
    media = probe_media(context.known_source, context.watch)

    def save(_session: Session, lesson: Lesson) -> None:
        lesson.media, lesson.duration_ms = media_to_json(media), media.duration_ms

    return Output(save, event="lesson")


def run_make_rendition(context: Context) -> Output:
    """Make what the browser plays."""
    target = context.folder / "rendition"
    made = make_rendition(
        context.known_source, context.known_media, target, context.watch, ffmpeg=context.settings.ffmpeg
    )
    return Output(save_nothing, (NewFile("rendition", target, made.mime, asdict(made)),), event="lesson")


def run_make_pictures(context: Context) -> Output:
    """Make poster and filmstrip, find scenes and movement."""
    poster, strip = context.folder / "poster", context.folder / "filmstrip"
    made = make_pictures(
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


def run_extract_audio(context: Context) -> Output:
    """Take the sound out."""
    target = context.folder / "sound"
    extract_audio(context.known_source, context.known_media, target, context.watch, ffmpeg=context.settings.ffmpeg)
    return Output(save_nothing, (NewFile("sound", target, "audio/wav", {}),))


def run_cut_clip(context: Context) -> Output:
    """Make a clip's own file."""
    if context.clip is None:
        return Output(save_nothing)  # it was deleted for good meanwhile
    number, span = context.clip
    target = context.folder / "clip"
    made = cut_clip(
        context.known_source, context.known_media, span, target, context.watch, ffmpeg=context.settings.ffmpeg
    )
    return Output(save_nothing, (NewFile(f"clip-{number}", target, made.mime, asdict(made)),), event="lesson")


def run_blur_clip(context: Context) -> Output:
    """Make a clip's file once more, with blurred faces, for its owner to save."""
    cut = run_cut_clip(context)
    if context.clip is None or not cut.files:
        return cut
    target = context.folder / "blurred"
    blur_faces(cut.files[0].path, target, context.watch, ffmpeg=context.settings.ffmpeg)
    return Output(save_nothing, (NewFile(f"blurred-{context.clip[0]}", target, "video/mp4", {}),), event="lesson")
