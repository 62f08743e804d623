/**
 * A comment that is being written: its id and its moment are those of its first letter, and stay with it until it is
 * sent or taken away. No DOM.
 */
import { clock } from "../text/times";
import { words } from "../text/words";

export type Span = [number, number];

/** What is kept of it while it is half written. */
export type Draft = {
  id: string;
  text: string;
  startMs: number | null;
  endMs: number | null;
  /** Who can read it, and what it is about, as its writer has chosen. */
  aim: Aim;
};
export type Aim = { audience: string; kind: string; goal: string; stage: string };

export class Writing {
  id = "";
  text = "";
  startMs: number | null = null;
  endMs: number | null = null;

  constructor(private newId: () => string) {}

  /** Go on with what was half written. */
  restore(before: Omit<Draft, "aim">): void {
    this.text = before.text;
    if (!this.isBegun) return;
    [this.id, this.startMs, this.endMs] = [before.id || this.newId(), before.startMs, before.endMs];
  }

  /** Whether there is a letter of it; blanks are none. */
  get isBegun(): boolean {
    return this.text.trim() !== "";
  }

  /** The text is this now, and the film is at `atMs`. True when this is its first letter. */
  type(text: string, atMs: number): boolean {
    const wasBegun = this.isBegun;
    this.text = text;
    if (!this.isBegun) {
      // Words that are taken away take id and moment along. A range waits for others while its field has the focus.
      this.id = "";
      if (this.endMs === null) this.startMs = null;
      return false;
    }
    if (wasBegun) return false;
    this.id = this.newId();
    this.startMs ??= atMs;
    return true;
  }

  /** Its first words are spoken now; they are written later. */
  speak(atMs: number): void {
    this.startMs ??= atMs;
  }

  /** It is about this range, whatever it was about before. */
  over([from, to]: Span): void {
    [this.startMs, this.endMs] = [Math.round(from), Math.round(to)];
  }

  /** It is about what was said from its moment on until now. */
  until(atMs: number): void {
    const startMs = this.startMs ?? atMs;
    this.over([startMs, Math.max(atMs, startMs + 1000)]);
  }

  /** Its writer turned to something else: without a letter there is nothing that a moment could belong to. */
  leave(): void {
    if (!this.isBegun) this.clear();
  }

  /** It was sent, or taken away. */
  clear(): void {
    [this.id, this.text, this.startMs, this.endMs] = ["", "", null, null];
  }
}

/** The moment or the range, as people read it. */
export function momentText({ startMs, endMs }: Pick<Draft, "startMs" | "endMs">): string {
  if (startMs === null) return "";
  return endMs === null ? words.atMoment(clock(startMs)) : words.selectedRange(clock(startMs), clock(endMs));
}

/** What a private note may be about is every goal of hers here; else those that its readers share. */
export function goalsFor<Goal extends { id: string }>(
  audience: string,
  audiences: { partnership_id: string; goals: Goal[] }[],
): Goal[] {
  const open = audience ? audiences.filter((one) => one.partnership_id === audience) : audiences;
  return [...new Map(open.flatMap((one) => one.goals).map((goal) => [goal.id, goal])).values()];
}
