import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BEAT, OneStream, type Message } from "./one_stream";
import type { Heard, OpenStream, Told } from "./stream";

/** A browser with tabs: a channel between them, and a server that counts its streams. */
class Browser {
  tabs = new Map<string, { hear: (message: Message) => void; deaf: boolean }>();
  streams: { by: string; things: string[]; after: number; heard: Heard }[] = [];
  number = 100;
  happened: { number: number; told: Told }[] = [];
  heard: Record<string, string[]> = {};
  lines: Record<string, boolean[]> = {};
  mostStreams = 0;

  tab(id: string, hasChannel = true): OneStream {
    this.heard[id] = [];
    this.lines[id] = [];
    const openChannel = (hear: (message: Message) => void) => {
      if (!hasChannel) return null;
      const seat = { hear, deaf: false };
      this.tabs.set(id, seat);
      return {
        post: (message: Message) => {
          if (seat.deaf) return;
          const copy = JSON.stringify(message);
          for (const [other, { hear }] of this.tabs)
            if (other !== id)
              setTimeout(
                () =>
                  this.tabs.get(other)?.hear === hear &&
                  !this.tabs.get(other)!.deaf &&
                  hear(JSON.parse(copy) as Message),
                1,
              );
        },
        close: () => this.tabs.delete(id),
      };
    };
    const openStream: OpenStream = (things, after, heard) => {
      const stream = { by: id, things, after, heard };
      this.streams.push(stream);
      this.mostStreams = Math.max(this.mostStreams, this.streams.length);
      setTimeout(() => {
        if (!this.streams.includes(stream)) return;
        for (const { number, told } of this.happened)
          if (number > after && told.things.some((thing) => things.includes(thing))) heard.told(told, 0);
        heard.open(this.number);
      }, 20);
      return { close: () => (this.streams = this.streams.filter((one) => one !== stream)) };
    };
    return new OneStream(id, openChannel, openStream, {
      told: ({ kind, things }) => this.heard[id]!.push(`${kind} ${things.join()}`),
      line: (isOpen) => this.lines[id]!.push(isOpen),
    });
  }

  /** A tab that is gone without a word: it crashed, or it is frozen. Its stream is gone as well, or falls silent. */
  crash(id: string): void {
    this.tabs.get(id)!.deaf = true;
    this.streams = this.streams.filter((one) => one.by !== id);
  }

  happens(kind: string, thing: string): void {
    const told = { kind, things: [thing] };
    this.happened.push({ number: ++this.number, told });
    for (const { things, heard } of this.streams) if (things.includes(thing)) heard.told(told, this.number);
  }
}

let browser: Browser;
beforeEach(() => {
  vi.useFakeTimers();
  browser = new Browser();
});
afterEach(() => vi.useRealTimers());
const wait = (ms: number) => vi.advanceTimersByTime(ms);
const leaders = (...tabs: OneStream[]) => tabs.filter((tab) => tab.part === "leader").length;

test("eight pages share one stream, and each hears of what it shows and of nothing else", () => {
  const tabs = [...Array(8).keys()].map((n) => browser.tab(`t${n}`));
  tabs.forEach((tab, n) => {
    tab.follow([`lesson:${n}`], 100);
    wait(300);
  });
  wait(3000);
  expect(leaders(...tabs)).toBe(1);
  expect(browser.streams).toHaveLength(1);
  expect(browser.mostStreams).toBe(1);
  browser.happens("comment", "lesson:5");
  wait(10);
  expect(Object.values(browser.heard).flat()).toEqual(["comment lesson:5"]);
  expect(browser.heard["t5"]).toEqual(["comment lesson:5"]);
});

test("pages that open at the same moment elect one leader", () => {
  const tabs = ["c", "a", "b"].map((id) => browser.tab(id));
  for (const tab of tabs) tab.follow(["lesson:1"], 100);
  wait(2000);
  expect(leaders(...tabs)).toBe(1);
  expect(browser.streams).toHaveLength(1);
});

test("a page that closes hands the stream over at once, and nothing is missed between", () => {
  const [one, other] = [browser.tab("a"), browser.tab("b")];
  one.follow(["lesson:1"], 100);
  other.follow(["lesson:1"], 100);
  wait(2000);
  const [first, second] = one.part === "leader" ? [one, other] : [other, one];
  first.leave();
  browser.happens("comment", "lesson:1"); // while nobody holds a stream
  wait(500);
  expect(second.part).toBe("leader");
  expect(browser.heard[second === one ? "a" : "b"]).toEqual(["comment lesson:1"]);
});

test("a leader that crashed is replaced within five seconds, and what happened meanwhile is told", () => {
  const [one, other] = [browser.tab("a"), browser.tab("b")];
  one.follow(["lesson:1"], 100);
  wait(1000);
  other.follow(["lesson:2"], 100);
  wait(1000);
  expect(one.part).toBe("leader");
  browser.crash("a");
  browser.happens("comment", "lesson:2");
  wait(5000);
  expect(other.part).toBe("leader");
  expect(browser.heard["b"]).toEqual(["comment lesson:2"]);
});

test("a frozen leader that wakes up gives way to the one that took over", () => {
  const [one, other] = [browser.tab("a"), browser.tab("b")];
  one.follow(["lesson:1"], 100);
  wait(1000);
  other.follow(["lesson:2"], 100);
  wait(1000);
  browser.tabs.get("a")!.deaf = true; // it neither hears nor speaks, and keeps its stream
  wait(6000);
  expect(other.part).toBe("leader");
  browser.tabs.get("a")!.deaf = false;
  wait(2 * BEAT);
  expect([one.part, other.part]).toEqual(["follower", "leader"]);
  expect(browser.streams).toHaveLength(1);
  browser.happens("comment", "lesson:1");
  wait(10);
  expect(browser.heard["a"]).toEqual(["comment lesson:1"]);
});

test("a page hears of what happened between its making and its joining, and the others are not told again", () => {
  const [one, other] = [browser.tab("a"), browser.tab("b")];
  one.follow(["lesson:1"], 100);
  wait(1000);
  browser.happens("comment", "lesson:2"); // 101, which nobody follows yet; the page of lesson 2 was read before
  browser.happens("words", "lesson:1"); // 102
  wait(10);
  other.follow(["lesson:2"], 100);
  wait(1000);
  expect(browser.heard["b"]).toEqual(["comment lesson:2"]);
  browser.heard["a"] = [];
  const third = browser.tab("c");
  third.follow(["lesson:1"], 102);
  wait(1000);
  expect([browser.heard["a"], browser.heard["c"]]).toEqual([[], []]);
});

test("a page that knows less than the stream has told already gets the stream opened from there", () => {
  const [one, other] = [browser.tab("a"), browser.tab("b")];
  one.follow(["lesson:1"], 100);
  wait(1000);
  browser.happens("comment", "lesson:1");
  other.follow(["lesson:1"], 100); // the same thing, read before the comment
  wait(1000);
  expect(browser.heard["b"]).toEqual(["comment lesson:1"]);
});

test("a page that is slowed down in the background does not take its leader for dead", () => {
  const [one, other] = [browser.tab("a"), browser.tab("b")];
  one.follow(["lesson:1"], 100);
  wait(1000);
  other.follow(["lesson:1"], 100);
  wait(1000);
  const tick = (other as unknown as { tick: () => void }).tick.bind(other);
  clearInterval((other as unknown as { beat: number }).beat);
  for (let minute = 0; minute < 5; minute++) {
    wait(60_000);
    tick();
  }
  expect([one.part, other.part]).toEqual(["leader", "follower"]);
});

test("the stream is closed with the last page, and follows what is left when one leaves", () => {
  const [one, other] = [browser.tab("a"), browser.tab("b")];
  one.follow(["lesson:1"], 100);
  wait(1000);
  other.follow(["lesson:2"], 100);
  wait(1000);
  expect(browser.streams[0]!.things).toEqual(["lesson:1", "lesson:2"]);
  other.leave();
  wait(1000);
  expect(browser.streams[0]!.things).toEqual(["lesson:1"]);
  one.leave();
  expect(browser.streams).toEqual([]);
});

test("a browser without such a channel has a stream for each page", () => {
  const [one, other] = [browser.tab("a", false), browser.tab("b", false)];
  one.follow(["lesson:1"], 100);
  other.follow(["lesson:2"], 100);
  wait(1000);
  expect(browser.streams).toHaveLength(2);
  browser.happens("comment", "lesson:2");
  expect([browser.heard["a"], browser.heard["b"]]).toEqual([[], ["comment lesson:2"]]);
});

test("every page is told that the line is lost, and that it is back", () => {
  const [one, other] = [browser.tab("a"), browser.tab("b")];
  one.follow(["lesson:1"], 100);
  wait(1000);
  other.follow(["lesson:1"], 100);
  wait(2000);
  browser.streams[0]!.heard.lost();
  wait(10);
  expect([browser.lines["a"]!.at(-1), browser.lines["b"]!.at(-1)]).toEqual([false, false]);
  browser.streams[0]!.heard.open(browser.number);
  wait(10);
  expect([browser.lines["a"]!.at(-1), browser.lines["b"]!.at(-1)]).toEqual([true, true]);
});

test("whatever happens to the pages, in the end there is one stream and each page has heard everything", () => {
  let seed = 7;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const tabs = [...Array(6).keys()].map((n) => ({
    id: `t${n}`,
    follows: `lesson:${n % 3}`,
    one: browser.tab(`t${n}`),
    isIn: false,
    missed: 0,
  }));
  for (let round = 0; round < 300; round++) {
    const tab = tabs[Math.floor(random() * tabs.length)]!;
    if (tab.isIn) tab.one.leave();
    else tab.one.follow([tab.follows], 100);
    tab.isIn = !tab.isIn;
    if (random() < 0.5) browser.happens("comment", `lesson:${Math.floor(random() * 3)}`);
    wait(random() * 2000);
  }
  for (const tab of tabs) if (!tab.isIn) tab.one.follow([tab.follows], 100);
  wait(10_000);
  expect(leaders(...tabs.map((tab) => tab.one))).toBe(1);
  expect(browser.streams).toHaveLength(1);
  for (const tab of tabs) {
    const happened = browser.happened.filter(({ told }) => told.things.includes(tab.follows)).length;
    expect(browser.heard[tab.id]!.length).toBeGreaterThanOrEqual(happened);
  }
});
