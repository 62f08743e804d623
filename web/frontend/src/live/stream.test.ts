import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openStream, type Source, type Told } from "./stream";

class FakeSource implements Source {
  readyState = 1;
  isClosed = false;
  private on: Record<string, ((event: { data?: string; lastEventId?: string }) => void)[]> = {};
  constructor(readonly address: string) {}
  addEventListener(kind: string, on: (event: { data?: string; lastEventId?: string }) => void): void {
    (this.on[kind] ??= []).push(on);
  }
  close(): void {
    this.isClosed = true;
  }
  says(kind: string, things: string[] = [], lastEventId = ""): void {
    for (const on of this.on[kind] ?? []) on({ data: JSON.stringify({ things }), lastEventId });
  }
  get after(): string | null {
    return new URL(this.address, "http://school.example").searchParams.get("after");
  }
}

let sources: FakeSource[];
let told: Told[];
let line: (number | "lost")[];
beforeEach(() => {
  vi.useFakeTimers();
  [sources, told, line] = [[], [], []];
});
afterEach(() => vi.useRealTimers());
const newest = () => sources.at(-1)!;
const open = (things: string[], after: number) =>
  openStream((address) => (sources.push(new FakeSource(address)), newest()), "p1")(things, after, {
    told: (each) => told.push(each),
    open: (number) => line.push(number),
    lost: () => line.push("lost"),
  });

test("a stream asks for its things, from a number on, for the person of the page", () => {
  open(["lesson:1", "clip:2"], 7);
  const query = new URL(newest().address, "http://school.example").searchParams;
  expect([query.getAll("thing"), query.get("after"), query.get("person_id")]).toEqual([
    ["lesson:1", "clip:2"],
    "7",
    "p1",
  ]);
});

test("a stream that broke is opened again, from the last number that was heard", () => {
  open(["lesson:1"], 7);
  newest().says("hello", ["lesson:1"], "9");
  newest().says("comment", ["lesson:1"], "12");
  newest().says("error");
  expect(line).toEqual([9, "lost"]);
  vi.advanceTimersByTime(1000);
  expect(sources).toHaveLength(2);
  expect(newest().after).toBe("12");
});

test("the pauses between attempts grow to some seconds, not further", () => {
  open(["lesson:1"], 7);
  for (let i = 0; i < 10; i++) {
    newest().says("error");
    vi.advanceTimersByTime(5001);
  }
  expect(sources).toHaveLength(11);
});

test("a line that falls silent is taken for broken, a heartbeat keeps it", () => {
  open(["lesson:1"], 7);
  newest().says("hello", [], "7");
  for (let i = 0; i < 6; i++) {
    vi.advanceTimersByTime(15_000);
    newest().says("beat");
  }
  expect(sources).toHaveLength(1);
  vi.advanceTimersByTime(60_000);
  expect(line).toEqual([7, "lost"]);
  expect(sources[0]!.isClosed).toBe(true);
});

test("refused more than once, the pages are told to ask for themselves, once", () => {
  open(["lesson:1"], 7);
  for (let i = 0; i < 4; i++) {
    newest().readyState = 2;
    newest().says("error");
    vi.advanceTimersByTime(6000);
  }
  expect(told).toEqual([{ kind: "missed", things: ["lesson:1"] }]);
});

test("what is gone is not asked for again, and nothing is opened for nothing", () => {
  open(["lesson:1", "lesson:2"], 7);
  newest().says("gone", ["lesson:1"]);
  newest().says("error");
  vi.advanceTimersByTime(1000);
  expect(newest().address).not.toContain("lesson%3A1");
  newest().says("gone", ["lesson:2"]);
  newest().says("error");
  vi.advanceTimersByTime(60_000);
  expect(sources).toHaveLength(2);
});
