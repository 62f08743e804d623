/** <lesson-player>: the film or the sound, whose `currentTime` is the only clock, and its keys. */
import { clock, make } from "./dom";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];

export class LessonPlayer extends HTMLElement {
  media: HTMLMediaElement | undefined;
  moments: () => number[] = () => [];
  private key = "";
  private frame = 40; // ms a picture lasts
  private readout = make("output", { ariaLabel: "Speed" });

  open(kind: string, source: string, captions: string, poster: string | null, lessonId: string, fps: number): void {
    if (this.media) return;
    if (fps > 0 && fps <= 120) this.frame = 1000 / fps;
    this.key = `at:${lessonId}`;
    const media = document.createElement(kind === "video" ? "video" : "audio");
    media.controls = true;
    media.preload = "metadata";
    media.src = source;
    if (media instanceof HTMLVideoElement) {
      media.playsInline = true;
      if (poster) media.poster = poster;
    }
    media.append(make("track", { kind: "captions", src: captions, srclang: "en", label: "Words" }));
    media.addEventListener("loadedmetadata", () => (media.currentTime = Number(localStorage.getItem(this.key) ?? 0)), { once: true });
    media.addEventListener("timeupdate", () => localStorage.setItem(this.key, String(media.currentTime)));
    media.addEventListener("ratechange", () => (this.readout.textContent = `${media.playbackRate}×`));
    this.media = media;
    const bar = make("div", { className: "transport" });
    for (const [text, name, act] of [
      ["−", "Slower", () => this.speed(-1)], ["+", "Faster", () => this.speed(1)],
      ["‹", "Previous moment", () => this.jump(-1)], ["›", "Next moment", () => this.jump(1)],
    ] as [string, string, () => void][]) {
      const button = make("button", { type: "button", ariaLabel: name, title: name }, text);
      button.addEventListener("click", act);
      bar.append(button);
    }
    this.readout.textContent = "1×";
    bar.append(this.readout);
    this.replaceChildren(media);
    this.after(bar);
    document.addEventListener("keydown", (event) => this.press(event));
  }

  get ms(): number {
    return Math.round((this.media?.currentTime ?? 0) * 1000);
  }

  seek(ms: number, play = true): void {
    if (!this.media) return;
    this.media.currentTime = Math.max(0, ms / 1000);
    if (play) void this.media.play();
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
    const now = this.media.playbackRate;
    const next = step > 0 ? SPEEDS.find((speed) => speed > now) : SPEEDS.findLast((speed) => speed < now);
    if (next) this.media.playbackRate = next;
  }

  private jump(step: number): void {
    const at = this.ms;
    const moments = this.moments();
    const next = step > 0 ? moments.find((ms) => ms > at + 300) : moments.findLast((ms) => ms < at - 1000);
    if (next !== undefined) this.seek(next);
  }

  private press(event: KeyboardEvent): void {
    const media = this.media;
    const busy = (event.target as HTMLElement).closest("input, textarea, select, dialog, [role=tab], button, audio, video");
    if (!media || event.ctrlKey || event.metaKey || event.altKey) return;
    if (busy && !(busy instanceof HTMLMediaElement && event.key !== " ")) return;
    const toggle = () => (media.paused ? void media.play() : media.pause());
    const acts: Record<string, () => void> = {
      " ": toggle, k: toggle,
      j: () => this.seek(this.ms - 10_000, false), l: () => this.seek(this.ms + 10_000, false),
      ArrowLeft: () => this.seek(this.ms - 5000, false), ArrowRight: () => this.seek(this.ms + 5000, false),
      ",": () => this.step(-1), ".": () => this.step(1),
      "-": () => this.speed(-1), "+": () => this.speed(1), "[": () => this.jump(-1), "]": () => this.jump(1),
      c: () => document.querySelector<HTMLTextAreaElement>("comment-composer textarea")?.focus(),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
customElements.define("lesson-player", LessonPlayer);

/** A link to a moment. */
export function timeLink(ms: number, player: LessonPlayer): HTMLAnchorElement {
  const link = make("a", { className: "time", href: `#t=${Math.floor(ms / 1000)}` }, clock(ms));
  link.addEventListener("click", (event) => {
    event.preventDefault();
    player.seek(ms);
  });
  return link;
}
