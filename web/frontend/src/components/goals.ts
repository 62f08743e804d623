/** <goal-moments>: the goals that this lesson can be looked at for, each with its moments, one key away. */
import type { LessonPage } from "../api/types";
import { keepPlace, make } from "./dom";
import { momentsFor, type Moment } from "./moments";
import { timeLink, type LessonPlayer } from "../player/player";
import { words } from "../text/words";

export class GoalMoments extends HTMLElement {
  player!: LessonPlayer;
  private chosen = "";
  private moments: Moment[] = [];

  show(page: LessonPage): void {
    if (!page.goals.length) return this.replaceChildren(make("p", { className: "quiet" }, words.noGoals));
    const withMoments = page.goals.filter((goal) => goal.measure && momentsFor(goal.measure, page).length);
    if (!withMoments.some((goal) => goal.id === this.chosen)) this.chosen = withMoments[0]?.id ?? "";
    this.moments = [];
    this.replaceChildren(
      ...page.goals.map((goal) => {
        const found = goal.measure ? momentsFor(goal.measure, page) : [];
        const first = goal.id === this.chosen;
        if (first) this.moments = found;
        const rows = found.map((one, i) =>
          make(
            "li",
            {},
            ...(first ? [make("kbd", {}, String(i + 1)), " "] : []),
            timeLink(one.start_ms, this.player),
            ` ${one.why}`,
          ),
        );
        const choose = make("button", { type: "button", className: "plain" }, words.onKeys);
        choose.addEventListener("click", () => {
          this.chosen = goal.id;
          keepPlace(this, () => this.show(page));
        });
        return make(
          "section",
          { className: "goal", ariaLabel: goal.title },
          make(
            "p",
            {},
            make("a", { href: `/goals/${goal.id}` }, goal.title),
            make("span", { className: "quiet" }, ` ${words.setBy(goal.set_by_name)}`),
          ),
          ...(rows.length
            ? [make("ol", { className: "plain-list moments" }, ...rows)]
            : goal.measure
              ? [make("p", { className: "quiet" }, words.noMoments)]
              : []),
          ...(rows.length && !first ? [choose] : []),
        );
      }),
    );
  }

  /** Play the n-th moment (from 0) of the chosen goal. */
  play(n: number): void {
    const moment = this.moments[n];
    if (moment) this.player.seek(moment.start_ms);
  }
}
customElements.define("goal-moments", GoalMoments);
