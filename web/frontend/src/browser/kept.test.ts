import { beforeEach, expect, test } from "vitest";
import { forgetLast, forgetShared, Kept, notedSignedIn, noteSignedIn, othersKeep, type Store } from "./kept";

class FakeStorage implements Store {
  private all = new Map<string, string>();
  isFull = false;
  get length() {
    return this.all.size;
  }
  key(at: number) {
    return [...this.all.keys()][at] ?? null;
  }
  getItem(name: string) {
    return this.all.get(name) ?? null;
  }
  setItem(name: string, text: string) {
    if (this.isFull) throw new Error("QuotaExceededError");
    this.all.set(name, text);
  }
  removeItem(name: string) {
    this.all.delete(name);
  }
  get texts() {
    return [...this.all].join("\n");
  }
}

let store: FakeStorage;
beforeEach(() => void (store = new FakeStorage()));

test("what one person keeps is found by her alone", () => {
  new Kept("tom", store).write("draft:/api/lessons/1", "half written by Tom");
  expect(new Kept("priya", store).read("draft:/api/lessons/1")).toBeUndefined();
  expect(new Kept("priya", store).names()).toEqual([]);
  expect(new Kept("tom", store).read("draft:/api/lessons/1")).toBe("half written by Tom");
});

test("nobody's things are found under the id of somebody whose id begins alike", () => {
  new Kept("tommy", store).write("draft:a", "hers");
  expect(new Kept("tom", store).names()).toEqual([]);
});

test("on a page of nobody nothing reaches the disk", () => {
  const nobody = new Kept("", store);
  expect(nobody.write("draft:a", "of nobody")).toBe(false);
  expect(nobody.read("draft:a")).toBe("of nobody");
  expect(store.texts).toBe("");
});

test("what the browser has no room for lasts as long as the page, and says so", () => {
  const kept = new Kept("tom", store);
  store.isFull = true;
  expect(kept.write("waiting:1", { text: "long" })).toBe(false);
  expect(kept.read("waiting:1")).toEqual({ text: "long" });
  expect(kept.names("waiting:")).toEqual(["waiting:1"]);
  kept.remove("waiting:1");
  expect(kept.read("waiting:1")).toBeUndefined();
});

test("what cannot be read is nothing", () => {
  store.setItem("hindsight:of:tom:draft:a", "{half");
  expect(new Kept("tom", store).read("draft:a")).toBeUndefined();
});

test("clearing takes away one person's things and nobody else's", () => {
  new Kept("tom", store).write("draft:a", "Tom's");
  new Kept("priya", store).write("draft:a", "Priya's");
  new Kept("tom", store).clear();
  expect(new Kept("tom", store).names()).toEqual([]);
  expect(new Kept("priya", store).read("draft:a")).toBe("Priya's");
});

test("what earlier versions kept under nobody's name goes", () => {
  for (const name of ["waiting-comments", "draft:/api/lessons/1", "walk-7", "tus::x::1"]) store.setItem(name, "words");
  noteSignedIn("priya", false, store);
  expect(store.texts).not.toContain("words");
});

test("whose things leave the computer with her is forgotten when she signs out, or when somebody else signs in", () => {
  const tom = new Kept("tom", store);
  noteSignedIn("tom", true, store);
  tom.write("draft:a", "Tom's");
  noteSignedIn("", false, store); // the form of signing in, after her time was over: she may come back
  noteSignedIn("tom", true, store);
  expect(tom.read("draft:a")).toBe("Tom's");
  noteSignedIn("priya", false, store);
  expect(store.texts).not.toContain("Tom's");
  noteSignedIn("tom", true, store);
  tom.write("draft:a", "Tom's again");
  forgetShared(store);
  expect(store.texts).not.toContain("Tom's again");
});

test("what is kept on a computer of one's own stays when somebody else signs in", () => {
  noteSignedIn("tom", false, store);
  new Kept("tom", store).write("draft:a", "Tom's");
  noteSignedIn("priya", true, store);
  forgetShared(store);
  expect(new Kept("tom", store).read("draft:a")).toBe("Tom's");
  expect(othersKeep("priya", store)).toBe(true);
  expect(othersKeep("tom", store)).toBe(false);
});

test("the things of an account that is deleted go with it", () => {
  noteSignedIn("tom", false, store);
  new Kept("tom", store).write("draft:a", "Tom's");
  forgetLast(store);
  expect(store.texts).not.toContain("Tom's");
  expect(notedSignedIn(store)).toBe("tom");
});

test("a page that was left open on a shared computer puts nothing on its disk after the sign-out", () => {
  const tom = new Kept("tom", store, true);
  noteSignedIn("tom", true, store);
  expect(tom.write("draft:a", "before")).toBe(true);
  forgetShared(store);
  expect(tom.write("draft:a", "after")).toBe(false);
  expect(store.texts).not.toMatch(/before|after/);
});
