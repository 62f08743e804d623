import { expect, test } from "vitest";
import type { LessonPage, Question, Turn } from "../api/types";
import { momentsFor } from "./moments";

const question = (start_ms: number, set: Partial<Question> = {}): Question =>
  ({ start_ms, end_ms: start_ms + 2000, role: "teacher", kind: "closed", text: `at ${start_ms}`, ...set }) as Question;
const turn = (role: string, start_ms: number, end_ms: number): Turn => ({ role, start_ms, end_ms }) as Turn;
const lesson = (questions: Question[], turns: Turn[] = []): LessonPage =>
  ({ questions, turns }) as unknown as LessonPage;
const starts = (measure: string, page: LessonPage) => momentsFor(measure, page).map((one) => one.start_ms);

test("of many waits the three shortest and the two longest are shown", () => {
  const waits = [500, 4000, 1000, 200, 3000, 700, 2500];
  const page = lesson(waits.map((wait_1_ms, i) => question(i * 10_000, { wait_1_ms })));
  expect(starts("wait_1_median_ms", page)).toEqual([30_000, 0, 50_000, 40_000, 10_000]);
});

test("a moment of a wait ends where the wait ends", () => {
  const [moment] = momentsFor("wait_1_median_ms", lesson([question(10_000, { wait_1_ms: 1500 })]));
  expect(moment).toMatchObject({ start_ms: 10_000, end_ms: 13_500 });
  expect(moment!.why).toContain("1.5 s");
});

test("questions without a wait, and those of pupils, are no moments of wait time", () => {
  const page = lesson([
    question(0, { wait_2_ms: null }),
    question(10_000, { wait_2_ms: 900, role: "pupil" }),
    question(20_000, { wait_2_ms: 800 }),
  ]);
  expect(starts("wait_2_median_ms", page)).toEqual([20_000]);
});

test("open questions are those of the teacher that are open or probe, at most five", () => {
  const open = Array.from({ length: 7 }, (_, i) => question(i * 1000, { kind: i % 2 ? "open" : "probing" }));
  const page = lesson([question(500), question(600, { kind: "open", role: "pupil" }), ...open]);
  expect(starts("open_questions", page)).toEqual([0, 1000, 2000, 3000, 4000]);
});

test("turns of one role within five seconds are one stretch", () => {
  const page = lesson(
    [],
    [turn("teacher", 0, 10_000), turn("teacher", 14_000, 30_000), turn("teacher", 40_000, 50_000)],
  );
  const found = momentsFor("longest_teacher_stretch_ms", page);
  expect(found.map((one) => [one.start_ms, one.end_ms])).toEqual([
    [0, 30_000],
    [40_000, 50_000],
  ]);
});

test("another voice ends a stretch", () => {
  const page = lesson([], [turn("teacher", 0, 10_000), turn("pupil", 10_000, 11_000), turn("teacher", 11_000, 30_000)]);
  expect(starts("teacher_share_of_talk", page)).toEqual([11_000, 0]);
  expect(starts("pupil_ms", page)).toEqual([10_000]);
});

test("a measure that no moment shows has none", () => {
  expect(momentsFor("movement", lesson([question(0)]))).toEqual([]);
});
