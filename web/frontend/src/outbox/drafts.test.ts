import { beforeEach, expect, test, vi } from "vitest";
import { Kept } from "../browser/kept";
import { CommentDraft, FieldDraft, isHalfWritten, keepWordsAlone, leftWords } from "./drafts";
import { FakeStorage } from "./fake_storage";

const ADDRESS = "/api/lessons/1";
const aim = { audience: "", kind: "question", goal: "wait", stage: "R" };
const draft = (id: string, text = `words of ${id}`) => ({ id, text, startMs: 30_000, endMs: null, aim });
let store: FakeStorage;
const page = (person = "tom", address = ADDRESS) => new CommentDraft(address, new Kept(person, store));
beforeEach(() => void (store = new FakeStorage()));

test("what is half written is there after a reload, with its id, its moment and its aim", () => {
  expect(page().write(draft("one"))).toBe(true);
  expect(page().read()).toMatchObject(draft("one"));
});

test("it is neither another person's nor another lesson's", () => {
  page().write(draft("one"));
  expect(page("priya").read()).toBeUndefined();
  expect(page("tom", "/api/lessons/11").read()).toBeUndefined();
});

test("an empty field of one tab takes nothing of another tab away, and both are found", () => {
  vi.useFakeTimers();
  const [first, second] = [page(), page()];
  first.write(draft("one"));
  second.write(draft("", ""));
  expect(page().read()).toMatchObject({ id: "one" });
  vi.advanceTimersByTime(1);
  second.write(draft("two"));
  expect(page().read()).toMatchObject({ id: "two" });
  second.write(draft("", ""));
  expect(page().read()).toMatchObject({ id: "one" });
  vi.useRealTimers();
});

test("what is sent or emptied is kept no longer, and what comes next is", () => {
  const mine = page();
  mine.write(draft("one"));
  mine.write(draft("", ""));
  expect(page().read()).toBeUndefined();
  mine.write(draft("two"));
  mine.write(draft("three"));
  expect([...store.keys()].filter((name) => name.includes("two"))).toEqual([]);
  expect(page().read()).toMatchObject({ id: "three" });
});

test("a full store says that it lasts no longer than the page", () => {
  store.isFull = true;
  expect(page().write(draft("one"))).toBe(false);
});

class FakeField {
  value = "";
  private listeners: (() => void)[] = [];
  addEventListener(_: string, listener: unknown) {
    this.listeners.push(listener as () => void);
  }
  type(text: string) {
    this.value = text;
    for (const each of this.listeners) each();
  }
}

test("a reply or a note that is half written keeps its id and the moment of its first letter", () => {
  const mine = new Kept("tom", store);
  let atMs = 2000;
  const [before, after] = [new FakeField(), new FakeField()];
  const first = new FieldDraft(before, "walk:1", () => atMs, mine);
  before.type("two");
  atMs = 9000;
  before.type("two hands");
  const again = new FieldDraft(after, "walk:1", () => atMs, mine);
  expect(after.value).toBe("two hands");
  expect([again.writing.id, again.writing.startMs]).toEqual([first.writing.id, 2000]);
  expect(isHalfWritten("walk:1", mine)).toBe(true);
  again.forget();
  expect(isHalfWritten("walk:1", mine)).toBe(false);
});

test("of what is half written about something that closed the words alone stay, and of nothing else", () => {
  const mine = new Kept("tom", store);
  page().write(draft("one", " My own words "));
  page("tom", "/api/lessons/11").write(draft("other"));
  mine.write(`draft:${ADDRESS}/reply/5`, { id: "r", text: "A reply", startMs: 4 });
  mine.write(`draft:${ADDRESS}/edit/6`, { id: "e", text: " ", startMs: 4 });
  const waits = {
    since: 1,
    refused: "Not open.",
    body: { draft_id: "w", text: "It stood there", start_ms: 30_000, goal_id: "wait" },
  };
  mine.write("waiting:w", { to: `${ADDRESS}/comments`, ...waits });
  keepWordsAlone(ADDRESS, mine);
  const left = leftWords(mine).map((one) => one.text);
  expect(left.sort()).toEqual(["A reply", "It stood there", "My own words"]);
  expect(page().read()).toBeUndefined();
  expect(page("tom", "/api/lessons/11").read()).toMatchObject({ id: "other" });
  const kept = [...store].filter(([name]) => !name.includes("/11#")).join();
  for (const secret of [ADDRESS, "lessons", "30000", "wait", "one"]) expect(kept).not.toContain(secret);
  expect(leftWords(new Kept("priya", store))).toEqual([]);
});
