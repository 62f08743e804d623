/** <lesson-activities>: what the class did, from when to when; the owner names it anew and moves its end. */
import type { LessonPage } from "../api/types";
import type { LessonCorrections } from "./corrections";
import { make } from "./dom";
import { timeLink, type LessonPlayer } from "../player/player";
import { messageOf } from "../text/error_message";
import { clock } from "../text/times";
import { words } from "../text/words";

export class LessonActivities extends HTMLElement {
  player!: LessonPlayer;
  corrections!: LessonCorrections;

  show(page: LessonPage): void {
    if (this.contains(document.activeElement)) return; // somebody is at it: the next change shows the rest
    this.hidden = !page.activities.length;
    const rows = page.activities.map((one, i) => {
      const next = page.activities[i + 1];
      if (!page.lesson.is_owner)
        return make(
          "li",
          { className: "row" },
          timeLink(one.start_ms, this.player),
          words.activities[one.kind] ?? one.kind,
        );
      const kind = make(
        "select",
        { ariaLabel: words.activityFrom(clock(one.start_ms)) },
        ...Object.entries(words.activities).map(([value, text]) => make("option", { value }, text)),
      );
      kind.value = one.kind;
      const said = make("span", { role: "status" });
      const lay = (start_ms: number, end_ms: number, activity: string) => {
        (document.activeElement as HTMLElement | null)?.blur();
        this.corrections
          .make({ kind: "activity", start_ms, end_ms, activity })
          .catch((error: unknown) => (said.textContent = messageOf(error)));
      };
      kind.addEventListener("change", () => lay(one.start_ms, one.end_ms, kind.value));
      const row = make("li", { className: "row" }, timeLink(one.start_ms, this.player), kind);
      if (next) {
        const end = make("input", {
          value: clock(one.end_ms),
          ariaLabel: words.endOfActivity,
          className: "figure",
          size: 7,
        });
        const here = make("button", { type: "button", className: "plain" }, words.endsHere);
        const move = (to: number | undefined) => {
          if (to === undefined || to <= one.start_ms || to >= next.end_ms)
            said.textContent = words.noEnd(clock(one.start_ms), clock(next.end_ms));
          else if (to > one.end_ms) lay(one.end_ms, to, one.kind);
          else if (to < one.end_ms) lay(to, one.end_ms, next.kind);
        };
        end.addEventListener("change", () => move(readClock(end.value)));
        here.addEventListener("click", () => move(this.player.ms));
        row.append(make("label", {}, words.until, end), here);
      }
      row.append(said);
      return row;
    });
    this.replaceChildren(make("h2", {}, words.whatTheClassDid), make("ul", { className: "plain-list" }, ...rows));
  }
}
customElements.define("lesson-activities", LessonActivities);

/** Read a moment as people write it (2:41, 1:02:09) in ms, or undefined. */
function readClock(text: string): number | undefined {
  const parts = text.trim().split(":");
  if (parts.length < 2 || parts.length > 3 || parts.some((part) => !/^\d{1,2}$/.test(part))) return undefined;
  return parts.reduce((sum, part) => sum * 60 + Number(part), 0) * 1000;
}
