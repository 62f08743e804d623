import { beforeEach, describe, expect, it, vi } from "vitest";
import { SaveSoon } from "./save_soon";

describe("SaveSoon", () => {
  beforeEach(() => void vi.useFakeTimers());

  it("saves each field for itself, once, after its last key", async () => {
    const saved: string[] = [];
    const soon = new SaveSoon(() => false);
    const type = (field: string, text: string) => soon.later(field, async () => void saved.push(field + text));
    type("G", "a");
    await vi.advanceTimersByTimeAsync(400);
    type("R", "b");
    type("G", "ab");
    await vi.advanceTimersByTimeAsync(599);
    expect(saved).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(saved.sort()).toEqual(["Gab", "Rb"]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(saved).toHaveLength(2);
  });

  it("saves everything at once when asked, and says that nothing is left", async () => {
    const saved: string[] = [];
    const soon = new SaveSoon(() => false);
    for (const field of ["G", "R"]) soon.later(field, async () => void saved.push(field));
    expect(await soon.all()).toBe(true);
    expect(saved).toEqual(["G", "R"]);
  });

  it("has one request of a field under way: the next is made when the answer is there", async () => {
    const begun: number[] = [];
    const answers: (() => void)[] = [];
    const soon = new SaveSoon(() => false);
    for (const number of [1, 2]) {
      soon.later("action", () => new Promise<void>((done) => (begun.push(number), answers.push(done))));
      await vi.advanceTimersByTimeAsync(600);
    }
    expect(begun).toEqual([1]);
    answers[0]!();
    await vi.advanceTimersByTimeAsync(0);
    expect(begun).toEqual([1, 2]);
  });

  it("has a field on its way until the answer is there, so that nothing older is shown in it", async () => {
    let answer = (): void => undefined;
    const soon = new SaveSoon(() => false);
    soon.later("action", () => new Promise<void>((done) => (answer = done)));
    expect(soon.isDue("action")).toBe(true);
    const saved = soon.now("action");
    await vi.advanceTimersByTimeAsync(0);
    expect(soon.isDue("action")).toBe(true);
    answer();
    await saved;
    expect(soon.isDue("action")).toBe(false);
  });

  it("tries again after a failure that passes, and not after one that stays", async () => {
    let tries = 0;
    const fail = async () => {
      tries += 1;
      throw new Error();
    };
    const passing = new SaveSoon(() => tries < 3);
    passing.later("G", fail);
    expect(await passing.all()).toBe(false);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(tries).toBe(3);
    expect(await passing.all()).toBe(true);
  });

  it("sends what was typed last, not what failed before it", async () => {
    const saved: string[] = [];
    let fails = true;
    const soon = new SaveSoon(() => true);
    const type = (text: string) =>
      soon.later("G", async () => {
        await Promise.resolve();
        if (fails) throw new Error();
        saved.push(text);
      });
    type("old");
    const first = soon.now("G");
    type("new");
    await first;
    fails = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(saved).toEqual(["new"]);
  });
});
