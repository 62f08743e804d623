/** <lesson-comments>: what people say at a moment, in threads. */
import { ask } from "../../api/client";
import type { Comment, CommentVersion } from "../../api/types";
import { CommentFilters } from "./comment_filters";
import { arrange, focusWithin, keepPlace, make } from "../dom";
import { timeLink, type LessonPlayer } from "../../player/player";
import { hearKeys } from "../../keys/hear";
import { enterMeans, isEscape } from "../../keys/meaning";
import { idOfChange, placeOfComment, sendChange, sendComment, type Draft } from "../../outbox/comments";
import { FieldDraft, isHalfWritten } from "../../outbox/drafts";
import { CHANGED, outbox, type Waiting } from "../../outbox/outbox";
import { messageOf } from "../../text/error_message";
import { dayAndTime } from "../../text/school_day";
import { clock } from "../../text/times";
import { words } from "../../text/words";
import { waitingComment, waitingRow } from "./waiting_comment";

const SHOWN_AFTER = 500; // ms: a change that is sent at once is not said to wait

export class LessonComments extends HTMLElement {
  player!: LessonPlayer;
  /** Of the lesson or the clip that is talked about, in the API. */
  address = "";
  refresh: () => Promise<void> = () => Promise.resolve();
  private all: Comment[] = [];
  private drawn = new Map<string, { as: string; article: HTMLElement }>();
  private waiting = new Map<string, { as: string; article: HTMLElement }>();
  private later: ReturnType<typeof setTimeout> | undefined;
  private filters = new CommentFilters(() => this.show(this.all));

  connectedCallback(): void {
    const draw = () => keepPlace(this, () => this.draw(this.all));
    document.addEventListener(CHANGED, () => {
      draw();
      clearTimeout(this.later);
      this.later = setTimeout(draw, 2 * SHOWN_AFTER);
    });
  }

  show(comments: Comment[]): void {
    this.all = comments;
    outbox.arrived(comments);
    keepPlace(this, () => this.draw(comments));
  }

  /** What is not sent yet; a row stays as long as what it says. */
  private rowsOfWaiting(): [Draft, HTMLElement][] {
    const all = outbox.waiting<Draft>(`${this.address}/comments`);
    const row = (one: Waiting<Draft>) => {
      const as = JSON.stringify(one);
      const known = this.waiting.get(one.body.draft_id);
      return known?.as === as ? known : { as, article: waitingComment(one) };
    };
    this.waiting = new Map(all.map((one) => [one.body.draft_id, row(one)]));
    return all.map((one) => [one.body, this.waiting.get(one.body.draft_id)!.article]);
  }

  /** A change of a comment that is not sent yet. */
  private waitingChange({ id }: Comment): HTMLElement[] {
    const isSlow = (one: Waiting) => one.refused ?? Math.abs(Date.now() - one.since) > SHOWN_AFTER;
    const changes = outbox.waiting(placeOfComment(id)).filter(isSlow);
    return changes.map((one) => waitingRow(one, make("header", {}, make("span", {}, words.yourChange))));
  }

  /** Draw what is new or has changed; everything else stays as it is, with what is being written in it. */
  private draw(comments: Comment[]): void {
    const top = comments.filter((one) => !one.parent_id).sort((a, b) => a.start_ms - b.start_ms);
    const { filters } = this;
    filters.offer(comments);
    const fits = (one: Comment) => filters.fits(one);
    const replies = new Map<string, Comment[]>();
    for (const one of comments)
      if (one.parent_id) replies.set(one.parent_id, [...(replies.get(one.parent_id) ?? []), one]);
    const shown = top.filter((one) => fits(one) || replies.get(one.id)?.some(fits));
    const waiting = this.rowsOfWaiting();
    const unsent = (parent: string | null) => waiting.filter(([body]) => body.parent_id === parent);
    const isShown = new Set(shown.map((one) => one.id));
    const apart = waiting.filter(([{ parent_id }]) => parent_id && !isShown.has(parent_id));
    const sentRows = shown.map((one): [number, HTMLElement] => [
      one.start_ms,
      this.article(
        one,
        replies.get(one.id) ?? [],
        unsent(one.id).map(([, row]) => row),
      ),
    ]);
    const waitingRows = [...unsent(null), ...apart].map(([body, row]): [number, HTMLElement] => [body.start_ms, row]);
    const rows = [...sentRows, ...waitingRows].sort(([a], [b]) => a - b).map(([, row]) => row);
    for (const id of [...this.drawn.keys()]) if (!comments.some((one) => one.id === id)) this.drawn.delete(id);
    const empty = make(
      "p",
      { className: "quiet" },
      "Nothing is said yet. Write at a moment that made you think: press c.",
    );
    const isEmpty = !rows.length && !top.length;
    filters.tell(shown.length, top.length);
    arrange(this, [...(filters.element.hidden ? [] : [filters.element]), ...(isEmpty ? [empty] : rows)]);
  }

  /** The article of a comment, with its replies; the one that is there if it is unchanged or somebody writes in it. */
  private article(one: Comment, replies: Comment[], unsent: HTMLElement[] = []): HTMLElement {
    const as = JSON.stringify(one);
    const known = this.drawn.get(one.id);
    const isWriting = known?.article.querySelector(":scope > textarea, :scope > div textarea");
    const article = known && (known.as === as || isWriting) ? known.article : this.newArticle(one);
    if (article !== known?.article) this.drawn.set(one.id, { as, article });
    const own = [...article.children].filter((child) => !child.matches("article.comment"));
    arrange(article, [...own, ...this.waitingChange(one), ...replies.map((each) => this.article(each, [])), ...unsent]);
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
      const draft = `${this.address}/reply/${one.id}`;
      const reply = (focus: boolean) =>
        acts.replaceChildren(this.field("Your reply", "", draft, (text, id) => [id, this.reply(one, text, id)], focus));
      if (!one.parent_id) act("Reply", () => reply(true));
      if (!one.parent_id && isHalfWritten(draft)) queueMicrotask(() => reply(false)); // before a reload
      if (one.mine) {
        act("Edit", () =>
          body.replaceWith(
            this.field("Your comment", one.text, `${this.address}/edit/${one.id}`, (text) => [
              idOfChange(one.id),
              sendChange(one.id, one.text, text),
            ]),
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

  private reply(to: Comment, text: string, id: string): Promise<unknown> {
    return sendComment(this.address, {
      partnership_id: to.partnership_id,
      parent_id: to.id,
      kind: "noticed",
      start_ms: to.start_ms,
      end_ms: null,
      goal_id: null,
      stage: "",
      text,
      draft_id: id,
    });
  }

  /** Close a field: its comment is drawn anew, with what can be done about it. */
  private close(form: HTMLElement): void {
    const article = form.closest("article");
    for (const [id, known] of this.drawn) if (known.article === article) this.drawn.delete(id);
    form.remove();
    keepPlace(this, () => this.draw(this.all));
    focusWithin(document.getElementById(article?.id ?? ""));
    this.refresh().catch(() => undefined); // without a network what is there stays
  }

  /** A field whose `save` keeps what is written, under the id that it returns, and sends it; it then closes. */
  private field(
    name: string,
    text: string,
    draft: string,
    save: (text: string, id: string) => [string, Promise<unknown>],
    focus = true,
  ): HTMLElement {
    const area = make("textarea", { ariaLabel: name, value: text, rows: 2 });
    const kept = new FieldDraft(area, draft);
    const button = make("button", { type: "button" }, text ? "Save" : "Send");
    const said = make("span", { role: "status" });
    const form = make("div", {}, area, button, said);
    let isSending = false;
    const submit = () => {
      if (isSending || !area.value.trim()) return;
      isSending = true;
      const [id, saved] = save(area.value, kept.writing.id);
      const done = () => {
        kept.forget();
        this.close(form);
      };
      if (outbox.find(id)) done();
      else
        saved.then(done, (error: unknown) => {
          isSending = false;
          said.textContent = messageOf(error);
        });
    };
    button.addEventListener("click", submit);
    hearKeys(area, (press) => {
      const enter = enterMeans(press);
      if (enter === "send") submit();
      if (isEscape(press)) {
        kept.forget();
        this.close(form);
      }
      return enter !== null;
    });
    if (focus) queueMicrotask(() => area.focus());
    return form;
  }
}
customElements.define("lesson-comments", LessonComments);
