/** The session room: one film for two, a timer, at most three moments, G-R-O-W, one action; then the log. */
import { ask, isClosed, Refused } from "../api/client";
import type { Room, SessionPage } from "../api/types";
import { leave } from "../browser/whose_page";
import { keepPlace, make } from "../components/dom";
import { clockAhead, correction, isTogether, placeIn } from "../player/follow";
import { follow } from "../live/page";
import { Refetch } from "../live/refetch";
import { LessonPlayer, timeLink } from "../player/player";
import { isOtherFilm, saysHereAgain, Steering } from "../player/steering";
import { clock } from "../text/times";
import { words } from "../text/words";
import { outbox } from "../outbox/outbox";
import { SessionWriting } from "./session_writing";

const hadFilm = document.querySelector("lesson-player:not([hidden])") !== null; // a session may be talk alone
const SAME_PLACE = 0.1; // s between two places that are one
let page = JSON.parse(document.getElementById("session-data")!.textContent) as SessionPage;
const address = `/api/sessions/${page.id}`;
const player = document.querySelector<LessonPlayer>("lesson-player")!;
const by = (id: string) => document.getElementById(id)!;
const said = by("said");
let ahead = page.now - Date.now(); // of the server's clock, roughly until it is measured
let sought: number | null = null; // in s, because the room said so: such a seek is no order, however long it takes
let isHeardPaused = true; // what the film's last event said: a press of this person is not undone before it is heard
let ours = 1; // the speed that was set here, to catch up or not
const steering = new Steering(page.room, page.me.id);
const now = () => Date.now() + ahead;
const tell = (error: Error) => void (said.textContent = error.message);
const writing = new SessionWriting(page, address, said);

async function measureClock(): Promise<void> {
  const samples = [];
  for (let i = 0; i < 6; i++) {
    const sent = Date.now();
    const told = await ask<number>("GET", `${address}/clock`).catch(() => null);
    if (told !== null) samples.push({ sent, got: Date.now(), said: told });
  }
  if (samples.length) ahead = clockAhead(samples);
}

/** Where the browser wants a press before it plays, offer one; a film that was only interrupted needs none. */
function offerToJoin(error: unknown): void {
  if (error instanceof DOMException && error.name === "NotAllowedError") by("join").hidden = false;
}

/** Bring this player to where the room is. */
function align(): void {
  const media = player.media;
  if (steering.room.playing && !page.over) player.wake(); // also on a hidden page: it may be heard
  if (!media || media.readyState < 1 || page.over || media.paused !== isHeardPaused) return;
  const { seek, speed } = correction(steering.room, now(), media.currentTime * 1000);
  const isThere = isTogether(steering.room, now(), { isPaused: media.paused, lengthMs: media.duration * 1000 });
  if (isThere) by("join").hidden = true;
  ours = speed;
  if (seek !== undefined && !media.seeking) {
    sought = Math.max(0, Math.min(seek / 1000, media.duration));
    media.currentTime = sought;
  }
  if (media.playbackRate !== speed) media.playbackRate = speed;
  if (!isThere) void media.play().catch(offerToJoin);
  if (!steering.room.playing && !media.paused) media.pause();
}

/** Tell the room what this person does with the film. */
function steer(change: Partial<Room>): void {
  const media = player.media!;
  const at = Math.round(now());
  const order = {
    playing: !media.paused,
    position_ms: Math.round(media.currentTime * 1000),
    speed: steering.room.speed,
    at,
    ...change,
  };
  const sent = steering.send(order, (one) => ask<Room>("POST", `${address}/steer`, one)).catch(tell);
  showRoom();
  void sent.then(() => {
    showRoom();
    align();
  });
}

function watchPlayer(media: HTMLMediaElement): void {
  // What the room says already is no order of this person: it is this page that follows.
  const elsewhere = () =>
    Math.abs(media.currentTime * 1000 - placeIn(steering.room, now())) > (steering.room.playing ? 500 : 30);
  for (const kind of ["play", "pause", "emptied"]) media.addEventListener(kind, () => (isHeardPaused = media.paused));
  media.addEventListener("play", () => steering.room.playing || steer({ playing: true }));
  media.addEventListener("pause", () => !steering.room.playing || media.ended || steer({ playing: false }));
  media.addEventListener("seeking", () => steering.seekBegins());
  media.addEventListener("seeked", () => {
    const isOurs = sought !== null && Math.abs(media.currentTime - sought) < SAME_PLACE;
    sought = null;
    if (isOurs || !elsewhere()) return;
    if (steering.seekCounts) steer({});
    else align();
  });
  media.addEventListener(
    "ratechange",
    () => media.playbackRate !== ours && steer({ speed: (ours = media.playbackRate) }),
  );
  media.addEventListener("playing", () => (by("join").hidden = true));
  setInterval(() => !media.seeking && (steering.room.playing || !media.paused) && align(), 250);
}

function showRoom(): void {
  const there = page.here.includes(page.other.id);
  by("here").textContent = there ? words.here(page.other_called) : words.notHere(page.other_called);
  by("here").classList.toggle("is-here", there);
  const sentences = { me: words.youSteer, other: words.steering(page.other_called), nobody: "" };
  by("steers").textContent = sentences[steering.by];
  player.speedOfRoom = steering.room.speed;
}

function showTimer(): void {
  const length = page.minutes * 60_000;
  const gone = page.began === null ? 0 : Math.min(length, Math.max(0, now() - page.began));
  by("ring").style.setProperty("--gone", String(gone / length));
  by("left").textContent =
    page.began === null ? words.notBegun : words.minutesLeft(Math.ceil((length - gone) / 60_000));
}

function act(text: string, then: () => void): HTMLButtonElement {
  const button = make("button", { type: "button", className: "plain" }, text);
  button.addEventListener("click", then);
  return button;
}

function showCards(): void {
  const cards = page.moments.map((one) =>
    make(
      "li",
      { className: "card" },
      timeLink(one.start_ms, player),
      make("span", {}, one.text || words.momentNow(clock(one.start_ms))),
      act(words.takeAway, () => change("DELETE", `/moments/${one.start_ms}`)),
    ),
  );
  by("cards").replaceChildren(...cards);
  const put = (start_ms: number, comment_id: string | null, instead = false): void =>
    change("POST", "/moments", { start_ms, comment_id, instead }, (error) => {
      // Another card stands there since: she sees both, and chooses.
      const clear = () => said.replaceChildren();
      const mine = act(words.keepMine, () => put(start_ms, comment_id, true));
      if (error.code === "edited_meanwhile") said.replaceChildren(error.message, mine, act(words.useOther, clear));
    });
  const full = !page.media || page.moments.length >= 3;
  const rest = page.offered.filter((one) => !page.moments.some((card) => card.start_ms === one.start_ms));
  by("offered").replaceChildren(
    ...(full
      ? []
      : [
          act(words.putOnCard, () => put(player.ms, null)),
          ...rest.map((one) =>
            make(
              "div",
              { className: "row" },
              timeLink(one.start_ms, player),
              make("span", { className: "quiet" }, one.text),
              act("+", () => put(one.start_ms, one.comment_id)),
            ),
          ),
        ]),
  );
}

function show(newer: SessionPage): void {
  const isOther = newer.over !== page.over || isOtherFilm(page, newer);
  page = newer;
  steering.take(newer.room);
  if (isOther) return location.reload();
  if (!page.media && hadFilm) {
    said.textContent = words.away;
    player.media?.pause();
    player.hidden = true;
    return;
  }
  if (saysHereAgain(page, document.hidden)) here();
  showRoom();
  showTimer();
  keepPlace(document.getElementById("main")!, showCards);
  writing.show(page);
  align();
}

function change(method: string, path: string, body?: unknown, refused?: (error: Refused) => void): void {
  said.textContent = "";
  ask<SessionPage>(method, address + path, body).then(show, (error: unknown) => {
    tell(error as Error);
    if (error instanceof Refused) refused?.(error);
  });
}

const here = () => void ask("POST", `${address}/here`).catch(() => undefined); // the next sign of life says it

if (page.media && page.kind) {
  player.open(page.kind, page.media.url, page.captions_url, null, "", 0, page.media.fps, page.media.language);
  player.setRate = (speed) => {
    ours = player.media!.playbackRate = speed;
    steer({ speed });
  };
  const media = player.media!;
  player.goesOnAt = () => (page.over ? null : placeIn(steering.room, now()) / 1000);
  media.addEventListener("loadedmetadata", align);
  if (!page.over) watchPlayer(media);
}
writing.show(page);
if (!page.over) {
  by("join").addEventListener("click", () => {
    by("join").hidden = true;
    align();
  });
  by("minutes").addEventListener("change", () =>
    change("PATCH", "", { minutes: Number((by("minutes") as HTMLSelectElement).value) }),
  );
  (by("minutes") as HTMLSelectElement).value = String(page.minutes);
  by("done").addEventListener("submit", (event) => {
    event.preventDefault();
    void writing.saveAll().then((isSaved) => isSaved && change("POST", "/end"));
  });
  showRoom();
  showTimer();
  showCards();
  setInterval(showTimer, 1000);
  here();
  setInterval(here, 10_000);
  document.addEventListener("visibilitychange", () => document.hidden || here()); // after a tab before it was closed
  addEventListener("pagehide", () => void ask("POST", `${address}/leave`, {}, true).catch(() => undefined));
  void measureClock().then(align);
  setInterval(() => void measureClock(), 60_000);
  const gone = () => void leave(address, "/");
  const closed = (error: unknown) => isClosed(error) && (gone(), true);
  const room = new Refetch(async () => show(await ask<SessionPage>("GET", address)), closed);
  let wasLost = false;
  follow(`session:${page.id}`, {
    kind: (kind) => {
      if (kind === "gone") gone();
      else if (!writing.heard(kind)) room.ask();
    },
    line: (isOpen) => {
      said.textContent = isOpen ? "" : words.lost;
      wasLost ||= !isOpen;
      if (wasLost) steering.forget();
      if (isOpen) {
        here();
        void measureClock().then(align);
        room.ask();
        void outbox.send();
      }
    },
    goesOn: () => true, // the other may press play
  });
  addEventListener("offline", () => steering.forget());
  addEventListener("online", () => {
    steering.forget();
    room.ask();
  });
  setInterval(() => room.ask(), 10_000); // what was missed while this side slept
}
