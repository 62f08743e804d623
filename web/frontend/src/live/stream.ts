/** The stream of events from the server: opened again when it ends, fails, or falls silent. No DOM. */

/** What happened, and to which things; `gone` ends these, `missed` means that anything may have happened to them. */
export type Told = { kind: string; things: string[] };
/** What a stream says: what happened, by the event's number (0: before `open`), and whether it is open, since where. */
export type Heard = { told: (told: Told, number: number) => void; open: (number: number) => void; lost: () => void };
export type Stream = { close: () => void };
export type OpenStream = (things: string[], after: number, heard: Heard) => Stream;

/** What we use of the browser's EventSource. */
export interface Source {
  readonly readyState: number;
  addEventListener(kind: string, on: (event: { data?: string; lastEventId?: string }) => void): void;
  close(): void;
}

const WRITING = ["G", "R", "O", "W", "action"].map((field) => `writing-${field}`);
const KINDS = ["step", "words", "comment", "share", "lesson", "session", "missed", "gone", ...WRITING];
const REFUSED = 2; // EventSource.CLOSED: the answer was no stream; the browser does not try again
const SILENCE = 40_000; // ms; the server gives a sign of life every 15 s
const LOOK_EVERY = 5000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 4000;

export function openStream(connect: (address: string) => Source, personId: string): OpenStream {
  return (things, after, heard) => new Reopened(connect, personId, things, after, heard);
}

class Reopened implements Stream {
  private source: Source | undefined;
  private failures = 0;
  private isRefused = false;
  private lastSign = 0;
  private again: ReturnType<typeof setTimeout> | undefined;
  private readonly look = setInterval(() => this.lookAtSilence(), LOOK_EVERY);

  constructor(
    private connect: (address: string) => Source,
    private personId: string,
    private things: string[],
    private after: number,
    private heard: Heard,
  ) {
    this.begin();
  }

  close(): void {
    clearInterval(this.look);
    clearTimeout(this.again);
    this.source?.close();
    this.source = undefined;
  }

  private begin(): void {
    const query = new URLSearchParams(this.things.map((thing) => ["thing", thing]));
    query.set("person_id", this.personId);
    query.set("after", String(this.after));
    const source = this.connect(`/api/events?${query.toString()}`);
    this.source = source;
    this.lastSign = Date.now();
    for (const kind of KINDS)
      source.addEventListener(kind, (event) => source === this.source && this.take(kind, event));
    source.addEventListener("beat", () => (this.lastSign = Date.now()));
    source.addEventListener("hello", (event) => {
      if (source !== this.source) return;
      this.note(event.lastEventId);
      this.failures = 0;
      this.isRefused = false;
      this.heard.open(this.after);
    });
    source.addEventListener("error", () => source === this.source && this.fail());
  }

  private take(kind: string, event: { data?: string; lastEventId?: string }): void {
    this.note(event.lastEventId);
    const { things } = JSON.parse(event.data ?? "{}") as { things?: string[] };
    if (kind === "gone") this.things = this.things.filter((thing) => !things?.includes(thing));
    this.heard.told({ kind, things: things ?? [] }, Number(event.lastEventId) || 0);
    if (this.things.length === 0) this.close();
  }

  private note(number: string | undefined): void {
    this.lastSign = Date.now();
    this.after = Math.max(this.after, Number(number) || 0);
  }

  private fail(): void {
    const source = this.source!;
    this.source = undefined;
    source.close();
    this.heard.lost();
    // A refusal has a reason that a stream cannot say: the pages ask for what they show, and are told it.
    if (source.readyState === REFUSED && !this.isRefused && this.failures > 0) {
      this.isRefused = true;
      this.heard.told({ kind: "missed", things: this.things }, 0);
    }
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures++);
    this.again = setTimeout(() => this.begin(), wait * (0.75 + Math.random() / 2));
  }

  private lookAtSilence(): void {
    if (this.source && Date.now() - this.lastSign > SILENCE) this.fail();
  }
}
