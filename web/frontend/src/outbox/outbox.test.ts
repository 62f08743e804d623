import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refused } from "../api/client";
import { Kept, type Store } from "../browser/kept";
import { Outbox } from "./outbox";

class FakeStorage extends Map<string, string> implements Store {
  get length() {
    return this.size;
  }
  key(at: number) {
    return [...this.keys()][at] ?? null;
  }
  getItem(name: string) {
    return this.get(name) ?? null;
  }
  setItem(name: string, text: string) {
    this.set(name, text);
  }
  removeItem(name: string) {
    this.delete(name);
  }
}

const TO = "/api/lessons/1/comments";
let store: FakeStorage;
let sent: string[];
let answer: () => Promise<unknown>;
const outboxOf = (person: string) =>
  new Outbox(new Kept(person, store), (_to, body) => {
    sent.push((body as { text: string }).text);
    return answer();
  });
const note = (text: string) => ({ text, draft_id: text });

beforeEach(() => {
  vi.useFakeTimers();
  [store, sent, answer] = [new FakeStorage(), [], () => Promise.resolve({})];
});
afterEach(() => vi.useRealTimers());

test("what waits is sent once, oldest first, and leaves the device", async () => {
  const outbox = outboxOf("tom");
  outbox.add(TO, note("first"));
  vi.advanceTimersByTime(1);
  outbox.add(TO, note("second"));
  await Promise.all([outbox.send(), outbox.send()]);
  expect(sent).toEqual(["first", "second"]);
  expect(outbox.waiting()).toEqual([]);
});

test("what one person wrote is neither seen nor sent by the page of another", async () => {
  outboxOf("tom").add(TO, note("Tom's"));
  const hers = outboxOf("priya");
  await hers.send(true);
  expect(hers.waiting()).toEqual([]);
  expect(sent).toEqual([]);
  await outboxOf("tom").send();
  expect(sent).toEqual(["Tom's"]);
});

test.each([401, 408, 409, 429, 500, 503])("an answer %i leaves it waiting", async (status) => {
  const outbox = outboxOf("tom");
  outbox.add(TO, note("kept"));
  answer = () => Promise.reject(new Refused("Not now.", status));
  await outbox.send();
  expect(outbox.waiting().map((one) => one.refused)).toEqual([undefined]);
});

test("without a network it is tried again by itself", async () => {
  const outbox = outboxOf("tom");
  outbox.add(TO, note("kept"));
  answer = () => Promise.reject(new TypeError("Failed to fetch"));
  await outbox.send();
  answer = () => Promise.resolve({});
  await vi.advanceTimersByTimeAsync(20_000);
  expect(sent).toEqual(["kept", "kept"]);
  expect(outbox.waiting()).toEqual([]);
});

test("what the server will not take stays with its reason, holds up nothing, and is sent when she asks", async () => {
  const outbox = outboxOf("tom");
  outbox.add(TO, note("not taken"));
  vi.advanceTimersByTime(1);
  outbox.add(TO, note("taken"));
  answer = () =>
    sent.at(-1) === "not taken" ? Promise.reject(new Refused("It was taken back.", 404)) : Promise.resolve({});
  await outbox.send();
  await outbox.send();
  expect(sent).toEqual(["not taken", "taken"]);
  expect(outbox.waiting().map((one) => one.refused)).toEqual(["It was taken back."]);
  answer = () => Promise.resolve({});
  await outbox.send(true);
  expect(outbox.waiting()).toEqual([]);
});
