"""What is open to whom, and when: each state of a partnership x each thing of it x each person."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.marked_school import BOTH, HERS, HIS, WHEN, mark_words
from tests.support.web_school import School

WHO = {
    "coachee": "owner",
    "coach": "coach",
    "manager": "manager",
    "lead": "lead",
    "second coach": "other_coach",
    "stranger": "stranger",
}
COACHEE, COACH = frozenset({"coachee"}), frozenset({"coach"})
PAIR, NOBODY = COACHEE | COACH, frozenset[str]()

NOTES = (
    "/sessions/{session}",
    "/api/sessions/{session}",
    "/sessions/{met}",
    "/api/sessions/{met}",
    "/me/everything.zip",
)

# What: at which addresses, and the words that are there when it is open ("": the address answers).
WHAT: dict[str, tuple[tuple[str, ...], str]] = {
    "lesson": (("/lessons/{lesson}", "/api/lessons/{lesson}"), f"{HERS} lesson"),
    "film": (("/media/lessons/{lesson}/rendition", "/media/lessons/{lesson}/captions.vtt"), ""),
    "clip": (("/clips/{clip}", "/api/clips/{clip}"), f"{HERS} clip"),
    "film of a clip": (("/media/clips/{clip}",), ""),
    "her comment": (("/api/lessons/{lesson}/comments", "/goals/{goal}"), f"{HERS} comment"),
    "his comment": (("/api/lessons/{lesson}/comments",), f"{HIS} comment"),
    "his comment, kept": (("/me/everything.zip",), f"{HIS} comment"),
    "measures shown": (("/measures/of/{partnership_coach}",), ""),
    "focus": (("/partnerships/{partnership_coach}",), f"{BOTH} focus"),
    "goal": (("/goals/{goal}", "/partnerships/{partnership_coach}", "/me/everything.zip"), f"{BOTH} title"),
    "earlier goal": (("/goals/{goal}", "/me/everything.zip"), f"{BOTH} before"),
    "action": (
        ("/partnerships/{partnership_coach}", "/api/sessions/{session}", "/sessions/{met}", "/me/everything.zip"),
        f"{BOTH} action",
    ),
    "card": (("/api/sessions/{session}", "/api/sessions/{met}", "/me/everything.zip"), f"{BOTH} card"),
    "note of nobody known": (NOTES, f"{BOTH} item"),
    "her note": (NOTES, f"{HERS} item"),
    "his note": (NOTES, f"{HIS} item"),
    "log": (("/api/sessions/{met}/log",), ""),
    "log, paper": (("/sessions/{met}/log.pdf",), ""),
    "walk": (("/walks/{walk}", "/me/everything.zip"), f"{HIS} sighting"),
    "answer to a walk": (("/walks/{walk}", "/me/everything.zip"), f"{HERS} answer"),
    "portfolio item": (("/portfolio", "/portfolio.zip"), f"{BOTH} item"),
}
OWNERS = ("lesson", "film", "clip", "film of a clip", "her comment")
TOGETHER = ("goal", "earlier goal", "action", "card", "note of nobody known", "log", "log, paper")


def expected(when: str, what: str) -> frozenset[str]:
    """Return to whom a thing is open."""
    active, suspended = when == "active", when in ("suspended by the list", "suspended, row not yet")
    coach = NOBODY if when in ("coach left", "coach deleted") else COACH  # signed out everywhere
    in_line = suspended or when == "ended, then in line"
    asked = when == "before joining"
    reads = NOBODY if asked or in_line or when == "ended while suspended" else coach
    rows = {
        **dict.fromkeys(OWNERS, PAIR if active else COACHEE),
        **dict.fromkeys(TOGETHER, reads | (NOBODY if asked else COACHEE)),
        "his comment": (COACH if active else NOBODY) | (NOBODY if suspended else COACHEE),
        "his comment, kept": coach | (NOBODY if suspended else COACHEE),
        "her note": COACHEE | reads,
        "his note": coach | (NOBODY if asked or suspended or when == "ended while suspended" else COACHEE),
        "measures shown": COACH if active else NOBODY,
        "focus": PAIR if asked else COACHEE | reads,  # it says what is asked
        "walk": COACHEE | coach,
        "answer to a walk": COACHEE | (NOBODY if in_line else coach),
        "portfolio item": reads,
    }
    if asked:  # there is no card on that day; its words are those of her own comment
        rows["card"] = COACHEE
    return rows[what]


def is_open(school: School, kind: str, addresses: tuple[str, ...], words: str) -> bool:
    """Tell whether a person finds a thing at any of its addresses."""
    client = school.browser(kind)
    for address in addresses:
        answer = client.get(address.format(**school.ids))
        assert answer.status_code < 500, (address, answer.text)
        if answer.status_code == 200 and words.encode() in answer.content:
            return True
    return False


@pytest.mark.parametrize("when", WHEN)
def test_each_thing_is_open_to_whom_the_rule_names_and_to_nobody_else(
    school: School, when: str, record_property: Callable[[str, object], None]
) -> None:
    mark_words(school)
    with school.database.write() as session:
        WHEN[when](session, school)
    wrong, cells = [], 0
    for what, (addresses, words) in WHAT.items():
        found = {who for who, kind in WHO.items() if is_open(school, kind, addresses, words)}
        cells += len(WHO)
        if found != expected(when, what):
            wrong.append((what, sorted(found), sorted(expected(when, what))))
    record_property("cells", cells)
    print(f"{when}: {len(WHAT)} things x {len(WHO)} people, {len(wrong)} of {cells} wrong")  # noqa: T201
    assert wrong == []
