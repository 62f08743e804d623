"""Commands of web: serve the pages, write the OpenAPI description."""

from __future__ import annotations

import gc
import json
import logging

import click

from core.logs import set_up_logging
from core.outputs import STDOUT, check_output, write_output
from core.settings import Settings, get_settings
from core.storage.private_files import restrict_data_folder

log = logging.getLogger(__name__)


def openapi_document() -> str:
    """Return the description of the API as it is kept in web/frontend/openapi.json."""
    from web.app import create_app

    return json.dumps(create_app().openapi(), indent=2, ensure_ascii=False) + "\n"


@click.command()
@click.option("--json", "target", default=STDOUT, show_default=True, help="Where to write; - is standard output.")
def openapi(target: str) -> None:
    """Write the description of the API that the pages' types are made from."""
    check_output(target)
    write_output(target, openapi_document())


def prepare_folder(settings: Settings) -> None:
    """Close the data folder to other accounts, and say in the log what is to be done about it."""
    if stayed_open := restrict_data_folder(settings):
        log.warning("%s", stayed_open)
    if settings.proxy_sends_files and not settings.files_group and not settings.s3_bucket:
        log.warning("the proxy can send files only as this account or as root: HINDSIGHT_FILES_GROUP is empty")


@click.command()
@click.option("--end-with-parent", is_flag=True, hidden=True, help="End when standard input is closed.")
def web(end_with_parent: bool) -> None:
    """Serve the pages alone; a worker does the work."""
    import uvicorn

    from core.parent_watch import end_with_parent as hold_on
    from web.app import create_app
    from web.transfer.connection import GuardedHttp
    from web.transfer.waiting import allow_many_files

    if end_with_parent:
        hold_on()
    settings = get_settings()
    set_up_logging()
    allow_many_files()
    if not end_with_parent:  # else the parent has done it
        from core.database.migrate import migrate_database

        prepare_folder(settings)
        migrate_database(settings.database_address)
    # Guard logs what was asked; uvicorn's own log would show the secret of an invitation's link.
    app = create_app()
    # What is loaded now stays until the end. Looking through all of it for garbage again and again would hold every
    # page up for a fifth of a second each time.
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app,
        http=GuardedHttp,
        host=settings.host,
        port=settings.port,
        access_log=False,
        forwarded_allow_ips=settings.proxies,
        log_config=None,  # its other lines go where ours go
        timeout_graceful_shutdown=3,
        timeout_keep_alive=75,  # a page asks again within seconds; a proxy gives its connections up before that
    )
