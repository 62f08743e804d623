import { beforeEach, expect, test } from "vitest";
import { goalsFor, momentText, Writing } from "./writing";

let made: number;
let writing: Writing;
beforeEach(() => {
  made = 0;
  writing = new Writing(() => `id ${++made}`);
});
const about = () => [writing.startMs, writing.endMs];

test("the moment is that of the first letter, whatever the film does afterwards", () => {
  expect(writing.type("W", 5000)).toBe(true);
  expect(writing.type("Wait", 9000)).toBe(false);
  expect(about()).toEqual([5000, null]);
});

test("what is emptied and typed again is another comment, with the moment of its own first letter", () => {
  writing.type("wait", 5000);
  writing.type("", 6000);
  expect(about()).toEqual([null, null]);
  writing.type("w", 50_000);
  expect(about()).toEqual([50_000, null]);
  expect(writing.id).toBe("id 2");
});

test("a blank is no letter", () => {
  expect(writing.type(" ", 5000)).toBe(false);
  expect([...about(), writing.id]).toEqual([null, null, ""]);
  expect(writing.type(" \nW", 50_000)).toBe(true);
  expect(about()).toEqual([50_000, null]);
});

test("one id from the first letter on", () => {
  for (const text of ["W", "Wa", "Wai"]) writing.type(text, 1000);
  expect([writing.id, made]).toEqual(["id 1", 1]);
});

test("what was half written goes on at its moment, with its id", () => {
  writing.restore({ id: "before", text: "half", startMs: 30_000, endMs: 40_000 });
  writing.type("half a thought", 70_000);
  expect([writing.id, ...about()]).toEqual(["before", 30_000, 40_000]);
});

test("an empty draft says nothing about a moment", () => {
  writing.restore({ id: "before", text: " ", startMs: 30_000, endMs: null });
  writing.type("new", 70_000);
  expect(about()).toEqual([70_000, null]);
});

test("a range that was selected is what it is about", () => {
  writing.over([10_000.4, 20_000.2]);
  writing.type("W", 50_000);
  expect(about()).toEqual([10_000, 20_000]);
  writing.type("", 50_000);
  writing.type("again", 60_000);
  expect(about()).toEqual([10_000, 20_000]);
});

test("a range that nothing was written about ends with the focus, and words keep theirs", () => {
  writing.over([10_000, 20_000]);
  writing.leave();
  expect(about()).toEqual([null, null]);
  writing.over([10_000, 20_000]);
  writing.type("W", 50_000);
  writing.leave();
  expect(about()).toEqual([10_000, 20_000]);
});

test("what is spoken stands where it was begun, when it is written down later", () => {
  writing.speak(10_000);
  writing.type("Sam waits", 14_000);
  expect(about()).toEqual([10_000, null]);
  writing.clear();
  writing.speak(20_000);
  writing.leave(); // nothing was heard
  writing.type("W", 50_000);
  expect(about()).toEqual([50_000, null]);
});

test("until now begins at its moment, and lasts a second at least", () => {
  writing.type("W", 5000);
  writing.until(9000);
  expect(about()).toEqual([5000, 9000]);
  writing.until(1000);
  expect(about()).toEqual([5000, 6000]);
});

test("a private note may be about a goal of any partnership, another about those of its readers", () => {
  const [wait, ask] = [{ id: "wait" }, { id: "ask" }];
  const audiences = [
    { partnership_id: "siobhan", goals: [wait] },
    { partnership_id: "noor", goals: [ask, wait] },
  ];
  expect(goalsFor("", audiences)).toEqual([wait, ask]);
  expect(goalsFor("siobhan", audiences)).toEqual([wait]);
  expect(goalsFor("?", audiences)).toEqual([]);
});

test("the moment is said while one types", () => {
  expect(momentText(writing)).toBe("");
  writing.type("W", 5000);
  expect(momentText(writing)).toBe("at 0:05");
  writing.until(61_000);
  expect(momentText(writing)).toBe("0:05 to 1:01");
});
