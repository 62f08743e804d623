/** Sends comments; without a network they wait in the outbox. */
import { ask, Refused } from "../api/client";
import type { Comment } from "../api/types";
import { newId } from "../browser/secure_context";
import { words } from "../text/words";
import { outbox } from "./outbox";

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

/** How a comment went: the server has it, or it waits on this device, or only as long as this page. */
export type Sent = "sent" | "kept" | "here";

/** Send a comment; its draft id makes sure that it is there once. Raises what the server refuses. */
export async function sendComment(address: string, draft: Draft): Promise<Sent> {
  try {
    await ask<Comment>("POST", `${address}/comments`, draft);
    return "sent";
  } catch (error) {
    if (error instanceof Refused) throw error;
    return outbox.add(`${address}/comments`, draft) ? "kept" : "here";
  }
}

/** Keep a moment for oneself, with one key. */
export async function mark(address: string, ms: number): Promise<void> {
  await sendComment(address, {
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
