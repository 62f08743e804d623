import { expect, test } from "vitest";
import { measureSentences } from "./measures";

const MEASURED = {
  speech_ms: 9_900_000,
  teacher_ms: 9_840_000,
  teacher_share_of_talk: 0.9,
  pupil_ms: 60_000,
  group_ms: 400,
  unsure_ms: 0,
  silence_ms: 3000,
  longest_teacher_stretch_ms: 23_000,
  wait_1_median_ms: null,
  turn_changes: 1,
};

test("what was not heard for a second is not told", () => {
  const told = measureSentences(MEASURED, null).map(([, sentence]) => sentence);
  expect(told.filter((one) => / 0 seconds/.test(one))).toEqual([]);
  expect(told).toContain("Single pupils spoke for 60 seconds.");
  expect(told).toContain("The teacher spoke for 90 % of the talk, 2 hours 44 minutes in all.");
  expect(told).toContain("The floor changed once.");
});

test("where nobody spoke there is a sentence, and no measure of talk", () => {
  const none = { teacher_ms: 0, pupil_ms: 0, longest_teacher_stretch_ms: 0 };
  const silent = { ...MEASURED, ...none, teacher_share_of_talk: null };
  expect(measureSentences(silent, null).map(([name]) => name)).toEqual([
    "teacher_ms",
    "silence_ms",
    "wait_1_median_ms",
    "turn_changes",
  ]);
});
