"""Names, cells and comments as attackers write them: kept as text, shown as text, run by nobody."""

from __future__ import annotations

import base64
import csv
import html
import io
import re
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from annotation.people.names import clean_line
from core.models import Lesson, StoredFile
from tests.support.web_school import School
from web.transfer.file_names import safe_name, save_as

SCRIPT = "<script>alert(1)</script>"
ATTACKS = (
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "</script><svg onload=alert(1)>",
    "=cmd|' /C calc'!A0",
    "../../../../etc/passwd",
    "..\\\\..\\\\windows",
    "{{ 7*7 }}{% raise %}",
    "javascript:alert(1)",
    "a\u202egnp.exe",
    "%0d%0aSet-Cookie: x=y",
)


def pages(school: School, kind: str) -> dict[str, str]:
    ids = school.ids
    addresses = [
        "/",
        f"/lessons/{ids['lesson']}",
        f"/partnerships/{ids['partnership_coach']}",
        f"/goals/{ids['goal']}",
        "/me",
    ]
    addresses += [
        f"/clips/{ids['clip']}",
        f"/sessions/{ids['session']}",
        f"/walks/{ids['walk']}",
        "/portfolio",
        "/coaches",
    ]
    return {address: school.browser(kind).get(address).text for address in addresses}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_anybody_writes_anywhere_is_shown_as_text_on_every_page(school: School, attack: str) -> None:
    owner, coach, ids = school.browser("owner"), school.browser("coach"), school.ids
    lesson = f"/api/lessons/{ids['lesson']}"
    sent = [
        owner.patch(lesson, json={"title": attack, "class_name": attack}),
        coach.patch(f"/api/comments/{ids['comment']}", json={"text": attack}),
        owner.post(f"{lesson}/clips", json={"title": attack, "start_ms": 0, "end_ms": 4000}),
        owner.post(
            f"/goals/{ids['goal']}", data={"title": attack, "reality": attack, "options": attack, "will": attack}
        ),
        owner.post(f"/partnerships/{ids['partnership_coach']}/actions", data={"what": attack, "goal_id": ids["goal"]}),
        coach.patch(f"/api/sessions/{ids['session']}", json={"notes": {"G": attack}, "action": attack}),
        owner.post(f"/walks/{ids['walk']}/answer", data={"text": attack}),
        coach.post("/portfolio/reflections", data={"title": attack, "text": attack}),
        coach.post("/coaches/modules/grow", data={"text": attack}),
        owner.post(f"{lesson}/corrections", json={"kind": "voice", "speaker": "S1", "name": attack[:60]}),
    ]
    assert [answer.status_code for answer in sent if answer.status_code >= 400] == []
    for kind in ("owner", "coach"):
        for address, text in pages(school, kind).items():
            if "<" in attack:
                assert attack not in text, address
                assert "<img src=x" not in text, address
                assert "<svg onload" not in text, address
            assert "49{" not in text, address
    lessons = html.unescape(school.browser("owner").get("/").text)
    assert clean_line(attack) in lessons


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_name_from_outside_becomes_neither_a_header_nor_a_path(school: School, attack: str) -> None:
    header = save_as(f"{attack}.pdf")["content-disposition"]
    assert "\n" not in header
    assert "\r" not in header
    assert header.count('"') == 2
    assert not {"/", "\\", ".."} & set(safe_name(attack))
    with school.database.write() as session:
        session.get_one(Lesson, school.ids["lesson"]).title = attack
    answer = school.browser("owner").get(f"/api/lessons/{school.ids['lesson']}/export/csv")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_staff_list_with_attacks_in_its_cells_is_shown_as_text_and_changes_nothing_by_being_shown(
    school: School, attack: str
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(
        [("name", "email", "department"), (attack, "new@s.example", attack), ("Bo", attack, attack)]
    )
    lead = school.browser("lead")
    page = lead.post("/programme/staff", files={"file": ("staff.csv", out.getvalue().encode())})
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "new@s.example" not in lead.get("/programme").text


def test_no_template_writes_what_it_is_given_as_markup() -> None:
    from web.rendering import _environment

    environment = _environment()
    assert environment.autoescape
    for name in environment.list_templates(["html"]):
        source, _, _ = environment.loader.get_source(environment, name) if environment.loader else ("", "", None)
        assert "|safe" not in source.replace(" ", "")
        assert "<script>" not in source
        assert "onclick=" not in source
        assert "style=" not in source


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_file_that_is_uploaded_under_any_name_leaves_its_folder_nowhere_and_is_shown_as_text(
    school: School, attack: str, data_dir: Path
) -> None:
    owner, name = school.browser("owner"), base64.b64encode(f"{attack}.mp4".encode()).decode()
    outside = {path for path in data_dir.parent.rglob("*") if not path.is_relative_to(data_dir)}
    begun = owner.post(
        "/api/uploads",
        headers={
            "tus-resumable": "1.0.0",
            "upload-length": "4",
            "upload-metadata": f"filename {name},title {name},filetype dmlkZW8vbXA0",
        },
    )
    assert begun.status_code == 201, begun.text
    assert "<script>" not in owner.get("/upload").text
    assert "<img src=x" not in owner.get("/upload").text
    more = {"tus-resumable": "1.0.0", "upload-offset": "0", "content-type": "application/offset+octet-stream"}
    assert owner.patch(begun.headers["location"], headers=more, content=b"data").status_code == 204
    for page in ("/", "/upload"):
        text = owner.get(page).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    with school.database.read() as session:
        keys = session.scalars(select(StoredFile.key).where(StoredFile.kind == "original")).all()
        assert len(keys) == 1
        assert all(re.fullmatch(r"lessons/\w+/original-\w+(\.\w+)?", key) for key in keys)
    with zipfile.ZipFile(io.BytesIO(owner.get("/me/everything.zip").content)) as archive:
        for path in archive.namelist():
            assert not path.startswith("/")
            assert ".." not in path.split("/")
            assert "\\" not in path
            assert not any(c in path for c in "<>\u202e")
    assert {path for path in data_dir.parent.rglob("*") if not path.is_relative_to(data_dir)} == outside
