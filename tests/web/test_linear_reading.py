"""Nothing that somebody sends takes quadratic time to read: every regular expression there is, and every parser."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import partial
from time import process_time

import pytest

import annotation
import core
import ingest
import transcription
import web
import workers
from annotation.people.names import clean_line, guess_short_name
from annotation.people.passwords import check_new_password, prepared
from annotation.people.people import EMAIL_LENGTH, address_key, clean_email, is_own_form
from annotation.school.staff import MOST_BYTES, MOST_ROWS, decode_staff, read_staff, without_circles
from core.text.csv_table import as_written, harmless
from core.text.plain_text import normalize
from core.text.text_decoding import decode_text
from ingest.upload.uploads import display_name
from tests.support.growth import UNITS, grows_too_fast, repeated, samples_of, shapes_of
from tests.support.web_school import School
from transcription.questions.detection import LONGEST_LETTERS, Around, asks
from transcription.questions.kinds import kind_of, only_checks, press_for_reasons
from transcription.questions.utterances import split_sentences
from web.pdf.text import plain
from web.security.headers import LONGEST_BYTES
from web.security.whole_text import plain_document
from web.transfer.file_names import safe_name, save_as

PACKAGES = (annotation, core, ingest, transcription, web, workers)
OF_UTTERANCES = ("transcription.questions.detection", "transcription.questions.kinds")
"""Their patterns look at pairs of places in a text, so `plain` hands them no more than LONGEST_LETTERS."""

OF_OUR_OWN = ("core.database.rights_watch.", "hatch_build.")
"""Read what we write ourselves: statements of SQL."""

PARSERS: dict[str, Callable[[str], object]] = {
    "line": clean_line,
    "name": guess_short_name,
    "address": address_key,
    "address of a form": lambda text: clean_email(f"a@{text}"),
    "address of a provider": is_own_form,
    "password": prepared,
    "new password": partial(check_new_password, email="a@b.example"),
    "normal form": partial(normalize, "NFKC"),
    "cell": as_written,
    "cell to write": harmless,
    "bytes": lambda text: decode_text(text.encode("utf-8", "surrogatepass")),
    "bytes of Windows": lambda text: decode_text(text.encode("cp1252", "replace")),
    "bytes of 16 bits": lambda text: decode_text(text.encode("utf-16-le", "surrogatepass")),
    "JSON": lambda text: plain_document(json.dumps(text).encode()),
    "JSON text": lambda text: plain_document(f'{{"a": "\\ud800{text}"}}'.encode("utf-8", "surrogatepass")),
    "name of a file": display_name,
    "name to save as": save_as,
    "part of a path": safe_name,
    "paper": plain,
    "question": lambda text: asks(text, Around(teacher=True, reply=text)),
    "kind of question": lambda text: kind_of(text, by_teacher=True),
    "tag": only_checks,
    "reasons": press_for_reasons,
    "sentences": split_sentences,
}
STAFF = "name,email,line manager,department\nAda Owner,ada@school.example,hal@school.example,Maths\n"


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield every regular expression of a module of ours."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith(("_child", ".child", "__main__")):
                continue
            for name, value in vars(importlib.import_module(module.name)).items():
                for one in re_patterns(value):
                    yield f"{module.name}.{name}", one


def re_patterns(value: object) -> Iterator[re.Pattern[str]]:
    """Yield the patterns that a value of a module is made of."""
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from re_patterns(one)


def test_no_regular_expression_takes_quadratic_time() -> None:
    found = [(name, one) for name, one in patterns() if not name.startswith((*OF_UTTERANCES, *OF_OUR_OWN))]
    assert len(found) > 20
    slow = {}
    for name, pattern in found:
        for unit in dict.fromkeys([*samples_of(pattern.pattern, pattern.flags), *UNITS]):
            for before, after in (("", ""), ("", "\x01"), (unit[:1], "x\n")):
                why = grows_too_fast(pattern.search, repeated(unit, before, after))
                if why:
                    slow[name, unit[:20], after] = why
    assert slow == {}


def test_no_rule_about_questions_takes_long_for_the_longest_utterance() -> None:
    found = [(name, one) for name, one in patterns() if name.startswith(OF_UTTERANCES)]
    assert len(found) > 30
    slow = {}
    for name, pattern in found:
        for unit in dict.fromkeys([*samples_of(pattern.pattern, pattern.flags), *UNITS]):
            text = repeated(unit)(LONGEST_LETTERS)
            begun = process_time()
            pattern.search(text + "\x01")
            if (took := process_time() - begun) > 0.05:
                slow[name, unit[:20]] = took
    assert slow == {}


@pytest.mark.parametrize("name", PARSERS)
def test_twice_as_much_takes_no_parser_more_than_about_twice_as_long(name: str) -> None:
    slow = {unit[:9]: why for unit in UNITS if (why := grows_too_fast(PARSERS[name], repeated(unit, "x", "x\x01")))}
    assert slow == {}


def test_a_staff_list_of_any_shape_is_read_in_linear_time_and_no_larger_than_one_is() -> None:
    assert {said: why for said, shape in shapes_of(STAFF) if (why := grows_too_fast(read_staff, shape))} == {}
    with pytest.raises(Exception, match="far too large"):
        decode_staff(b"x" * (MOST_BYTES + 1))


@pytest.mark.parametrize("step", [1, -1])
def test_a_line_of_thousands_of_managers_is_followed_in_linear_time(step: int) -> None:
    numbers = range(MOST_ROWS - 1)[::step]
    lines = [f"A,a{n}@s.example,a{(n + 1) % (MOST_ROWS - 1)}@s.example" for n in numbers]
    rows, _ = read_staff("\n".join(["name,email,manager", *lines]))
    begun = process_time()
    kept, problems = without_circles([], rows)
    assert process_time() - begun < 0.5
    assert len(problems) == 1  # the last one closes the circle
    assert [row.manager for row in kept].count("") == 1


def test_an_address_is_no_longer_than_an_address_in_each_of_its_parts() -> None:
    assert clean_email(f"ada@{'é' * 40}.example").startswith("ada@xn--")
    for address in (f"ada@{'é' * 64}.example", f"{'a' * EMAIL_LENGTH}@b.example"):
        with pytest.raises(Exception, match="email address"):
            clean_email(address)


HEADERS = (
    "cookie",
    "range",
    "referer",
    "content-type",
    "accept",
    "authorization",
    "user-agent",
    "if-none-match",
    "host",
)


@pytest.mark.parametrize("header", [*HEADERS, "upload-metadata", "last-event-id", "x-forwarded-for"])
def test_no_header_takes_long_to_read_and_a_longer_one_is_refused(standing_school: School, header: str) -> None:
    client = standing_school.browser("nobody")
    places = ("/healthz", "/sign-in", f"/media/lessons/{standing_school.ids['lesson']}/rendition")
    for address in places:
        for unit in ('a="' + "\\" * 100, "a=b;", "\\", "1-,", "bytes=0-1,", 'a="', ";charset=", "q=0.1,"):
            text = (unit * LONGEST_BYTES)[: LONGEST_BYTES - 1]
            begun = process_time()
            assert client.get(address, headers={header: text}).status_code < 500
            assert process_time() - begun < 1, (address, unit)
    refused = client.get("/sign-in", headers={header: "a" * (LONGEST_BYTES + 1)})
    assert (refused.status_code, "too long" in refused.text) == (431, True)


def test_a_form_with_files_is_read_as_utf_8_whatever_codec_it_names(standing_school: School) -> None:
    body = "\r\n".join(["--b", 'Content-Disposition: form-data; name="email"', "", "é" * 20_000, "--b--", ""]).encode()
    for codec in ("punycode", "idna", "raw_unicode_escape", "utf-8\0", "none"):
        headers = {"content-type": f"multipart/form-data; boundary=b; charset={codec}".encode()}
        begun = process_time()
        answer = standing_school.browser("nobody").post("/sign-in", content=body, headers=headers)  # type: ignore[arg-type]
        assert answer.status_code in (401, 403, 422), codec
        assert process_time() - begun < 2
