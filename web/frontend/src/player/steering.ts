/** What the room says, and the order of this person that is on its way to it. No DOM. */
import type { Room, SessionPage } from "../api/types";

export type Order = Pick<Room, "playing" | "position_ms" | "speed" | "at">;

export class Steering {
  private pending: Order | null = null;
  private breaks = 0; // of the line, and ends of them
  private breaksBefore = 0; // the seek that is under way

  /** `me` steers as long as an order is on its way. */
  constructor(
    private said: Room,
    private me: string,
  ) {}

  /** Where the room is, as far as this page knows: what is on its way counts until the server has answered. */
  get room(): Room {
    return this.pending ? { ...this.said, ...this.pending, steered_by: this.me } : this.said;
  }

  /** Who moves the film, said on both sides after the one room: this person, the other, or nobody yet. */
  get by(): "me" | "other" | "nobody" {
    const who = this.room.steered_by;
    return who === this.me ? "me" : who ? "other" : "nobody";
  }

  /** The server says how it is. What it said before, and comes late, changes nothing. */
  take(room: Room): void {
    if (room.number >= this.said.number) this.said = room;
  }

  /** Send an order. One that was refused, or did not arrive, counts for nothing: the room is where it was. */
  async send(order: Order, post: (order: Order) => Promise<Room>): Promise<void> {
    this.pending = order;
    try {
      this.take(await post(order));
    } finally {
      if (this.pending === order) this.pending = null; // else a later one is on its way
    }
  }

  /** The line went down, or is back: whether what is on its way arrives, the server will say. */
  forget(): void {
    this.pending = null;
    this.breaks++;
  }

  seekBegins(): void {
    this.breaksBefore = this.breaks;
  }

  /** Whether the seek that ended just now is an order. What a break kept waiting is none: the other went on. */
  get seekCounts(): boolean {
    return this.breaksBefore === this.breaks;
  }
}

/** Whether a page says again that its person is here: a second tab of hers that was closed said that she has left. */
export function saysHereAgain(page: Pick<SessionPage, "over" | "here" | "me">, isHidden: boolean): boolean {
  return !page.over && !isHidden && !page.here.includes(page.me.id);
}

/** Whether the film of a newer state is another one than that of this page, which is then loaded anew. */
export function isOtherFilm(page: Pick<SessionPage, "media">, newer: Pick<SessionPage, "media">): boolean {
  return newer.media !== null && newer.media.url !== page.media?.url;
}
