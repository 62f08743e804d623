/**
 * What the two write in a session: a line each at every GROW stage, and the one action that is theirs together. Each
 * field is kept in the outbox with every letter, and sent a moment after the last.
 */
import { ask } from "../api/client";
import type { SessionPage } from "../api/types";
import { waitingRow } from "../components/comments/waiting_comment";
import { make } from "../components/dom";
import { CHANGED, outbox, TAKEN, type Change, type Taken, type Waiting, type Written } from "../outbox/outbox";
import { SaveSoon } from "../outbox/save_soon";
import { words } from "../text/words";

const ACTION = "action";
const TELL_EVERY = 3000; // ms: that somebody is writing
const SHOWN_FOR = 5000;

type Note = Written & { sends: Change & { notes: Record<string, string> } };
type Action = Written & {
  sends: { action: string; action_by: string | null; goal_id: string | null; action_version: string };
};

export class SessionWriting {
  private readonly stages = [...document.querySelectorAll<HTMLTextAreaElement>("textarea[data-stage]")];
  private readonly what = document.getElementById("action") as HTMLInputElement | null;
  private readonly until = document.getElementById("until") as HTMLInputElement | null;
  private readonly goal = document.getElementById("for-goal") as HTMLSelectElement | null;
  private readonly soon = new SaveSoon((error) => {
    this.said.textContent = (error as Error).message;
    return false; // what is kept is tried again by the outbox
  });
  private readonly told = new Map<string, number>();
  /** What one's own line at a stage may say on the server, as far as this page knows. */
  private readonly seen = new Map<string, string[]>();
  /** The version of the action that stands in the fields, or from which they were changed. */
  private version: string;

  constructor(
    private page: SessionPage,
    private address: string,
    private said: HTMLElement,
  ) {
    this.version = page.action_version;
    for (const field of this.stages) this.watch(field, field.dataset["stage"]!, () => this.keepNote(field));
    for (const field of [this.what, this.until, this.goal])
      if (field) this.watch(field, ACTION, () => this.keepAction());
    addEventListener("pagehide", () => void this.soon.all());
    document.addEventListener(TAKEN, (event) => this.take((event as CustomEvent<Taken>).detail));
    document.addEventListener(CHANGED, () => this.showRefused());
  }

  /** Save all that is not saved yet; false, with the reason on the page, when that is not possible now. */
  async saveAll(): Promise<boolean> {
    this.said.textContent = "";
    this.keepAction();
    this.soon.later(ACTION, () => this.send(), 0);
    await this.soon.all();
    return !outbox.waiting(this.address).length;
  }

  /** Show what both wrote; what somebody is changing stays as it is. */
  show(page: SessionPage): void {
    this.page = page;
    for (const field of this.stages) {
      const stage = field.dataset["stage"]!;
      const lines = page.notes.filter((one) => one.stage === stage);
      if (!this.isChanging(stage, field)) this.showNote(field, lines.find((one) => one.mine)?.text ?? "");
      const others = lines.filter((one) => !one.mine);
      const by = (name: string) => make("span", { className: "quiet" }, name ? `${name}: ` : "");
      document
        .querySelector(`[data-others="${stage}"]`)!
        .replaceChildren(...others.map((one) => make("p", { className: "as-written" }, by(one.by), one.text)));
    }
    if (this.what && this.until && !this.isChanging(ACTION, this.what, this.until)) this.showAction();
    this.showRefused();
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

  private watch(field: HTMLElement, name: string, keep: () => void): void {
    field.addEventListener("input", () => {
      keep();
      this.soon.later(name, () => this.send());
      this.tellWriting(name);
    });
    field.addEventListener("change", () => void this.soon.now(name)); // the next field, Done, another tab
  }

  private async send(): Promise<void> {
    await outbox.send();
    if (outbox.waiting(this.address).some((one) => !one.refused)) this.said.textContent = words.waiting;
  }

  private tellWriting(field: string): void {
    if (this.page.over || Date.now() - (this.told.get(field) ?? 0) < TELL_EVERY) return;
    this.told.set(field, Date.now());
    void ask("POST", `${this.address}/writing`, { field }).catch(() => undefined); // the line itself will say it
  }

  private isChanging(name: string, ...fields: HTMLElement[]): boolean {
    return this.soon.isDue(name) || fields.some((field) => field === document.activeElement);
  }

  private idOf = (field: string) => `session:${this.page.id}:${field}`;

  private find<Body extends Written>(field: string): Waiting<Body> | undefined {
    return outbox.find(this.idOf(field)) as Waiting<Body> | undefined;
  }

  private keepNote(field: HTMLTextAreaElement): void {
    const stage = field.dataset["stage"]!;
    const sends = { notes: { [stage]: field.value }, seen: this.seen.get(stage) ?? [""] };
    this.keep<Note>({ draft_id: this.idOf(stage), text: field.value, sends });
  }

  private keepAction(): void {
    const action = this.what!.value;
    const day = this.until!.value || null;
    const sends = { action, action_by: day, goal_id: this.goal?.value || null, action_version: this.version };
    this.keep<Action>({ draft_id: this.idOf(ACTION), text: action, sends });
  }

  private keep<Body extends Written>(body: Body): void {
    if (!outbox.add<Body>(this.address, body, "PATCH")) this.said.textContent = words.cannotKeep;
  }

  /** The server has taken a field: what is typed from now on changes what it says there. */
  private take({ to, id, answer }: Taken): void {
    if (to !== this.address) return;
    const page = answer as SessionPage;
    this.said.textContent = "";
    const field = id.split(":").at(-1)!;
    if (field === ACTION) this.version = page.action_version;
    else this.seen.set(field, [lineOf(page, field)]);
    const newer = outbox.find(id); // typed while the other was on its way
    if (newer && field === ACTION) (newer as Waiting<Action>).body.sends.action_version = this.version;
    if (newer && field !== ACTION) (newer as Waiting<Note>).body.sends.seen = this.seen.get(field)!;
    if (newer) outbox.add(this.address, newer.body, "PATCH");
  }

  /** Show one's own line, or what of it waits. */
  private showNote(field: HTMLTextAreaElement, text: string): void {
    const stage = field.dataset["stage"]!;
    const waits = this.find<Note>(stage);
    field.value = waits?.body.text ?? text;
    this.seen.set(stage, waits?.body.sends.seen ?? [text]);
  }

  private showAction(): void {
    const waits = this.find<Action>(ACTION)?.body.sends;
    this.what!.value = waits?.action ?? this.page.action;
    this.until!.value = (waits ? waits.action_by : this.page.action_by) ?? "";
    if (waits && this.goal) this.goal.value = waits.goal_id ?? "";
    this.version = waits?.action_version ?? this.page.action_version;
  }

  /** Say beside each field why it was not taken, with both texts where somebody wrote another. */
  private showRefused(): void {
    for (const place of document.querySelectorAll<HTMLElement>("[data-both]")) {
      const field = place.dataset["both"]!;
      const one = this.find(field);
      if (place.dataset["says"] === (one?.refused ?? "")) continue;
      place.dataset["says"] = one?.refused ?? "";
      if (!one?.refused) place.replaceChildren();
      else if (one.code !== "edited_meanwhile") place.replaceChildren(waitingRow(one, make("header")));
      else place.replaceChildren(make("p", {}, one.refused), this.choose(field));
    }
  }

  /** The choice between two texts of one field. */
  private choose(field: string): HTMLElement {
    const answer = (text: string, then: (page: SessionPage) => void) => {
      const button = make("button", { type: "button" }, text);
      const newest = () => ask<SessionPage>("GET", this.address).then(then);
      button.addEventListener(
        "click",
        () => void newest().catch((error: unknown) => (this.said.textContent = (error as Error).message)),
      );
      return button;
    };
    const note = this.stages.find((one) => one.dataset["stage"] === field);
    const mine = answer(words.keepMine, (page) => {
      this.version = page.action_version;
      this.seen.set(field, [lineOf(page, field)]);
      if (note) this.keepNote(note);
      else this.keepAction();
      this.soon.later(field, () => this.send(), 0);
    });
    const theirs = answer(note ? words.useOther : words.useTheirs, (page) => {
      this.soon.forget(field);
      this.page = page;
      const waits = this.find(field);
      if (waits) outbox.discard(waits);
      if (note) this.showNote(note, lineOf(page, field));
      else this.showAction();
    });
    return make("span", { className: "row" }, mine, theirs);
  }
}

/** One's own line at a stage, as a page says it. */
function lineOf(page: SessionPage, stage: string): string {
  return page.notes.find((one) => one.stage === stage && one.mine)?.text ?? "";
}
