"""Lesson pages: home, upload, review."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from annotation.access.leavers import require_allowed
from annotation.access.reading import is_owner
from annotation.coaching.actions import actions_of
from annotation.coaching.conversations import conversation_news
from annotation.coaching.goals import MEASURES, goals_of
from annotation.coaching.partnerships import coached_in, list_partnerships
from annotation.coaching.portfolio import list_asked
from annotation.coaching.walks import walks_of
from annotation.lessons.clips import list_shared_clips
from annotation.lessons.comments import newest_comments
from annotation.lessons.lessons import get_lesson, list_deleted, list_leaving, list_own, list_shared
from annotation.lessons.openings import LISTED
from annotation.lessons.retention import upcoming
from annotation.people.people import nobody_yet
from core.database.db import get_database
from core.settings import get_settings
from ingest.upload.uploads import list_unfinished
from transcription.public import has_import
from web.live.hub import newest_number
from web.rendering import page
from web.security.auth import CurrentPerson, MaybePerson
from web.transfer.openings import note_measures, note_opening, note_openings
from web.views.coaching.partnerships import partnership_lines
from web.views.coaching.sessions import session_lines
from web.views.lessons.comments import comment_url
from web.views.lessons.home import FIRST, MOST, Listed, is_news
from web.views.lessons.lesson import lesson_cards, lesson_page_view
from web.views.lessons.measures_over_time import goal_charts

router = APIRouter(include_in_schema=False)
Shown = Annotated[int, Query(ge=1, le=MOST)]


@router.get("/", response_class=HTMLResponse)
def show_home(
    request: Request, person: MaybePerson, lessons: Shown = FIRST, shared: Shown = FIRST, clips: Shown = FIRST
) -> Response:
    """Show "This week"; the very first visit leads to the first account.

    `lessons`, `shared` and `clips` say how many of each are wanted.
    """
    if person is None:
        with get_database().read() as session:
            first = nobody_yet(session)
        return RedirectResponse("/welcome" if first else "/sign-in", 303)
    require_allowed(person, None)
    with get_database().read() as session:
        own = Listed(list_own(session, person, lessons + 1), lessons)
        theirs = Listed(list_shared(session, person, shared + 1), shared)
        their_clips = Listed(list_shared_clips(session, person, clips + 1), clips)
        names = {lesson.owner_id: name for lesson, name in theirs.shown}
        lines = partnership_lines(session, person, list_partnerships(session, person))
        coachees = {line["id"]: line["coachee"] for line in lines if line["i_coach"]}
        going_on = {line["id"] for line in lines if line["state"] == "active"}
        to_do = [one for one in actions_of(session, person, only_to_do=True) if one.partnership_id in going_on]
        goals = [one for one in goals_of(session, person) if not one.closed_at and one.partnership_id in going_on]
        charts = goal_charts(session, person, goals)
        context: dict[str, Any] = {
            "lessons": lesson_cards(session, person, own.shown, names),
            "shared": lesson_cards(session, person, [lesson for lesson, _ in theirs.shown], names),
            "clips": their_clips.shown,
            "more": {"lessons": own.more, "shared": theirs.more, "clips": their_clips.more},
            "shown_now": {"lessons": lessons, "shared": shared, "clips": clips},
            "leaving": [
                (lesson, what, day) for lesson in list_leaving(session, person) for what, day in upcoming(lesson)
            ],
            "meetings": session_lines(session, person, only_open=True),
            "deleted": list_deleted(session, person),
            "news": [
                {
                    "author": one.author.name,
                    "where": "" if one.place is None else one.place.title,
                    "url": comment_url(one),
                    "start_ms": one.at_ms,
                    "text": one.comment.text,
                }
                for one in newest_comments(session, person)
            ],
            "goals": [
                {"goal": goal, "chart": charts[goal.id], "whose": coachees.get(goal.partnership_id)} for goal in goals
            ],
            "partnerships": lines,
            "actions": [one for one in to_do if one.partnership_id not in coachees],
            "coachees_actions": [
                (coachees[one.partnership_id], one) for one in to_do if one.partnership_id in coachees
            ],
            "visits": [(walk, name) for walk, name in walks_of(session, person) if is_news(walk, person)],
            "conversations": conversation_news(session, person),
            "consents": list_asked(session, person),
            "measure_names": MEASURES,
        }
    lines_shown = [one["goal"].partnership_id for one in context["goals"] if one["whose"] and one["chart"]]
    note_measures(person, lines_shown, LISTED)
    lessons_shown, clips_shown = [lesson for lesson, _ in theirs.shown], [clip for clip, _ in their_clips.shown]
    note_openings(person, lessons_shown, clips_shown, LISTED)
    return page(request, "lessons/home.html", person, page_title="This week", **context)


@router.get("/upload", response_class=HTMLResponse)
def show_upload(request: Request, person: CurrentPerson) -> HTMLResponse:
    """Show where a recording is dropped, and what is not finished yet."""
    with get_database().read() as session:
        unfinished = [
            {
                "id": row.id,
                "name": row.name,
                "megabytes": (there if row.is_growing else row.length) / 1e6,
                "share": there / row.length,
                "bytes": there,
                "is_growing": row.is_growing,
            }
            for row, there in list_unfinished(session, get_settings().uploads_dir, person.id)
        ]
    return page(request, "lessons/upload.html", person, page_title="Upload a lesson", unfinished=unfinished)


@router.get("/lessons/{lesson_id}", response_class=HTMLResponse)
def show_lesson(request: Request, lesson_id: str, person: CurrentPerson) -> HTMLResponse:
    """Show the review page, whole, transcript included."""
    follows_from = newest_number()
    with get_database().read() as session:
        lesson = get_lesson(session, person, lesson_id)
        view = lesson_page_view(session, person, lesson)
        is_conversation = lesson.conversation_id is not None
        coached = coached_in(session, person) if is_owner(lesson, person) and not is_conversation else []
        lines = partnership_lines(session, person, coached)
        kept: dict[str, Any] = {"media_gone_at": lesson.media_gone_at, "words_gone_at": lesson.words_gone_at}
        kept |= {"leaving": upcoming(lesson) if is_owner(lesson, person) else []}
        imported = has_import(session, lesson.id)
    note_opening(person, lesson)
    data = view.model_dump(mode="json", by_alias=True)
    context = {name: data[name] for name in ("lesson", "turns", "comments", "measures", "questions", "steps")}
    return page(
        request,
        "lessons/lesson.html",
        person,
        page_title=lesson.title,
        follows_from=follows_from,
        lesson_data=data,
        pill=data["pill"],
        kept=kept,
        is_conversation=is_conversation,
        imported=imported,
        shares=data["shares"],
        audiences=data["audiences"],
        together=[{"id": one["partnership_id"], "name": one["label"]} for one in data["audiences"]],
        partnerships=lines,
        goals=[goal for audience in data["audiences"] for goal in audience["goals"]],
        **context,
    )
