import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { dayAndTime, dayInWords, dayOf, today } from "./school_day";

function schoolIn(timeZone: string | undefined): void {
  vi.stubGlobal("document", { documentElement: { dataset: { timeZone } } });
}

beforeEach(() => schoolIn("Pacific/Auckland"));
afterEach(() => vi.unstubAllGlobals());

test("a moment is on the school's day, wherever the browser is", () => {
  expect(dayOf("2026-11-29T20:30:00Z")).toBe("30 November 2026");
  expect(dayAndTime("2026-11-29T20:30:00Z")).toBe("Monday 30 November 2026 at 09:30");
  schoolIn("America/Los_Angeles");
  expect(dayOf("2026-11-30T02:00:00Z")).toBe("29 November 2026");
});

test("a day of the API is that day in every zone", () => {
  expect(dayInWords("2026-11-30")).toBe("30 November 2026");
  schoolIn("America/Los_Angeles");
  expect(dayInWords("2026-11-30")).toBe("30 November 2026");
});

test("today is the school's day, and its midnight is 00", () => {
  expect(today(new Date("2026-11-29T20:05:00Z"))).toBe("2026-11-30");
  expect(today(new Date("2026-11-29T10:59:00Z"))).toBe("2026-11-29");
  expect(dayAndTime(new Date("2026-11-29T11:00:00Z"))).toBe("Monday 30 November 2026 at 00:00");
});

test("the day changes at the school's midnight on the day that clocks change", () => {
  schoolIn("Europe/London");
  expect(today(new Date("2026-03-28T23:59:00Z"))).toBe("2026-03-28");
  expect(today(new Date("2026-03-29T01:30:00Z"))).toBe("2026-03-29");
  expect(dayAndTime("2026-03-29T01:30:00Z")).toBe("Sunday 29 March 2026 at 02:30");
});

test("a zone that the browser does not know gives the browser's own", () => {
  schoolIn("Mars/Olympus");
  const own = new Intl.DateTimeFormat("en-GB", { dateStyle: "long" }).format(new Date("2026-11-29T12:00:00Z"));
  expect(dayOf("2026-11-29T12:00:00Z")).toBe(own);
});
