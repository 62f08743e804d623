/** <talk-lanes>: who speaks, what is asked, what is commented, what the class does; one canvas that zooms. */
import type { LessonPage } from "./api/types";
import { clock, make } from "./dom";
import type { LessonPlayer } from "./player";

const LANES = ["comment", "question", "teacher", "pupil", "group", "unsure", "activity", "movement"] as const;
const NAMES: Record<string, string> = { comment: "Comments", question: "Questions", teacher: "Teacher", pupil: "Pupils", group: "Group", unsure: "Unsure", activity: "Activity", movement: "Movement" };
const LABEL = 74;

export class TalkLanes extends HTMLElement {
  player!: LessonPlayer;
  private page: LessonPage | undefined;
  private from = 0;
  private to = 1;
  private canvas = make("canvas", { tabIndex: 0, role: "img" });
  private list = make("div", { className: "only-read" });

  connectedCallback(): void {
    this.canvas.ariaLabel = "Lanes of the lesson: who speaks, questions, comments. Plus and minus zoom; a list follows.";
    this.replaceChildren(this.canvas, this.list);
    this.canvas.addEventListener("click", (event) => this.player.seek(this.at(event.offsetX)));
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.at(event.offsetX));
    }, { passive: false });
    this.canvas.addEventListener("keydown", (event) => {
      if (event.key === "+" || event.key === "=") this.zoom(0.7, this.player.ms);
      else if (event.key === "-") this.zoom(1.4, this.player.ms);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  show(page: LessonPage): void {
    if (!this.page) this.to = page.lesson.duration_ms ?? 1;
    this.page = page;
    const said = page.questions.map((q) => make("li", {}, `${clock(q.start_ms)} ${q.role} asks: ${q.text}`));
    const talk = page.turns.map((t) => make("li", {}, `${clock(t.start_ms)} to ${clock(t.end_ms)} ${t.role}`));
    this.list.replaceChildren(make("h2", {}, "Questions"), make("ul", {}, ...said), make("h2", {}, "Who speaks"), make("ul", {}, ...talk));
    this.draw();
  }

  private at(x: number): number {
    return this.from + ((x - LABEL) / (this.canvas.clientWidth - LABEL)) * (this.to - this.from);
  }

  private zoom(factor: number, around: number): void {
    const whole = this.page?.lesson.duration_ms ?? 1;
    const length = Math.min(whole, Math.max(10_000, (this.to - this.from) * factor));
    const share = (around - this.from) / (this.to - this.from);
    this.from = Math.min(Math.max(0, around - length * share), whole - length);
    this.to = this.from + length;
    this.draw();
  }

  draw(): void {
    const { canvas, page } = this;
    const [width, height, dots] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio];
    if (!page || !width) return;
    canvas.width = width * dots;
    canvas.height = height * dots;
    const pen = canvas.getContext("2d")!;
    pen.scale(dots, dots);
    const style = getComputedStyle(this);
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const row = height / LANES.length;
    const x = (ms: number) => LABEL + ((ms - this.from) / (this.to - this.from)) * (width - LABEL);
    pen.font = `12px ${style.fontFamily}`;
    pen.textBaseline = "middle";
    LANES.forEach((lane, i) => {
      pen.fillStyle = colour("quiet");
      pen.fillText(NAMES[lane]!, 8, (i + 0.5) * row);
      pen.fillStyle = colour("line");
      pen.fillRect(LABEL, (i + 1) * row - 0.5, width - LABEL, 1);
    });
    pen.beginPath();
    pen.rect(LABEL, 0, width - LABEL, height);
    pen.clip();
    for (const turn of page.turns) {
      const lane = LANES.indexOf(turn.role as (typeof LANES)[number]);
      if (turn.end_ms < this.from || turn.start_ms > this.to || lane < 0) continue;
      const [left, wide, thick] = [x(turn.start_ms), Math.max(1.5, x(turn.end_ms) - x(turn.start_ms)), row * (turn.role === "teacher" ? 0.66 : 0.42)];
      const top = (lane + 0.5) * row - thick / 2;
      pen.strokeStyle = pen.fillStyle = colour(turn.role);
      if (turn.role === "unsure" || turn.role === "group") pen.strokeRect(left, top, wide, thick);
      else pen.fillRect(left, top, wide, thick);
    }
    pen.textAlign = "center";
    pen.fillStyle = colour("question");
    for (const q of page.questions) pen.fillText("?", x(q.start_ms), 1.5 * row);
    pen.fillStyle = colour("comment");
    for (const c of page.comments) {
      if (c.deleted || c.parent_id) continue;
      pen.beginPath();
      pen.arc(x(c.start_ms), 0.5 * row, Math.min(6, row / 3), 0, 7);
      pen.fill();
    }
    pen.textAlign = "left";
    page.activities.forEach((a) => {
      pen.strokeStyle = colour("line");
      pen.strokeRect(x(a.start_ms), 6 * row + 2, x(a.end_ms) - x(a.start_ms), row - 4);
      pen.fillStyle = colour("ink");
      if (x(a.end_ms) - x(a.start_ms) > 70) pen.fillText(a.kind, Math.max(LABEL, x(a.start_ms)) + 5, 6.5 * row);
    });
    this.drawMovement(pen, page, x, row, colour("ink"));
    pen.fillStyle = colour("accent");
    pen.fillRect(x(this.player.ms) - 1, 0, 2, height);
  }

  /** Where the picture moves: a stripe for each column of it, the left one on top; the darker, the more. */
  private drawMovement(pen: CanvasRenderingContext2D, page: LessonPage, x: (ms: number) => number, row: number, ink: string): void {
    const moves = page.movement;
    if (!moves) return;
    const top = LANES.indexOf("movement") * row + 2;
    const thick = (row - 4) / moves.columns;
    pen.fillStyle = ink;
    moves.cells.forEach((cells, step) => {
      const [left, right] = [x(step * moves.every_ms), x((step + 1) * moves.every_ms)];
      if (right < LABEL || left > this.canvas.clientWidth) return;
      for (let column = 0; column < moves.columns; column++) {
        const most = Math.max(0, ...cells.filter((_, i) => i % moves.columns === column));
        pen.globalAlpha = Math.min(0.8, most / 40);
        pen.fillRect(left, top + column * thick, Math.max(1, right - left), thick);
      }
    });
    pen.globalAlpha = 1;
  }
}
customElements.define("talk-lanes", TalkLanes);
