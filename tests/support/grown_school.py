"""Grows a school: as many more of every kind of row as asked, around its lesson and its two people.

Whoever adds a table adds its rows here: `tests/web/test_query_counts.py` fails until they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from annotation.coaching.session_log import write_log_afterwards
from core.clock import utc_now
from core.models import (
    AccountLink,
    AccountNotice,
    Action,
    ActivityRow,
    ChunkRow,
    Clip,
    ClipShare,
    CoachingSession,
    Comment,
    CommentVersion,
    Correction,
    DailyUse,
    Dictation,
    Erasure,
    Event,
    Finding,
    Goal,
    GoalVersion,
    Guess,
    KnownDevice,
    Lesson,
    Mail,
    MeasuresOpening,
    MeasuresRow,
    ModuleAnswer,
    Opening,
    Partnership,
    PendingSignIn,
    Person,
    Place,
    PortfolioItem,
    QuestionRow,
    Receipt,
    RecoveryCode,
    ResetRequest,
    SecondFactor,
    SessionNote,
    ShownMeasures,
    SignIn,
    SignOn,
    SpeakerRow,
    Step,
    TurnRow,
    Upload,
    VoicePrint,
    Walk,
    WalkNote,
)
from tests.support.factories import make_file, make_lesson, make_partnership, make_person, make_share

MEASURES: dict[str, Any] = {
    **dict.fromkeys(("teacher_ms", "pupil_ms", "group_ms", "silence_ms", "unsure_ms", "speech_ms"), 1000),
    **dict.fromkeys(("wait_1_median_ms", "wait_2_median_ms"), 1000),
    **dict.fromkeys(("longest_teacher_stretch_ms", "turn_changes"), 10),
    "lesson_ms": 600_000,
    "teacher_share_of_talk": 0.5,
    "wait_1_share_3s": 0.5,
    "questions_by_kind": {"open": 2},
    "answered_own_questions": 0,
    "heard_in": {},
}
WORDS = [[0, 400, "Many", 0.9], [400, 900, "words", 0.9]]


def grow_school(session: Session, ids: Mapping[str, str], numbers: range) -> None:
    """Add what each of these numbers stands for."""
    for number in numbers:
        _Growth(session, ids, number).add()


class _Growth:
    """One more of everything."""

    def __init__(self, session: Session, ids: Mapping[str, str], number: int) -> None:
        self.session, self.ids, self.number = session, ids, number
        self.now = utc_now() - timedelta(minutes=number)
        self.owner = session.get_one(Person, ids["person_owner"])
        self.coach = session.get_one(Person, ids["person_coach"])
        self.pair = session.get_one(Partnership, ids["partnership_coach"])
        self.lesson = session.get_one(Lesson, ids["lesson"])

    def add(self) -> None:
        self._add_people()
        self._add_lessons()
        self._add_coaching()
        self._add_walks()
        self._add_accounts()
        self._add_portfolio()
        self.session.flush()

    def _keep(self, *rows: Any) -> None:
        self.session.add_all(rows)
        self.session.flush()

    def _secret(self, what: str) -> str:
        return sha256(f"{what} {self.number}".encode()).hexdigest()

    def _add_people(self) -> None:
        """Another coach of the owner's, another coachee of the coach's, and others whom neither knows."""
        session, number = self.session, self.number
        self.other_coach = make_person(session, f"Cora Coach {number}", department=f"Subject {number}")
        self.coachee = make_person(session, f"Elsa Else {number}")
        self.pair_of_owner = make_partnership(session, self.other_coach, self.owner)
        self.pair_of_coach = make_partnership(session, self.coach, self.coachee)
        for state in ("asked", "ended", "suspended"):
            there = make_person(session, f"Finn {state} {number}", called="Finn")
            when = {"ended": {"ended_at": self.now}, "suspended": {"suspended_at": self.now}}.get(state, {})
            make_partnership(session, there, self.owner, state=state, asked_by_id=there.id, **when)
            coachee = make_person(session, f"Gwen {state} {number}")
            make_partnership(session, self.coach, coachee, state=state, asked_by_id=coachee.id, **when)
        make_person(session, f"Hans Left {number}", deactivated_at=self.now)
        self._keep(VoicePrint(person_id=self.coachee.id, consented_at=self.now))

    def _add_lessons(self) -> None:
        """More of the one lesson; another lesson of the owner's, of the coachee's, and a deleted one."""
        session, number, now = self.session, self.number, self.now
        self._fill(self.lesson, self.pair, self.owner, self.coach, 100 + number)
        make_share(session, self.lesson, self.pair_of_owner)
        lesson = make_lesson(session, self.owner, f"Lesson {number}", duration_ms=600_000, media=self.lesson.media)
        self._fill(lesson, self.pair, self.owner, self.coach, 1)
        make_share(session, lesson, self.pair)
        make_share(session, lesson, self.pair_of_owner)
        seen = make_lesson(session, self.coachee, f"Seen {number}", duration_ms=600_000, media=self.lesson.media)
        self._fill(seen, self.pair_of_coach, self.coachee, self.coach, 1)
        make_share(session, seen, self.pair_of_coach)
        for one in (lesson, seen):
            self._keep(MeasuresRow(lesson_id=one.id, document=MEASURES))
            self._keep(Guess(lesson_id=one.id, person_id=one.owner_id, share=0.5, made_at=now))
            self._keep(Finding(lesson_id=one.id, kind="speech", document=[[0, 900]]))
            self._keep(Place(lesson_id=one.id, person_id=self.coach.id, at_ms=5, kept_at=now))
        unguessed = make_lesson(session, self.owner, f"Unguessed {number}")
        self._keep(MeasuresRow(lesson_id=unguessed.id, document=MEASURES))
        make_lesson(session, self.owner, f"Deleted {number}", deleted_at=now)
        make_lesson(session, self.coach, f"Talk {number}", conversation_id=self.pair.id, conversation_since=now)
        asked = {"conversation_id": self.pair.id, "release_asked_by_id": self.coach.id}
        make_lesson(session, self.coach, f"Asked {number}", **asked)
        warned = {"media_warned_at": now, "words_warned_at": now}
        make_lesson(session, self.owner, f"Leaving {number}", **warned)
        expires = now + timedelta(days=1)
        for name, finished in (("on the way", None), ("there", lesson.id)):
            upload = Upload(owner_id=self.owner.id, name=f"{name} {number}", length=10, created_at=now)
            upload.expires_at, upload.lesson_id = expires, finished
            self._keep(upload)

    def _fill(self, lesson: Lesson, pair: Partnership, owner: Person, coach: Person, number: int) -> None:
        """Give a lesson files, words, clips and comments."""
        session, now, at = self.session, self.now, number * 1000 % 590_000
        kinds = ("rendition", "poster", "filmstrip") if lesson is not self.lesson else ()
        sizes = {"width": 64, "height": 36, "columns": 10, "count": 3, "interval_ms": 1000}
        for kind in (*kinds, f"clip-{number}", f"blurred-{number}"):
            make_file(session, lesson, kind, f"lessons/{lesson.id}/{kind}", info=sizes)
        clip = Clip(lesson_id=lesson.id, number=number, title=f"Clip {self.number}", start_ms=at, end_ms=at + 5000)
        clip.created_at = now
        gone = Clip(lesson_id=lesson.id, number=number + 200, title="Gone", start_ms=at, end_ms=at + 5000)
        gone.created_at = gone.deleted_at = now
        self._keep(clip, gone)
        shares = [ClipShare(clip_id=clip.id, partnership_id=pair.id, created_at=now)]
        if owner is self.owner:
            shares.append(ClipShare(clip_id=clip.id, partnership_id=self.pair_of_owner.id, created_at=now))
        self._keep(*shares)
        span = {"lesson_id": lesson.id, "start_ms": at, "end_ms": at + 900}
        voice = {"speaker": "S1", "role": "teacher", "text": "Many words?"}
        asked = QuestionRow(**span, **voice, kind="open", confidence=0.9, answered_by="pupil")
        self._keep(TurnRow(**span, **voice, number=number, words=WORDS), asked, ActivityRow(**span, kind="discussion"))
        self._keep(ChunkRow(**span, number=number, speech=[[0, 900]], words=WORDS))
        self._keep(SpeakerRow(lesson_id=lesson.id, label=f"S{number}", role="pupil"))
        body = {"span": {"start_ms": 0, "end_ms": 400}, "text": "Many"}
        corrected = Correction(lesson_id=lesson.id, made_by_id=owner.id, made_at=now, kind="words", body=body)
        corrected.undone_at = now
        self._keep(corrected)
        said = Dictation(lesson_id=lesson.id, number=number + 1, person_id=coach.id, created_at=now, text="Said")
        step = Step(lesson_id=lesson.id, stage="transcribe_chunk", chunk_no=number, queue="asr", state="done")
        step.next_at = now
        self._keep(said, step)
        for reader, its_clip in ((coach, None), (coach, clip.id), (self.other_coach, None)):
            opened = Opening(lesson_id=lesson.id, person_id=reader.id, clip_id=its_clip, opened_at=now)
            opened.kind = "page"
            self._keep(opened)
        self._comment(lesson, pair, owner, coach, clip)

    def _comment(self, lesson: Lesson, pair: Partnership, owner: Person, coach: Person, clip: Clip) -> None:
        """Comments of both, on lesson and clip, with replies, edited ones, deleted ones and private notes."""
        text = f"Comment {self.number}"
        goal_id = self.ids["goal"] if pair is self.pair else None
        for author in (owner, coach):
            for clip_id in (None, clip.id):
                row: dict[str, Any] = {
                    "lesson_id": lesson.id,
                    "author_id": author.id,
                    "clip_id": clip_id,
                    "start_ms": clip.start_ms,
                }
                row |= {"created_at": self.now, "partnership_id": pair.id}
                first = Comment(**row, text=text, goal_id=goal_id, stage="G", edited_at=self.now)
                self._keep(first)
                reply = Comment(**row, text=text, parent_id=first.id)
                gone = Comment(**row, text=text, deleted_at=self.now)
                private = Comment(**row | {"partnership_id": None}, text="For myself")
                self._keep(reply, gone, private)
                self._keep(CommentVersion(comment_id=first.id, text="Before", written_at=self.now))
        self._keep(CommentVersion(comment_id=self.ids["comment"], text="Before", written_at=self.now))
        if lesson is self.lesson:
            theirs = {"author_id": self.other_coach.id, "partnership_id": self.pair_of_owner.id}
            self._keep(Comment(lesson_id=lesson.id, start_ms=5, text=text, created_at=self.now, **theirs))

    def _add_coaching(self) -> None:
        """Goals, actions, sessions with their notes and logs, and measures that are shown."""
        now, number = self.now, self.number
        put_aside = Goal(partnership_id=self.pair.id, set_by_id=self.owner.id, title=f"Old {number}", created_at=now)
        put_aside.closed_at = now
        self._keep(put_aside)
        before = {"title": "Before", "reality": "", "options": "", "will": "", "measure": "", "direction": ""}
        for goal_id in (self.ids["goal"], put_aside.id):
            version = GoalVersion(goal_id=goal_id, changed_by_id=self.coach.id, changed_at=now, before=before)
            self._keep(version, Action(partnership_id=self.pair.id, goal_id=goal_id, what="Do", created_at=now))
        for pair, setter in ((self.pair_of_owner, self.owner), (self.pair_of_coach, self.coachee)):
            goal = Goal(partnership_id=pair.id, set_by_id=setter.id, title=f"Goal {number}", created_at=now, slot=1)
            goal.measure, goal.direction = "teacher_share_of_talk", "down"
            self._keep(goal)
            self._keep(Action(partnership_id=pair.id, goal_id=goal.id, what=f"Do {number}", created_at=now))
            planned = CoachingSession(partnership_id=pair.id, created_at=now, planned_at=utc_now() + timedelta(days=2))
            showing = ShownMeasures(owner_id=setter.id, partnership_id=pair.id, shown_at=now)
            self._keep(planned, showing)
            for kind in ("page", "listed"):
                self._keep(MeasuresOpening(showing_id=showing.id, kind=kind, opened_at=now))
        for pair, coach in ((self.pair, self.coach), (self.pair_of_owner, self.other_coach)):
            notes, action = {"G": f"Goal {number}", "R": "Reality"}, f"Do {number}"
            day = (utc_now() - timedelta(days=number)).date()
            met = write_log_afterwards(self.session, coach, pair.id, met_on=day, notes=notes, action=action)
            met.began_at, met.lesson_id = met.created_at - timedelta(minutes=12), self.lesson.id
            met.moments = [{"start_ms": 5, "comment_id": self.ids["comment"], "by": coach.id}]
            self._keep(SessionNote(session_id=met.id, stage="O", author_id=self.owner.id, text="Mine", written_at=now))

    def _add_walks(self) -> None:
        """Visits of the coach to the owner and back, saved and not, and notes of the two that are there."""
        for observer, observed in ((self.coach, self.owner), (self.owner, self.coach)):
            for saved_at in (self.now, None):
                walk = Walk(observer_id=observer.id, observed_id=observed.id, began_at=self.now, saved_at=saved_at)
                walk.title = f"Visit {self.number}"
                self._keep(walk)
                self._note(walk.id)
        self._note(self.ids["walk"])
        self._note(self.ids["open_walk"])

    def _note(self, walk_id: str) -> None:
        self._keep(WalkNote(walk_id=walk_id, draft_id=f"{walk_id} {self.number}", at_ms=self.number, text="Noticed"))

    def _add_accounts(self) -> None:
        """Devices, notices, links, codes and mails of the two, and what is counted of them."""
        now, later = self.now, self.now + timedelta(days=1)
        for person in (self.owner, self.coach):
            own = {"person_id": person.id}
            device = SignIn(**own, secret_hash=self._secret(f"sign-in {person.id}"), device="a browser")
            device.created_at, device.last_seen_at, device.expires_at = now, now, later
            link = AccountLink(**own, secret_hash=self._secret(f"link {person.id}"), kind="reset", made_at=now)
            link.expires_at = later
            pending = PendingSignIn(**own, secret_hash=self._secret(f"pending {person.id}"), next_address="/")
            pending.expires_at = later
            self._keep(device, link, pending)
            self._keep(KnownDevice(**own, secret_hash=self._secret("known"), seen_at=now))
            self._keep(RecoveryCode(**own, code_hash=self._secret(f"code {person.id}")))
            self._keep(AccountNotice(**own, event="password_changed", at=now, device="a browser"))
            mail = Mail(**own, about=f"{person.id} {self.number}", subject="Hello", text="", made_at=now, next_at=now)
            receipt = Receipt(**own, key=self._secret(f"receipt {person.id}"), answer="/", at=now)
            self._keep(receipt)
            self._keep(mail, DailyUse(**own, day=date(2026, 11, 1) - timedelta(days=self.number), kind="clip", used=1))
        self._keep(SecondFactor(person_id=self.coachee.id, secret="sealed", made_at=now))
        self._keep(ResetRequest(email="a@b.example", asked_at=now), Erasure(what="lesson", asked_at=now, done_at=now))
        under_way = SignOn(secret_hash=self._secret("sign-on"), nonce="n", verifier="v", next_address="/")
        under_way.expires_at = later
        self._keep(under_way, Event(lesson_id=self.lesson.id, kind="comment", at=now))

    def _add_portfolio(self) -> None:
        """Items of each kind, agreed to, asked for and taken out; answers to set tasks."""
        shown = {"owner_id": self.coach.id, "coachee_id": self.owner.id, "added_at": self.now}
        clip = self.session.query(Clip).filter_by(lesson_id=self.lesson.id, number=100 + self.number).one()
        said: dict[str, Any] = {"notes": {"G": f"Logged {self.number}"}, "action": f"Do {self.number} again"}
        day = (utc_now() - timedelta(days=self.number)).date()
        log = write_log_afterwards(self.session, self.coach, self.pair.id, met_on=day, **said)
        for kind, ref_id in (("log", log.id), ("clip", clip.id)):
            item = PortfolioItem(**shown, kind=kind, ref_id=ref_id, title=f"Item {self.number}", consent="given")
            item.position, item.decided_at = self.number, self.now
            self._keep(item)
        for deleted_at, consent in ((None, "asked"), (self.now, "given")):
            item = PortfolioItem(**shown, kind="reflection", title=f"Thought {self.number}", text="On waiting")
            item.consent, item.deleted_at, item.position = consent, deleted_at, self.number
            self._keep(item)
        self._keep(ModuleAnswer(person_id=self.coachee.id, module="grow", text="Answer", written_at=self.now))
