/** What was written and is not on the server yet, of one person: kept in the browser until it is, and sent as hers. */
import { ask, Refused } from "../api/client";
import { kept, type Kept } from "../browser/kept";

export type Waiting = {
  to: string;
  /** With a draft id, by which the server knows it when it comes twice. */
  body: { draft_id: string; text: string };
  since: number;
  /** Why the server did not take it. */
  refused?: string;
};
type Post = (to: string, body: unknown) => Promise<unknown>;

const NAME = "waiting:";
const AGAIN_AFTER = 20_000; // ms
/** Refusals that say nothing about what was written: she is signed out, somebody else is signed in, or it is busy. */
const LATER = [401, 408, 409, 429];

export const isForLater = (error: unknown): boolean =>
  !(error instanceof Refused) || error.status >= 500 || LATER.includes(error.status);

export class Outbox {
  private sending: Promise<void> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private kept: Kept,
    private post: Post,
    /** Called for each that the server has taken. */
    private taken: (one: Waiting, answer: unknown) => void = () => undefined,
  ) {}

  /** Keep something until it is sent; false when it lasts no longer than this page. */
  add<Body extends Waiting["body"]>(to: string, body: Body): boolean {
    this.later();
    return this.kept.write(NAME + body.draft_id, { to, body, since: Date.now() } satisfies Waiting);
  }

  /** What waits, oldest first; of one address, if it is given. */
  waiting(to = ""): Waiting[] {
    return this.kept
      .names(NAME)
      .map((name) => this.kept.read<Waiting>(name))
      .filter((one): one is Waiting => one !== undefined && (!to || one.to === to))
      .sort((a, b) => a.since - b.since);
  }

  discard(one: Waiting): void {
    this.kept.remove(NAME + one.body.draft_id);
  }

  /** Send what waits, oldest first. What the server has taken leaves the device; what it refuses stays, with why. */
  send(refusedToo = false): Promise<void> {
    return (this.sending ??= this.sendAll(refusedToo).finally(() => (this.sending = undefined)));
  }

  private async sendAll(refusedToo: boolean): Promise<void> {
    for (const one of this.waiting()) {
      if (one.refused && !refusedToo) continue;
      try {
        const answer = await this.post(one.to, one.body);
        this.discard(one);
        this.taken(one, answer);
      } catch (error) {
        if (isForLater(error)) {
          this.later();
          return;
        }
        this.kept.write(NAME + one.body.draft_id, { ...one, refused: (error as Error).message });
      }
    }
  }

  private later(): void {
    clearTimeout(this.again);
    this.again = setTimeout(() => void this.send(), AGAIN_AFTER);
  }
}

/** Told to the page when something that waited was taken, with where and the answer. */
export const TAKEN = "outbox-taken";
export type Taken = { to: string; answer: unknown };

export const outbox = new Outbox(
  kept,
  (to, body) => ask("POST", to, body),
  (one, answer) => document.dispatchEvent(new CustomEvent(TAKEN, { detail: { to: one.to, answer } satisfies Taken })),
);
