/** <lesson-corrections>: the owner puts right what the machine found at a turn, and undoes it; nobody else sees it. */
import { ask } from "../api/client";
import type { Correction, LessonPage, Question, Turn } from "../api/types";
import { hearKeys } from "../keys/hear";
import { undoMeans } from "../keys/meaning";
import { clock } from "../text/times";
import { keepPlace, make } from "./dom";
import { messageOf } from "../text/error_message";
import { voiceName, words } from "../text/words";

type Change = Record<string, unknown> & { kind: string };

export class LessonCorrections extends HTMLElement {
  refresh: () => Promise<void> = () => Promise.resolve();
  private page!: LessonPage;
  private made: Correction[] = [];
  private undoButton = make("button", { type: "button", className: "plain" }, words.undo);
  private redoButton = make("button", { type: "button", className: "plain" }, words.redo);
  private said = make("span", { className: "quiet", role: "status" });
  private list = make("ul", { className: "plain-list" });
  private summary = make("summary");
  private bar = make("div", { hidden: true });
  private dialog = make("dialog");

  show(page: LessonPage): void {
    this.page = page;
    if (!page.lesson.is_owner || this.firstChild) return;
    this.undoButton.addEventListener("click", () => void this.undo());
    this.redoButton.addEventListener("click", () => void this.redo());
    this.bar.append(
      make("div", { className: "row" }, this.undoButton, this.redoButton, this.said),
      make("details", {}, this.summary, this.list),
    );
    this.replaceChildren(this.bar);
    hearKeys(document, (press) => {
      const wanted = undoMeans(press);
      if (wanted === null || !this.bar.checkVisibility()) return false; // what is out of sight stays as it is
      void (wanted === "redo" ? this.redo() : this.undo()).then(() => this.said.scrollIntoView({ block: "nearest" }));
      return true;
    });
    void ask<Correction[]>("GET", this.address).then((made) => this.tell(made));
  }

  /** Lay a correction over the lesson; rejects with the server's sentence when it is refused. */
  async make(change: Change): Promise<void> {
    this.tell(await ask<Correction[]>("POST", this.address, change));
    await this.refresh();
    this.said.textContent = words.putRight;
  }

  /** Ask what is wrong with a turn. */
  open(turn: Turn): void {
    const close = make("button", { type: "button", className: "plain" }, words.close);
    close.addEventListener("click", () => this.dialog.close());
    this.dialog = make(
      "dialog",
      { className: "correction", ariaLabel: words.wrongAt(clock(turn.start_ms)) },
      make("h2", {}, words.wrongAt(clock(turn.start_ms))),
      this.voiceForm(turn),
      this.wordsForm(turn),
      this.questionForm(turn),
      close,
    );
    this.dialog.addEventListener("close", () => this.dialog.remove());
    this.append(this.dialog);
    this.dialog.showModal();
  }

  private get address(): string {
    return `/api/lessons/${this.page.lesson.id}/corrections`;
  }

  private tell(made: Correction[]): void {
    this.made = made;
    const inForce = made.filter((one) => !one.undone_at);
    this.bar.hidden = !made.length;
    this.undoButton.disabled = !inForce.length;
    this.redoButton.disabled = !this.lastUndone;
    this.summary.textContent = words.yourCorrections(inForce.length);
    const rows = () =>
      made.toReversed().map((one) => {
        const button = make("button", { type: "button", className: "plain" }, one.undone_at ? words.redo : words.undo);
        button.addEventListener("click", () => void this.set(one, !one.undone_at));
        const sentence = make(one.undone_at ? "s" : "span", {}, one.sentence);
        return make(
          "li",
          { className: "row" },
          sentence,
          ...(one.fits ? [] : [make("small", { className: "quiet" }, words.fitsNothing)]),
          button,
        );
      });
    keepPlace(this.list, () => this.list.replaceChildren(...rows()));
  }

  /** What redo brings back: what was undone last, unless something was put right since. */
  private get lastUndone(): Correction | undefined {
    const later = this.made.slice(this.made.findLastIndex((one) => !one.undone_at) + 1);
    return later.sort((a, b) => (a.undone_at! < b.undone_at! ? 1 : -1))[0];
  }

  private async undo(): Promise<void> {
    const last = this.made.findLast((one) => !one.undone_at);
    if (last) await this.set(last, true);
  }

  private async redo(): Promise<void> {
    if (this.lastUndone) await this.set(this.lastUndone, false);
  }

  private async set(one: Correction, undone: boolean): Promise<void> {
    try {
      this.tell(await ask<Correction[]>("PUT", `${this.address}/${one.id}`, { undone }));
      await this.refresh();
      this.said.textContent = `${undone ? words.undone : words.redone} ${one.sentence}`;
    } catch (error) {
      this.said.textContent = (error as Error).message;
    }
  }

  private voiceForm(turn: Turn): HTMLElement {
    const option = (value: string, text: string) => make("option", { value }, text);
    const others = this.page.speakers.filter(
      (one) => one.label !== turn.speaker && this.page.turns.some((each) => each.speaker === one.label),
    );
    const first = (label: string) => clock(this.page.turns.find((each) => each.speaker === label)!.start_ms);
    const roles = ["teacher", "pupil", "group", "unsure"].map((role) => option(`role:${role}`, words.whoSpeaks[role]!));
    const same = others.map((one) =>
      option(`into:${one.label}`, words.sameVoice(voiceName(one.role, one.label, one.name), first(one.label))),
    );
    const who = make("select", { ariaLabel: words.whoseVoice }, ...roles, ...same);
    who.value = `role:${turn.role}`;
    const name = make("input", {
      maxLength: 80,
      ariaLabel: words.nameOfVoice,
      placeholder: words.nameOfVoice,
      value: this.page.speakers.find((one) => one.label === turn.speaker)?.name ?? "",
    });
    const everywhere = make("input", { type: "checkbox" });
    const named = make("label", { hidden: true }, words.nameOfVoice, name);
    everywhere.addEventListener("change", () => (named.hidden = !everywhere.checked));
    return this.form(
      words.whoseVoice,
      [who, make("label", { className: "check" }, everywhere, words.everywhere), named],
      () => {
        const [what, value] = who.value.split(":") as ["role" | "into", string];
        if (!everywhere.checked) return { kind: "turn", start_ms: turn.start_ms, end_ms: turn.end_ms, [what]: value };
        const change: Change = { kind: "voice", speaker: turn.speaker };
        if (what === "into" || value !== turn.role) change[what] = value;
        if (name.value !== name.defaultValue || Object.keys(change).length === 2) change["name"] = name.value;
        return change;
      },
    );
  }

  private wordsForm(turn: Turn): HTMLElement {
    const area = make("textarea", {
      value: turn.text,
      rows: Math.min(8, 2 + turn.text.length / 60),
      ariaLabel: words.whatIsSaid,
    });
    return this.form(words.whatIsSaid, [area], () => ({
      kind: "words",
      start_ms: turn.start_ms,
      end_ms: turn.end_ms,
      speaker: turn.speaker,
      text: area.value,
    }));
  }

  private questionForm(turn: Turn): HTMLElement {
    const inside = this.page.questions.filter(
      (one) => one.start_ms < turn.end_ms && one.end_ms > turn.start_ms && one.speaker === turn.speaker,
    );
    const rows = (
      inside.length ? inside : [{ start_ms: turn.start_ms, end_ms: turn.end_ms, text: turn.text, kind: "" }]
    ).map((one) => {
      const choice = kindChoice(one.kind);
      return this.form(one.text, [choice], () => ({
        kind: "question",
        start_ms: one.start_ms,
        end_ms: one.end_ms,
        question_kind: choice.value || null,
      }));
    });
    return make("section", { ariaLabel: words.whatIsAsked }, make("h3", {}, words.whatIsAsked), ...rows);
  }

  private form(title: string, fields: HTMLElement[], change: () => Change): HTMLElement {
    const said = make("span", { className: "problem", role: "alert", hidden: true });
    const form = make(
      "form",
      {},
      make("fieldset", {}, make("legend", {}, title), ...fields, make("button", {}, words.putItRight), said),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.make(change()).then(
        () => this.dialog.close(),
        (error: unknown) => {
          said.textContent = messageOf(error);
          said.hidden = false;
        },
      );
    });
    return form;
  }
}
customElements.define("lesson-corrections", LessonCorrections);

/** A choice of the kinds of question; empty: not a question. */
function kindChoice(kind: Question["kind"]): HTMLSelectElement {
  const choice = make(
    "select",
    { ariaLabel: words.kindOfQuestion },
    make("option", { value: "" }, words.noQuestion),
    ...Object.entries(words.kinds).map(([value, text]) => make("option", { value }, text)),
  );
  choice.value = kind;
  return choice;
}
