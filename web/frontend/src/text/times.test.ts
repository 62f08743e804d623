import { expect, test } from "vitest";
import { clock, spoken } from "./times";

test.each([
  [0, "0:00"],
  [999, "0:00"],
  [161_000, "2:41"],
  [3_599_999, "59:59"],
  [3_600_000, "1:00:00"],
  [3_729_000, "1:02:09"],
  [-500, "0:00"],
])("%i ms on a clock is %s", (ms, written) => expect(clock(ms)).toBe(written));

test.each([
  [400, "0 seconds"],
  [1000, "1 second"],
  [40_000, "40 seconds"],
  [89_400, "89 seconds"],
  [90_000, "2 minutes"],
  [720_000, "12 minutes"],
  [3_570_000, "1 hour"],
  [9_840_000, "2 hours 44 minutes"],
  [7_200_000, "2 hours"],
])("%i ms are said as %s", (ms, said) => expect(spoken(ms)).toBe(said));
