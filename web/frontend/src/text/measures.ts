/** What was measured, in plain sentences. Pure. */
import { spoken } from "./times";
import { words } from "./words";

export type Measured = Record<string, unknown>;

/** Each measure that says something, with its name. A kind of talk that was not heard is left out. */
export function measureSentences(m: Measured, guess: number | null): [string, string][] {
  const n = (name: string) => m[name] as number;
  const share = m["teacher_share_of_talk"] as number | null;
  const lasting = (name: string, sentence: (length: string) => string): [string, string][] =>
    Math.round(n(name) / 1000) > 0 ? [[name, sentence(spoken(n(name)))]] : [];
  const changes = n("turn_changes");
  return [
    [
      "teacher_ms",
      share === null
        ? "Nobody was heard to speak."
        : guess !== null
          ? words.guessed(share, guess, n("speech_ms"))
          : `The teacher spoke for ${Math.round(share * 100)} % of the talk, ${spoken(n("teacher_ms"))} in all.`,
    ],
    ...lasting("pupil_ms", (length) => `Single pupils spoke for ${length}.`),
    ...lasting("group_ms", (length) => `Several voices at once for ${length}.`),
    ...lasting("unsure_ms", (length) => `For ${length} we are unsure who spoke.`),
    ...lasting("silence_ms", (length) => `Nobody spoke for ${length}.`),
    ...lasting("longest_teacher_stretch_ms", (length) => `The longest stretch of the teacher alone: ${length}.`),
    [
      "wait_1_median_ms",
      m["wait_1_median_ms"] === null
        ? "No wait after a question was found."
        : `After a question, the class was usually given ${(n("wait_1_median_ms") / 1000).toFixed(1)} seconds; ` +
          `${Math.round(n("wait_1_share_3s") * 100)} % of the waits were three seconds or more.`,
    ],
    ["turn_changes", `The floor changed ${changes === 1 ? "once" : `${changes} times`}.`],
  ];
}
