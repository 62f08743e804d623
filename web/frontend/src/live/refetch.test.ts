import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refetch } from "./refetch";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("what changes during a fetch is fetched once more, not once a change", async () => {
  let answer: () => void = () => undefined;
  let times = 0;
  const refetch = new Refetch(
    () => (times++, new Promise<void>((done) => (answer = done))),
    () => false,
  );
  for (let i = 0; i < 5; i++) refetch.ask();
  expect(times).toBe(1);
  answer();
  await vi.advanceTimersByTimeAsync(0);
  expect(times).toBe(2);
  answer();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(times).toBe(2);
});

test("a fetch that failed is tried again until it succeeds", async () => {
  let times = 0;
  const refetch = new Refetch(
    () => (++times < 4 ? Promise.reject(new Error("no network")) : Promise.resolve()),
    () => false,
  );
  refetch.ask();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(times).toBe(4);
});

test("a refusal is not tried again", async () => {
  let times = 0;
  const refetch = new Refetch(
    () => {
      times++;
      return Promise.reject(new Error("not yours"));
    },
    () => true,
  );
  refetch.ask();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(times).toBe(1);
});
