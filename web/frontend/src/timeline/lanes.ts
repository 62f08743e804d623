/** <talk-lanes>: who speaks, what is asked, what is commented, what the class does; one strip that zooms and selects.
 *
 * Two canvases lie on each other: the lanes, drawn when they change, and over them what moves with the film.
 */
import type { LessonPage } from "../api/types";
import { make } from "../components/dom";
import { hearKeys } from "../keys/hear";
import { runOfElement } from "../keys/meaning";
import type { LessonPlayer, Span } from "../player/player";
import { clock } from "../text/times";
import { words } from "../text/words";
import { mostByColumn, momentAt, panned, placeOf, zoomed, type Shown } from "./scale";

const LANES = [
  "comment",
  "question",
  "teacher",
  "pupil",
  "group",
  "unsure",
  "activity",
  "movement",
  "pictures",
] as const;
type Lane = (typeof LANES)[number];
const LABEL = 74;
const DRAG = 5; // px from which a press is a drag

export class TalkLanes extends HTMLElement {
  player!: LessonPlayer;
  /** Called when a range is selected, or none any more. */
  selected: (range: Span | null) => void = () => undefined;
  range: Span | null = null;
  private page: LessonPage | undefined;
  private shown: Shown = { from: 0, to: 1 };
  private stale = true;
  private due = 0;
  private sheet: HTMLImageElement | undefined;
  private stirs: number[][] = []; // for each step of the movement grid, the most that moved in each column of it
  private base = make("canvas", { ariaHidden: "true" });
  private over = make("canvas", { tabIndex: 0, role: "img", ariaLabel: words.lanes });
  private peek = make("div", { className: "peek", hidden: true, ariaHidden: "true" });
  private list = make("div", { className: "only-read" });
  private fingers = new Map<number, number>();

  connectedCallback(): void {
    this.replaceChildren(make("div", { className: "strip" }, this.base, this.over, this.peek), this.list);
    const over = this.over;
    over.addEventListener("pointerdown", (event) => this.press(event));
    over.addEventListener("pointermove", (event) => this.peekAt(event.offsetX));
    over.addEventListener("pointerleave", () => (this.peek.hidden = true));
    over.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))
          this.pan((event.deltaX || event.deltaY) / over.clientWidth);
        else this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.at(event.offsetX));
      },
      { passive: false },
    );
    hearKeys(over, (press) =>
      runOfElement(press, {
        "+": () => this.zoom(0.7, this.player.ms),
        "=": () => this.zoom(0.7, this.player.ms),
        "-": () => this.zoom(1.4, this.player.ms),
        PageUp: () => this.pan(-0.5),
        PageDown: () => this.pan(0.5),
        "0": () => this.zoom(1e9, 0),
      }),
    );
    new ResizeObserver(() => this.redraw()).observe(over);
    for (const colours of ["(prefers-color-scheme: dark)", "(forced-colors: active)"])
      matchMedia(colours).addEventListener("change", () => this.redraw());
  }

  show(page: LessonPage): void {
    if (!this.page) this.shown = { from: 0, to: page.lesson.duration_ms ?? 1 };
    this.page = page;
    if (page.filmstrip && !this.sheet) {
      this.sheet = make("img", { src: page.filmstrip.url, alt: "" });
      this.sheet.addEventListener("load", () => this.redraw());
    }
    this.stirs = mostByColumn(page.movement?.cells ?? [], page.movement?.columns ?? 0);
    const said = page.questions.map((q) => make("li", {}, `${clock(q.start_ms)} ${q.role} asks: ${q.text}`));
    const talk = page.turns.map((t) => make("li", {}, `${clock(t.start_ms)} to ${clock(t.end_ms)} ${t.role}`));
    const noted = page.comments
      .filter((c) => !c.deleted)
      .map((c) => make("li", {}, `${clock(c.start_ms)} ${c.author.name}: ${c.text}`));
    const done = page.activities.map((a) => make("li", {}, `${clock(a.start_ms)} to ${clock(a.end_ms)} ${a.kind}`));
    this.list.replaceChildren(
      ...(
        [
          ["Comments", noted],
          ["Questions", said],
          ["Who speaks", talk],
          ["What the class does", done],
        ] as const
      ).flatMap(([title, rows]) => [make("h2", {}, title), make("ul", {}, ...rows)]),
    );
    this.redraw();
  }

  /** Draw the film's place anew, in the next frame. */
  draw(): void {
    this.due ||= requestAnimationFrame(() => {
      this.due = 0;
      if (!this.page || !this.over.clientWidth) return;
      if (this.stale) this.drawBase(this.page);
      this.stale = false;
      this.drawOver();
    });
  }

  /** Draw everything anew, in the next frame. */
  redraw(): void {
    this.stale = true;
    this.draw();
  }

  /** Select a range, in ms; null selects nothing. */
  select(range: Span | null): void {
    this.range = range && ([Math.max(0, Math.min(...range)), Math.min(this.length, Math.max(...range))] as Span);
    this.draw();
    this.selected(this.range);
  }

  private get length(): number {
    return this.page?.lesson.duration_ms ?? 1;
  }

  private at(x: number): number {
    return momentAt(x - LABEL, this.shown, this.over.clientWidth - LABEL, this.length);
  }

  private x(ms: number): number {
    return LABEL + placeOf(ms, this.shown, this.over.clientWidth - LABEL);
  }

  private zoom(factor: number, around: number): void {
    this.shown = zoomed(this.shown, factor, around, this.length);
    this.redraw();
  }

  private pan(share: number): void {
    this.shown = panned(this.shown, share, this.length);
    this.redraw();
  }

  /** A press plays, a drag selects a range, two fingers zoom and move. */
  private press(down: PointerEvent): void {
    if (down.button > 0) return;
    const over = this.over;
    over.setPointerCapture(down.pointerId);
    this.fingers.set(down.pointerId, down.offsetX);
    const start = this.at(down.offsetX);
    let dragged = false;
    const move = (event: PointerEvent) => {
      if (this.fingers.size === 2) {
        const other = [...this.fingers].find(([id]) => id !== event.pointerId)![1];
        const before = Math.max(20, Math.abs(this.fingers.get(event.pointerId)! - other));
        dragged = true;
        this.zoom(before / Math.max(20, Math.abs(event.offsetX - other)), this.at((event.offsetX + other) / 2));
      } else if (this.fingers.size === 1 && (dragged || Math.abs(event.offsetX - down.offsetX) > DRAG)) {
        dragged = true;
        this.select([start, this.at(event.offsetX)]);
      }
      this.fingers.set(event.pointerId, event.offsetX);
    };
    const up = (event: PointerEvent) => {
      const pinched = this.fingers.size > 1;
      this.fingers.delete(down.pointerId);
      over.removeEventListener("pointermove", mine);
      over.removeEventListener("pointerup", ended);
      over.removeEventListener("pointercancel", ended);
      if (event.type === "pointerup" && !dragged && !pinched) this.player.seek(start);
    };
    const mine = (event: PointerEvent) => event.pointerId === down.pointerId && move(event);
    const ended = (event: PointerEvent) => event.pointerId === down.pointerId && up(event);
    over.addEventListener("pointermove", mine);
    over.addEventListener("pointerup", ended);
    over.addEventListener("pointercancel", ended);
  }

  /** Show the picture at a place of the strip. */
  private peekAt(x: number): void {
    const strip = this.page?.filmstrip;
    this.peek.hidden = !strip || x < LABEL;
    if (!strip || x < LABEL) return;
    const n = Math.min(strip.count - 1, Math.floor(this.at(x) / strip.interval_ms));
    const style = this.peek.style;
    style.width = `${strip.width}px`;
    style.height = `${strip.height}px`;
    style.backgroundImage = `url("${strip.url}")`;
    const [column, row] = [n % strip.columns, Math.floor(n / strip.columns)];
    style.backgroundPosition = `-${column * strip.width}px -${row * strip.height}px`;
    style.left = `${Math.min(Math.max(0, x - strip.width / 2), this.over.clientWidth - strip.width)}px`;
    this.peek.textContent = clock(this.at(x));
  }

  private pen(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
    const [width, height, dots] = [this.over.clientWidth, this.over.clientHeight, devicePixelRatio];
    if (canvas.width !== Math.round(width * dots) || canvas.height !== Math.round(height * dots)) {
      canvas.width = Math.round(width * dots);
      canvas.height = Math.round(height * dots);
    }
    const pen = canvas.getContext("2d")!;
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, width, height);
    return pen;
  }

  private drawOver(): void {
    const pen = this.pen(this.over);
    const [width, height] = [this.over.clientWidth, this.over.clientHeight];
    pen.save();
    pen.fillStyle = getComputedStyle(this).getPropertyValue("--accent").trim();
    pen.beginPath();
    pen.rect(LABEL, 0, width - LABEL, height);
    pen.clip();
    if (this.range) {
      pen.globalAlpha = 0.2;
      pen.fillRect(this.x(this.range[0]), 0, this.x(this.range[1]) - this.x(this.range[0]), height);
      pen.globalAlpha = 1;
    }
    pen.fillRect(this.x(this.player.ms) - 1, 0, 2, height);
    pen.restore();
  }

  private drawBase(page: LessonPage): void {
    const pen = this.pen(this.base);
    const [width, height] = [this.over.clientWidth, this.over.clientHeight];
    const style = getComputedStyle(this);
    const colours = Object.fromEntries(
      ["quiet", "line", "ink", "teacher", "pupil", "group", "unsure", "question", "comment"].map((name) => [
        name,
        style.getPropertyValue(`--${name}`).trim(),
      ]),
    );
    const lanes = LANES.filter(
      (lane) => (lane !== "movement" || page.movement) && (lane !== "pictures" || page.filmstrip),
    );
    const row = height / lanes.length;
    const top = (lane: Lane) => lanes.indexOf(lane) * row;
    const seen = (one: { start_ms: number; end_ms: number | null }) =>
      (one.end_ms ?? one.start_ms) >= this.shown.from && one.start_ms <= this.shown.to;
    pen.save();
    pen.font = `12px ${style.fontFamily}`;
    pen.textBaseline = "middle";
    for (const lane of lanes) {
      pen.fillStyle = colours["quiet"]!;
      pen.fillText(words.laneNames[lane]!, 8, top(lane) + row / 2);
      pen.fillStyle = colours["line"]!;
      pen.fillRect(LABEL, top(lane) + row - 0.5, width - LABEL, 1);
    }
    pen.beginPath();
    pen.rect(LABEL, 0, width - LABEL, height);
    pen.clip();
    for (const turn of page.turns.filter(seen)) {
      const lane = lanes.indexOf(turn.role as Lane);
      if (lane < 0) continue;
      const [left, wide, thick] = [
        this.x(turn.start_ms),
        Math.max(1.5, this.x(turn.end_ms) - this.x(turn.start_ms)),
        row * (turn.role === "teacher" ? 0.66 : 0.42),
      ];
      const above = (lane + 0.5) * row - thick / 2;
      pen.strokeStyle = pen.fillStyle = colours[turn.role]!;
      if (turn.role === "unsure" || turn.role === "group") pen.strokeRect(left, above, wide, thick);
      else pen.fillRect(left, above, wide, thick);
    }
    pen.textAlign = "center";
    pen.fillStyle = colours["question"]!;
    for (const q of page.questions.filter(seen)) pen.fillText("?", this.x(q.start_ms), top("question") + row / 2);
    pen.fillStyle = colours["comment"]!;
    for (const c of page.comments.filter(seen)) {
      if (c.deleted || c.parent_id) continue;
      const middle = top("comment") + row / 2;
      if (c.end_ms) pen.fillRect(this.x(c.start_ms), middle - 1.5, this.x(c.end_ms) - this.x(c.start_ms), 3);
      pen.beginPath();
      pen.arc(this.x(c.start_ms), middle, Math.min(6, row / 3), 0, 7);
      pen.fill();
    }
    pen.textAlign = "left";
    for (const a of page.activities.filter(seen)) {
      const [left, wide] = [this.x(a.start_ms), this.x(a.end_ms) - this.x(a.start_ms)];
      pen.strokeStyle = colours["line"]!;
      pen.strokeRect(left, top("activity") + 2, wide, row - 4);
      pen.fillStyle = colours["ink"]!;
      if (wide > 70) pen.fillText(a.kind, Math.max(LABEL, left) + 5, top("activity") + row / 2);
    }
    if (page.movement) this.drawMovement(pen, page.movement, top("movement"), row, colours["ink"]!);
    if (page.filmstrip) this.drawPictures(pen, page.filmstrip, top("pictures"), row);
    pen.restore();
  }

  /** Where the picture moves: a stripe for each column of it, the left one on top; the darker, the more. */
  private drawMovement(
    pen: CanvasRenderingContext2D,
    moves: NonNullable<LessonPage["movement"]>,
    top: number,
    row: number,
    ink: string,
  ): void {
    const thick = (row - 4) / moves.columns;
    const [first, last] = [Math.floor(this.shown.from / moves.every_ms), Math.ceil(this.shown.to / moves.every_ms)];
    pen.fillStyle = ink;
    for (let step = first; step < Math.min(last, this.stirs.length); step++) {
      const left = this.x(step * moves.every_ms);
      this.stirs[step]!.forEach((most, column) => {
        pen.globalAlpha = Math.min(0.8, most / 40);
        pen.fillRect(left, top + 2 + column * thick, Math.max(1, this.x((step + 1) * moves.every_ms) - left), thick);
      });
    }
    pen.globalAlpha = 1;
  }

  /** As many pictures as fit side by side, each of what is seen at its left edge. */
  private drawPictures(
    pen: CanvasRenderingContext2D,
    strip: NonNullable<LessonPage["filmstrip"]>,
    top: number,
    row: number,
  ): void {
    if (!this.sheet?.complete || !this.sheet.naturalWidth) return;
    const wide = (row * strip.width) / strip.height;
    for (let left = LABEL; left < this.over.clientWidth; left += wide) {
      const n = Math.min(strip.count - 1, Math.floor(this.at(left) / strip.interval_ms));
      pen.drawImage(
        this.sheet,
        (n % strip.columns) * strip.width,
        Math.floor(n / strip.columns) * strip.height,
        strip.width,
        strip.height,
        left,
        top + 1,
        wide - 1,
        row - 2,
      );
    }
  }
}
customElements.define("talk-lanes", TalkLanes);
