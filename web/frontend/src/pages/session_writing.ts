/** What the two write in a session: a line each at every GROW stage, and the one action that is theirs together. */
import { ask, Refused } from "../api/client";
import type { SessionPage } from "../api/types";
import { make } from "../components/dom";
import { outcomeOf } from "../outbox/outbox";
import { SaveSoon } from "../outbox/save_soon";
import { words } from "../text/words";

const ACTION = "action";
const TELL_EVERY = 3000; // ms: that somebody is writing
const SHOWN_FOR = 5000;

export class SessionWriting {
  private readonly stages = [...document.querySelectorAll<HTMLTextAreaElement>("textarea[data-stage]")];
  private readonly what = document.getElementById("action") as HTMLInputElement | null;
  private readonly until = document.getElementById("until") as HTMLInputElement | null;
  private readonly both = document.getElementById("both") ?? make("div");
  private readonly goal = document.getElementById("for-goal") as HTMLSelectElement | null;
  private readonly soon = new SaveSoon((error, field) => this.failed(error, field));
  private readonly told = new Map<string, number>();
  /** The version of the action that stands in the fields, or from which they were changed. */
  private version: string;

  constructor(
    private page: SessionPage,
    private address: string,
    private said: HTMLElement,
  ) {
    this.version = page.action_version;
    for (const field of this.stages) {
      const stage = field.dataset["stage"]!;
      const save = () => this.patch({ notes: { [stage]: field.value } });
      this.watch(field, stage, save);
    }
    for (const field of [this.what, this.until, this.goal])
      if (field) this.watch(field, ACTION, () => this.saveAction());
    addEventListener("pagehide", () => void this.soon.all());
    addEventListener("online", () => void this.soon.all());
  }

  /** Save all that is not saved yet; false, with the reason on the page, when that is not possible now. */
  async saveAll(): Promise<boolean> {
    this.said.textContent = "";
    this.soon.later(ACTION, () => this.saveAction());
    return (await this.soon.all()) && !this.said.textContent && !this.both.hasChildNodes();
  }

  /** Show what both wrote; what somebody is changing stays as it is. */
  show(page: SessionPage): void {
    this.page = page;
    for (const field of this.stages) {
      const stage = field.dataset["stage"]!;
      const lines = page.notes.filter((one) => one.stage === stage);
      if (!this.isChanging(stage, field)) field.value = lines.find((one) => one.mine)?.text ?? "";
      const others = lines.filter((one) => !one.mine);
      const by = (name: string) => make("span", { className: "quiet" }, name ? `${name}: ` : "");
      document
        .querySelector(`[data-others="${stage}"]`)!
        .replaceChildren(...others.map((one) => make("p", { className: "as-written" }, by(one.by), one.text)));
    }
    if (this.what && this.until && !this.isChanging(ACTION, this.what, this.until)) this.showAction();
  }

  /** Show that the other is writing, if an event says so; whether it does. */
  heard(kind: string): boolean {
    const field = /^writing-(\w+)$/.exec(kind)?.[1];
    if (!field) return false;
    const place = document.querySelector(`[data-writing="${field}"]`);
    if (!place) return true;
    const line = make("span", { className: "quiet" }, words.writing(this.page.other_called));
    place.replaceChildren(line);
    setTimeout(() => line.remove(), SHOWN_FOR);
    return true;
  }

  private watch(field: HTMLElement, name: string, save: () => Promise<unknown>): void {
    field.addEventListener("input", () => {
      this.soon.later(name, save);
      this.tellWriting(name);
    });
    field.addEventListener("change", () => void this.soon.now(name)); // the next field, Done, another tab
  }

  private tellWriting(field: string): void {
    if (this.page.over || Date.now() - (this.told.get(field) ?? 0) < TELL_EVERY) return;
    this.told.set(field, Date.now());
    void ask("POST", `${this.address}/writing`, { field }).catch(() => undefined); // the line itself will say it
  }

  private isChanging(name: string, ...fields: HTMLElement[]): boolean {
    return this.soon.isDue(name) || fields.some((field) => field === document.activeElement);
  }

  private showAction(): void {
    this.what!.value = this.page.action;
    this.until!.value = this.page.action_by ?? "";
    this.version = this.page.action_version;
  }

  private async patch(body: object): Promise<SessionPage> {
    const page = await ask<SessionPage>("PATCH", this.address, body, true);
    this.said.textContent = "";
    if ("action" in body) this.both.replaceChildren();
    return page;
  }

  private async saveAction(): Promise<void> {
    const action = {
      action: this.what!.value,
      action_by: this.until!.value || null,
      goal_id: this.goal?.value || null,
    };
    this.version = (await this.patch({ ...action, action_version: this.version })).action_version;
  }

  /** Say what failed; true where it is worth another try. */
  private failed(error: unknown, field: string): boolean {
    if (field === ACTION && error instanceof Refused && error.code === "edited_meanwhile") {
      this.both.replaceChildren(make("p", {}, error.message), this.choose());
      return false;
    }
    this.said.textContent = (error as Error).message;
    return outcomeOf(error) !== "never";
  }

  /** The choice between two texts of the one action. */
  private choose(): HTMLElement {
    const answer = (text: string, then: (page: SessionPage) => void) => {
      const button = make("button", { type: "button" }, text);
      const newest = () => ask<SessionPage>("GET", this.address).then(then);
      button.addEventListener("click", () => void newest().catch((error: unknown) => this.failed(error, "")));
      return button;
    };
    const mine = answer(words.keepMine, (page) => {
      this.version = page.action_version;
      this.soon.later(ACTION, () => this.saveAction(), 0);
    });
    const theirs = answer(words.useTheirs, (page) => {
      this.soon.forget(ACTION);
      this.page = page;
      this.showAction();
      this.both.replaceChildren();
    });
    return make("span", { className: "row" }, mine, theirs);
  }
}
