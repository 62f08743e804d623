import { expect, test } from "vitest";
import { firstAudience, NOT_CHOSEN, ONLY_ME } from "./audience";

const [one, other] = [{ partnership_id: "one" }, { partnership_id: "other" }];

test("on her own lesson a comment begins as a private note, however many coaches she has", () => {
  expect([[], [one], [one, other]].map((each) => firstAudience(true, each))).toEqual([ONLY_ME, ONLY_ME, ONLY_ME]);
});

test("a coach writes to the owner, and is asked where he has several partnerships with her", () => {
  expect([[], [one], [one, other]].map((each) => firstAudience(false, each))).toEqual([ONLY_ME, "one", NOT_CHOSEN]);
});
