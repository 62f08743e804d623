/** <comment-composer>: where a comment on a lesson or a clip is written, at the moment of its first letter. */
import type { Audience } from "../../api/types";
import { newId } from "../../browser/secure_context";
import { hearKeys } from "../../keys/hear";
import { altMeans, enterMeans, isEscape } from "../../keys/meaning";
import { sendComment } from "../../outbox/comments";
import { CommentDraft } from "../../outbox/drafts";
import { momentText, Writing, type Span } from "../../outbox/writing";
import type { LessonPlayer } from "../../player/player";
import { NOT_CHOSEN } from "../../text/audience";
import { clock } from "../../text/times";
import { words } from "../../text/words";
import { CommentAim } from "./comment_aim";
import { dictate } from "./dictate";
import { make } from "../dom";

export class CommentComposer extends HTMLElement {
  player!: LessonPlayer;
  /** Called when a comment is on its way. */
  sent: () => void = () => undefined;
  private writing = new Writing(newId);
  private area = make("textarea", { ariaLabel: words.writeComment });
  private stamp = make("span", { className: "figure" });
  private said = make("span", { role: "status" });
  private aim: CommentAim | undefined;
  private draft: CommentDraft | undefined;
  private address = "";

  /** Offer a field for words on what has this address in the API; `says` is where they can be spoken, if anywhere. */
  show(address: string, audiences: Audience[], isOwner: boolean, says: string | null): void {
    const { area, writing, player } = this;
    const aim = (this.aim = new CommentAim(isOwner, audiences));
    this.address = address;
    this.draft = new CommentDraft(address);
    const before = this.draft.read();
    if (before) {
      writing.restore(before);
      aim.choose(before.aim);
      area.value = before.text;
    }
    const range = make("button", { type: "button", className: "plain" }, "until now");
    const save = make("button", { type: "button", className: "primary" }, "Save");
    const speak = make("button", { type: "button", className: "plain", hidden: !says }, words.sayIt);
    area.addEventListener("input", () => {
      if (writing.type(area.value, player.ms)) player.media?.pause();
      this.told();
    });
    for (const each of aim.fields) each.addEventListener("change", () => this.told());
    range.addEventListener("click", () => {
      writing.until(player.ms);
      this.told();
    });
    save.addEventListener("click", () => void this.submit());
    hearKeys(area, (press) => {
      const enter = enterMeans(press);
      if (enter === "send") void this.submit();
      if (isEscape(press)) area.blur();
      const isPicked = aim.pick(altMeans(press));
      if (isPicked) this.told();
      return enter !== null || isPicked;
    });
    this.addEventListener("focusout", ({ relatedTarget }) => {
      if (!document.hasFocus() || this.contains(relatedTarget as Node | null)) return;
      writing.leave();
      this.told();
    });
    dictate(
      speak,
      says ?? "",
      (text) => {
        area.value = [area.value.trim(), text].filter(Boolean).join(" ");
        area.dispatchEvent(new Event("input"));
        area.focus();
      },
      (sentence) => (this.said.textContent = sentence),
      () => {
        player.media?.pause();
        writing.speak(player.ms);
        this.told();
      },
    );
    this.replaceChildren(
      area,
      make("div", { className: "row" }, ...aim.fields, this.stamp, range, speak, save, this.said),
    );
    this.told();
  }

  /** Write: about this range if there is one, else from the first letter on. */
  begin(range: Span | null): void {
    if (range) {
      this.writing.over(range);
      this.player.media?.pause();
      this.told();
    }
    this.area.focus();
  }

  /** Say at which moment a first letter would stand now. */
  follow(): void {
    const invites = words.writeAt(clock(this.player.ms));
    if (this.area.placeholder !== invites) this.area.placeholder = invites;
  }

  /** Say what the words are about, and keep them. */
  private told(): void {
    const { id, text, startMs, endMs } = this.writing;
    this.follow();
    this.stamp.textContent = momentText(this.writing);
    if (!this.aim || !this.draft) return;
    const lasts = this.draft.write({ id, text, startMs, endMs, aim: this.aim.chosen });
    if (!lasts) this.said.textContent = words.cannotKeep;
  }

  /** Keep it, take it out of the field, and send it: a second press finds nothing to send. */
  private async submit(): Promise<void> {
    const { aim, area, writing, said } = this;
    if (!aim || !writing.isBegun) return;
    const { audience, kind, goal, stage } = aim.chosen;
    if (audience === NOT_CHOSEN) {
      said.textContent = words.pleaseChooseReader;
      aim.who.focus();
      return;
    }
    const sending = sendComment(this.address, {
      partnership_id: audience || null,
      parent_id: null,
      kind,
      start_ms: writing.startMs ?? this.player.ms,
      end_ms: writing.endMs,
      goal_id: goal || null,
      stage,
      text: writing.text,
      draft_id: writing.id,
    });
    area.value = said.textContent = "";
    writing.clear();
    aim.next();
    this.told();
    this.sent();
    void this.player.media?.play();
    said.textContent = words.sentHow[await sending];
  }
}
customElements.define("comment-composer", CommentComposer);
