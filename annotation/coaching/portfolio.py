"""Coaching portfolio: items that show a coachee need her consent, and are redacted when she withdraws it.

What is agreed to is what was there when it was asked. The words stay where they are (`portfolio_words.py`): what is
deleted there is gone from the item, and what is added there later is not shown until it is asked for again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotation.access.leavers import require_allowed
from annotation.access.line_management import is_in_one_line
from annotation.access.locks import lock_row
from annotation.access.reading import clips_open_to, is_coach, is_owner, is_shown, written_open
from annotation.access.states import active_now, refuse_suspended
from annotation.coaching.portfolio_words import ReadItem, fingerprints, read_items_of, source_lines
from annotation.coaching.sessions import get_session
from annotation.coaching.training import answers_of, find_module
from annotation.errors import PartnershipSuspended
from annotation.lessons.clips import get_clip
from annotation.lessons.undo import UNDO, require_recent
from annotation.people.people import clean_name
from core.clock import utc_now
from core.database.insert import pressed_before
from core.errors import InvalidInput, NotFound
from core.models import Clip, CoachingSession, Partnership, Person, PortfolioItem
from core.school_day import full_day

TITLE_LENGTH, TEXT_LENGTH = 200, 20_000
MOST_ITEMS = 100
CLOSED = "Left out: this partnership is suspended, because one of the two is now in the other's line management."
REDACTED = {
    "asked": "Left out: the colleague whom it shows has not answered yet.",
    "refused": "Left out: the colleague whom it shows does not want it here.",
    "withdrawn": "Left out: the colleague whom it shows has withdrawn her consent.",
}


def add_log(session: Session, coach: Person, session_id: str) -> PortfolioItem:
    """Put the log of a session that one coached into the portfolio, and ask the coachee."""
    meeting, partnership = get_session(session, coach, session_id)
    if not is_coach(partnership, coach):
        raise InvalidInput(why="A portfolio gathers what you did as a coach.")
    refuse_suspended(session, partnership)
    if meeting.ended_at is None:
        raise InvalidInput(why="This session is not over yet.")
    title = f"Coaching log, {full_day(meeting.began_at or meeting.created_at)}"
    return _add(session, coach, "log", meeting.id, title, "", partnership)


def add_clip(session: Session, coach: Person, clip_id: str) -> PortfolioItem:
    """Put a clip that a coachee shares with this coach into the portfolio, and ask her."""
    clip, lesson = get_clip(session, coach, clip_id)
    if is_owner(lesson, coach):
        raise InvalidInput(why="A portfolio gathers what you did as a coach: choose a clip that a colleague shares.")
    pair = select(Partnership).where(Partnership.coach_id == coach.id, Partnership.coachee_id == lesson.owner_id)
    partnership = session.scalars(pair.where(active_now())).first()
    if partnership is None:
        raise NotFound
    return _add(session, coach, "clip", clip.id, "Clip", "", partnership)


def add_task(session: Session, coach: Person, module: str) -> PortfolioItem:
    """Put the answer to a set task into the portfolio; whoever is named in it is asked."""
    title, answer = find_module(module).title, answers_of(session, coach).get(module)
    if answer is None:
        raise InvalidInput(why="Please answer the set task first.")
    named = _named(session, coach, answer.text)
    if named is not None:
        refuse_suspended(session, named)
    return _add(session, coach, "task", module, f"Set task: {title}", "", named)


def add_reflection(session: Session, coach: Person, title: str, text: str, partnership_id: str = "") -> PortfolioItem:
    """Put a text of one's own into the portfolio; the colleague whom it is about, or who is named in it, is asked."""
    if not text.strip() or len(text) > TEXT_LENGTH:
        raise InvalidInput(why=f"Please write something, in at most {TEXT_LENGTH} characters.", fields=("text",))
    about = _named(session, coach, f"{title} {text}")
    if partnership_id:
        chosen = session.get(Partnership, partnership_id)
        if chosen is None or not is_coach(chosen, coach):
            raise NotFound
        if about is not None and about.coachee_id != chosen.coachee_id:
            raise InvalidInput(
                why="This mentions a different colleague from the one you chose. Please write about one at a time.",
                fields=("partnership_id",),
            )
        about = chosen
    if about is not None:
        refuse_suspended(session, about)
    name = clean_name(title, "a title", TITLE_LENGTH)
    return _add(session, coach, "reflection", "", name, text.strip(), about)


def _named(session: Session, coach: Person, text: str) -> Partnership | None:
    """Return the partnership whose coachee a text names; two would each have to agree, so it is refused."""
    pairs = session.execute(
        select(Partnership, Person.name)
        .join(Person, Person.id == Partnership.coachee_id)
        .where(Partnership.coach_id == coach.id)
    ).all()
    found = {one.coachee_id: one for one, name in pairs if names_in(text, name)}
    if len(found) > 1:
        raise InvalidInput(
            why="This mentions more than one colleague. Please write about one person at a time: each must agree.",
            fields=("text",),
        )
    return next(iter(found.values()), None)


def names_in(text: str, name: str) -> bool:
    """Say whether a text names somebody: by the full name, or by a part of it of three letters or more."""
    parts = [part for part in name.split() if len(part) > 2]
    return any(re.search(rf"\b{re.escape(part)}\b", text, re.IGNORECASE) for part in [name, *parts])


def _add(
    session: Session, coach: Person, kind: str, ref_id: str, title: str, text: str, shows: Partnership | None
) -> PortfolioItem:
    lock_row(session, Person, coach.id)  # its items are counted, and each thing is in it once
    there = select(PortfolioItem).where(PortfolioItem.owner_id == coach.id)
    known = session.scalars(there.order_by(PortfolioItem.position)).all()
    same = next((one for one in known if ref_id and (one.kind, one.ref_id) == (kind, ref_id)), None)
    if same is not None:
        if same.deleted_at is not None:
            _put_back(same, known)
        _ask_again(session, coach, same, shows)
        return same
    its = (PortfolioItem.owner_id == coach.id, PortfolioItem.kind == kind, PortfolioItem.deleted_at.is_(None))
    says = (PortfolioItem.title == title, PortfolioItem.text == text)
    if (sent := pressed_before(session, PortfolioItem, PortfolioItem.added_at, *its, *says)) is not None:
        return sent
    _require_place(known)
    item = PortfolioItem(owner_id=coach.id, kind=kind, ref_id=ref_id, title=title, text=text, added_at=utc_now())
    item.position = known[-1].position + 1 if known else 1
    item.coachee_id = None if shows is None else shows.coachee_id
    item.consent = "" if shows is None else "asked"
    item.agreed = []
    session.add(item)
    session.flush()
    item.agreed = [] if kind == "reflection" else fingerprints(item, source_lines(session, coach, item))
    return item


def _require_place(known: Sequence[PortfolioItem]) -> None:
    """Raise InvalidInput where a portfolio is full."""
    if sum(one.deleted_at is None for one in known) >= MOST_ITEMS:
        raise InvalidInput(why=f"{MOST_ITEMS} items are enough for one portfolio.")


def _put_back(item: PortfolioItem, known: Sequence[PortfolioItem]) -> None:
    """Put an item that was taken out where it was, with the consent that it had."""
    _require_place(known)
    item.deleted_at = None


def _ask_again(session: Session, coach: Person, item: PortfolioItem, shows: Partnership | None) -> None:
    """Take what the source of an item says now; whoever is shown is asked anew when that is something else."""
    now = fingerprints(item, source_lines(session, coach, item))
    if set(now) <= set(item.agreed):
        return
    item.agreed, item.decided_at = now, None
    item.coachee_id = None if shows is None else shows.coachee_id
    item.consent = "" if shows is None else "asked"


def items_of(session: Session, coach: Person) -> Sequence[PortfolioItem]:
    """Return a coach's portfolio in its order."""
    mine = select(PortfolioItem).where(PortfolioItem.owner_id == coach.id, PortfolioItem.deleted_at.is_(None))
    return session.scalars(mine.order_by(PortfolioItem.position, PortfolioItem.id)).all()


def removed_items(session: Session, coach: Person) -> Sequence[PortfolioItem]:
    """Return what a coach took out of the portfolio and can put back, the last first."""
    mine = select(PortfolioItem).where(PortfolioItem.owner_id == coach.id, PortfolioItem.deleted_at >= utc_now() - UNDO)
    return session.scalars(mine.order_by(PortfolioItem.deleted_at.desc(), PortfolioItem.id)).all()


def get_item(session: Session, coach: Person, item_id: str) -> PortfolioItem:
    """Return an item of one's own portfolio; raises NotFound."""
    item = session.get(PortfolioItem, item_id)
    if item is None or not is_owner(item, coach) or item.deleted_at is not None:
        raise NotFound
    return item


def remove_item(session: Session, coach: Person, item_id: str) -> None:
    """Take an item out; it can be put back for a day, and nobody sees it meanwhile. Twice is once."""
    item = session.get(PortfolioItem, item_id)
    if item is None or not is_owner(item, coach):
        raise NotFound
    if item.deleted_at is None:
        item.deleted_at = utc_now()


def restore_item(session: Session, coach: Person, item_id: str) -> PortfolioItem:
    """Put an item back that was taken out within a day, with the consent that it had; raises NotFound."""
    lock_row(session, Person, coach.id)  # its items are counted
    known = session.scalars(select(PortfolioItem).where(PortfolioItem.owner_id == coach.id)).all()
    item = next((one for one in known if one.id == item_id), None)
    if item is None:
        raise NotFound
    if item.deleted_at is not None:
        require_recent(item.deleted_at)
        _put_back(item, known)
    return item


def move_item(session: Session, coach: Person, item_id: str, by: int) -> None:
    """Move an item up (-1) or down (1)."""
    item, items = get_item(session, coach, item_id), list(items_of(session, coach))
    place = items.index(item)
    items.insert(min(max(place + by, 0), len(items) - 1), items.pop(place))
    for number, one in enumerate(items, start=1):
        one.position = number


def read_items(session: Session, coach: Person) -> list[ReadItem]:
    """Return a coach's portfolio in its order, with the words of each item."""
    return read_items_of(session, coach, items_of(session, coach))


def list_asked(session: Session, coachee: Person) -> list[tuple[PortfolioItem, str]]:
    """Return the items that wait for a person's consent, with the coach's name, and without their words."""
    rows = select(PortfolioItem, Person.name).join(Person, Person.id == PortfolioItem.owner_id)
    waiting = rows.where(PortfolioItem.coachee_id == coachee.id, PortfolioItem.consent == "asked")
    waiting = waiting.where(PortfolioItem.deleted_at.is_(None))
    return [(row[0], row[1]) for row in session.execute(waiting.order_by(PortfolioItem.added_at.desc()))]


def asked_of(session: Session, coachee: Person) -> list[tuple[ReadItem, str]]:
    """Return every item that shows a person, with the coach's name: for her to answer, or to change her mind."""
    rows = select(PortfolioItem, Person.name).join(Person, Person.id == PortfolioItem.owner_id)
    hers = rows.where(PortfolioItem.coachee_id == coachee.id, PortfolioItem.deleted_at.is_(None))
    found = session.execute(hers.order_by(PortfolioItem.added_at.desc())).all()
    coaches = session.scalars(select(Person).where(Person.id.in_({row[0].owner_id for row in found}))).all()
    read: dict[str, ReadItem] = {}
    for coach in coaches:  # what each of them may read is asked for each: a person has a few coaches
        its = [row[0] for row in found if is_owner(row[0], coach)]
        read |= {one.id: one for one in read_items_of(session, coach, its)}
    return [(read[row[0].id], row[1]) for row in found]


def decide(session: Session, coachee: Person, item_id: str, *, yes: bool) -> PortfolioItem:
    """Agree to an item that shows oneself, refuse it, or withdraw; a leaver agrees to nothing new (LeftSchool)."""
    item = session.get(PortfolioItem, item_id)
    if item is None or not is_shown(item, coachee):
        raise NotFound
    if yes:
        require_allowed(coachee, None)
        if is_in_one_line(session, item.owner_id, coachee.id):
            raise PartnershipSuspended
        item.consent = "given"
    elif item.consent in ("given", "withdrawn"):
        item.consent = "withdrawn"
    else:
        item.consent = "refused"
    item.decided_at = utc_now()
    return item


def open_clips(session: Session, coach: Person, items: Sequence[PortfolioItem | ReadItem]) -> dict[str, Clip]:
    """Return the clips of items, by the id of the item, while they are agreed to and still shared with the coach."""
    clip_ids = {one.id: one.ref_id for one in items if one.kind == "clip" and one.consent == "given"}
    seen = clips_open_to(session, coach, set(clip_ids.values())) if clip_ids else {}
    return {item_id: seen[clip_id] for item_id, clip_id in clip_ids.items() if clip_id in seen}


def open_clips_of(session: Session, coach: Person) -> list[Clip]:
    """Return the clips of a portfolio that are agreed to and still shared with the coach."""
    return list(open_clips(session, coach, items_of(session, coach)).values())


def agreed_items(session: Session, coach: Person) -> frozenset[str]:
    """Return the ids of the items of a portfolio that may be given out now: nobody is in them who did not agree."""
    items = items_of(session, coach)
    closed, clips = closed_logs(session, coach, items), open_clips(session, coach, items)
    return frozenset(
        item.id
        for item in items
        if item.consent in ("", "given") and item.id not in closed and (item.kind != "clip" or item.id in clips)
    )


def require_agreed(session: Session, coach: Person, item_ids: frozenset[str]) -> None:
    """Raise NotFound when one of the items may not be given out any more."""
    if not item_ids <= agreed_items(session, coach):
        raise NotFound


def closed_logs(session: Session, coach: Person, items: Sequence[PortfolioItem | ReadItem]) -> set[str]:
    """Return the ids of the items whose log is closed to the coach, because he is now in line with whom it shows."""
    sessions = {one.ref_id: one.id for one in items if one.kind == "log"}
    rows = session.execute(
        select(CoachingSession.id, Partnership)
        .join(Partnership, Partnership.id == CoachingSession.partnership_id)
        .where(CoachingSession.id.in_(sessions))
    ).all()
    is_open = written_open(session, coach, [row[1] for row in rows])
    return {sessions[row[0]] for row in rows if row[1].id not in is_open}


def shown_text(item: ReadItem, clip_words: Mapping[str, str], closed: Set[str] = frozenset()) -> tuple[str, str]:
    """Return title and text of an item as others may read them; `clip_words` has the words of open clips by item id.

    `closed` has the ids of the items that nobody reads for now.
    """
    if item.id in closed:
        return f"Item {item.position}", CLOSED
    if item.consent not in ("", "given"):
        return f"Item {item.position}", REDACTED[item.consent]
    if item.kind == "clip":
        gone = "Left out: the clip is not shared any more."
        return (item.title, clip_words[item.id]) if item.id in clip_words else (f"Item {item.position}", gone)
    return item.title, item.text
