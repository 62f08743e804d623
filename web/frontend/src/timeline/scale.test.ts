import { expect, test } from "vitest";
import { momentAt, mostByColumn, panned, placeOf, zoomed } from "./scale";

const LENGTH = 3_000_000; // 50 minutes
const WHOLE = { from: 0, to: LENGTH };

test("a place and its moment are each other's inverse", () => {
  const shown = { from: 600_000, to: 900_000 };
  expect(placeOf(750_000, shown, 800)).toBe(400);
  expect(momentAt(400, shown, 800, LENGTH)).toBe(750_000);
});

test("a place left of the strip or right of it is a moment of the lesson", () => {
  expect(momentAt(-50, WHOLE, 800, LENGTH)).toBe(0);
  expect(momentAt(900, WHOLE, 800, LENGTH)).toBe(LENGTH);
});

test("a moment that is not shown lies outside the strip", () => {
  const shown = { from: 600_000, to: 900_000 };
  expect(placeOf(300_000, shown, 800)).toBeLessThan(0);
  expect(placeOf(1_200_000, shown, 800)).toBeGreaterThan(800);
});

test("zooming in leaves the moment under the pointer where it is", () => {
  const shown = zoomed(WHOLE, 0.5, 900_000, LENGTH);
  expect(shown.to - shown.from).toBe(LENGTH / 2);
  expect(placeOf(900_000, shown, 800)).toBe(placeOf(900_000, WHOLE, 800));
});

test("zooming in ends at ten seconds, and at the whole of a shorter lesson", () => {
  const shown = zoomed({ from: 100_000, to: 112_000 }, 0.1, 106_000, LENGTH);
  expect(shown.to - shown.from).toBe(10_000);
  expect(zoomed({ from: 0, to: 4000 }, 0.1, 2000, 4000)).toEqual({ from: 0, to: 4000 });
});

test("zooming out ends at the whole lesson", () => {
  expect(zoomed({ from: 2_900_000, to: 2_950_000 }, 1e9, 0, LENGTH)).toEqual(WHOLE);
});

test("zooming out at the end of the lesson shows nothing beyond it", () => {
  expect(zoomed({ from: 2_900_000, to: LENGTH }, 4, 2_900_000, LENGTH)).toEqual({ from: 2_600_000, to: LENGTH });
});

test("panning moves by a share of what is shown, and stops at both ends", () => {
  const shown = { from: 600_000, to: 900_000 };
  expect(panned(shown, 0.5, LENGTH)).toEqual({ from: 750_000, to: 1_050_000 });
  expect(panned(shown, -3, LENGTH)).toEqual({ from: 0, to: 300_000 });
  expect(panned(shown, 30, LENGTH)).toEqual({ from: 2_700_000, to: LENGTH });
});

test("the most of a column is taken over all rows of the grid", () => {
  expect(mostByColumn([[1, 9, 3, 7, 2, 5]], 3)).toEqual([[7, 9, 5]]);
  expect(mostByColumn([], 3)).toEqual([]);
});
