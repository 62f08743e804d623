/** What the room says, and the order of this person that is on its way to it. No DOM. */
import type { Room } from "../api/types";

export type Order = Pick<Room, "playing" | "position_ms" | "speed" | "at">;

export class Steering {
  private pending: Order | null = null;

  /** `me` steers as long as an order is on its way. */
  constructor(
    private said: Room,
    private me: string,
  ) {}

  /** Where the room is, as far as this page knows: what is on its way counts until the server has answered. */
  get room(): Room {
    return this.pending ? { ...this.said, ...this.pending, steered_by: this.me } : this.said;
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

  /** The line was down: whether what is on its way arrives, the server will say. */
  forget(): void {
    this.pending = null;
  }
}
