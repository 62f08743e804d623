import { afterEach, expect, test, vi } from "vitest";
import { ServerClock } from "./server_clock";

afterEach(() => vi.useRealTimers());

test("time goes on from when the server said it", () => {
  let ticks = 5000;
  const clock = new ServerClock(61_000, () => ticks, 4000);
  expect(clock.ms()).toBe(62_000);
  ticks += 1500;
  expect(clock.ms()).toBe(63_500);
});

test("a phone's time of day means nothing, however often it is put right", () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const clock = new ServerClock(0, () => 2000, 0);
  for (const day of ["1970-01-01", "2031-05-06", "2026-11-29"]) {
    vi.setSystemTime(new Date(day));
    expect(clock.ms()).toBe(2000);
  }
});
