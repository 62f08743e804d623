"""Account deletion: deletes a person's own content; comments to others stay, without a name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from annotation.access.locks import lock_staff_list
from annotation.coaching.partnerships import end_all_partnerships
from annotation.errors import TitleDiffers
from annotation.lessons.lessons import delete_for_good, remove_lesson
from annotation.lessons.spoken_comments import remove_spoken_comments
from annotation.people.credentials import Event, change
from annotation.people.people import GONE, address_key, leaver_until
from annotation.school.staff import require_another_lead
from core.clock import utc_now
from core.database.db import Database
from core.database.erasures import record_erasure
from core.errors import DoneAtOnce
from core.models import (
    AccountLink,
    AccountNotice,
    Comment,
    CommentVersion,
    DailyUse,
    Dictation,
    Erasure,
    Goal,
    Lesson,
    Mail,
    ModuleAnswer,
    Partnership,
    Person,
    Place,
    PortfolioItem,
    Receipt,
    ResetRequest,
    ShownMeasures,
    Upload,
    VoicePrint,
    Walk,
)

FORMER = "A former colleague"


def erase_account(database: Database, person: Person, typed_email: str | None) -> Erasure:
    """Do what `delete_account` does in short transactions: each of her recordings goes in one of its own, before.

    What a crash leaves undone is done by a second deletion. None as address: the sweeper deletes a leaver's account;
    raises DoneAtOnce once she is back, or was given more time, and nothing more of hers goes.
    """
    with database.read() as session:
        _require_deletable(session, session.get_one(Person, person.id), typed_email)
        recordings = session.scalars(_recordings_of(person)).all()
    keys: list[str] = []
    for lesson_id in recordings:
        with database.write() as session:
            _require_still(session, person, typed_email)
            keys += delete_for_good(session, lesson_id).keys
    with database.write() as session:
        _require_still(session, person, typed_email)
        return delete_account(session, person, typed_email, keys)


def _require_still(session: Session, person: Person, typed_email: str | None) -> None:
    """Ask once more what was asked at the beginning, and raise DoneAtOnce for a leaver who is none any more."""
    lock_staff_list(session)
    now = session.get_one(Person, person.id)
    _require_deletable(session, now, typed_email)
    if typed_email is None and not is_overdue(now):
        raise DoneAtOnce


def delete_account(session: Session, person: Person, typed_email: str | None, keys: Sequence[str] = ()) -> Erasure:
    """Delete somebody and all that is hers; a worker ends the erasure. `keys`: files that go with it too.

    Gone are recordings with all that was said and found in them, those of conversations with her too, private notes,
    visits to her lessons, answers, goals, portfolio, voice print, devices. What she wrote to a partner stays with the
    partner under "A former colleague".
    The typed address is asked for; None: the sweeper deletes a leaver's account.
    """
    lock_staff_list(session)
    person = session.get_one(Person, person.id, populate_existing=True)
    _require_deletable(session, person, typed_email)
    end_all_partnerships(session, [person])
    keys = list(keys)
    for lesson_id in session.scalars(_recordings_of(person)).all():
        keys += remove_lesson(session, lesson_id)
    uploads = session.scalars(select(Upload.id).where(Upload.owner_id == person.id)).all()
    session.execute(delete(Upload).where(Upload.owner_id == person.id))
    written = select(Comment.id).where(Comment.author_id == person.id)
    session.execute(delete(CommentVersion).where(CommentVersion.comment_id.in_(written)))
    private = or_(Comment.partnership_id.is_(None), Comment.deleted_at.is_not(None))
    gone = select(Comment.id).where(Comment.author_id == person.id, private)
    session.execute(update(Comment).where(Comment.parent_id.in_(gone)).values(parent_id=None))
    session.execute(delete(Comment).where(Comment.author_id == person.id, private))
    session.execute(update(Comment).where(Comment.author_id == person.id).values(draft_id=None))  # it has her id
    keys += remove_spoken_comments(session, Dictation.person_id == person.id)
    _delete_goals(session, person)
    session.execute(delete(ResetRequest).where(ResetRequest.email == person.email))
    session.execute(delete(ShownMeasures).where(ShownMeasures.owner_id == person.id))
    session.execute(delete(PortfolioItem).where(PortfolioItem.owner_id == person.id))
    shown = update(PortfolioItem).where(PortfolioItem.coachee_id == person.id)
    session.execute(shown.values(consent="withdrawn", decided_at=utc_now()))
    unsaved = and_(Walk.observer_id == person.id, Walk.saved_at.is_(None))
    session.execute(delete(Walk).where(or_(Walk.observed_id == person.id, unsaved)))
    change(session, person, Event.DELETED)
    for table in (AccountLink, AccountNotice, Mail, VoicePrint, Place, ModuleAnswer, DailyUse, Receipt):
        session.execute(delete(table).where(table.person_id == person.id))
    session.execute(update(Person).where(Person.manager_id == person.id).values(manager_id=person.manager_id))
    person.name, person.email, person.department = FORMER, f"{person.id}{GONE}", ""
    person.called = ""
    person.is_lead, person.manager_id = False, None
    session.flush()
    return record_erasure(session, "account", keys, uploads)


def _require_deletable(session: Session, person: Person, typed_email: str | None) -> None:
    """Raise TitleDiffers or LastLead where an account is not to be deleted."""
    if typed_email is not None and address_key(typed_email) != person.email:
        raise TitleDiffers(what="your email address")
    require_another_lead(session, person)


def _recordings_of(person: Person) -> Select[str]:
    """Return the ids of a person's recordings, and of those of conversations with her."""
    coached = select(Partnership.id).where(Partnership.coachee_id == person.id)
    return select(Lesson.id).where(or_(Lesson.owner_id == person.id, Lesson.conversation_id.in_(coached)))


def _delete_goals(session: Session, person: Person) -> None:
    """Delete the goals of a coachee; what was said about one stays, without it."""
    hers = select(Partnership.id).where(Partnership.coachee_id == person.id)
    goals = select(Goal.id).where(Goal.partnership_id.in_(hers))
    session.execute(update(Comment).where(Comment.goal_id.in_(goals)).values(goal_id=None))
    session.execute(delete(Goal).where(Goal.partnership_id.in_(hers)))


def overdue_leavers(session: Session) -> list[Person]:
    """Return those whose time to take away what is theirs is over."""
    left = select(Person).where(Person.deactivated_at.is_not(None), ~Person.email.endswith(GONE))
    return [one for one in session.scalars(left) if is_overdue(one)]


def is_overdue(person: Person) -> bool:
    """Say whether somebody has left, and her time to take away what is hers is over."""
    until = leaver_until(person)
    return until is not None and until <= utc_now()
