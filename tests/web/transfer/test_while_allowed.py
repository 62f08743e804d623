"""What is being sent ends with the right to it, however slowly it is read."""

from __future__ import annotations

import ast
import asyncio
import fcntl
import socket
import struct
import termios
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from fastapi.responses import StreamingResponse
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.types import Message

import web
import web.live.hub
from annotation.coaching.partnerships import end_partnership
from annotation.coaching.portfolio import decide
from annotation.lessons.lessons import delete_for_good, delete_lesson
from annotation.lessons.sharing import withdraw_share
from annotation.people.sign_in import begin_sign_in, end_sign_in
from core.clock import utc_now
from core.database.db import Database
from core.database.events import RIGHTS, record_event
from core.models import Clip, ClipShare, Lesson, Partnership, Person, PortfolioItem, Share, new_id
from tests.browser.school import School
from tests.support.factories import keep_bytes, make_file, make_lesson, make_partnership, make_person, make_share
from tests.support.s3_server import bucket_settings
from tests.support.servers import Servers, running_pages
from tests.web.test_query_counts import counting
from web.live.hub import Hub
from web.security.auth import COOKIE
from web.transfer.media_response import MOST_OPEN
from web.transfer.while_allowed import RightEnded, WhileAllowed

FILM_BYTES = 12 * 1024**2
FILM = bytes(range(256)) * (FILM_BYTES // 256)
LATEST_SECONDS = 1.0


@dataclass
class Pair:
    """A lesson shared with a coach, and how each is signed in."""

    owner: Person
    coach: Person
    lesson: Lesson
    clip: Clip
    partnership: Partnership
    share: Share
    clip_share: ClipShare
    owners_secret: str
    coachs_secret: str


@pytest.fixture(scope="module", params=["folder", "bucket"])
def pages(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[School]:
    """Yield the pages, running, with films in a folder or in a bucket."""
    settings = {}
    if request.param == "bucket":
        settings = bucket_settings(request.getfixturevalue("bucket_server"), f"test-{new_id()}")
    with running_pages(servers, tmp_path_factory.mktemp("sending"), settings) as school:
        yield school


def make_pair(pages: School) -> Pair:
    with pages.opened() as (database, storage), database.write() as session:
        owner, coach = make_person(session, "Ada Owner"), make_person(session, "Cem Coach")
        lesson = make_lesson(session, owner, duration_ms=600_000)
        partnership = make_partnership(session, coach, owner)
        share = make_share(session, lesson, partnership)
        clip = Clip(lesson_id=lesson.id, number=1, title="A wait", start_ms=0, end_ms=5000, created_at=utc_now())
        session.add(clip)
        session.flush()
        clip_share = ClipShare(clip_id=clip.id, partnership_id=partnership.id, created_at=utc_now())
        session.add(clip_share)
        for kind in ("rendition", "clip-1"):
            key = f"lessons/{lesson.id}/{kind}"
            keep_bytes(storage, key, FILM)
            make_file(session, lesson, kind, key, bytes=FILM_BYTES)
        secrets = [begin_sign_in(session, one, "a browser") for one in (owner, coach)]
        return Pair(owner, coach, lesson, clip, partnership, share, clip_share, *secrets)


def take_back(session: Session, pair: Pair) -> None:
    withdraw_share(session, session.get_one(Person, pair.owner.id), pair.share.id)


def end(session: Session, pair: Pair) -> None:
    end_partnership(session, session.get_one(Person, pair.coach.id), pair.partnership.id)


def suspend(session: Session, pair: Pair) -> None:
    session.get_one(Partnership, pair.partnership.id).state = "suspended"


def sign_out(session: Session, pair: Pair) -> None:
    end_sign_in(session, pair.coachs_secret)


def close_account(session: Session, pair: Pair) -> None:
    session.get_one(Person, pair.coach.id).deactivated_at = utc_now()


def delete(session: Session, pair: Pair) -> None:
    delete_lesson(session, session.get_one(Person, pair.owner.id), pair.lesson.id, pair.lesson.title)


def delete_at_once(session: Session, pair: Pair) -> None:
    delete_for_good(session, pair.lesson.id)


def time_runs_out(session: Session, pair: Pair) -> None:
    session.get_one(Share, pair.share.id).until = utc_now() - timedelta(seconds=1)


def take_clip_back(session: Session, pair: Pair) -> None:
    session.get_one(ClipShare, pair.clip_share.id).taken_back_at = utc_now()


def delete_clip(session: Session, pair: Pair) -> None:
    session.get_one(Clip, pair.clip.id).deleted_at = utc_now()


ENDS: dict[str, list[Callable[[Session, Pair], None]]] = {
    "lesson": [take_back, time_runs_out, end, suspend, sign_out, close_account, delete, delete_at_once],
    "clip": [take_clip_back, delete_clip, end, suspend, sign_out, close_account, delete, delete_at_once],
}


class SlowReader:
    """A connection that asked for a film, and takes a little of it at a time."""

    def __init__(self, port: int, path: str, secret: str, more: str = "") -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        self._socket.settimeout(10)
        self._socket.connect(("127.0.0.1", port))
        lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", f"Cookie: {COOKIE}={secret}", *([more] if more else [])]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def close(self) -> None:
        self._socket.close()

    def read(self, most: int = 65536) -> int:
        """Return how many bytes came; -1 once the connection is cut, 0 at its end."""
        try:
            return len(self._socket.recv(most))
        except ConnectionResetError:
            return -1

    def read_slowly(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.read(4096) > 0
            time.sleep(0.02)

    def here_already(self) -> int:
        """Return how many bytes this side's kernel holds: they had left the server."""
        return int(struct.unpack("i", fcntl.ioctl(self._socket, termios.FIONREAD, b"\0" * 4))[0])

    def read_all(self) -> int:
        came = 0
        while (count := self.read()) > 0:
            came += count
        return came


def what_comes_after(pages: School, reader: SlowReader, ends: Callable[[Session], None]) -> tuple[int, int]:
    """Return what had come a second after a right has ended, unread, and all that can be read from then on."""
    reader.read_slowly(1.5)  # longer than a check: the right is there
    with pages.opened() as (database, _), database.write() as session:
        ends(session)
    time.sleep(LATEST_SECONDS)
    return reader.here_already(), reader.read_all()


@pytest.mark.parametrize("thing", ENDS)
def test_no_byte_of_a_film_comes_a_second_after_the_right_has_ended(pages: School, thing: str) -> None:
    def one(ends: Callable[[Session, Pair], None]) -> tuple[str, int, int]:
        pair = make_pair(pages)
        path = f"/media/lessons/{pair.lesson.id}/rendition" if thing == "lesson" else f"/media/clips/{pair.clip.id}"
        header = "" if ends is take_back else f"Range: bytes=0-{FILM_BYTES - 1}"
        with closing(SlowReader(pages.port, path, pair.coachs_secret, header)) as reader:
            return ends.__name__, *what_comes_after(pages, reader, lambda session: ends(session, pair))

    with ThreadPoolExecutor(len(ENDS[thing])) as threads:
        results = list(threads.map(one, ENDS[thing]))
    assert [(name, came) for name, here, came in results if came > here] == []
    assert all(came < MOST_OPEN / 2 for _, _, came in results), results


def test_an_owner_saves_a_whole_film_however_long_it_takes(pages: School) -> None:
    pair = make_pair(pages)
    more = "Connection: close"
    with closing(
        SlowReader(pages.port, f"/media/clips/{pair.clip.id}?download=true", pair.owners_secret, more)
    ) as slow:
        slow.read_slowly(1.5)
        assert slow.read_all() > FILM_BYTES - 1_000_000
    with httpx.Client(base_url=pages.address, cookies={COOKIE: pair.owners_secret}, timeout=60) as client:
        whole = client.get(f"/media/lessons/{pair.lesson.id}/rendition")
        assert (whole.status_code, whole.headers["content-length"]) == (200, str(FILM_BYTES))
        assert whole.content == FILM
        assert client.get(f"/media/clips/{pair.clip.id}?download=true").content == FILM


def test_an_open_range_is_answered_in_parts_from_which_a_player_goes_on(pages: School) -> None:
    pair = make_pair(pages)
    with httpx.Client(base_url=pages.address, cookies={COOKIE: pair.coachs_secret}, timeout=60) as client:
        for path in (f"/media/lessons/{pair.lesson.id}/rendition", f"/media/clips/{pair.clip.id}"):
            came = b""
            while len(came) < FILM_BYTES:
                part = client.get(path, headers={"range": f"bytes={len(came)}-"})
                assert part.status_code == 206
                last = min(len(came) + MOST_OPEN, FILM_BYTES) - 1
                assert part.headers["content-range"] == f"bytes {len(came)}-{last}/{FILM_BYTES}"
                assert part.headers["content-length"] == str(len(part.content))
                came += part.content
            assert came == FILM
            for several in ("bytes=0-0,1-", "bytes=0-,5-"):
                assert len(client.get(path, headers={"range": several}).content) <= 2 * MOST_OPEN


def test_a_slow_reader_who_may_go_on_is_not_cut(pages: School) -> None:
    pair = make_pair(pages)
    path = f"/media/lessons/{pair.lesson.id}/rendition"
    with closing(SlowReader(pages.port, path, pair.coachs_secret, "Connection: close")) as reader:
        reader.read_slowly(3)
        assert reader.read_all() > FILM_BYTES - 2_000_000


def test_a_zip_ends_with_the_consent_and_with_the_device(pages: School) -> None:
    pair = make_pair(pages)
    with pages.opened() as (database, _), database.write() as session:
        item = PortfolioItem(
            owner_id=pair.coach.id,
            coachee_id=pair.owner.id,
            kind="clip",
            ref_id=pair.clip.id,
            title="A wait",
            text="",
            consent="given",
            position=1,
            added_at=utc_now(),
            decided_at=utc_now(),
        )
        session.add(item)
        session.flush()
        item_id = item.id

    def withdraw_consent(session: Session) -> None:
        decide(session, session.get_one(Person, pair.owner.id), item_id, yes=False)

    zips: list[tuple[str, str, Callable[[Session], None]]] = [
        ("/portfolio.zip", pair.coachs_secret, withdraw_consent),
        ("/me/everything.zip", pair.owners_secret, lambda session: end_sign_in(session, pair.owners_secret)),
    ]
    for path, secret, ends in zips:
        with closing(SlowReader(pages.port, path, secret)) as reader:
            here, came = what_comes_after(pages, reader, ends)
            assert came <= here, path


def test_whatever_is_streamed_by_a_route_asks_for_the_right_meanwhile() -> None:
    streams = 0
    for module in sorted((Path(web.__file__).parent / "routes").rglob("*.py")):
        for function in ast.walk(ast.parse(module.read_text())):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            called = {
                one.func.id for one in ast.walk(function) if isinstance(one, ast.Call) and hasattr(one.func, "id")
            }
            if called & {"StreamingResponse", "FileResponse", "EventSourceResponse"}:
                streams += 1
                assert "WhileAllowed" in called, f"{module.name}: {function.name}"
    assert streams >= 2


async def send_for(seconds: float, hub: Hub, right: Callable[[], bool]) -> None:
    """Send an answer that takes so long, to a reader who takes all of it."""

    async def pieces() -> AsyncIterator[bytes]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(0.05)
            yield b"x"

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        pass

    app = SimpleNamespace(state=SimpleNamespace(hub=hub))
    scope = {"type": "http", "asgi": {"spec_version": "2.4"}, "app": app, "path": "/a/film", "method": "GET"}
    await WhileAllowed(StreamingResponse(pieces()), right)(scope, receive, send)


def test_many_slow_readers_ask_the_database_no_more_than_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.live.hub, "FRESH_SECONDS", 60)  # a reading that a busy machine makes late counts as well
    asked: list[int] = []

    def right() -> bool:
        with database.read() as session:
            asked.append(session.scalar(select(1)) or 0)
        return True

    async def statements_of(readers: int) -> int:
        hub = Hub()
        with counting() as counts:
            await asyncio.gather(*(send_for(3.5, hub, right) for _ in range(readers)))
        return counts.total() - len(asked)

    alone = asyncio.run(statements_of(1))
    asked.clear()
    many = asyncio.run(statements_of(40))
    assert 40 <= len(asked) <= 3 * 40  # as each begins to be slow, and as the hub begins to read: not every 0.4 seconds
    assert 0 < many < 3 * alone


@pytest.mark.parametrize("is_told", [True, False])
def test_a_right_is_asked_again_at_once_when_one_may_have_ended_and_always_while_nobody_tells(
    database: Database, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    monkeypatch.setattr(web.live.hub, "FRESH_SECONDS", 60 if is_told else 0)
    asked: list[float] = []
    is_allowed = True

    def right() -> bool:
        asked.append(time.monotonic())
        return is_allowed

    async def withdraw() -> float:
        nonlocal is_allowed
        await asyncio.sleep(3)
        with database.write() as session:
            record_event(session, None, RIGHTS)
        is_allowed = False
        return time.monotonic()

    async def end() -> tuple[float, float]:
        sending = asyncio.ensure_future(send_for(20, Hub(), right))
        ended = await withdraw()
        with pytest.raises(RightEnded):  # here is no connection to cut
            await sending
        return ended, time.monotonic()

    ended, cut = asyncio.run(end())
    assert cut - ended < LATEST_SECONDS + 1  # which includes the second that the answer is given to end
    assert (len(asked) <= 4) == is_told
