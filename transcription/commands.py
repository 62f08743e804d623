"""Commands of transcription: list and prepare models, find the questions of a transcript."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from core.errors import HindsightError
from core.outputs import STDOUT, check_output, write_output
from core.settings import get_settings


@click.group()
def models() -> None:
    """Prepare the models that came with the install, or show where they are."""


@models.command()
def prepare() -> None:
    """Make the models ready, once, so that the first lesson needs no network and no waiting."""
    from transcription.networks.model_files import prepare_models, whisper_model

    settings = get_settings()
    try:
        for name, place in prepare_models(settings.models_dir):
            click.echo(f"{name}: {place}")
        if settings.asr_model != "base":
            click.echo(f"{settings.asr_model}: {whisper_model(settings.asr_model, settings.models_dir)}")
    except HindsightError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"The models folder cannot be written: {error}") from error


@models.command()
def show() -> None:
    """Say which models are used and what lies in the models folder."""
    settings = get_settings()
    click.echo(f"words: {settings.asr_model}")
    click.echo(f"folder: {settings.models_dir}")
    kept = sorted(settings.models_dir.iterdir()) if settings.models_dir.is_dir() else []
    for place in kept:
        size = sum(file.stat().st_size for file in ([place] if place.is_file() else place.rglob("*")))
        click.echo(f"  {place.name}  {size / 1e6:.0f} MB")
    if not kept:
        click.echo("  empty: run “hindsight models prepare”")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "target", default=STDOUT, show_default=True, help="Where to write; - is standard output.")
def questions(file: Path, target: str) -> None:
    """Find the questions of a transcript made elsewhere: CSV (speaker,text), VTT or SRT."""
    from transcription.lesson.analysis_document import transcript_questions_document
    from transcription.questions.lesson_questions import questions_of_transcript

    check_output(target)
    try:
        document = transcript_questions_document(questions_of_transcript(file))
    except HindsightError as error:
        click.echo(str(error), err=True)
        sys.exit(3)
    write_output(target, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
