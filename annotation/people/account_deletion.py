"""Account deletion: deletes a person's own content; comments to others stay, without a name."""

from __future__ import annotations

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from annotation.access.locks import lock_staff_list
from annotation.coaching.partnerships import end_all_partnerships
from annotation.errors import TitleDiffers
from annotation.lessons.lessons import delete_for_good
from annotation.people.credentials import Event, change
from annotation.people.people import GONE, address_key, leaver_until
from annotation.school.staff import require_another_lead
from core.clock import utc_now
from core.models import (
    AccountLink,
    AccountNotice,
    Comment,
    CommentVersion,
    Dictation,
    Lesson,
    Mail,
    ModuleAnswer,
    Person,
    Place,
    PortfolioItem,
    ShownMeasures,
    VoicePrint,
    Walk,
)

FORMER = "A former colleague"


def delete_account(session: Session, person: Person, typed_email: str | None) -> list[str]:
    """Delete somebody and all that is hers; return the storage keys to delete after the commit.

    Gone are recordings with all that was said and found in them, private notes, visits to her lessons, answers,
    portfolio, voice print, devices. What she wrote to a partner stays with the partner under "A former colleague".
    The typed address is asked for; None: the sweeper deletes a leaver's account.
    """
    lock_staff_list(session)
    person = session.get_one(Person, person.id, populate_existing=True)
    if typed_email is not None and address_key(typed_email) != person.email:
        raise TitleDiffers(what="your email address")
    require_another_lead(session, person)
    end_all_partnerships(session, person)
    keys: list[str] = []
    for lesson_id in session.scalars(select(Lesson.id).where(Lesson.owner_id == person.id)).all():
        keys += delete_for_good(session, lesson_id)
    written = select(Comment.id).where(Comment.author_id == person.id)
    session.execute(delete(CommentVersion).where(CommentVersion.comment_id.in_(written)))
    session.execute(delete(Comment).where(Comment.author_id == person.id, Comment.partnership_id.is_(None)))
    session.execute(delete(ShownMeasures).where(ShownMeasures.owner_id == person.id))
    session.execute(delete(PortfolioItem).where(PortfolioItem.owner_id == person.id))
    shown = update(PortfolioItem).where(PortfolioItem.coachee_id == person.id)
    session.execute(shown.values(consent="withdrawn", decided_at=utc_now()))
    unsaved = and_(Walk.observer_id == person.id, Walk.saved_at.is_(None))
    session.execute(delete(Walk).where(or_(Walk.observed_id == person.id, unsaved)))
    change(session, person, Event.DELETED)
    for table in (AccountLink, AccountNotice, Mail, VoicePrint, Place, Dictation, ModuleAnswer):
        session.execute(delete(table).where(table.person_id == person.id))
    session.execute(update(Person).where(Person.manager_id == person.id).values(manager_id=person.manager_id))
    person.name, person.email, person.department = FORMER, f"{person.id}{GONE}", ""
    person.called = ""
    person.is_lead, person.manager_id = False, None
    session.flush()
    return keys


def overdue_leavers(session: Session) -> list[Person]:
    """Return those whose time to take away what is theirs is over."""
    left = select(Person).where(Person.deactivated_at.is_not(None), ~Person.email.endswith(GONE))
    return [one for one in session.scalars(left) if (until := leaver_until(one)) is not None and until <= utc_now()]
