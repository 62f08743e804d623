"""Commands of workers: serve, worker, demo, analyse, doctor, service."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from core.errors import HindsightError, ModelMissing
from core.logs import set_up_logging
from core.outputs import STDOUT, check_output, check_output_folder, write_output, write_output_folder
from core.settings import Settings, get_settings
from core.storage.private_files import restrict_data_folder

if TYPE_CHECKING:
    from workers.analyse.analyse import AnalysisOptions
    from workers.service import Service

log = logging.getLogger(__name__)

UNUSABLE_ARGUMENT, UNUSABLE_FILE, INTERRUPTED = 2, 3, 130

_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
_speakers = click.option("--speakers", "voices", type=click.IntRange(1, 100), help="How many voices there are.")
_quiet = click.option("--quiet", is_flag=True, help="Show no progress.")


@click.command()
@_file
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for VTT, SRT, RTTM, EAF, CSV.")
@click.option("--json", "document", type=str, help="File for the JSON document; - is standard output (the default).")
@click.option("--asr-model", default=None, help="Whisper model: a folder, base, tiny.en, or a name to download.")
@click.option("--language", default=None, help="Language of the lesson, such as en; else found by listening.")
@click.option(
    "--transcript",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Use this VTT, SRT or CSV in place of recognising words.",
)
@_speakers
@_quiet
def analyse(
    file: Path,
    out: Path | None,
    document: str | None,
    asr_model: str | None,
    language: str | None,
    transcript: Path | None,
    voices: int | None,
    quiet: bool,
) -> None:
    """Analyse one recording: words, speakers, questions, activities and measures."""
    with _plain_ending(), _shown(quiet) as show:
        from transcription.formats.folder import folder_files
        from transcription.lesson.analysis_document import analysis_document
        from workers.analyse.analyse import analyse_file

        target = document or (STDOUT if out is None else None)  # where nothing is asked for, to standard output
        if out is not None:
            check_output_folder(out)
        if target is not None and (out is None or out.exists() or Path(target).absolute().parent != out.absolute()):
            check_output(target)  # else it will stand in the folder that --out makes
        options = _options(file, asr_model, language, transcript, voices)
        analysis = analyse_file(options, show)
        text = json.dumps(analysis_document(analysis), ensure_ascii=False, indent=1) + "\n"
        if out is not None:
            write_output_folder(out, folder_files(analysis))
        if target is not None:
            write_output(target, text)


@click.command()
@_file
@click.option("--rttm", default=STDOUT, show_default=True, help="File for the RTTM lines; - is standard output.")
@_speakers
@_quiet
def speakers(file: Path, rttm: str, voices: int | None, quiet: bool) -> None:
    """Say only who spoke when."""
    with _plain_ending(), _shown(quiet) as show:
        from transcription.formats.rttm import write_rttm
        from workers.analyse.analyse import speakers_of

        check_output(rttm)
        turns = speakers_of(_options(file, None, None, None, voices), show)
        write_output(rttm, write_rttm(turns, file.stem.encode("utf-8", "replace").decode()))


def _options(
    file: Path, asr_model: str | None, language: str | None, transcript: Path | None, voices: int | None
) -> AnalysisOptions:
    from transcription.formats.readers import read_transcript
    from transcription.words.imported import words_of_transcript
    from workers.analyse.analyse import AnalysisOptions

    settings = get_settings()
    spoken = settings.language if language is None else language
    if spoken:
        _check_language(spoken)
    return AnalysisOptions(
        file=file,
        asr_model=asr_model or settings.asr_model,
        models_dir=settings.models_dir,
        processes=settings.asr_workers,
        language=spoken,
        words=words_of_transcript(read_transcript(transcript)) if transcript else None,
        speakers=voices,
        ffmpeg=settings.ffmpeg,
    )


def _check_language(code: str) -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    if code not in _LANGUAGE_CODES:
        raise click.BadParameter(f"“{code}” is no language that Whisper knows; try en, de, fr, ...")


@contextmanager
def _plain_ending() -> Iterator[None]:
    """End with one line and an exit code: 2 for unusable arguments, 3 for an unusable file, 130 when interrupted."""

    def stop(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except ModelMissing as error:
        _end(str(error), UNUSABLE_ARGUMENT)
    except HindsightError as error:
        _end(str(error), UNUSABLE_FILE)
    except OSError as error:
        _end(f"A file could not be read or written: {error.strerror or error}.", UNUSABLE_FILE)
    except KeyboardInterrupt:
        _end("Stopped; nothing was written.", INTERRUPTED)
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(sentence: str, code: int) -> NoReturn:
    click.echo(" ".join(sentence.split()), err=True)
    sys.exit(code)


@contextmanager
def _shown(quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """Show the stages on a terminal; elsewhere, and with --quiet, show nothing."""
    if quiet or not sys.stderr.isatty():
        yield lambda _stage, _fraction: None
        return
    from rich.console import Console
    from rich.progress import Progress, TaskID

    bars: dict[str, TaskID] = {}
    with Progress(console=Console(stderr=True), transient=True) as shown:

        def show(stage: str, fraction: float) -> None:
            if stage not in bars:
                bars[stage] = shown.add_task(stage, total=1.0)
            shown.update(bars[stage], completed=fraction)

        yield show


GREETING = """
  Hindsight answers at {address}
{https}  {next}
  Recordings are kept in {folder}. Ctrl-C stops; nothing is lost by it.

"""
NO_HTTPS = """  This address has no https: passwords and recordings cross the network unprotected, and browsers
  record nothing there. How to get it: docs/operating.md, Https.
"""
FIRST_STEPS = "Open it in a browser: the first visit makes the first account. Then upload a lesson."


def greeting(settings: Settings, what_next: str) -> str:
    """Return what whoever starts Hindsight reads."""
    address = settings.public_url or f"http://{settings.host}:{settings.port}"
    https = NO_HTTPS if settings.travels_unprotected else ""
    return GREETING.format(address=address, https=https, next=what_next, folder=settings.data_dir.absolute())


@click.command()
@click.option("--end-with-parent", is_flag=True, hidden=True, help="End when standard input is closed.")
def serve(end_with_parent: bool) -> None:
    """Serve pages and do the work, all on this machine."""
    from core.parent_watch import end_with_parent as hold_on
    from workers.serve import serve_everything

    set_up_logging()
    if end_with_parent:
        hold_on()
    settings = get_settings()
    try:
        serve_everything(greeting(settings, FIRST_STEPS))
    except HindsightError as error:
        raise click.ClickException(str(error)) from error


@click.command()
@click.option("--queues", default="io,media,asr,analysis", show_default=True, help="Which kinds of work to do.")
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="Steps at once.")
@click.option("--sweep/--no-sweep", default=False, help="Also look after lost steps and old files.")
@click.option("--end-with-parent", is_flag=True, hidden=True, help="End when standard input is closed.")
def worker(queues: str, threads: int, sweep: bool, end_with_parent: bool) -> None:
    """Do the work of some queues; any number of these may run, on any number of machines."""
    from core.parent_watch import end_with_parent as hold_on
    from core.pipeline.stages import QUEUES
    from workers.queue.process import prepare_database, work

    named = [name.strip() for name in queues.split(",") if name.strip()]
    unknown = sorted(set(named) - set(QUEUES))
    if unknown or not named:
        raise click.BadParameter(f"there is no queue {', '.join(unknown)}; there are {', '.join(QUEUES)}")
    set_up_logging()
    if end_with_parent:  # the parent has brought the database up to date, and closed the data folder
        hold_on()
    else:
        if stayed_open := restrict_data_folder(get_settings()):
            log.warning("%s", stayed_open)
        prepare_database(get_settings())
    work(named, threads, sweeps=sweep)


@click.command()
def doctor() -> None:
    """Say in plain words what is wrong with this deployment; ends with 1 if anything is."""
    from core.storage.configured import get_storage
    from workers.doctor import examine

    wrong = 0
    for found in examine(get_settings(), get_storage):
        click.echo(f"{found.name}: {found.wrong or found.well}")
        wrong += bool(found.wrong)
    if wrong:
        sys.exit(1)


@click.command()
def demo() -> None:
    """Serve a small school to look around in, with a lesson that is worked on while you watch.

    It lives in HINDSIGHT_DATA_DIR, or in data-demo where none is set; a folder that holds anything else is left alone.
    """
    from workers.demo import create_demo_school, require_demo_place
    from workers.serve import prepare, serve_everything

    if "data_dir" not in get_settings().model_fields_set:
        os.environ["HINDSIGHT_DATA_DIR"] = "data-demo"  # for the children too
        get_settings.cache_clear()
    set_up_logging()
    settings = get_settings()
    try:
        require_demo_place(settings)
        prepare(settings)
        serve_everything(greeting(settings, create_demo_school()))
    except HindsightError as error:
        raise click.ClickException(str(error)) from error


@click.group()
def service() -> None:
    """Start Hindsight at boot, by systemd."""


_of_user = click.option("--user/--system", "of_user", default=None, help="Of this user, or of the machine (as root).")
_account = click.option("--as", "account", default="", help="Account that runs a service of the machine; never root.")


def _service(of_user: bool | None, account: str) -> Service:
    from workers.service import service_of

    return service_of(of_user=os.geteuid() != 0 if of_user is None else of_user, account=account)


@service.command("install")
@_of_user
@_account
@click.option("--dry-run", is_flag=True, help="Print the unit and change nothing.")
def install_service(of_user: bool | None, account: str, dry_run: bool) -> None:
    """Write a unit that starts Hindsight now and at each boot, with the settings that are set here."""
    from workers.serve import console_command
    from workers.service import install, require_systemd, unit_text

    if not dry_run:
        require_systemd()
    settings, wanted = get_settings(), _service(of_user, account)
    if dry_run:
        click.echo(unit_text(wanted, settings, console_command()), nl=False)
        return
    install(wanted, settings, console_command())
    click.echo(f"Hindsight runs, and starts at boot. The unit: {wanted.unit}\nIts settings: {wanted.settings_file}")


@service.command("uninstall")
@_of_user
def uninstall_service(of_user: bool | None) -> None:
    """Stop the service and remove its unit; recordings, database and settings stay."""
    from workers.service import NAME, require_systemd, uninstall

    wanted = _installed(of_user)
    require_systemd()
    click.echo("The unit is gone; the data stays." if uninstall(wanted) else f"There is no {NAME} here.")


@service.command("status")
@_of_user
def show_service(of_user: bool | None) -> None:
    """Say whether the service is there, starts at boot and runs."""
    from workers.service import require_systemd, state_of

    wanted = _installed(of_user)
    require_systemd()
    click.echo(state_of(wanted))


def _installed(of_user: bool | None) -> Service:
    """Return where the service would be, whoever runs it."""
    from workers.service import installed_service

    return installed_service(of_user=os.geteuid() != 0 if of_user is None else of_user)
