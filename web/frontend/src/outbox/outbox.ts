/**
 * What was written and is not on the server yet, of one person: kept in the browser before it is sent, sent once and
 * in order about each thing, and as hers. It leaves the browser when the server has it, or when she takes it away. No
 * DOM.
 */
import { ask, Refused, sendForm } from "../api/client";
import { kept, notedSignedIn, type Kept } from "../browser/kept";
import { personOfPage } from "../browser/page_person";

export type Waiting<Body extends Written = Written> = {
  to: string;
  body: Body;
  since: number;
  /** How it is sent; POST, if nothing is said. */
  method?: Method;
  /** What was sent under this id and may have arrived: texts whose answers nobody saw. */
  tried?: string[];
  /** Why the server will not take it: it is not tried again. */
  refused?: string;
  code?: string;
};
/**
 * With the id that was made at its first letter, by which the server knows it when it comes twice. What is sent is
 * `sends`, if that is something else than the whole. What changes a text says in `seen` what that said before.
 */
export type Written = { draft_id: string; text: string; sends?: unknown };
export type Change = { seen: string[] };
/** The fields of a form, with their names. */
export type Fields = [string, string][];
/** FORM: as a form of the page would be sent. PATCH: a change of a text, of which the last counts. */
export type Method = "POST" | "PATCH" | "FORM";
type Post = (to: string, body: unknown, method: Method) => Promise<unknown>;

/** What the name of everything that waits begins with. */
export const NAME = "waiting:";
const AGAIN_AFTER = 20_000; // ms
const MOST_TRIED = 10; // texts
/** Refusals that say nothing about what was written: she is signed out, somebody else is signed in, it is busy. */
const NOT_HERS_NOW = ["sign_in_needed", "other_person"];
const BUSY = [401, 408, 429];
const BY_A_PROXY = 413; // which refuses it at every try

/** What becomes of what was sent: nothing reached the server as hers; this is not taken now; it never is. */
export type Outcome = "stop" | "later" | "never";

export function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof Refused) || NOT_HERS_NOW.includes(error.code)) return "stop";
  if (error.status >= 500 || BUSY.includes(error.status) || error.code === "done_at_once") return "later";
  return error.code || error.status === BY_A_PROXY ? "never" : "stop"; // without our code something on the way answered
}

export class Outbox {
  private sending: Promise<void> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  private order = 0;
  private volatile = new Set<string>(); // ids of what this page alone holds

  constructor(
    private kept: Kept,
    private post: Post,
    private tell: {
      /** The server has taken one. */
      taken?: (one: Waiting, answer: unknown) => void;
      /** What waits is not what it was. */
      changed?: () => void;
      /** Whether its person is signed in in this browser, as far as is known. */
      isHers?: () => boolean;
    } = {},
  ) {}

  /** Keep something until it is sent, in the place of what has its id; false when it lasts no longer than this page. */
  add<Body extends Written>(to: string, body: Body, method: Method = "POST"): boolean {
    const one: Waiting<Body> = { to, body, since: this.now(), method };
    const tried = this.find(body.draft_id)?.tried;
    if (tried) one.tried = tried;
    const lasts = this.keep(one);
    this.later();
    this.tell.changed?.();
    return lasts;
  }

  /** What is not sent, oldest first; of one address, if it is given. */
  waiting<Body extends Written = Written>(to = ""): Waiting<Body>[] {
    return this.kept
      .names(NAME)
      .map((name) => this.kept.read<Waiting<Body>>(name))
      .filter((one): one is Waiting<Body> => one !== undefined && (!to || one.to === to))
      .sort((a, b) => a.since - b.since);
  }

  /** What is not sent under this id, if it is not. */
  find(id: string): Waiting | undefined {
    return this.kept.read<Waiting>(NAME + id);
  }

  /** Write one down; false when it lasts no longer than this page. */
  private keep(one: Waiting): boolean {
    const id = one.body.draft_id;
    const lasts = this.kept.write(NAME + id, one);
    if (lasts) this.volatile.delete(id);
    else this.volatile.add(id);
    return lasts;
  }

  /** Whether what has this id lasts no longer than this page. */
  isVolatile(id: string): boolean {
    return this.volatile.has(id);
  }

  /** Whether leaving this page would lose something: the browser could not keep it. */
  get endsWithPage(): boolean {
    return [...this.volatile].some((id) => this.find(id));
  }

  discard(one: Waiting): void {
    this.kept.remove(NAME + one.body.draft_id);
    this.tell.changed?.();
  }

  /** Send under another id what was refused because its id was used before. */
  sendAsAnother(one: Waiting, id: string): void {
    this.kept.remove(NAME + one.body.draft_id);
    this.add(one.to, { ...one.body, draft_id: id });
    void this.send();
  }

  /** The server is known to have these: what waits of them has arrived, and only its answer was lost. */
  arrived(there: Written[]): void {
    for (const { draft_id, text } of there) {
      const one = draft_id ? this.find(draft_id) : undefined;
      if (one && one.body.text.trim() === text && !one.refused) this.discard(one);
    }
  }

  /** Send what waits. What the server has taken leaves the browser; what it refuses stays, with why. */
  send(): Promise<void> {
    return (this.sending ??= this.sendAll().finally(() => (this.sending = undefined)));
  }

  private async sendAll(): Promise<void> {
    const tried = new Set<number>();
    const held = new Set<string>(); // what is about them is not taken now; the rest is
    const next = () => this.waiting().find((one) => !one.refused && !tried.has(one.since) && !held.has(one.to));
    for (let one = next(); one && this.isHers(); one = next()) {
      tried.add(one.since);
      const outcome = await this.sendOne(one);
      if (outcome === "stop") break;
      if (outcome === "later") held.add(one.to);
    }
    if (this.waiting().some((one) => !one.refused)) this.later();
  }

  private async sendOne(one: Waiting): Promise<Outcome | "taken"> {
    // What was written meanwhile under the same id stays.
    const isSame = () => this.find(one.body.draft_id)?.since === one.since;
    try {
      const answer = await this.post(one.to, this.contentOf(one), one.method ?? "POST");
      if (isSame()) this.discard(one);
      this.tell.taken?.(one, answer);
      return "taken";
    } catch (error) {
      const outcome = outcomeOf(error);
      if (outcome === "never" && isSame()) {
        const { message, code } = error as Refused;
        this.keep({ ...one, refused: message, code });
        this.tell.changed?.();
      }
      return outcome;
    }
  }

  /** What is sent of one; of a change it is noted before, since its answer may be lost. */
  private contentOf(one: Waiting): unknown {
    const content = one.body.sends ?? one.body;
    if (one.method !== "PATCH") return content;
    const before = one.tried ?? [];
    one.tried = [...before.filter((text) => text !== one.body.text), one.body.text].slice(-MOST_TRIED);
    this.keep(one);
    const seen = (content as Partial<Change>).seen;
    return seen ? { ...(content as Change), seen: [...seen, ...before] } : content;
  }

  private isHers(): boolean {
    return this.tell.isHers?.() ?? true;
  }

  private later(): void {
    clearTimeout(this.again);
    this.again = setTimeout(() => void this.send(), AGAIN_AFTER);
  }

  /** The time, and later than what was added before, even within a millisecond or after the clock was put back. */
  private now(): number {
    const last = this.waiting().at(-1)?.since ?? 0;
    return (this.order = Math.max(Date.now(), this.order + 1, last + 1));
  }
}

/** Told to the page when something that waited was taken, with where and the answer. */
export const TAKEN = "outbox-taken";
export type Taken = { to: string; id: string; answer: unknown };
/** Told to the page when what waits is not what it was, in this tab or in another. */
export const CHANGED = "outbox-changed";

/** A change of a text goes on when the page is left. */
const post: Post = (to, body, method) =>
  method === "FORM" ? sendForm(to, body as Fields) : ask(method, to, body, method === "PATCH");

export const outbox = new Outbox(kept, post, {
  taken: ({ to, body }, answer) =>
    document.dispatchEvent(new CustomEvent(TAKEN, { detail: { to, id: body.draft_id, answer } satisfies Taken })),
  changed: () => document.dispatchEvent(new Event(CHANGED)),
  isHers: () => (notedSignedIn() ?? personOfPage()) === personOfPage(),
});
