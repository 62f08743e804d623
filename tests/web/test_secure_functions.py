"""No script of the pages names a function that browsers keep for secure pages, but the module with their fallbacks.

Which they are is read from the types of the browser that the pages are checked against, so the list grows by itself.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

FRONTEND = Path(__file__).resolve().parents[2] / "web" / "frontend"
TYPES = FRONTEND / "node_modules" / "typescript" / "lib" / "lib.dom.d.ts"
OWN = ("secure_context.ts", "secure_context.test.ts", "schema.ts")
SOURCES = sorted(one for one in (FRONTEND / "src").rglob("*.ts") if one.name not in OWN)
MARK = "Available only in secure contexts."
# What browsers keep, though these types do not say so.
MORE_GLOBALS = {"Notification", "documentPictureInPicture", "cookieStore", "showOpenFilePicker", "showSaveFilePicker"}
MORE_OF_NAVIGATOR = {"geolocation", "gpu", "getBattery", "keyboard", "usb", "hid", "serial", "bluetooth", "wakeLock"}


@cache
def kept_for_secure_pages() -> tuple[frozenset[str], frozenset[str]]:
    """Return the global names, and the members of `navigator`, that a page without https has not."""
    kinds: set[str] = set()
    members: dict[str, set[str]] = {}
    owner, marked = "", False
    text = TYPES.read_text("utf-8")
    for line in text.splitlines():
        begun = re.match(r"(?:interface|declare var|declare function) (\w+)", line)
        owner = begun[1] if begun else owner
        if MARK in line:
            marked = True
        elif marked and not re.match(r"\s*/?\*", line):
            marked = False
            member = re.match(r"    (?:readonly )?(\w+)[?(:<]", line)
            if begun:
                kinds.add(begun[1])
            elif member:
                members.setdefault(owner, set()).add(member[1])
    of_navigator = set(MORE_OF_NAVIGATOR) | members["Navigator"]
    for name, body in re.findall(r"^interface (Navigator\w*)[^{]*\{(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        for member, kind in re.findall(r"^    readonly (\w+): (\w+);", body, re.MULTILINE):
            if name in kinds or kind in kinds:
                of_navigator.add(member)
    return frozenset(kinds | MORE_GLOBALS), frozenset(of_navigator)


def named_in(source: str) -> list[str]:
    """Return what a source names of what a page without https has not."""
    kinds, of_navigator = kept_for_secure_pages()
    code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", source, flags=re.DOTALL)
    code = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', code)  # what is said to people
    found = [one for one in re.findall(r"\b[A-Za-z]\w*", code) if one in kinds or one == "crypto"]
    members = re.findall(r"\bnavigator\b\s*[?!]?\.?\s*(\w*)", code)
    # Without a member it may go under another name, of which anything could be asked.
    found += [f"navigator.{member}" for member in members if member in of_navigator or not member]
    return found + re.findall(r"\.(?:audioWorklet|setSinkId|setMediaKeys|getCoalescedEvents)\b", code)


@pytest.fixture(autouse=True)
def types() -> None:
    if not TYPES.is_file():
        pytest.fail("the pages are not built here: run `make install`")


def test_what_browsers_keep_is_known() -> None:
    kinds, of_navigator = kept_for_secure_pages()
    assert {"caches", "ServiceWorker", "Clipboard", "SubtleCrypto", "AudioWorkletNode"} <= kinds
    known = {"mediaDevices", "clipboard", "locks", "storage", "wakeLock", "serviceWorker", "share", "credentials"}
    assert known <= of_navigator


@pytest.mark.parametrize(
    "line",
    [
        "const id = crypto.randomUUID();",
        "await globalThis.crypto.subtle.digest(kind, bytes);",
        "void navigator.clipboard.writeText(link);",
        "navigator.locks?.request(name, work);",
        "const { locks } = navigator;",
        "await navigator.wakeLock.request();",
        "navigator?.mediaDevices.getUserMedia({});",
        "await caches.open(name);",
        "new Notification(words.news);",
        "navigator.storage.persist();",
        "await element.setSinkId(id);",
        "context.audioWorklet.addModule(address);",
    ],
)
def test_the_next_direct_use_is_found(line: str) -> None:
    assert named_in(line) != []


@pytest.mark.parametrize(
    "line", ["if (navigator.onLine) send();", "this.share(who);", "// navigator.locks", 'say("Notification");']
)
def test_nothing_else_is(line: str) -> None:
    assert named_in(line) == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(FRONTEND)))
def test_what_is_kept_for_secure_pages_is_asked_for_in_its_own_module_alone(source: Path) -> None:
    assert named_in(source.read_text("utf-8")) == [], (
        "please add it, with what is done elsewhere, to src/browser/secure_context.ts"
    )
