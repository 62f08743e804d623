/** <lesson-comments> and <comment-composer>: what people say at a moment, in threads, and where they write it. */
import { ask, Refused } from "./api/client";
import type { Comment, LessonPage } from "./api/types";
import { clock, make } from "./dom";
import { timeLink, type LessonPlayer } from "./player";
import { words } from "./words";

type Draft = { partnership_id: string | null; parent_id: string | null; kind: string; start_ms: number; end_ms: number | null; goal_id: string | null; stage: string; text: string; draft_id: string };
const WAITING = "waiting-comments";

/** Send a comment; without a network it is kept and sent later, and its draft id makes sure that it is there once. */
async function send(lessonId: string, draft: Draft): Promise<boolean> {
  try {
    await ask<Comment>("POST", `/api/lessons/${lessonId}/comments`, draft);
    return true;
  } catch (error) {
    if (error instanceof Refused) throw error;
    const kept = JSON.parse(localStorage.getItem(WAITING) ?? "[]") as [string, Draft][];
    localStorage.setItem(WAITING, JSON.stringify([...kept, [lessonId, draft]]));
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
      await ask<Comment>("POST", `/api/lessons/${first[0]}/comments`, first[1]);
    } catch (error) {
      if (!(error instanceof Refused) || error.status >= 500) return; // later
    }
    const left = (JSON.parse(localStorage.getItem(WAITING) ?? "[]") as [string, Draft][]).filter((each) => each[1].draft_id !== first[1].draft_id);
    localStorage.setItem(WAITING, JSON.stringify(left));
  }
}

export class LessonComments extends HTMLElement {
  player!: LessonPlayer;
  lessonId = "";
  refresh: () => Promise<void> = async () => undefined;

  show(comments: Comment[]): void {
    if (this.querySelector("textarea")) return; // somebody is answering: do not take the field away
    const top = comments.filter((one) => !one.parent_id).sort((a, b) => a.start_ms - b.start_ms);
    const rows = top.map((one) => this.article(one, comments.filter((each) => each.parent_id === one.id)));
    const empty = make("p", { className: "quiet" }, "Nothing is said yet. Write at a moment that made you think: press c.");
    this.replaceChildren(...(rows.length ? rows : [empty]));
  }

  private article(one: Comment, replies: Comment[]): HTMLElement {
    const about = [one.kind, one.goal?.title ?? "", one.stage, one.partnership_id ? "" : "only you", one.edited_at ? "edited" : ""].filter(Boolean).join(" · ");
    const head = make("header", {}, timeLink(one.start_ms, this.player), make("strong", {}, one.author.name), make("span", {}, about));
    const body = make("p", {}, one.deleted ? words.deleted : one.text);
    const acts = make("div", {});
    const act = (text: string, then: () => void) => {
      const button = make("button", { type: "button" }, text);
      button.addEventListener("click", then);
      acts.append(button);
    };
    const change = (method: string, path: string, content?: unknown) =>
      void ask(method, `/api/comments/${one.id}${path}`, content).then(this.refresh, (error: Error) => acts.append(error.message));
    if (one.deleted) act(words.undo, () => change("POST", "/restore"));
    else {
      if (!one.parent_id) act("Reply", () => acts.replaceChildren(this.field("Your reply", "", (text) => this.reply(one, text))));
      if (one.mine) {
        act("Edit", () => body.replaceWith(this.field("Your comment", one.text, (text) => ask("PATCH", `/api/comments/${one.id}`, { text }))));
        act("Delete", () => change("DELETE", ""));
      }
    }
    const article = make("article", { className: "comment", id: `comment-${one.id}` }, head, body, acts);
    article.append(...replies.map((each) => this.article(each, [])));
    return article;
  }

  private reply(to: Comment, text: string): Promise<unknown> {
    return send(this.lessonId, { partnership_id: to.partnership_id, parent_id: to.id, kind: "noticed", start_ms: to.start_ms, end_ms: null, goal_id: null, stage: "", text, draft_id: crypto.randomUUID() });
  }

  private field(name: string, text: string, save: (text: string) => Promise<unknown>): HTMLElement {
    const area = make("textarea", { ariaLabel: name, value: text, rows: 2 });
    const button = make("button", { type: "button" }, text ? "Save" : "Send");
    const said = make("span", { role: "status" });
    const form = make("div", {}, area, button, said);
    const submit = () => void save(area.value).then(() => (form.remove(), this.refresh()), (error: Error) => (said.textContent = error.message));
    button.addEventListener("click", submit);
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey) (event.preventDefault(), submit());
      if (event.key === "Escape") (form.remove(), void this.refresh());
    });
    queueMicrotask(() => area.focus());
    return form;
  }
}
customElements.define("lesson-comments", LessonComments);

export class CommentComposer extends HTMLElement {
  player!: LessonPlayer;
  refresh: () => Promise<void> = async () => undefined;
  private startMs: number | null = null;
  private endMs: number | null = null;

  show(page: LessonPage): void {
    const id = page.lesson.id;
    const area = make("textarea", { ariaLabel: "Write a comment", placeholder: `Write at ${clock(this.player.ms)}`, value: localStorage.getItem(`draft:${id}`) ?? "" });
    const option = (value: string, text: string) => make("option", { value }, text);
    const choose = (name: string, ...options: HTMLOptionElement[]) => make("select", { ariaLabel: name }, ...options);
    const kind = choose("Kind", ...["noticed", "question", "suggestion"].map((each) => option(each, each)));
    const goal = choose("Goal", option("", "no goal"));
    const stage = choose("GROW stage", option("", "–"), ...["G", "R", "O", "W"].map((each) => option(each, each)));
    const who = choose("Who can read it", ...page.audiences.map((each) => option(each.partnership_id, `You and ${each.label}`)), option("", "Only me"));
    const fill = () => {
      const goals = page.audiences.find((each) => each.partnership_id === who.value)?.goals ?? [];
      goal.replaceChildren(option("", "no goal"), ...goals.map((each) => option(each.id, each.title)));
    };
    fill();
    who.addEventListener("change", fill);
    const stamp = make("span", { className: "figure" });
    const range = make("button", { type: "button", className: "plain" }, "until now");
    const save = make("button", { type: "button", className: "primary" }, "Save");
    const said = make("span", { role: "status" });
    area.addEventListener("input", () => {
      localStorage.setItem(`draft:${id}`, area.value);
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
        const sent = await send(id, {
          partnership_id: who.value || null, parent_id: null, kind: kind.value, start_ms: this.startMs ?? this.player.ms, end_ms: this.endMs,
          goal_id: goal.value || null, stage: stage.value, text: area.value, draft_id: crypto.randomUUID(),
        });
        said.textContent = sent ? "" : words.offline;
        area.value = "";
        localStorage.removeItem(`draft:${id}`);
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
      if (event.key === "Enter" && !event.shiftKey) (event.preventDefault(), void submit());
      if (event.key === "Escape") area.blur();
    });
    this.replaceChildren(area, make("div", { className: "row" }, kind, goal, stage, who, stamp, range, save, said));
  }
}
customElements.define("comment-composer", CommentComposer);
