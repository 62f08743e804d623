/** Asks the API; a refusal becomes an error with the server's own plain sentence. */
import { words } from "../text/words";

export class Refused extends Error {
  constructor(message: string, readonly status: number) {
    super(message);
  }
}

export async function ask<T>(method: string, address: string, body?: unknown, keepalive = false): Promise<T> {
  const answer = await fetch(address, {
    method,
    keepalive, // goes on when the page is left
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!answer.ok) {
    const said = (await answer.json().catch(() => ({}))) as { message?: string };
    throw new Refused(said.message ?? words.broken, answer.status);
  }
  return (answer.status === 204 ? undefined : await answer.json().catch(() => undefined)) as T;
}
