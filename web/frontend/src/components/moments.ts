/** Moments for a goal: at most five places of a lesson that show its measure best. Pure. */
import type { LessonPage, Question } from "../api/types";
import { clock } from "../text/times";
import { words } from "../text/words";

export type Moment = { start_ms: number; end_ms: number; why: string };
const MOST = 5;

/** The moments of a measure (a field of a lesson's measures), the most telling first. */
export function momentsFor(measure: string, page: LessonPage): Moment[] {
  const asked = page.questions.filter((one) => one.role === "teacher");
  if (measure.startsWith("wait_1")) return extremes(asked, "wait_1_ms");
  if (measure.startsWith("wait_2")) return extremes(asked, "wait_2_ms");
  if (measure === "open_questions")
    return asked
      .filter((one) => one.kind === "open" || one.kind === "probing")
      .slice(0, MOST)
      .map((one) => ({ ...one, why: one.text }));
  if (measure === "teacher_share_of_talk" || measure === "longest_teacher_stretch_ms") return longest(page, "teacher");
  if (measure === "pupil_ms" || measure === "turn_changes") return longest(page, "pupil");
  return [];
}

/** The three shortest and the two longest waits, the shortest first. */
function extremes(asked: Question[], wait: "wait_1_ms" | "wait_2_ms"): Moment[] {
  const waited = asked.filter((one) => one[wait] !== null).sort((a, b) => a[wait]! - b[wait]!);
  const chosen = waited.length <= MOST ? waited : [...waited.slice(0, 3), ...waited.slice(-2)];
  return chosen.map((one) => ({
    start_ms: one.start_ms,
    end_ms: one.end_ms + one[wait]!,
    why: words.waited(one[wait]!, one.text),
  }));
}

/** The longest stretches of one role: turns that follow each other within five seconds and nobody else between. */
function longest(page: LessonPage, role: string): Moment[] {
  const stretches: Moment[] = [];
  let last = "";
  for (const turn of page.turns) {
    const before = stretches.at(-1);
    if (turn.role === role && last === role && before && turn.start_ms - before.end_ms < 5000)
      before.end_ms = turn.end_ms;
    else if (turn.role === role) stretches.push({ start_ms: turn.start_ms, end_ms: turn.end_ms, why: "" });
    last = turn.role;
  }
  return stretches
    .sort((a, b) => b.end_ms - b.start_ms - (a.end_ms - a.start_ms))
    .slice(0, MOST)
    .map((one) => ({ ...one, why: words.stretch(role, clock(one.end_ms - one.start_ms)) }));
}
