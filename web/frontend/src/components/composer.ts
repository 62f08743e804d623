/** <comment-composer>: where a comment on a lesson or a clip is written, at the moment of its first letter. */
import type { Audience } from "../api/types";
import { newId } from "../browser/secure_context";
import { sendComment } from "../outbox/comments";
import { commentDraft } from "../outbox/drafts";
import type { LessonPlayer } from "../player/player";
import { messageOf } from "../text/error_message";
import { NOT_CHOSEN } from "../text/audience";
import { clock } from "../text/times";
import { words } from "../text/words";
import { audienceChoice } from "./audience_choice";
import { dictate } from "./dictate";
import { make } from "./dom";

export class CommentComposer extends HTMLElement {
  player!: LessonPlayer;
  refresh: () => Promise<void> = () => Promise.resolve();
  /** Begin a comment over a range. */
  over: (from: number, to: number) => void = () => undefined;
  private startMs: number | null = null;
  private endMs: number | null = null;

  /** Offer a field for words on what has this address in the API; `says` is where they can be spoken, if anywhere. */
  show(address: string, audiences: Audience[], isOwner: boolean, says: string | null): void {
    const before = commentDraft.read(address);
    const area = make("textarea", {
      ariaLabel: "Write a comment",
      placeholder: `Write at ${clock(this.player.ms)}`,
      value: before?.text ?? "",
    });
    const option = (value: string, text: string) => make("option", { value }, text);
    const choose = (name: string, ...options: HTMLOptionElement[]) => make("select", { ariaLabel: name }, ...options);
    const kind = choose("Kind", ...["noticed", "question", "suggestion"].map((each) => option(each, each)));
    const goal = choose("Goal", option("", "no goal"));
    const stage = choose("GROW stage", option("", "–"), ...["G", "R", "O", "W"].map((each) => option(each, each)));
    const who = audienceChoice(isOwner, audiences);
    const fill = () => {
      const goals = audiences.find((each) => each.partnership_id === who.value)?.goals ?? [];
      goal.replaceChildren(option("", "no goal"), ...goals.map((each) => option(each.id, each.title)));
    };
    fill();
    who.addEventListener("change", fill);
    const stamp = make("span", { className: "figure" });
    /** Say, and keep, what the comment is about: a moment, a range, or nothing yet. */
    const about = (startMs: number | null, endMs: number | null) => {
      [this.startMs, this.endMs] = [startMs, endMs];
      stamp.textContent =
        startMs === null
          ? ""
          : endMs === null
            ? `at ${clock(startMs)}`
            : words.selectedRange(clock(startMs), clock(endMs));
      commentDraft.write(address, { text: area.value, startMs, endMs });
    };
    if (before) about(before.startMs, before.endMs);
    this.over = (from, to) => {
      about(Math.round(from), Math.round(to));
      this.player.media?.pause();
      area.focus();
    };
    const range = make("button", { type: "button", className: "plain" }, "until now");
    const save = make("button", { type: "button", className: "primary" }, "Save");
    const said = make("span", { role: "status" });
    area.addEventListener("input", () => {
      const isBegun = this.startMs === null;
      if (isBegun) this.player.media?.pause();
      // Words that are taken away take their moment along; a range that was selected stays.
      if (!area.value.trim() && this.endMs === null) about(null, null);
      else about(this.startMs ?? this.player.ms, this.endMs);
    });
    range.addEventListener("click", () => {
      const startMs = this.startMs ?? 0;
      about(startMs, Math.max(this.player.ms, startMs + 1000));
    });
    let isSending = false;
    const submit = async () => {
      if (isSending || !area.value.trim()) return;
      if (who.value === NOT_CHOSEN) {
        said.textContent = words.pleaseChooseReader;
        who.focus();
        return;
      }
      isSending = save.disabled = true;
      try {
        const sent = await sendComment(address, {
          partnership_id: who.value || null,
          parent_id: null,
          kind: kind.value,
          start_ms: this.startMs ?? this.player.ms,
          end_ms: this.endMs,
          goal_id: goal.value || null,
          stage: stage.value,
          text: area.value,
          draft_id: newId(),
        });
        said.textContent = sent === "sent" ? "" : sent === "kept" ? words.offline : words.notKept;
        area.value = stage.value = "";
        kind.value = "noticed";
        about(null, null);
        if (sent === "sent") await this.refresh();
        void this.player.media?.play();
      } catch (error) {
        said.textContent = messageOf(error);
      } finally {
        isSending = save.disabled = false;
      }
    };
    save.addEventListener("click", () => void submit());
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        void submit();
      }
      if (event.key === "Escape") area.blur();
      if (event.altKey && this.pick(event.code, goal, stage)) event.preventDefault();
    });
    const speak = make("button", { type: "button", className: "plain", hidden: !says }, words.sayIt);
    dictate(
      speak,
      says ?? "",
      (text) => {
        area.value = [area.value.trim(), text].filter(Boolean).join(" ");
        area.dispatchEvent(new Event("input"));
        area.focus();
      },
      (sentence) => (said.textContent = sentence),
      () => {
        this.player.media?.pause();
        about(this.startMs ?? this.player.ms, this.endMs);
      },
    );
    this.replaceChildren(
      area,
      make("div", { className: "row" }, kind, goal, stage, who, stamp, range, speak, save, said),
    );
  }

  /** Choose a goal (Alt and its number) or a GROW stage (Alt and its letter), and choose it away again. */
  private pick(code: string, goal: HTMLSelectElement, stage: HTMLSelectElement): boolean {
    const letter = /^Key([GROW])$/.exec(code)?.[1];
    const number = Number(/^Digit([1-9])$/.exec(code)?.[1]);
    if (letter) stage.value = stage.value === letter ? "" : letter;
    else if (number && number < goal.options.length) goal.selectedIndex = goal.selectedIndex === number ? 0 : number;
    else return false;
    return true;
  }
}
customElements.define("comment-composer", CommentComposer);
