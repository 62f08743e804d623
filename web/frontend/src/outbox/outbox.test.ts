import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refused } from "../api/client";
import { Kept } from "../browser/kept";
import { FakeStorage } from "./fake_storage";
import { Outbox } from "./outbox";

const TO = "/api/lessons/1/comments";
const ELSEWHERE = "/api/lessons/2/comments";
let store: FakeStorage;
let sent: string[];
let answer: (to: string) => Promise<unknown>;
let signedIn: string;
const outboxOf = (person: string) =>
  new Outbox(
    new Kept(person, store),
    (to, body) => {
      sent.push((body as { text: string }).text);
      return answer(to);
    },
    { isHers: () => signedIn === person },
  );
const note = (text: string) => ({ text, draft_id: text });
const refuse = (status: number, code: string) => () => Promise.reject(new Refused("Not taken.", status, code));
const noNetwork = () => Promise.reject(new TypeError("Failed to fetch"));
const waiting = (outbox: Outbox) => outbox.waiting().map((one) => one.body.text);

beforeEach(() => {
  vi.useFakeTimers();
  [store, sent, answer, signedIn] = [new FakeStorage(), [], () => Promise.resolve({}), "tom"];
});
afterEach(() => vi.useRealTimers());

test("what waits is sent once, oldest first, and leaves the device", async () => {
  const outbox = outboxOf("tom");
  for (const text of ["first", "second", "third"]) outbox.add(TO, note(text)); // within one millisecond
  await Promise.all([outbox.send(), outbox.send()]);
  expect(sent).toEqual(["first", "second", "third"]);
  expect(waiting(outbox)).toEqual([]);
});

test("what is added while another is sent goes with it", async () => {
  const outbox = outboxOf("tom");
  outbox.add(TO, note("first"));
  answer = () => {
    if (sent.length === 1) outbox.add(TO, note("second"));
    return Promise.resolve({});
  };
  await outbox.send();
  expect(sent).toEqual(["first", "second"]);
});

test("it is kept before it is sent, over a reload", () => {
  outboxOf("tom").add(TO, note("kept"));
  expect(waiting(outboxOf("tom"))).toEqual(["kept"]);
});

test("what one person wrote is neither seen nor sent by the page of another", async () => {
  outboxOf("tom").add(TO, note("Tom's"));
  signedIn = "priya";
  const hers = outboxOf("priya");
  await hers.send();
  expect(waiting(hers)).toEqual([]);
  await outboxOf("tom").send(); // his page is still open
  expect(sent).toEqual([]);
  signedIn = "tom";
  await outboxOf("tom").send();
  expect(sent).toEqual(["Tom's"]);
});

test.each([
  [401, "sign_in_needed"],
  [409, "other_person"],
  [409, "done_at_once"],
  [408, ""],
  [429, "too_many"],
  [500, "error"],
  [503, ""],
  [507, "disk_full"],
  [403, ""], // a page of the network's own, in place of the server
  [404, ""],
])("an answer %i %s leaves it waiting, and it is tried again by itself", async (status, code) => {
  const outbox = outboxOf("tom");
  outbox.add(TO, note("kept"));
  answer = refuse(status, code);
  await outbox.send();
  expect(outbox.waiting().map((one) => one.refused)).toEqual([undefined]);
  answer = () => Promise.resolve({});
  await vi.advanceTimersByTimeAsync(20_000);
  expect([sent.length, waiting(outbox)]).toEqual([2, []]);
});

test.each([
  [403, "not_allowed"],
  [404, "not_found"],
  [409, "partnership_suspended"],
  [409, "sent_before"],
  [410, "gone"],
  [413, ""],
  [422, "invalid_input"],
])("what is refused, %i %s, stays with its reason, is not tried again and holds up nothing", async (status, code) => {
  const outbox = outboxOf("tom");
  for (const text of ["not taken", "taken"]) outbox.add(TO, note(text));
  answer = () => (sent.at(-1) === "not taken" ? refuse(status, code)() : Promise.resolve({}));
  for (let i = 0; i < 3; i++) await outbox.send();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(sent).toEqual(["not taken", "taken"]);
  expect(outbox.waiting()).toMatchObject([{ body: { text: "not taken" }, refused: "Not taken.", code }]);
});

test("without a network it is tried again by itself, in order", async () => {
  const outbox = outboxOf("tom");
  for (const text of ["first", "second"]) outbox.add(TO, note(text));
  answer = noNetwork;
  await outbox.send();
  expect(sent).toEqual(["first"]);
  answer = () => Promise.resolve({});
  await vi.advanceTimersByTimeAsync(20_000);
  expect(sent).toEqual(["first", "first", "second"]);
});

test("a thing that the server cannot take now holds up its own alone, in their order", async () => {
  const outbox = outboxOf("tom");
  outbox.add(TO, note("first"));
  outbox.add(TO, note("second"));
  outbox.add(ELSEWHERE, note("elsewhere"));
  answer = (to) => (to === TO ? refuse(500, "error")() : Promise.resolve({}));
  await outbox.send();
  expect(sent).toEqual(["first", "elsewhere"]);
  expect(waiting(outbox)).toEqual(["first", "second"]);
});

test("what the server is known to have waits no longer, and other words under its id do", () => {
  const outbox = outboxOf("tom");
  for (const text of ["arrived", "other words"]) outbox.add(TO, note(text));
  outbox.arrived([note("arrived"), { draft_id: "other words", text: "something else" }, { draft_id: "", text: "x" }]);
  expect(waiting(outbox)).toEqual(["other words"]);
});

test("what was sent before with other words can be sent as something of its own", async () => {
  const outbox = outboxOf("tom");
  outbox.add(TO, note("these"));
  answer = refuse(409, "sent_before");
  await outbox.send();
  answer = () => Promise.resolve({});
  outbox.sendAsAnother(outbox.waiting()[0]!, "another");
  await outbox.send();
  expect([sent, waiting(outbox)]).toEqual([["these", "these"], []]);
});

test("what she takes away while it is sent does not come back", async () => {
  const outbox = outboxOf("tom");
  outbox.add(TO, note("taken away"));
  answer = () => {
    outbox.discard(outbox.waiting()[0]!);
    return refuse(422, "invalid_input")();
  };
  await outbox.send();
  expect(waiting(outbox)).toEqual([]);
});

test("in a full store it lasts as long as the page, is sent all the same, and says so", async () => {
  store.isFull = true;
  const outbox = outboxOf("tom");
  expect(outbox.add(TO, note("kept"))).toBe(false);
  expect(waiting(outbox)).toEqual(["kept"]);
  expect([outbox.endsWithPage, outbox.isVolatile("kept")]).toEqual([true, true]);
  await outbox.send();
  expect(outbox.endsWithPage).toBe(false);
  expect([sent, waiting(outbox)]).toEqual([["kept"], []]);
});

test("what a store that fills up cannot keep any more is asked about as the page is left", async () => {
  const outbox = outboxOf("tom");
  expect(outbox.add(TO, note("kept"))).toBe(true);
  expect(outbox.endsWithPage).toBe(false);
  store.isFull = true;
  answer = refuse(422, "invalid_input");
  await outbox.send();
  expect([outbox.endsWithPage, outbox.find("kept")?.code]).toEqual([true, "invalid_input"]);
  store.isFull = false;
  outbox.sendAsAnother(outbox.find("kept")!, "other");
  expect(outbox.endsWithPage).toBe(false);
});

const change = (text: string, ...seen: string[]) => ({ text, draft_id: "line", sends: { text, seen } });
const changes = () => {
  const bodies: { text: string; seen: string[] }[] = [];
  const outbox = new Outbox(new Kept("tom", store), (to, body) => {
    bodies.push(body as { text: string; seen: string[] });
    return answer(to);
  });
  return { bodies, outbox };
};

test("a change takes the place of the one before it, and says what of it may have arrived", async () => {
  const { bodies, outbox } = changes();
  answer = noNetwork;
  for (const text of ["a", "ab"]) {
    outbox.add(TO, change(text, "was"), "PATCH");
    await outbox.send();
  }
  answer = () => Promise.resolve({});
  const again = changes(); // after a reload
  again.outbox.add(TO, change("abc", "was"), "PATCH");
  expect(waiting(again.outbox)).toEqual(["abc"]);
  await again.outbox.send();
  expect(bodies.map((one) => one.seen)).toEqual([["was"], ["was", "a"]]);
  expect(again.bodies).toEqual([{ text: "abc", seen: ["was", "a", "ab"] }]);
  expect(waiting(again.outbox)).toEqual([]);
});

test("what is typed while a change is on its way goes after it, and is not taken for sent", async () => {
  const { bodies, outbox } = changes();
  answer = () => {
    if (bodies.length === 1) outbox.add(TO, change("ab", "was"), "PATCH");
    return Promise.resolve({});
  };
  outbox.add(TO, change("a", "was"), "PATCH");
  await outbox.send();
  expect(bodies).toEqual([
    { text: "a", seen: ["was"] },
    { text: "ab", seen: ["was", "a"] },
  ]);
  expect(waiting(outbox)).toEqual([]);
});

test("a refusal of an older change does not become that of what was typed since", async () => {
  const { bodies, outbox } = changes();
  answer = () => {
    if (bodies.length > 1) return Promise.resolve({});
    outbox.add(TO, change("ab", "was"), "PATCH");
    return refuse(409, "edited_meanwhile")();
  };
  outbox.add(TO, change("a", "was"), "PATCH");
  await outbox.send();
  expect(bodies.map((one) => one.text)).toEqual(["a", "ab"]);
  expect(waiting(outbox)).toEqual([]);
});

test("of a form its fields are sent, and the way in which it is kept is told", async () => {
  const sentHow: unknown[] = [];
  const outbox = new Outbox(new Kept("tom", store), (...all) => Promise.resolve(sentHow.push(all)));
  outbox.add("/goals/1", { draft_id: "form", text: "Wait", sends: [["title", "Wait"]] }, "FORM");
  await outbox.send();
  expect(sentHow).toEqual([["/goals/1", [["title", "Wait"]], "FORM"]]);
});
