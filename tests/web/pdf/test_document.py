"""Papers of any text: every script that has a font comes out, anything else is □, and nothing fails."""

from __future__ import annotations

import io
import logging
import re
import shutil
import subprocess
import unicodedata
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from core.models import Partnership, Person
from tests.support.web_school import School
from web.pdf import document as papers
from web.pdf.document import NOTE_MISSING, NOTE_PLAIN, PaperFailed, render_pdf
from web.pdf.text import MISSING, face_of_han, plain, settable, shows_nothing
from web.transfer.file_names import safe_name, save_as

SCRIPTS = {
    "emoji": "Well done 👏 👩‍🏫 👍🏽 ❤️",
    "Chinese": "李老师 等三秒钟再问 陈",
    "Japanese": "先生、三秒待ってください",
    "Korean": "선생님, 3초 기다리세요",
    "Thai": "ครูรอสามวินาที น้ำ",
    "Punjabi": "ਅਧਿਆਪਕ ਤਿੰਨ ਸਕਿੰਟ",
    "Bengali": "শিক্ষক তিন সেকেন্ড অপেক্ষা",
    "Tamil": "ஆசிரியர் மூன்று வினாடி",
    "Hindi": "अध्यापक तीन सेकंड क्षमा",
    "Gujarati": "શિક્ષક ત્રણ સેકન્ડ",
    "Telugu": "ఉపాధ్యాయుడు",
    "Malayalam": "അധ്യാപകൻ",
    "Arabic": "المعلم ينتظر ثلاث ثوانٍ",
    "Persian": "محمد‌رضا سه ثانیه",
    "Urdu": "استاد تین سیکنڈ ٹھہریں",
    "Hebrew": "המורה מחכה שָׁלוֹם",
    "Greek": "Ο δάσκαλος περιμένει",
    "Cyrillic": "Учитель ждёт три секунды",
    "Georgian": "მასწავლებელი",
    "Armenian": "ուսուցիչ",
    "Amharic": "መምህር",
    "Khmer": "គ្រូបង្រៀន",
    "Lao": "ຄູສອນ",
    "Burmese": "ဆရာမ",
    "Sinhala": "ගුරුවරයා",
    "Vietnamese": "Giáo viên chờ ba giây",
    "Yoruba": "Olùkọ́ ń dúró",
    "Polish": "Żółć",
}
GLYPHS = papers._glyphs()
EVERY_CHARACTER = st.characters(codec=None, categories=None)  # unassigned, private and surrogates too
MARKS = [chr(code) for code in range(0x300, 0x20000) if unicodedata.category(chr(code)).startswith("M")]
FROM_THE_RIGHT = [chr(code) for code in range(0x590, 0xFF00) if unicodedata.bidirectional(chr(code)) in ("R", "AL")]
JOINERS = list("\u200c\u200d\u200e\u200f\u202e\u2067\ufe0f\ufeff\u00ad\u034f")
ANY_TEXT = st.text(EVERY_CHARACTER, max_size=60) | st.lists(
    st.sampled_from(MARKS) | st.sampled_from(FROM_THE_RIGHT) | st.sampled_from(JOINERS) | EVERY_CHARACTER, max_size=60
).map("".join)


def log_of(text: str) -> dict[str, object]:
    lines = [{"at_ms": 0, "what": text}]
    notes = [{"stage": "G", "by": text, "text": text}, {"stage": "W", "by": "", "text": text}]
    written = {"lines": lines, "notes": notes, "action": text, "action_by": text, "action_done": True}
    return {"day": "2026-11-28", "kind": "coaching", "coach": text, "coachee": text, **written}


def portfolio_of(text: str) -> dict[str, object]:
    item = {"number": 1, "kind": "log", "title": text, "text": text, "consent": text}
    return {"name": text, "day": text, "items": [item, item | {"number": 2}]}


PAPERS = {"log": log_of, "portfolio": portfolio_of}


def is_accessible(pdf: bytes) -> bool:
    """Tell whether a PDF says that it is PDF/UA-1."""
    root: Any = PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    metadata: bytes = root["/Metadata"].get_object().get_data()
    return b"pdfuaid:part>1<" in metadata


def test_every_kind_of_paper_is_tried_here() -> None:
    templates = {path.stem for path in papers.TEMPLATES.glob("*.typ")} - {"look"}
    assert templates == set(PAPERS)


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_letter_of_a_script_has_a_glyph(script: str) -> None:
    assert settable(SCRIPTS[script], GLYPHS) == unicodedata.normalize("NFC", SCRIPTS[script])


@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_in_all_scripts_is_an_accessible_pdf_without_a_box(name: str) -> None:
    made = render_pdf(name, PAPERS[name]("\n".join(SCRIPTS.values())))
    assert is_accessible(made)
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)
    assert MISSING not in text
    assert NOTE_MISSING[4:20] not in text


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="needs pdftoppm, of poppler-utils, to look at a page")
def test_each_script_leaves_ink_on_the_page_that_boxes_do_not(tmp_path: Path) -> None:
    def ink(text: str) -> bytes:
        path = tmp_path / "paper.pdf"
        path.write_bytes(render_pdf("log", {**log_of(""), "action": text}))
        return subprocess.run(["pdftoppm", "-r", "50", "-gray", path], capture_output=True, check=True).stdout

    nothing = ink("")
    drawn = {script: ink(text) for script, text in SCRIPTS.items() if script in ("emoji", "Chinese", "Thai", "Tamil")}
    for script, picture in drawn.items():
        assert picture not in (nothing, ink(MISSING * len(SCRIPTS[script]))), script


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ANY_TEXT, min_size=3, max_size=3))
def test_no_text_makes_a_paper_fail(texts: list[str]) -> None:
    for name, data_of in PAPERS.items():
        assert render_pdf(name, data_of("\n".join(texts))).startswith(b"%PDF")


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT)
def test_what_is_set_has_glyphs_and_loses_no_letter(text: str) -> None:
    made = settable(text, GLYPHS)
    assert all(letter == "\n" or letter in GLYPHS for letter in made)
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in made.replace("\n", ""))
    letters = [one for one in unicodedata.normalize("NFC", text) if one.isalnum()]
    assert len([one for one in made if one.isalnum() or one == MISSING]) >= len(letters) - text.count(MISSING)
    assert not any(unicodedata.category(letter).startswith("M") or shows_nothing(letter) for letter in plain(made))


def test_all_characters_that_have_a_glyph_can_be_set_at_once() -> None:
    everything = "\n".join("".join(map(chr, range(first, first + 0x400))) for first in range(0, 0x110000, 0x400))
    shown = settable(everything, GLYPHS).replace(MISSING, "")
    assert len(shown) > 50_000
    assert is_accessible(render_pdf("log", {**log_of(""), "action": re.sub("\n+", "\n", shown)}))


def test_what_no_font_has_is_a_box_and_the_paper_says_so() -> None:
    assert settable("དགེ ok \x07\ud800\U0001fae9", GLYPHS) == f"{MISSING * 2} ok {MISSING * 3}"
    assert settable("\ufeffBegun\r\nand\tended", GLYPHS) == "Begun\nand ended"
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(render_pdf("log", log_of("དགེ")))).pages)
    assert "cannot show" in text.replace("\n", " ")


def test_a_mark_goes_that_no_font_sets_on_its_letter_and_one_that_belongs_stays() -> None:
    assert settable("陈\u0e31", GLYPHS) == "陈"
    assert settable("\u05b0", GLYPHS) == ""
    assert settable("e\u0301 ọ\u0301 שָׁ क्ष", GLYPHS) == unicodedata.normalize("NFC", "é ọ\u0301 שָׁ क्ष")


def test_han_is_drawn_as_its_readers_know_it() -> None:
    assert face_of_han(["直", "ください"]) == "Noto Sans CJK JP"
    assert face_of_han(["直", "선생님"]) == "Noto Sans CJK KR"
    assert face_of_han(["直", "ㄓㄨㄧㄣ"]) == "Noto Sans CJK TC"
    assert face_of_han(["直"]) == "Noto Sans CJK SC"
    assert face_of_han(["直"], "ja") == "Noto Sans CJK JP"
    assert face_of_han(["直"], "en") == "Noto Sans CJK SC"


@pytest.mark.parametrize("failing", [1, 2])
def test_what_typst_cannot_set_is_tried_in_a_plainer_way(monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    make, tries = papers._made, list[object]()

    def fail_at_first(name: str, data: dict[str, object], standard: str | None) -> bytes | None:
        tries.append(data["note"])
        return None if len(tries) <= failing else make(name, data, standard)

    monkeypatch.setattr(papers, "_made", fail_at_first)
    made = render_pdf("log", log_of("Olùkọ́ שָׁלוֹם"))
    assert tries == ["", "", NOTE_PLAIN][: failing + 1]
    assert is_accessible(made) == (failing == 2)


def test_a_paper_that_fails_leaves_the_zip_whole_and_is_named_in_it(
    school: School, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    coach = school.browser("coach")
    coach.post("/portfolio/reflections", data={"title": "A year", "text": "Secret words"})
    monkeypatch.setattr(papers, "PATIENCE_SECONDS", 0)
    with caplog.at_level(logging.INFO):
        archive = zipfile.ZipFile(io.BytesIO(coach.get("/portfolio.zip").content))
        answer = coach.get("/portfolio.pdf")
    assert archive.testzip() is None
    assert "portfolio.pdf" not in archive.namelist()
    said = archive.read("What is missing.txt").decode()
    assert "portfolio.pdf" in said
    assert PaperFailed.sentence in said
    assert "portfolio.json" in archive.namelist()
    assert answer.status_code == 503
    assert PaperFailed.sentence in answer.text
    assert "Secret words" not in caplog.text + "".join(capfd.readouterr())


def test_somebody_of_any_name_gets_a_log_and_a_zip_under_that_name(school: School) -> None:
    with school.database.write() as session:
        partnership = session.get_one(Partnership, school.ids["partnership_coach"])
        session.get_one(Person, partnership.coach_id).name = "陈 👏"
    coach = school.browser("coach")
    for address in ("/portfolio.pdf", "/portfolio.zip", f"/sessions/{school.ids['met']}/log.pdf", "/me/everything.zip"):
        answer = coach.get(address)
        assert answer.status_code == 200, address
    for address in ("/portfolio.pdf", "/portfolio.zip", "/me/everything.zip"):
        header = coach.get(address).headers["content-disposition"]
        assert "陈 👏" in unquote(header.partition("filename*=UTF-8''")[2]), header


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_title_in_any_script_stays_readable_as_the_name_of_a_file(script: str) -> None:
    name = unicodedata.normalize("NFC", SCRIPTS[script])
    assert safe_name(name) == name
    assert unquote(save_as(f"{name}.pdf")["content-disposition"].partition("UTF-8''")[2]) == f"{name}.pdf"


@settings(max_examples=400)
@given(ANY_TEXT | st.text(st.sampled_from("./\\:a \u200d👏"), max_size=300))
def test_a_name_of_a_file_fits_every_system_and_every_header(text: str) -> None:
    name = safe_name(text)
    assert name
    assert len(name.encode()) <= 200
    assert not set(name) & set('/\\:*?"<>|.\n\r\0')
    assert name == name.strip()
    header = save_as(f"{text}.pdf")["content-disposition"]
    assert re.fullmatch(
        r"attachment; filename=\"[A-Za-z0-9 ._-]+\.pdf\"; filename\*=UTF-8''[A-Za-z0-9%._~-]+\.pdf", header
    )
