/** What was written and is not on the server yet, as a row: what becomes of it, and what its person can do. */
import { copyText, newId } from "../../browser/secure_context";
import type { Draft } from "../../outbox/comments";
import { outbox, type Waiting, type Written } from "../../outbox/outbox";
import { clock } from "../../text/times";
import { words } from "../../text/words";
import { make } from "../dom";

/** The row of anything that waits: its words, what it waits for or why it is not taken, and Copy and Delete. */
export function waitingRow<Body extends Written>(one: Waiting<Body>, head: HTMLElement): HTMLElement {
  const waits = outbox.isVolatile(one.body.draft_id)
    ? `${words.waitingToBeSent}. ${words.cannotKeep}`
    : words.waitingToBeSent;
  const state = one.refused ? `${words.notTaken} ${one.refused}` : waits;
  const more = one.code === "sent_before" ? [actOf(words.sendAsAnother, () => outbox.sendAsAnother(one, newId()))] : [];
  const remove = () => outbox.discard(one);
  const row = ownWords({ text: one.body.text, state, remove, head, more, isCopied: Boolean(one.refused) });
  row.dataset["waits"] = one.body.draft_id;
  return row;
}

/** The row of words that are here alone: why they are, and Copy and Delete. */
export function ownWords(its: {
  text: string;
  state: string;
  remove: () => void;
  head?: HTMLElement;
  more?: HTMLElement[];
  isCopied?: boolean;
}): HTMLElement {
  const text = make("div", {}, make("p", {}, its.text));
  const said = make("p", { className: "quiet" }, its.state);
  const copy = () => void copyText(text).then((done) => (said.textContent = done ? words.copiedIt : words.notCopiedIt));
  const acts = [...(its.isCopied === false ? [] : [actOf(words.copyIt, copy)]), actOf(words.remove, its.remove)];
  const head = its.head ?? make("header");
  return make(
    "article",
    { className: "comment is-waiting" },
    head,
    text,
    said,
    make("div", {}, ...(its.more ?? []), ...acts),
  );
}

function actOf(name: string, then: () => void): HTMLElement {
  const made = make("button", { type: "button" }, name);
  made.addEventListener("click", then);
  return made;
}

/** The row of a comment or a reply. */
export function waitingComment(one: Waiting<Draft>): HTMLElement {
  const { body } = one;
  const from = make("span", { className: "figure" }, clock(body.start_ms));
  const until = body.end_ms === null ? [] : [make("span", { className: "figure" }, `to ${clock(body.end_ms)}`)];
  const about = [body.kind, body.stage, body.partnership_id ? "" : words.onlyYou].filter(Boolean).join(" · ");
  return waitingRow(one, make("header", {}, from, ...until, make("strong", {}, words.you), make("span", {}, about)));
}
