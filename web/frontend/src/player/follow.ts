/** Where a shared film is: both players follow one order on the server's clock, whenever it arrives. Pure. */
import type { Room } from "../api/types";

const ENDS = 40; // ms of drift that nobody hears
const JUMP = 1000; // ms from which seeking is better than catching up
const MOST = 0.25; // share by which the speed is changed to catch up

/** Where the film should be at a moment of the server's clock, in ms. */
export function placeIn(room: Room, now: number): number {
  return room.position_ms + (room.playing ? (now - room.at) * room.speed : 0);
}

/** What a player has to do to be where the room is: seek, or run at another speed for a while. */
export function correction(room: Room, now: number, at: number): { seek?: number; speed: number } {
  const behind = placeIn(room, now) - at;
  if (!room.playing)
    return Math.abs(behind) > ENDS ? { seek: placeIn(room, now), speed: room.speed } : { speed: room.speed };
  if (Math.abs(behind) > JUMP) return { seek: placeIn(room, now), speed: room.speed };
  if (Math.abs(behind) < ENDS) return { speed: room.speed };
  return { speed: room.speed * (1 + Math.max(-MOST, Math.min(MOST, behind / 400))) };
}

/** Whether a player does what the room does, so that there is nothing to join. */
export function isTogether(room: Room, now: number, player: { isPaused: boolean; lengthMs: number }): boolean {
  return !room.playing || !player.isPaused || placeIn(room, now) >= player.lengthMs;
}

/** How far the server's clock is ahead of this page's, from what the quickest of some answers said. */
export function clockAhead(samples: { sent: number; got: number; said: number }[]): number {
  const best = samples.reduce((a, b) => (b.got - b.sent < a.got - a.sent ? b : a));
  return best.said - (best.sent + best.got) / 2;
}
