/** Sends comments; without a network they wait in the outbox. */
import { newId } from "../browser/secure_context";
import { words } from "../text/words";
import { outbox, type Change } from "./outbox";

export type Draft = {
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

/** How a comment went: the server has it, will not have it, or it waits on this device, or only in this page. */
export type Sent = "sent" | "refused" | "kept" | "here";

/** Keep a comment, then send it; when this returns it is kept, and the promise tells how it went. */
export async function sendComment(address: string, draft: Draft): Promise<Sent> {
  const lasts = outbox.add(`${address}/comments`, draft);
  await outbox.send();
  const waits = outbox.find(draft.draft_id);
  if (!waits) return "sent";
  return waits.refused ? "refused" : lasts ? "kept" : "here";
}

/** The id under which a change of a comment waits: the last change is the one that counts. */
export const idOfChange = (commentId: string): string => `change:${commentId}`;
export const placeOfComment = (commentId: string): string => `/api/comments/${commentId}`;

/** Keep a change of one's own comment, which said `was` when it was begun, then send it. */
export function sendChange(commentId: string, was: string, text: string): Promise<void> {
  const sends: Change & { text: string } = { text, seen: [was] };
  outbox.add(placeOfComment(commentId), { draft_id: idOfChange(commentId), text, sends }, "PATCH");
  return outbox.send();
}

/** Keep a moment for oneself, with one key. */
export function mark(address: string, ms: number): Promise<Sent> {
  return sendComment(address, {
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
