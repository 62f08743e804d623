/** <lesson-comments> and <comment-composer>: what people say at a moment, in threads, and where they write it. */
import { ask, Refused } from "../api/client";
import type { Audience, Comment, CommentVersion } from "../api/types";
import { dictate } from "./dictate";
import { arrange, keepPlace, make } from "./dom";
import { timeLink, type LessonPlayer } from "../player/player";
import { newId } from "../browser/secure_context";
import { messageOf } from "../text/error_message";
import { dayAndTime } from "../text/school_day";
import { clock } from "../text/times";
import { words } from "../text/words";

type Draft = {
  partnership_id: string | null;
  parent_id: string | null;
  kind: string;
  start_ms: number;
  end_ms: number | null;
  goal_id: string | null;
  stage: string;
  text: string;
  draft_id: string;
};
const WAITING = "waiting-comments";
const AGAIN_AFTER = 20_000; // ms

/** Send a comment; without a network it is kept and sent later, and its draft id makes sure that it is there once. */
async function send(address: string, draft: Draft): Promise<boolean> {
  try {
    await ask<Comment>("POST", `${address}/comments`, draft);
    return true;
  } catch (error) {
    if (error instanceof Refused) throw error;
    const kept = JSON.parse(localStorage.getItem(WAITING) ?? "[]") as [string, Draft][];
    localStorage.setItem(WAITING, JSON.stringify([...kept, [address, draft]]));
    setTimeout(() => void sendWaiting(), AGAIN_AFTER);
    return false;
  }
}

/** Send what was kept, oldest first; a comment leaves the device only once the server has it, or will never take it. */
export async function sendWaiting(): Promise<void> {
  for (;;) {
    const kept = JSON.parse(localStorage.getItem(WAITING) ?? "[]") as [string, Draft][];
    const first = kept[0];
    if (!first) return;
    try {
      await ask<Comment>("POST", `${first[0]}/comments`, first[1]);
    } catch (error) {
      if (!(error instanceof Refused) || error.status >= 500) return; // later
    }
    const left = (JSON.parse(localStorage.getItem(WAITING) ?? "[]") as [string, Draft][]).filter(
      (each) => each[1].draft_id !== first[1].draft_id,
    );
    localStorage.setItem(WAITING, JSON.stringify(left));
  }
}

export class LessonComments extends HTMLElement {
  player!: LessonPlayer;
  /** Of the lesson or the clip that is talked about, in the API. */
  address = "";
  refresh: () => Promise<void> = () => Promise.resolve();
  private all: Comment[] = [];
  private drawn = new Map<string, { as: string; article: HTMLElement }>();
  private only = { author: "", kind: "", goal: "", stage: "" };

  show(comments: Comment[]): void {
    this.all = comments;
    keepPlace(this, () => this.draw(comments));
  }

  /** Draw what is new or has changed; everything else stays as it is, with what is being written in it. */
  private draw(comments: Comment[]): void {
    const top = comments.filter((one) => !one.parent_id).sort((a, b) => a.start_ms - b.start_ms);
    const { author, kind, goal, stage } = this.only;
    const fits = (one: Comment) =>
      (!author || one.author.id === author) &&
      (!kind || one.kind === kind) &&
      (!goal || one.goal?.id === goal) &&
      (!stage || one.stage === stage);
    const replies = new Map<string, Comment[]>();
    for (const one of comments)
      if (one.parent_id) replies.set(one.parent_id, [...(replies.get(one.parent_id) ?? []), one]);
    const shown = top.filter((one) => fits(one) || replies.get(one.id)?.some(fits));
    const rows = shown.map((one) => this.article(one, replies.get(one.id) ?? []));
    for (const id of [...this.drawn.keys()]) if (!comments.some((one) => one.id === id)) this.drawn.delete(id);
    const empty = make(
      "p",
      { className: "quiet" },
      "Nothing is said yet. Write at a moment that made you think: press c.",
    );
    arrange(this, [...(top.length > 1 ? [this.filters(top, shown.length)] : []), ...(top.length ? rows : [empty])]);
  }

  /** Choices by person, kind, goal and stage, of those that occur. */
  private filters(top: Comment[], shown: number): HTMLElement {
    const choose = (name: keyof typeof this.only, any: string, values: Map<string, string>) => {
      const choice = make(
        "select",
        { ariaLabel: any },
        make("option", { value: "" }, any),
        ...[...values].map(([value, text]) => make("option", { value }, text)),
      );
      choice.value = this.only[name];
      choice.addEventListener("change", () => {
        this.only[name] = choice.value;
        this.show(this.all);
      });
      return values.size > 1 || this.only[name] ? [choice] : [];
    };
    const kept = Object.values(this.only).some(Boolean);
    return make(
      "details",
      { className: "filters", open: kept },
      make("summary", {}, kept ? words.filtered(shown, top.length) : words.filter),
      make(
        "div",
        { className: "row" },
        ...choose("author", words.anyone, new Map(this.all.map((one) => [one.author.id, one.author.name]))),
        ...choose("kind", words.anyKind, new Map(top.map((one) => [one.kind, one.kind]))),
        ...choose(
          "goal",
          words.anyGoal,
          new Map(top.filter((one) => one.goal).map((one) => [one.goal!.id, one.goal!.title])),
        ),
        ...choose(
          "stage",
          words.anyStage,
          new Map(top.filter((one) => one.stage).map((one) => [one.stage, one.stage])),
        ),
      ),
    );
  }

  /** The article of a comment, with its replies; the one that is there if it is unchanged or somebody writes in it. */
  private article(one: Comment, replies: Comment[]): HTMLElement {
    const as = JSON.stringify(one);
    const known = this.drawn.get(one.id);
    const isWriting = known?.article.querySelector(":scope > textarea, :scope > div textarea");
    const article = known && (known.as === as || isWriting) ? known.article : this.newArticle(one);
    if (article !== known?.article) this.drawn.set(one.id, { as, article });
    const own = [...article.children].filter((child) => !child.matches("article.comment"));
    arrange(article, [...own, ...replies.map((each) => this.article(each, []))]);
    return article;
  }

  private newArticle(one: Comment): HTMLElement {
    const about = [
      one.kind,
      one.goal?.title ?? "",
      one.stage,
      one.on_clip && !this.address.includes("/clips/") ? words.onClip : "",
      one.partnership_id ? "" : "only you",
    ]
      .filter(Boolean)
      .join(" · ");
    const head = make(
      "header",
      {},
      timeLink(one.start_ms, this.player),
      ...(one.end_ms ? [make("span", { className: "figure" }, `to ${clock(one.end_ms)}`)] : []),
      make("strong", {}, one.author.name),
      make("span", {}, about),
    );
    if (one.edited_at) head.append(this.history(one));
    const body = make("p", {}, one.deleted ? words.deleted : one.text);
    const acts = make("div", {});
    const act = (text: string, then: () => void) => {
      const button = make("button", { type: "button" }, text);
      button.addEventListener("click", then);
      acts.append(button);
    };
    const change = (method: string, path: string, content?: unknown) =>
      void ask(method, `/api/comments/${one.id}${path}`, content).then(this.refresh, (error: unknown) =>
        acts.append(messageOf(error)),
      );
    if (one.deleted) act(words.undo, () => change("POST", "/restore"));
    else {
      if (!one.parent_id)
        act("Reply", () => acts.replaceChildren(this.field("Your reply", "", (text) => this.reply(one, text))));
      if (one.mine) {
        act("Edit", () =>
          body.replaceWith(
            this.field("Your comment", one.text, (text) => ask("PATCH", `/api/comments/${one.id}`, { text })),
          ),
        );
        act("Delete", () => change("DELETE", ""));
      }
    }
    return make("article", { className: "comment", id: `comment-${one.id}` }, head, body, acts);
  }

  /** What a comment said before, on request. */
  private history(one: Comment): HTMLElement {
    const button = make("button", { type: "button", ariaExpanded: "false" }, "edited");
    const showVersions = async () => {
      const versions = await ask<CommentVersion[]>("GET", `/api/comments/${one.id}/versions`).catch(() => []);
      button.ariaExpanded = "true";
      const rows = versions.map((each) =>
        make("li", {}, make("time", { dateTime: each.written_at }, dayAndTime(each.written_at)), ` ${each.text}`),
      );
      button
        .closest("article")!
        .querySelector("p")!
        .after(make("div", { className: "quiet" }, words.before, make("ul", {}, ...rows)));
      button.disabled = true;
    };
    button.addEventListener("click", () => void showVersions());
    return button;
  }

  private reply(to: Comment, text: string): Promise<unknown> {
    return send(this.address, {
      partnership_id: to.partnership_id,
      parent_id: to.id,
      kind: "noticed",
      start_ms: to.start_ms,
      end_ms: null,
      goal_id: null,
      stage: "",
      text,
      draft_id: newId(),
    });
  }

  /** Close a field: its comment is drawn anew, with what can be done about it. */
  private close(form: HTMLElement): Promise<void> {
    const article = form.closest("article");
    for (const [id, known] of this.drawn) if (known.article === article) this.drawn.delete(id);
    form.remove();
    return this.refresh();
  }

  private field(name: string, text: string, save: (text: string) => Promise<unknown>): HTMLElement {
    const area = make("textarea", { ariaLabel: name, value: text, rows: 2 });
    const button = make("button", { type: "button" }, text ? "Save" : "Send");
    const said = make("span", { role: "status" });
    const form = make("div", {}, area, button, said);
    const submit = () =>
      void save(area.value).then(
        () => this.close(form),
        (error: unknown) => (said.textContent = messageOf(error)),
      );
    button.addEventListener("click", submit);
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        submit();
      }
      if (event.key === "Escape") void this.close(form);
    });
    queueMicrotask(() => area.focus());
    return form;
  }
}
customElements.define("lesson-comments", LessonComments);

const draftOf = (address: string) => `draft:${address}`;

/** Leave a lesson or a clip that is not open any more, with what was half written about it. */
export function leave(address: string, isOwner: boolean): void {
  localStorage.removeItem(draftOf(address));
  location.assign(isOwner ? "/" : "/?notice=taken-back");
}

export class CommentComposer extends HTMLElement {
  player!: LessonPlayer;
  refresh: () => Promise<void> = () => Promise.resolve();
  /** Begin a comment over a range. */
  over: (from: number, to: number) => void = () => undefined;
  private startMs: number | null = null;
  private endMs: number | null = null;

  /** Offer a field for words on what has this address in the API; `says` is where they can be spoken, if anywhere. */
  show(address: string, audiences: Audience[], says: string | null): void {
    const kept = draftOf(address);
    const area = make("textarea", {
      ariaLabel: "Write a comment",
      placeholder: `Write at ${clock(this.player.ms)}`,
      value: localStorage.getItem(kept) ?? "",
    });
    const option = (value: string, text: string) => make("option", { value }, text);
    const choose = (name: string, ...options: HTMLOptionElement[]) => make("select", { ariaLabel: name }, ...options);
    const kind = choose("Kind", ...["noticed", "question", "suggestion"].map((each) => option(each, each)));
    const goal = choose("Goal", option("", "no goal"));
    const stage = choose("GROW stage", option("", "–"), ...["G", "R", "O", "W"].map((each) => option(each, each)));
    const who = choose(
      "Who can read it",
      ...audiences.map((each) => option(each.partnership_id, `You and ${each.label}`)),
      option("", "Only me"),
    );
    const fill = () => {
      const goals = audiences.find((each) => each.partnership_id === who.value)?.goals ?? [];
      goal.replaceChildren(option("", "no goal"), ...goals.map((each) => option(each.id, each.title)));
    };
    fill();
    who.addEventListener("change", fill);
    const stamp = make("span", { className: "figure" });
    this.over = (from, to) => {
      [this.startMs, this.endMs] = [Math.round(from), Math.round(to)];
      stamp.textContent = words.selectedRange(clock(from), clock(to));
      this.player.media?.pause();
      area.focus();
    };
    const range = make("button", { type: "button", className: "plain" }, "until now");
    const save = make("button", { type: "button", className: "primary" }, "Save");
    const said = make("span", { role: "status" });
    area.addEventListener("input", () => {
      localStorage.setItem(kept, area.value);
      if (this.startMs !== null) return;
      this.startMs = this.player.ms;
      this.player.media?.pause();
      stamp.textContent = `at ${clock(this.startMs)}`;
    });
    range.addEventListener("click", () => {
      this.endMs = Math.max(this.player.ms, (this.startMs ?? 0) + 1000);
      stamp.textContent = `${clock(this.startMs ?? 0)} to ${clock(this.endMs)}`;
    });
    const submit = async () => {
      if (!area.value.trim()) return;
      save.disabled = true;
      try {
        const sent = await send(address, {
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
        said.textContent = sent ? "" : words.offline;
        area.value = "";
        localStorage.removeItem(kept);
        this.startMs = this.endMs = null;
        stamp.textContent = "";
        if (sent) await this.refresh();
        void this.player.media?.play();
      } catch (error) {
        said.textContent = (error as Error).message;
      } finally {
        save.disabled = false;
      }
    };
    save.addEventListener("click", () => void submit());
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey) {
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
        this.startMs ??= this.player.ms;
        this.player.media?.pause();
        stamp.textContent = `at ${clock(this.startMs)}`;
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

/** Keep a moment for oneself, with one key. */
export async function mark(address: string, ms: number): Promise<void> {
  await send(address, {
    partnership_id: null,
    parent_id: null,
    kind: "noticed",
    start_ms: ms,
    end_ms: null,
    goal_id: null,
    stage: "",
    text: words.marked,
    draft_id: newId(),
  });
}
