"""Coach training: four modules, each with a set task whose answer only its writer can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.database.insert import insert_or_find
from core.errors import InvalidInput, NotFound
from core.models import ModuleAnswer, Person
from core.text.concurrent_edits import require_version

LENGTH = 20_000


@dataclass(frozen=True, slots=True)
class Module:
    """A module: `name` is also the name of its text (`web/templates/coaching/modules/`)."""

    name: str
    title: str
    minutes: int
    about: str
    task: str


MODULES = (
    Module(
        "active_listening",
        "Active Listening",
        12,
        "Hear what your colleague means, and let her hear it too.",
        "In your next session, say back in one sentence what you heard before you ask anything. Do it three times."
        " Then write: what did your partner say next, each time? What did you hear that you would have talked over?",
    ),
    Module(
        "grow",
        "The GROW Method",
        14,
        "Goal, reality, options, will: four stages for ten to fifteen minutes.",
        "Plan one session with GROW around a single moment of a clip: write one question for each stage, and the stage"
        " at which you expect to stay longest. After the session, write what really happened at each stage, and whether"
        " the one action came from your partner or from you.",
    ),
    Module(
        "questioning",
        "Questioning",
        13,
        "Ask what makes your partner think, then wait.",
        "Take a clip that a colleague shares with you and write six questions that you could ask about it: two open,"
        " two that probe an answer, and two that you would rather not ask, and why. Use two of them in your next"
        " session and write down how long you waited.",
    ),
    Module(
        "what_coaching_is",
        "What Coaching Is and Is Not",
        11,
        "Not judging, not managing, not advising: whose goal is it?",
        "Write, in your own words and for your own school, what you will say to a new partner in the first two minutes:"
        " what coaching is, what it is not, who sees a recording, and how either of you can end it. Say it once to a"
        " colleague, and note what she asked.",
    ),
)
BY_NAME = {one.name: one for one in MODULES}


def find_module(name: str) -> Module:
    """Return a module; raises NotFound."""
    if name not in BY_NAME:
        raise NotFound
    return BY_NAME[name]


def answers_of(session: Session, person: Person) -> dict[str, ModuleAnswer]:
    """Return what a person wrote, by module."""
    rows: Sequence[ModuleAnswer] = session.scalars(
        select(ModuleAnswer).where(ModuleAnswer.person_id == person.id)
    ).all()
    return {row.module: row for row in rows}


def write_answer(session: Session, person: Person, name: str, text: str, seen: str = "") -> None:
    """Keep what a person wrote for a set task; an empty text takes it away.

    `seen` is the version that she changed; raises EditedMeanwhile where she has written another one elsewhere since.
    """
    module = find_module(name)
    if len(text) > LENGTH:
        raise InvalidInput(why=f"Please keep your answer under {LENGTH} characters.")

    def there() -> ModuleAnswer | None:
        return session.get(ModuleAnswer, (person.id, module.name))

    before = there()
    require_version(seen, "" if before is None else before.text, text)
    if not text.strip():
        if before is not None:
            session.delete(before)
        return
    row, _ = insert_or_find(
        session, ModuleAnswer(person_id=person.id, module=module.name, text="", written_at=utc_now()), there
    )
    row.text, row.written_at = text.strip(), utc_now()
