"""The FastAPI application: routers, middleware and error handlers."""

from __future__ import annotations

from fastapi import FastAPI
from sqlalchemy import text
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

from annotation.people.sign_in import Attempts
from core.database.db import get_database
from core.settings import get_settings
from web.assets import BUILD, FAVICON
from web.errors import add_error_answers
from web.live import streams
from web.live.hub import Wake, begin_live
from web.routes.coaching import conversations, goals, partnerships, portfolio, sessions, training, walks
from web.routes.lessons import (
    clips,
    comments,
    corrections,
    exchange,
    lessons,
    measures_over_time,
    media,
    pages,
    sharing,
    spoken_comments,
    uploads,
)
from web.routes.people import accounts, deletions, my_data, second_factor, single_sign_on
from web.routes.school import machine, programme
from web.security.bodies import Bodies
from web.security.guard import CompressPages, Guard, MethodOverride
from web.security.headers import PlainHeaders
from web.security.page_person import OwnPage
from web.security.whole_text import WholeText
from web.views.base import ErrorView


def create_app() -> FastAPI:
    """Return a new application."""
    app = FastAPI(
        title="Hindsight",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[OwnPage],
        responses={"default": {"model": ErrorView, "description": "One plain sentence about what went wrong."}},
    )
    app.state.attempts = Attempts(get_settings().broker_url)
    begin_live(app)
    add_error_answers(app)
    first = (accounts, pages, lessons, streams, comments, corrections, sharing, media, partnerships, goals, programme)
    more = (
        measures_over_time,
        clips,
        sessions,
        spoken_comments,
        training,
        conversations,
        portfolio,
        walks,
        exchange,
        deletions,
        my_data,
        single_sign_on,
        second_factor,
        machine,
    )
    for one in (*first, *more, uploads):
        app.include_router(one.router)

    @app.get("/healthz", include_in_schema=False)
    def report_health() -> dict[str, str]:
        """Answer once the database answers."""
        with get_database().read() as session:
            session.execute(text("SELECT 1"))
        return {"status": "ok"}

    @app.get("/favicon.ico", include_in_schema=False)
    def show_favicon() -> FileResponse:
        """Return the sign that a browser shows on its tab."""
        return FileResponse(FAVICON, media_type="image/svg+xml", headers={"cache-control": "max-age=86400"})

    app.mount("/static/build", StaticFiles(directory=BUILD, check_dir=False), name="build")
    app.add_middleware(Wake)
    app.add_middleware(CompressPages)
    app.add_middleware(WholeText)
    app.add_middleware(Bodies)
    app.add_middleware(MethodOverride)
    app.add_middleware(PlainHeaders)
    app.add_middleware(Guard)
    return app
