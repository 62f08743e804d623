"""Everything about me: one zip that holds what is mine, and not a word of anybody else's."""

from __future__ import annotations

import csv
import io
import json
import zipfile

from core.models import Lesson
from core.storage.configured import get_storage
from tests.support.analysed_lesson import evidence_of, save_evidence
from tests.support.factories import keep_bytes, make_file
from tests.support.web_school import BYTES, School
from web.transfer.file_names import safe_name


def taken(school: School, kind: str) -> dict[str, bytes]:
    answer = school.browser(kind).get("/me/everything.zip")
    assert answer.status_code == 200
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


def test_the_owner_takes_her_recordings_words_comments_goals_logs_and_walks_along(school: School) -> None:
    with school.database.write() as session:
        lesson = session.get_one(Lesson, school.ids["lesson"])
        save_evidence(session, lesson, evidence_of())
        key = f"lessons/{lesson.id}/original-1.mov"
        keep_bytes(get_storage(), key, BYTES)
        make_file(session, lesson, "original", key, name="../../My lesson.MOV", bytes=len(BYTES))
    files = taken(school, "owner")
    folder = "lessons/001 Year 9 fractions"
    assert files[f"{folder}/recording ______My lesson.MOV"] == BYTES
    assert files[f"{folder}/clip 1 A wait.bin"] == BYTES
    assert b"Good morning" in files[f"{folder}/transcript.vtt"]
    assert b"A quiet word" in files[f"{folder}/comments.csv"]
    assert json.loads(files[f"{folder}/lesson.json"])["measures"]["questions"] >= 0
    assert "Wait longer" in files["partnerships.json"].decode()
    assert "Secret words of a log" in "".join(text.decode() for name, text in files.items() if name.startswith("logs/"))
    assert "Secret words of a walk" in files["walks.json"].decode()
    assert json.loads(files["training.json"])["shown_by_others"][0]["consent"] == "asked"
    assert json.loads(files["person.json"])["name"] == "Ada Owner"
    assert not any(name.startswith(("/", "..")) or "/../" in name for name in files)


def test_devices_what_was_shared_with_whom_and_earlier_words_are_taken_along_too(school: School) -> None:
    school.browser("coach").patch(f"/api/comments/{school.ids['comment']}", json={"text": "Better words"})
    school.browser("coach").get(f"/measures/of/{school.ids['partnership_coach']}")
    assert b"A quiet word" in taken(school, "coach")["comments before.csv"]
    files = taken(school, "owner")
    person = json.loads(files["person.json"])
    assert [one["device"] for one in person["devices"]] == ["a browser"]
    assert [one["coach"] for one in person["measures_shown_to"]] == ["Coach Person"]
    (clip,) = json.loads(files["lessons/001 Year 9 fractions/lesson.json"])["clips"]
    assert {one["partnership_id"] for one in clip["shares"]} == {
        school.ids["partnership_coach"],
        school.ids["partnership_taken_back"],
    }
    assert b"Coach Person,your measures" in files["openings.csv"]
    assert any(b"Secret words" not in text and b'"over": false' in text for text in files.values())


def test_nobody_takes_along_what_is_not_hers(school: School) -> None:
    everything = {
        kind: b"".join(taken(school, kind).values()) for kind in ("lead", "manager", "stranger", "other_coach")
    }
    for kind, content in everything.items():
        for secret in (b"Secret words", b"A quiet word", b"Year 9 fractions", b"Wait longer"):
            assert secret not in content, (kind, secret)


def test_a_coach_takes_her_own_comments_along_also_of_a_lesson_that_is_taken_back(school: School) -> None:
    before = list(csv.DictReader(io.StringIO(taken(school, "coach")["comments.csv"].decode("utf-8-sig"))))
    assert (before[0]["text"], before[0]["lesson"]) == ("A quiet word", "Year 9 fractions")
    school.browser("owner").delete(f"/api/shares/{school.ids['share']}")
    after = list(csv.DictReader(io.StringIO(taken(school, "coach")["comments.csv"].decode("utf-8-sig"))))
    assert (after[0]["text"], after[0]["lesson"]) == ("A quiet word", "")  # her words, no more of the lesson
    goal = school.browser("coach").get(f"/goals/{school.ids['goal']}").text
    assert "A quiet word" in goal
    assert "Year 9 fractions" not in goal


def test_a_leaver_still_takes_everything_along(school: School) -> None:
    assert "person.json" in taken(school, "leaver")


def test_a_title_becomes_a_name_that_no_system_stumbles_over() -> None:
    assert safe_name("../../etc/passwd") == "______etc_passwd"
    assert safe_name("Jahr 9: Brüche?") == "Jahr 9_ Brüche_"
    assert safe_name("") == "lesson"
    assert len(safe_name("x" * 300)) == 80
