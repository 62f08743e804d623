/** <lesson-transcript>: the words; they follow the film, a click seeks, a search counts and steps. */
import type { Turn } from "./api/types";
import { make } from "./dom";
import type { LessonPlayer } from "./player";
import { words } from "./words";

export class LessonTranscript extends HTMLElement {
  player!: LessonPlayer;
  private turns: Turn[] = [];
  private lines: HTMLElement[] = [];
  private now = -1;
  private found: Range[] = [];
  private at = 0;
  private count = make("span", { className: "quiet", role: "status" });
  private body = make("div");

  show(turns: Turn[]): void {
    this.turns = turns;
    this.lines = turns.map((turn) =>
      make("p", { className: "turn", data: {
        turn: String(turn.number), start: String(turn.start_ms), end: String(turn.end_ms), speaker: turn.speaker, role: turn.role,
        who: turn.role === "unsure" ? words.unsure : `${words.roles[turn.role] ?? turn.role} ${turn.role === "pupil" ? turn.speaker : ""}`,
      } }, turn.text));
    this.body.replaceChildren(...this.lines.filter((_, i) => turns[i]!.text));
    if (this.body.isConnected) return;
    const search = make("input", { type: "search", ariaLabel: "Search the words", placeholder: "Search the words" });
    search.addEventListener("input", () => this.search(search.value));
    search.addEventListener("keydown", (event) => event.key === "Enter" && this.step(event.shiftKey ? -1 : 1));
    this.body.addEventListener("click", (event) => {
      const line = (event.target as HTMLElement).closest<HTMLElement>(".turn");
      if (line && getSelection()?.isCollapsed !== false) this.player.seek(Number(line.dataset["start"]));
    });
    this.replaceChildren(make("div", { className: "row" }, search, this.count), this.body);
  }

  /** Mark the turn and the word that are heard at a time. */
  follow(ms: number): void {
    const i = this.turns.findLastIndex((turn) => turn.start_ms <= ms && ms < turn.end_ms);
    if (i !== this.now) {
      this.lines[this.now]?.classList.remove("now");
      this.lines[i]?.classList.add("now");
      this.now = i;
      if (i >= 0 && this.offsetParent && !this.contains(document.activeElement)) this.lines[i]!.scrollIntoView({ block: "nearest" });
    }
    const [line, turn] = [this.lines[i], this.turns[i]];
    const text = line?.firstChild;
    const word = turn?.words.findLastIndex((each) => each[0] <= ms) ?? -1;
    if (!("highlights" in CSS)) return;
    if (!text || !turn || word < 0) return void CSS.highlights.delete("spoken");
    const start = turn.words.slice(0, word).reduce((sum, each) => sum + each[2].length + 1, 0);
    const range = new Range();
    range.setStart(text, Math.min(start, text.textContent!.length));
    range.setEnd(text, Math.min(start + turn.words[word]![2].length, text.textContent!.length));
    CSS.highlights.set("spoken", new Highlight(range));
  }

  private search(wanted: string): void {
    this.found = [];
    const lower = wanted.trim().toLowerCase();
    for (const line of lower ? this.lines : []) {
      const text = line.firstChild;
      for (let i = text?.textContent?.toLowerCase().indexOf(lower) ?? -1; text && i >= 0; i = text.textContent!.toLowerCase().indexOf(lower, i + 1)) {
        const range = new Range();
        range.setStart(text, i);
        range.setEnd(text, i + lower.length);
        this.found.push(range);
      }
    }
    if ("highlights" in CSS) CSS.highlights.set("found", new Highlight(...this.found));
    this.at = -1;
    this.count.textContent = lower ? `${this.found.length} found` : "";
    if (this.found.length) this.step(1);
  }

  private step(by: number): void {
    if (!this.found.length) return;
    this.at = (this.at + by + this.found.length) % this.found.length;
    this.found[this.at]!.startContainer.parentElement?.scrollIntoView({ block: "center" });
    this.count.textContent = `${this.at + 1} of ${this.found.length}`;
  }
}
customElements.define("lesson-transcript", LessonTranscript);
