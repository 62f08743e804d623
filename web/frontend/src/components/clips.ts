/** <lesson-clips>: the owner names ranges of her lesson, shares each alone, and takes it back. */
import { ask } from "../api/client";
import type { Clip } from "../api/types";
import { newId } from "../browser/secure_context";
import { arrange, keepPlace, make } from "./dom";
import { timeLink, type LessonPlayer, type Span } from "../player/player";
import { messageOf } from "../text/error_message";
import { today } from "../text/school_day";
import { clock } from "../text/times";
import { words } from "../text/words";

type Partner = { id: string; other: string };

export class LessonClips extends HTMLElement {
  player!: LessonPlayer;
  private lessonId = "";
  private partners: Partner[] = [];
  private deleted: Clip[] = [];
  private asked = new Set<string>(); // clips whose faces are being blurred
  private rows = new Map<string, { as: string; row: HTMLElement }>();
  private form = make("div");
  private list = make("ul", { className: "plain-list" });
  private said = make("p", { className: "problem", role: "alert", hidden: true });

  show(lessonId: string, clips: Clip[], partners: Partner[]): void {
    [this.lessonId, this.partners] = [lessonId, partners];
    if (!this.firstChild) this.replaceChildren(this.form, this.said, this.list);
    keepPlace(this, () => this.draw(clips));
  }

  /** Draw what is new or has changed; the other rows stay, with the day that is being chosen in them. */
  private draw(clips: Clip[]): void {
    const empty = make("p", { className: "quiet" }, words.noClips);
    // What was asked for before may come after.
    const there = clips.filter((one) => !this.deleted.some((each) => each.id === one.id));
    for (const id of [...this.rows.keys()]) if (!there.some((one) => one.id === id)) this.rows.delete(id);
    arrange(this.list, [
      ...there.map((one) => this.kept(one)),
      ...this.deleted.map((one) =>
        make(
          "li",
          { className: "row" },
          make("s", {}, one.title),
          this.button(
            words.undo,
            "POST",
            `/api/clips/${one.id}/restore`,
            undefined,
            () => (this.deleted = this.deleted.filter((each) => each !== one)),
          ),
        ),
      ),
      ...(clips.length || this.deleted.length ? [] : [empty]),
    ]);
  }

  private kept(one: Clip): HTMLElement {
    const as = JSON.stringify([one, this.partners, this.asked.has(one.id)]);
    const known = this.rows.get(one.id);
    const row = known?.as === as ? known.row : this.row(one);
    this.rows.set(one.id, { as, row });
    return row;
  }

  /** Ask for the name of a new clip. */
  name(range: Span): void {
    const draft_id = newId();
    const field = make("input", { id: "clip-title", required: true, maxLength: 200 });
    const keep = make("button", { className: "primary" }, words.keepClip);
    const form = make(
      "form",
      {},
      make(
        "label",
        { htmlFor: "clip-title" },
        `${words.nameOfClip} (${words.selectedRange(clock(range[0]), clock(range[1]))})`,
      ),
      field,
      keep,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (keep.disabled) return;
      keep.disabled = true;
      this.change(
        "POST",
        `/api/lessons/${this.lessonId}/clips`,
        { draft_id, title: field.value, start_ms: Math.round(range[0]), end_ms: Math.round(range[1]) },
        () => form.remove(),
        () => (keep.disabled = false),
      );
    });
    this.form.replaceChildren(form);
    field.focus();
  }

  private row(one: Clip): HTMLElement {
    const title = one.ready ? make("a", { href: `/clips/${one.id}` }, one.title) : make("span", {}, one.title);
    const draftId = newId(); // of what this row sends: twice is once
    const until = make("input", {
      type: "date",
      min: today(),
      className: "until",
      ariaLabel: words.clipUntil,
      title: words.clipUntil,
    });
    const shares: HTMLElement[] = this.partners.map((partner) =>
      one.partnership_ids.includes(partner.id)
        ? this.button(words.takeClipBack(partner.other), "DELETE", `/api/clips/${one.id}/shares/${partner.id}`)
        : this.button(words.shareClip(partner.other), "POST", `/api/clips/${one.id}/shares`, () => ({
            partnership_id: partner.id,
            until: until.value || null,
            draft_id: draftId,
          })),
    );
    if (this.partners.some((partner) => !one.partnership_ids.includes(partner.id))) shares.push(until);
    const remove = this.button(words.remove, "DELETE", `/api/clips/${one.id}`, undefined, () => this.deleted.push(one));
    const pill = make("span", { className: "pill" }, one.pill);
    return make(
      "li",
      {},
      make(
        "div",
        { className: "row" },
        timeLink(one.start_ms, this.player),
        title,
        make("span", { className: "quiet" }, one.ready ? clock(one.end_ms - one.start_ms) : words.cutting),
        pill,
      ),
      make(
        "div",
        { className: "row" },
        ...shares,
        ...(one.ready
          ? [make("a", { href: `/media/clips/${one.id}?download=true` }, words.saveFile), this.blurring(one)]
          : []),
        remove,
      ),
      ...(one.blurred ? [make("p", { className: "quiet" }, words.lookAtBlur)] : []),
    );
  }

  /** Save with blurred faces, or have them blurred first. */
  private blurring(one: Clip): HTMLElement {
    if (one.blurred) return make("a", { href: `/media/clips/${one.id}?blurred=true` }, words.saveBlurred);
    const button = this.button(words.blurFaces, "POST", `/api/clips/${one.id}/blur`);
    button.addEventListener("click", () => this.asked.add(one.id));
    return this.asked.has(one.id) ? make("span", { className: "quiet" }, words.blurring) : button;
  }

  private button(
    text: string,
    method: string,
    address: string,
    body?: () => unknown,
    then: () => void = () => undefined,
  ): HTMLButtonElement {
    const button = make("button", { type: "button", className: "plain" }, text);
    button.addEventListener("click", () => this.change(method, address, body?.(), then));
    return button;
  }

  private change(
    method: string,
    address: string,
    body?: unknown,
    then: () => void = () => undefined,
    not: () => void = () => undefined,
  ): void {
    this.said.hidden = true;
    ask<Clip[]>(method, address, body).then(
      (clips) => {
        then();
        this.show(this.lessonId, clips, this.partners);
      },
      (error: unknown) => {
        not();
        this.said.textContent = messageOf(error);
        this.said.hidden = false;
      },
    );
  }
}
customElements.define("lesson-clips", LessonClips);
