/** <trust-pill>: who can see this lesson, who opened it, and the button that takes it back. */
import { ask } from "./api/client";
import type { LessonPage, Share } from "./api/types";
import { make } from "./dom";

type Line = { id: string; other: string };

export class TrustPill extends HTMLElement {
  show(page: LessonPage, partnerships: Line[]): void {
    const button = this.querySelector("button");
    if (!button || !page.lesson.is_owner) return;
    button.onclick = () => this.open(page, partnerships);
  }

  private open(page: LessonPage, partnerships: Line[]): void {
    const id = page.lesson.id;
    const said = make("p", { role: "status" });
    const act = (work: Promise<unknown>) => void work.then(() => location.reload(), (error: Error) => (said.textContent = error.message));
    const shares = (page.shares ?? []).map((share) => this.share(share, act));
    const who = make("select", { ariaLabel: "Share with" }, ...partnerships.map((each) => make("option", { value: each.id }, each.other)));
    const until = make("input", { type: "date", ariaLabel: "Until (empty: until you take it back)" });
    const give = make("button", { type: "button", className: "primary" }, "Share");
    give.addEventListener("click", () => act(ask("POST", `/api/lessons/${id}/shares`, { partnership_id: who.value, until: until.value || null })));
    const title = make("input", { ariaLabel: "The lesson's title, to delete it" });
    const remove = make("button", { type: "button" }, "Delete this lesson");
    remove.addEventListener("click", () => void ask("DELETE", `/api/lessons/${id}`, { title: title.value }).then(() => location.assign("/?notice=lesson-deleted"), (error: Error) => (said.textContent = error.message)));
    const meet = make("input", { type: "checkbox", checked: page.coaches_meet });
    meet.addEventListener("change", () => act(ask("PUT", `/api/lessons/${id}/coaches-meet`, { allowed: meet.checked })));
    const close = make("button", { type: "button" }, "Close");
    const dialog = make("dialog", { ariaLabel: "Who can see this lesson" },
      make("h2", {}, "Who can see this lesson"),
      ...(shares.length ? shares : [make("p", {}, "Only you. Nobody else can open it, whatever their role.")]),
      ...(partnerships.length ? [make("div", { className: "row" }, who, until, give)] : [make("p", { className: "quiet" }, "When you have a coach, you can share it with her here.")]),
      ...(shares.length > 1 ? [make("label", { className: "check" }, meet, "These coaches may read each other's comments on this lesson")] : []),
      said, make("details", {}, make("summary", {}, "Delete this lesson"), make("p", {}, "Type its title. It can be brought back for a week."), title, remove), close);
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  private share(share: Share, act: (work: Promise<unknown>) => void): HTMLElement {
    const back = make("button", { type: "button" }, "Take it back");
    back.addEventListener("click", () => act(ask("DELETE", `/api/shares/${share.id}`)));
    const opened = share.openings.map((one) => make("li", {}, `${one.person.name} opened it ${new Date(one.opened_at).toLocaleString()}`));
    const text = `${share.with.name}, since ${new Date(share.since).toLocaleDateString()}${share.until ? `, until ${share.until}` : ""}`;
    return make("div", { className: "measure" }, make("p", {}, text), make("ul", {}, ...opened), back);
  }
}
customElements.define("trust-pill", TrustPill);
