/**
 * One stream for all pages of a browser: they elect a leader, which holds it and passes on what it says. No DOM.
 *
 * Every member says regularly that it is here and what it follows; the leader answers. A member whose leader stays
 * silent stands for election. Two leaders that hear each other settle it: the later term stays, and of one term the
 * smaller id. The unanswered questions are counted, not the time: timers of a page in the background are slowed down,
 * and would see silence where there is none.
 */
import type { OpenStream, Stream, Told } from "./stream";

/** A channel to the other pages of this person in this browser; what is posted reaches every page but this one. */
type Channel = { post: (message: Message) => void; close: () => void };
type OpenChannel = (on: (message: Message) => void) => Channel | null;

export type Message = { from: string } & (
  | { type: "here"; things: string[]; number: number }
  | { type: "bye"; led: boolean }
  | { type: "stand"; term: number }
  | { type: "lead"; term: number; things: string[]; number: number; open: boolean }
  | { type: "told"; told: Told }
);

type Member = { things: string[]; number: number; isNew: boolean; lastSeen: number };
type Part = "out" | "follower" | "candidate" | "leader";

export const BEAT = 1500; // ms between two signs of life
const SILENT = 2; // questions without an answer after which the leader is gone
const FIRST_ANSWER = 400; // ms a new page waits for a leader's answer
const ELECTION = 150; // ms a candidate waits for others
const GATHER = 60; // ms in which changes of what is followed become one
// ms after which a silent member is gone: a page in the background may be slowed down to one sign a minute
const FORGOTTEN = 90_000;

export class OneStream {
  part: Part = "out";
  private things: string[] = [];
  private number = 0;
  private term = 0;
  private leader = "";
  private unanswered = 0;
  private channel: Channel | null = null;
  private members = new Map<string, Member>();
  private stream: Stream | undefined;
  private followed: string[] = []; // what the stream was opened for
  private openedAfter = 0; // and from which number on
  private isOpen = false;
  private isTelling = false; // all that its members follow, up to `number`
  private beat: ReturnType<typeof setInterval> | undefined;
  private standing: ReturnType<typeof setTimeout> | undefined;
  private gathering: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private id: string,
    private openChannel: OpenChannel,
    private openStream: OpenStream,
    private on: { told: (told: Told) => void; line: (isOpen: boolean) => void },
  ) {}

  /** Follow these things, from what was known at an event's number on; call it again with others. */
  follow(things: string[], number?: number): void {
    this.things = things;
    this.number = Math.max(this.number, number ?? 0);
    if (things.length === 0) return this.leave();
    if (this.part === "leader") return this.gather();
    if (this.part === "out") {
      this.part = "follower";
      this.unanswered = 0;
      this.channel = this.openChannel((message) => this.hear(message));
      if (!this.channel) return this.lead();
      this.beat = setInterval(() => this.tick(), BEAT);
      this.standing = setTimeout(() => this.part === "follower" && this.unanswered > 0 && this.stand(), FIRST_ANSWER);
    }
    this.sayHere();
  }

  /** Let go of the stream, and leave it to the others. What is missed is told when this page follows again. */
  leave(): void {
    if (this.part === "out") return;
    const led = this.part === "leader";
    this.part = "out";
    this.shut();
    clearInterval(this.beat);
    clearTimeout(this.standing);
    this.members.clear();
    this.channel?.post({ type: "bye", from: this.id, led });
    this.channel?.close();
    this.channel = null;
    this.leader = "";
  }

  private shut(): void {
    clearTimeout(this.gathering);
    this.gathering = undefined;
    this.stream?.close();
    this.stream = undefined;
    this.isOpen = this.isTelling = false;
    this.followed = [];
  }

  private sayHere(): void {
    this.unanswered++;
    this.channel?.post({ type: "here", from: this.id, things: this.things, number: this.number });
  }

  private sayLead(): void {
    this.channel?.post({
      type: "lead",
      from: this.id,
      term: this.term,
      things: this.isTelling ? this.followed : [],
      number: this.number,
      open: this.isOpen,
    });
  }

  private tick(): void {
    if (this.part === "leader") {
      const now = Date.now();
      for (const [id, member] of this.members) if (now - member.lastSeen > FORGOTTEN) this.members.delete(id);
      this.sayLead();
      this.gather();
    } else if (this.part === "follower") {
      if (this.unanswered >= SILENT) this.stand();
      else this.sayHere();
    }
  }

  private stand(): void {
    this.part = "candidate";
    this.leader = "";
    this.term++;
    this.channel?.post({ type: "stand", from: this.id, term: this.term });
    clearTimeout(this.standing);
    this.standing = setTimeout(() => this.part === "candidate" && this.lead(), ELECTION);
  }

  private lead(): void {
    this.part = "leader";
    this.members.clear();
    this.sayLead();
    this.gather();
  }

  private yieldTo(leader: string): void {
    this.part = "follower";
    this.unanswered = 0;
    this.shut();
    this.members.clear();
    if (leader === this.leader) return;
    this.leader = leader;
    this.sayHere(); // it learns what this page follows
  }

  private hear(message: Message): void {
    if (this.part === "out") return;
    if (message.type === "lead") this.hearLeader(message);
    else if (message.type === "stand") this.hearCandidate(message.from, message.term);
    else if (message.type === "told") this.pass(message.told);
    else if (message.type === "bye") {
      if (this.part === "leader" && this.members.delete(message.from)) this.gather();
      else if (this.part === "follower" && message.led && message.from === this.leader) this.stand();
    } else if (this.part === "leader") {
      const known = this.members.get(message.from);
      const isNew = known === undefined || known.isNew || message.things.some((thing) => !known.things.includes(thing));
      this.members.set(message.from, { things: message.things, number: message.number, isNew, lastSeen: Date.now() });
      this.gather();
      this.sayLead();
    }
  }

  private hearLeader(message: Message & { type: "lead" }): void {
    if (this.part === "leader") {
      const stays = this.term > message.term || (this.term === message.term && this.id < message.from);
      if (stays) return this.sayLead();
      this.leader = "";
    }
    if (message.term < this.term && this.part === "follower" && this.leader !== "" && message.from !== this.leader)
      return; // one of before, that will hear of it
    this.term = Math.max(this.term, message.term);
    if (this.part !== "follower" || this.leader !== message.from) this.yieldTo(message.from);
    else this.unanswered = 0;
    if (this.things.every((thing) => message.things.includes(thing)))
      this.number = Math.max(this.number, message.number);
    this.on.line(message.open);
  }

  private hearCandidate(other: string, term: number): void {
    if (this.part === "leader") return this.sayLead();
    const isFirst = this.part === "candidate" && (this.term > term || (this.term === term && this.id < other));
    this.term = Math.max(this.term, term);
    if (isFirst) this.channel?.post({ type: "stand", from: this.id, term: this.term });
    else if (this.part === "candidate") {
      clearTimeout(this.standing);
      this.part = "follower";
      this.unanswered = 0;
    }
  }

  private pass(told: Told): void {
    const things = told.things.filter((thing) => this.things.includes(thing));
    if (things.length > 0) this.on.told({ kind: told.kind, things });
  }

  /** Open the stream for what is followed now, if it is not the same, or if somebody came who missed something. */
  private gather(): void {
    const told = this.isTelling ? this.number : this.openedAfter;
    const isBehind = [...this.members.values()].some((member) => member.isNew && member.number < told);
    const isSame = this.stream !== undefined && this.wanted().join() === this.followed.join();
    if (isSame && !isBehind) return;
    this.isTelling = false;
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined;
      this.reopen();
    }, GATHER);
  }

  private wanted(): string[] {
    return [...new Set([...this.things, ...[...this.members.values()].flatMap((member) => member.things)])].sort();
  }

  private reopen(): void {
    this.stream?.close();
    const things = (this.followed = this.wanted());
    const after = Math.min(
      this.number,
      ...[...this.members.values()].filter((member) => member.isNew).map((member) => member.number),
    );
    this.openedAfter = after;
    let isThis = true;
    const stream = this.openStream(things, after, {
      told: (told, number) => {
        if (!isThis) return;
        this.number = Math.max(this.number, number);
        this.channel?.post({ type: "told", from: this.id, told });
        this.pass(told);
      },
      open: (number) => {
        if (!isThis) return;
        this.number = Math.max(this.number, number);
        for (const member of this.members.values())
          if (member.number >= after && member.things.every((thing) => things.includes(thing))) member.isNew = false;
        this.isOpen = true;
        this.isTelling = this.gathering === undefined;
        this.sayLead();
        this.on.line(true);
      },
      lost: () => {
        if (!isThis) return;
        this.isOpen = this.isTelling = false;
        this.openedAfter = this.number;
        this.sayLead();
        this.on.line(false);
      },
    });
    this.stream = {
      close: () => {
        isThis = false;
        stream.close();
      },
    };
  }
}
