import { expect, test } from "vitest";
import type { Room } from "../api/types";
import { clockAhead, correction, isTogether, placeIn } from "./follow";

const AT = 1_000_000;
const room = (set: Partial<Room>): Room => ({ position_ms: 60_000, at: AT, playing: true, speed: 1, ...set }) as Room;

test("a film that plays moves on with the server's clock, at its speed", () => {
  expect(placeIn(room({}), AT + 5000)).toBe(65_000);
  expect(placeIn(room({ speed: 1.5 }), AT + 4000)).toBe(66_000);
});

test("a film that is paused stays where it is", () => {
  expect(placeIn(room({ playing: false }), AT + 5000)).toBe(60_000);
});

test("a player that is right runs at the room's speed", () => {
  expect(correction(room({ speed: 1.25 }), AT, 60_000)).toEqual({ speed: 1.25 });
  expect(correction(room({}), AT, 60_030)).toEqual({ speed: 1 });
});

test("a player that is a little behind runs faster, one that is ahead runs slower", () => {
  expect(correction(room({}), AT, 59_960).speed).toBeCloseTo(1.1);
  expect(correction(room({}), AT, 60_080).speed).toBeCloseTo(0.8);
});

test("catching up changes the speed by a quarter at most", () => {
  expect(correction(room({}), AT, 59_100)).toEqual({ speed: 1.25 });
  expect(correction(room({ speed: 2 }), AT, 60_900)).toEqual({ speed: 1.5 });
});

test("a player that is more than a second away seeks", () => {
  expect(correction(room({}), AT + 2000, 60_000)).toEqual({ seek: 62_000, speed: 1 });
  expect(correction(room({}), AT, 70_000)).toEqual({ seek: 60_000, speed: 1 });
});

test("a paused player seeks to the very place, but not for what nobody sees", () => {
  expect(correction(room({ playing: false }), AT, 60_200)).toEqual({ seek: 60_000, speed: 1 });
  expect(correction(room({ playing: false }), AT, 60_020)).toEqual({ speed: 1 });
});

test("the server's clock is taken from the quickest answer", () => {
  const slow = { sent: 0, got: 2000, said: 9000 };
  const quick = { sent: 3000, got: 3040, said: 8020 };
  expect(clockAhead([slow, quick])).toBe(5000);
});

test("there is something to join only while the room plays, this player stands and the film goes on", () => {
  const standing = { isPaused: true, lengthMs: 90_000 };
  expect(isTogether(room({}), AT, standing)).toBe(false);
  expect(isTogether(room({ playing: false }), AT, standing)).toBe(true);
  expect(isTogether(room({}), AT, { ...standing, isPaused: false })).toBe(true);
  expect(isTogether(room({}), AT + 29_999, standing)).toBe(false);
  expect(isTogether(room({}), AT + 30_000, standing)).toBe(true); // the film is at its end
});
