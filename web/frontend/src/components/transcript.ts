/** <lesson-transcript>: the words; they follow the film, a click seeks, a search counts and steps. */
import type { LessonPage, Turn } from "../api/types";
import { make } from "./dom";
import { hearKeys } from "../keys/hear";
import { runOfElement, type Press } from "../keys/meaning";
import type { LessonPlayer, Span } from "../player/player";
import { placesOfWords, Searched } from "../text/search";
import { voiceName, words } from "../text/words";
import { ShownText } from "./shown_text";
import { TAB_CHOSEN } from "./tabs";

type Shown = Pick<LessonPage, "turns" | "speakers"> & { lesson: { is_owner: boolean; language?: string } };

export class LessonTranscript extends HTMLElement {
  player!: LessonPlayer;
  correct: (turn: Turn) => void = () => undefined;
  private turns: Turn[] = [];
  private lines: HTMLElement[] = [];
  private now = -1;
  private found: Range[] = [];
  private at = 0;
  private wanted = make("input", {
    type: "search",
    ariaLabel: "Search the words",
    placeholder: "Search the words",
  });
  private count = make("span", { className: "quiet", role: "status" });
  private body = make("div");
  private owned = false;
  /** Called with the range of the words that are selected, or null. */
  selected: (range: Span | null) => void = () => undefined;
  private wrong = make("button", { type: "button", className: "plain wrong" }, words.whatIsWrong);

  show({ turns, speakers, lesson }: Shown): void {
    if (lesson.language !== undefined) this.lang = lesson.language;
    const names = new Map(speakers.map((one) => [one.label, one.name]));
    const focused = this.lines.findIndex((line) => line === document.activeElement);
    this.turns = turns;
    this.lines = turns.map((turn) =>
      make(
        "p",
        {
          className: "turn",
          tabIndex: -1,
          data: {
            turn: String(turn.number),
            start: String(turn.start_ms),
            end: String(turn.end_ms),
            speaker: turn.speaker,
            role: turn.role,
            who: voiceName(turn.role, turn.speaker, names.get(turn.speaker)),
          },
        },
        turn.text,
      ),
    );
    this.owned = lesson.is_owner;
    this.body.replaceChildren(...this.lines.filter((_, i) => turns[i]!.text || this.owned));
    const first = this.lines[Math.max(0, focused)] ?? this.lines[0];
    if (first) first.tabIndex = 0;
    if (focused >= 0) first?.focus();
    if (this.wanted.value) this.search(false);
    this.now = -1; // the mark went with the former lines
    this.follow(this.player.ms);
    if (this.body.isConnected) return;
    this.wanted.addEventListener("input", () => this.search());
    hearKeys(this.wanted, (press) => {
      if (press.key !== "Enter" || press.isComposing) return false;
      this.step(press.shift ? -1 : 1);
      return true;
    });
    this.wrong.addEventListener("click", () => this.correctAt(this.wrong.parentElement));
    this.body.addEventListener("click", (event) => {
      const line = this.lineOf(event);
      if (line && event.target !== this.wrong && getSelection()?.isCollapsed !== false)
        this.player.seek(Number(line.dataset["start"]));
    });
    const offer = (event: Event) => {
      const line = this.lineOf(event);
      if (this.owned && line !== this.wrong.parentElement) line?.append(this.wrong);
    };
    this.body.addEventListener("pointerover", offer);
    this.body.addEventListener("focusin", offer);
    hearKeys(this.body, (press) => this.press(press));
    document.addEventListener("selectionchange", () => this.tellSelection());
    document.addEventListener(TAB_CHOSEN, () => this.showNow());
    const [back, on] = [
      make("button", { type: "button", ariaLabel: words.previous }, "‹"),
      make("button", { type: "button", ariaLabel: words.next }, "›"),
    ];
    back.addEventListener("click", () => this.step(-1));
    on.addEventListener("click", () => this.step(1));
    this.replaceChildren(make("div", { className: "row search" }, this.wanted, back, on, this.count), this.body);
  }

  private tellSelection(): void {
    const chosen = getSelection();
    if (!chosen || chosen.isCollapsed || !chosen.rangeCount) return;
    const range = chosen.getRangeAt(0);
    if (!this.body.contains(range.commonAncestorContainer)) return;
    const [start, end] = [
      this.msAt(range.startContainer, range.startOffset, 0),
      this.msAt(range.endContainer, range.endOffset, 1),
    ];
    if (start !== null && end !== null && end > start) this.selected([start, end]);
  }

  /** When the word at a place of the text begins (edge 0) or ends (edge 1). */
  private msAt(node: Node, offset: number, edge: 0 | 1): number | null {
    const line = (node instanceof Element ? node : node.parentElement)?.closest<HTMLElement>(".turn");
    const turn = line && this.turns[this.lines.indexOf(line)];
    if (!turn) return null;
    const shown = new ShownText(line);
    const place = shown.placeOf(node, offset);
    if (place === null || shown.text !== turn.text || !turn.words.length)
      return edge && offset ? turn.end_ms : turn.start_ms;
    const places = placesOfWords(
      turn.text,
      turn.words.map((each) => each[2]),
    );
    const n = edge ? places.findLastIndex(([start]) => start < place) : places.findIndex(([, end]) => end > place);
    return turn.words[n]?.[edge] ?? (edge ? turn.start_ms : turn.end_ms);
  }

  /** Ask what is wrong with the turn that is focused, or else heard now. */
  correctNow(): void {
    const focused = this.lines.find((line) => line.contains(document.activeElement));
    this.correctAt(focused ?? this.lines[this.turns.findLastIndex((turn) => turn.start_ms <= this.player.ms)] ?? null);
  }

  private correctAt(line: HTMLElement | null): void {
    const turn = line && this.turns[this.lines.indexOf(line)];
    if (turn && this.owned) this.correct(turn);
  }

  private lineOf(event: Event): HTMLElement | null {
    return (event.target as HTMLElement).closest<HTMLElement>(".turn");
  }

  private press(press: Press): boolean {
    const line = this.lines.find((one) => one === document.activeElement);
    if (!line) return false;
    const move = (next: Element | null) => {
      if (!(next instanceof HTMLElement)) return;
      line.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    };
    return runOfElement(press, {
      Enter: () => this.player.seek(Number(line.dataset["start"])),
      ArrowDown: () => move(line.nextElementSibling),
      ArrowUp: () => move(line.previousElementSibling),
    });
  }

  /** Mark the turn and the word that are heard at a time. */
  follow(ms: number): void {
    const i = this.turns.findLastIndex((turn) => turn.start_ms <= ms && ms < turn.end_ms);
    if (i !== this.now) {
      this.lines[this.now]?.classList.remove("now");
      this.lines[i]?.classList.add("now");
      this.now = i;
      if (!this.contains(document.activeElement)) this.showNow();
    }
    if (!("highlights" in CSS)) return;
    const range = this.rangeOfWord(i, ms);
    if (range) CSS.highlights.set("spoken", new Highlight(range));
    else CSS.highlights.delete("spoken");
  }

  /** Bring what is heard now, or was heard last, into sight. */
  showNow(): void {
    const i = this.turns.findLastIndex((turn) => turn.start_ms <= this.player.ms);
    if (this.offsetParent) this.lines[i]?.scrollIntoView({ block: "nearest" });
  }

  /** Where the word stands that is said at a time; null while nothing is said, or where the browser translates. */
  private rangeOfWord(i: number, ms: number): Range | null {
    const [line, turn] = [this.lines[i], this.turns[i]];
    const word = turn?.words.findLastIndex((each) => each[0] <= ms) ?? -1;
    if (!line || !turn || word < 0) return null;
    const shown = new ShownText(line);
    if (shown.text !== turn.text) return null;
    return shown.range(
      placesOfWords(
        turn.text,
        turn.words.slice(0, word + 1).map((each) => each[2]),
      )[word]!,
    );
  }

  /** Mark what is found; the first hit is shown, unless the words were drawn anew under a search that goes on. */
  private search(isNew = true): void {
    const wanted = this.wanted.value;
    this.found = [];
    if (wanted.trim())
      for (const line of this.lines) {
        const shown = new ShownText(line);
        for (const place of new Searched(shown.text).find(wanted)) {
          const range = shown.range(place);
          if (range) this.found.push(range);
        }
      }
    if ("highlights" in CSS) CSS.highlights.set("found", new Highlight(...this.found));
    if (!isNew && this.found.length) return;
    this.at = -1;
    this.count.textContent = wanted.trim() && !this.found.length ? words.nothingFound : "";
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
