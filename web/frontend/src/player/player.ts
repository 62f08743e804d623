/** <lesson-player>: the film or the sound, whose `currentTime` is the only clock, and its keys. */
import { ask } from "../api/client";
import { make } from "../components/dom";
import { areLettersOn, hearKeys } from "../keys/hear";
import { runOfPage, type Acts, type Press } from "../keys/meaning";
import { Film } from "./film";
import { clock } from "../text/times";
import { words } from "../text/words";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];
const BREATH = 300; // ms of a silence that are heard before and after it is skipped
const KEEP_EVERY = 10_000;

export type Span = [number, number];

export class LessonPlayer extends HTMLElement {
  media: HTMLMediaElement | undefined;
  moments: () => number[] = () => [];
  /** Silences that can be skipped, in order. */
  silences: () => Span[] = () => [];
  /** What other keys do; they are pressed anywhere but in a field. */
  keys: Acts = {};
  /** Where a film that was let go goes on, in seconds; null: where it was. */
  goesOnAt: () => number | null = () => null;
  /** Sets the speed that somebody chose. */
  setRate: (rate: number) => void = (rate) => this.media && (this.media.playbackRate = rate);
  /** Tells this person something in a sentence. */
  say: (sentence: string) => void = () => undefined;
  private film: Film | undefined;
  private frame = 40; // ms a picture lasts
  private around: Span | null = null;
  private chosenRate: number | null = null;
  private readout = make("output", { ariaLabel: "Speed" });
  private skip = this.toggle(words.skipSilences, () => undefined);
  private looping = this.toggle(words.loop, () => this.startLoop());

  open(
    kind: string,
    source: string,
    captions: string,
    poster: string | null,
    keepAt: string,
    placeMs: number,
    fps: number,
    language = "",
  ): void {
    if (this.media) return;
    if (fps > 0 && fps <= 120) this.frame = 1000 / fps;
    const media = document.createElement(kind === "video" ? "video" : "audio");
    media.controls = true;
    media.preload = "metadata";
    media.src = source;
    if (media instanceof HTMLVideoElement) {
      media.playsInline = true;
      if (poster) media.poster = poster;
    }
    media.append(make("track", { kind: "captions", src: captions, srclang: language, label: words.captions }));
    if (placeMs > 0)
      media.addEventListener("loadedmetadata", () => (media.currentTime = placeMs / 1000), { once: true });
    media.addEventListener("ratechange", () => this.sayRate());
    this.media = media;
    this.film = new Film(media, () => this.goesOnAt());
    if (keepAt) this.keepPlace(media, keepAt, placeMs);
    const bar = make("div", { className: "transport" });
    for (const [text, name, act] of [
      ["−", "Slower", () => this.speed(-1)],
      ["+", "Faster", () => this.speed(1)],
      ["‹", "Previous moment", () => this.jump(-1)],
      ["›", "Next moment", () => this.jump(1)],
    ] as [string, string, () => void][]) {
      const button = make("button", { type: "button", ariaLabel: name, title: name }, text);
      button.addEventListener("click", act);
      bar.append(button);
    }
    this.sayRate();
    bar.append(this.readout, this.skip, this.looping);
    if (media instanceof HTMLVideoElement && document.pictureInPictureEnabled) {
      const small = make("button", { type: "button" }, words.pictureInPicture);
      small.addEventListener(
        "click",
        () =>
          void (
            document.pictureInPictureElement ? document.exitPictureInPicture() : media.requestPictureInPicture()
          ).catch(() => (small.disabled = true)),
      );
      bar.append(small);
    }
    this.replaceChildren(media);
    this.after(bar);
    setInterval(() => this.leap(), 50);
    hearKeys(document, (press) => this.press(press));
  }

  get ms(): number {
    return Math.round((this.media?.currentTime ?? 0) * 1000);
  }

  /** The speed that the two have chosen: it is shown while this player runs faster or slower to catch up. */
  set speedOfRoom(speed: number) {
    this.chosenRate = speed;
    this.sayRate();
  }

  private sayRate(): void {
    this.readout.textContent = `${this.chosenRate ?? this.media?.playbackRate ?? 1}×`;
  }

  /** Take the film up, if it was let go while the page was hidden. */
  wake(): void {
    this.film?.take();
  }

  seek(ms: number, play = true): void {
    if (!this.media) return;
    this.wake();
    this.media.currentTime = Math.max(0, ms / 1000);
    if (play) void this.media.play();
  }

  /** Play a range again and again; null ends it. */
  loop(range: Span | null): void {
    this.around = range;
    if (!range) this.looping.ariaPressed = "false";
    const on = range !== null && this.looping.ariaPressed === "true";
    if (on && (this.ms < range[0] || this.ms >= range[1])) this.seek(range[0]);
    this.looping.title = range ? `${clock(range[0])} to ${clock(range[1])}` : words.loopHow;
  }

  /** A loop needs a range: without one it stays off, and says how to make one. */
  private startLoop(): void {
    if (!this.around) {
      this.looping.ariaPressed = "false";
      this.say(words.loopHow);
    } else this.loop(this.around);
  }

  private toggle(text: string, then: () => void): HTMLButtonElement {
    const button = make("button", { type: "button", ariaPressed: "false" }, text);
    button.addEventListener("click", () => {
      button.ariaPressed = String(button.ariaPressed !== "true");
      then();
    });
    return button;
  }

  /** Go back to the beginning of a loop, or over a silence. */
  private leap(): void {
    if (!this.media || this.media.paused || this.media.seeking) return;
    const at = this.ms;
    if (this.looping.ariaPressed === "true" && this.around) {
      if (at >= this.around[1]) this.seek(this.around[0]);
    } else if (this.skip.ariaPressed === "true") {
      const silence = this.silences().find(([start, end]) => at >= start + BREATH && at < end - 2 * BREATH);
      if (silence) this.seek(silence[1] - BREATH);
    }
  }

  /** Tell the server where this person is, so that she goes on there on any device. */
  private keepPlace(media: HTMLMediaElement, address: string, placeMs: number): void {
    let kept = placeMs;
    const keep = () => {
      if (media.readyState === 0 || Math.abs(this.ms - kept) < 1000) return;
      kept = this.ms;
      // A place that could not be kept is no loss: the next one will be.
      void ask("PUT", address, { at_ms: kept }, true).catch(() => (kept = -1e9));
    };
    setInterval(() => !media.paused && keep(), KEEP_EVERY);
    media.addEventListener("pause", keep);
    addEventListener("pagehide", keep);
    document.addEventListener("visibilitychange", () => document.hidden && keep());
  }

  /** Show the middle of the picture before or after, whatever the rounding of times. */
  private step(by: number): void {
    if (!this.media) return;
    this.media.pause();
    const picture = Math.floor((this.media.currentTime * 1000) / this.frame + 0.01);
    this.media.currentTime = Math.max(0, ((picture + by + 0.5) * this.frame) / 1000);
  }

  private speed(step: number): void {
    if (!this.media) return;
    const now = this.chosenRate ?? this.media.playbackRate;
    const next = step > 0 ? SPEEDS.find((speed) => speed > now) : SPEEDS.findLast((speed) => speed < now);
    if (next) this.setRate(next);
  }

  private jump(step: number): void {
    const at = this.ms;
    const moments = this.moments();
    const next = step > 0 ? moments.find((ms) => ms > at + 300) : moments.findLast((ms) => ms < at - 1000);
    if (next !== undefined) this.seek(next);
  }

  private press(press: Press): boolean {
    const media = this.media;
    if (!media) return false;
    const toggle = () => (media.paused ? void media.play() : media.pause());
    const acts: Acts = {
      " ": toggle,
      k: toggle,
      j: () => this.seek(this.ms - 10_000, false),
      l: () => this.seek(this.ms + 10_000, false),
      ArrowLeft: () => this.seek(this.ms - 5000, false),
      ArrowRight: () => this.seek(this.ms + 5000, false),
      ",": () => this.step(-1),
      ".": () => this.step(1),
      "-": () => this.speed(-1),
      "+": () => this.speed(1),
      "[": () => this.jump(-1),
      "]": () => this.jump(1),
      s: () => this.skip.click(),
      r: () => this.looping.click(),
      ...this.keys,
    };
    return runOfPage(press, acts, areLettersOn());
  }
}
customElements.define("lesson-player", LessonPlayer);

/** The moment that the page's address names (#t=60), in ms, or null. */
export function momentOfAddress(): number | null {
  const seconds = /^#t=(\d+(?:\.\d+)?)$/.exec(location.hash)?.[1];
  return seconds === undefined ? null : Math.round(Number(seconds) * 1000);
}

/** A link to a moment. */
export function timeLink(ms: number, player: LessonPlayer): HTMLAnchorElement {
  const link = make("a", { className: "time", href: `#t=${Math.floor(ms / 1000)}` }, clock(ms));
  link.addEventListener("click", (event) => {
    event.preventDefault();
    player.seek(ms);
  });
  return link;
}
