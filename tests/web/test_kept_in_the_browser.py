"""No script of the pages names the browser's storage, nor sends by itself: one module keeps, one sends, each for one
person. ESLint says so while one writes; this also finds what goes by another name.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "web" / "frontend" / "src"
SOURCES = sorted(one for one in SOURCE.rglob("*.ts") if not one.name.endswith((".test.ts", "schema.d.ts")))
KEEPS = re.compile(
    r"\b(?:localStorage|sessionStorage|indexedDB|IDBFactory|CacheStorage|cookieStore|serviceWorker|showSaveFilePicker)\b"
    r"|(?<![.\w])caches\b|\bdocument\s*\??\.?\s*\[?\W?cookie\b|\bnavigator\s*\??\.\s*storage\b|\bwindow\.name\b"
)
SENDS = re.compile(r"(?<![.\w])fetch\s*\(|\b(?:XMLHttpRequest|EventSource|WebSocket|sendBeacon)\b")
OWNERS = {
    "browser/kept.ts": KEEPS,
    "api/client.ts": SENDS,
    "live/page.ts": SENDS,  # the stream: its address names the person
    "live/stream.ts": SENDS,
}


def code_of(path: Path) -> str:
    """Return a source without its comments."""
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", path.read_text("utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_browser_keeps_and_sends_by_one_module_each(path: Path) -> None:
    own = OWNERS.get(str(path.relative_to(SOURCE)))
    code = code_of(path)
    assert own is KEEPS or KEEPS.findall(code) == [], "please keep it by src/browser/kept.ts, under its person"
    assert own is SENDS or SENDS.findall(code) == [], "please send it by src/api/client.ts, which says whose page it is"


@pytest.mark.parametrize(
    "line",
    [
        'localStorage.setItem("draft", text);',
        'window["localStorage"].getItem(name)',
        "const { sessionStorage: store } = globalThis;",
        'indexedDB.open("notes")',
        "await caches.open(name)",
        'document.cookie = "draft=1"',
        "await navigator.storage.getDirectory()",
        'navigator.serviceWorker.register("/worker.js")',
        "window.name = text",
    ],
)
def test_the_next_store_is_found(line: str) -> None:
    assert KEEPS.search(line)


@pytest.mark.parametrize("line", ["void fetch(address)", "new XMLHttpRequest()", "navigator.sendBeacon(address, text)"])
def test_the_next_sender_is_found(line: str) -> None:
    assert SENDS.search(line)


@pytest.mark.parametrize("line", ["this.fetchNow()", "refetch.ask()", "one.caches", "kept.read(name)"])
def test_nothing_else_is(line: str) -> None:
    assert not KEEPS.search(line)
    assert not SENDS.search(line)


def test_an_upload_says_whose_it_is_and_remembers_it_for_her_alone() -> None:
    """The library that uploads keeps where an upload stands in the browser, for everybody, unless it is told where."""
    makers = [code_of(path) for path in SOURCES if "new Upload(" in code_of(path)]
    assert len(makers) == 1
    assert "urlStorage: new KeptUploads()" in makers[0]
    assert "[PERSON_HEADER]: personOfPage()" in makers[0]


def test_the_channel_between_tabs_is_of_one_person() -> None:
    for path in SOURCES:
        for name in re.findall(r"new BroadcastChannel\(([^)]*)\)", code_of(path)):
            assert "personId" in name, path
