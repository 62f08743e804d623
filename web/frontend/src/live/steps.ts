/** <step-progress>: the stages of the work as they go, what failed and why, and a way to try again. */
import { ask } from "../api/client";
import type { Steps } from "../api/types";
import { make } from "../components/dom";
import { words } from "../text/words";

export class StepProgress extends HTMLElement {
  lessonId = "";

  show(found: Steps): void {
    const rows = found.steps.map((step) => {
      const share = step.state === "running" && step.progress > 0 ? ` ${Math.round(step.progress * 100)} %` : "";
      const row = make("li", { data: { state: step.state } }, (words.stages[step.stage] ?? step.stage) + share);
      // A step that is ready and has a sentence waits for what the sentence says.
      if (["failed", "ready"].includes(step.state) && step.error_sentence !== "")
        row.append(make("p", { className: "sentence" }, step.error_sentence));
      return row;
    });
    this.replaceChildren(make("ul", { className: "stages" }, ...rows));
    const failed = found.steps.some((step) => step.state === "failed");
    if (found.steps.some((step) => step.can_retry)) this.offer(failed ? words.retry : words.resume, "retry");
    if (found.steps.some((step) => step.can_stop)) this.offer(words.stopWork, "stop");
  }

  private offer(text: string, order: string): void {
    const button = make("button", { type: "button", className: "quiet" }, text);
    button.addEventListener("click", () => void ask("POST", `/api/lessons/${this.lessonId}/${order}`));
    this.append(button);
  }
}
customElements.define("step-progress", StepProgress);
