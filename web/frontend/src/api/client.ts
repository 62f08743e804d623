/** Asks the API; a refusal becomes an error with the server's own plain sentence. */
import { PERSON_HEADER, personOfPage } from "../browser/page_person";
import { words } from "../text/words";

export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code = "",
  ) {
    super(message);
  }
}

/** No answer came in time. What was asked may have been done or not. */
class TookTooLong extends Error {}

const LIMIT = 15_000; // ms that an answer may take: nobody waits without a word
export const LIMIT_FOR_FILES = 900_000;

const OVERRIDDEN = ["PATCH", "PUT", "DELETE"];
let overrides = false; // something on the way lets only GET and POST through

/** `ledTo`: the address that the server led on to, if it did. */
export type Answer = { ok: boolean; status: number; headers: Headers; text: string; ledTo?: string };

/** Ask, and read the whole answer, within a limit of time; raises TookTooLong with a sentence. */
export async function askInTime(address: string, request: RequestInit, limit = LIMIT): Promise<Answer> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), limit);
  try {
    let answer = await send(address, request, over.signal);
    if (!overrides && OVERRIDDEN.includes(request.method ?? "GET") && isBlocked(answer)) {
      overrides = true;
      answer = await send(address, request, over.signal);
    }
    const ledTo = answer.redirected ? answer.url : "";
    const whole = { ok: answer.ok, status: answer.status, headers: answer.headers, text: await answer.text(), ledTo };
    tellIfNotSignedIn(whole.status, whole.text);
    return whole;
  } catch (error) {
    throw over.signal.aborted ? new TookTooLong(words.tookTooLong) : error;
  } finally {
    clearTimeout(timer);
  }
}

function send(address: string, request: RequestInit, signal: AbortSignal): Promise<Response> {
  const method = request.method ?? "GET";
  const headers = new Headers(request.headers);
  if (personOfPage()) headers.set(PERSON_HEADER, personOfPage());
  if (!overrides || !OVERRIDDEN.includes(method)) return fetch(address, { ...request, headers, signal });
  headers.set("X-HTTP-Method-Override", method);
  return fetch(address, { ...request, method: "POST", headers, signal });
}

/** Told to the page when an answer says that its person is not signed in here: with the sentence, and why. */
export const NOT_SIGNED_IN = "not-signed-in";
export type NotSignedIn = { sentence: string; code: string };
const OF_NOBODY = ["other_person", "sign_in_needed"];

/** Tell the page when the answer to one of its requests says that its person is not signed in here. */
export function tellIfNotSignedIn(status: number, text: string): boolean {
  if ((status !== 401 && status !== 409) || !personOfPage()) return false;
  const said = parsed<{ message?: string; code?: string }>(text);
  if (!OF_NOBODY.includes(said?.code ?? "")) return false;
  const detail: NotSignedIn = { sentence: said?.message ?? "", code: said?.code ?? "" };
  document.dispatchEvent(new CustomEvent(NOT_SIGNED_IN, { detail }));
  return true;
}

/** Whether the person of this page is signed in here, or undefined without an answer. */
export function askSignedIn(): Promise<boolean | undefined> {
  return ask("GET", "/api/me").then(
    () => true,
    (error: unknown) => (error instanceof Refused ? !OF_NOBODY.includes(error.code) : undefined),
  );
}

/** Whether the person of this page is signed in here; without an answer she is taken to be. */
export const isSignedIn = async (): Promise<boolean> => (await askSignedIn()) ?? true;

/** What an answer says as JSON, or undefined. */
export function read<T>(answer: Answer): T | undefined {
  return parsed<T>(answer.text);
}

function parsed<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

/** The error of an answer that refuses. Without a sentence of the server's own it came from a proxy on the way. */
export function refusal(answer: Answer): Refused {
  const said = read<{ message?: string; code?: string }>(answer);
  const sentence = said?.message ?? (answer.status === 413 ? words.proxyTooSmall : words.broken);
  return new Refused(sentence, answer.status, said?.code);
}

export async function ask<T>(method: string, address: string, body?: unknown, keepalive = false): Promise<T> {
  const answer = await askInTime(address, {
    method,
    keepalive, // goes on when the page is left
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!answer.ok) throw refusal(answer);
  return read<T>(answer) as T;
}

/** Send a form, and return where its answer leads; a refusal is an error. */
export async function sendForm(address: string, fields: [string, string][]): Promise<string> {
  const headers = { accept: "application/json" };
  const answer = await askInTime(address, { method: "POST", headers, body: new URLSearchParams(fields) });
  if (!answer.ledTo) throw refusal(answer);
  return answer.ledTo;
}

/** Whether asking again would not help: this person is signed out, or may not see it any more. */
export function isClosed(error: unknown): boolean {
  return error instanceof Refused && ([401, 403, 404].includes(error.status) || error.code === "other_person");
}

/** Whether something on the way refused the method: the server's own answers are JSON. */
function isBlocked(answer: Response): boolean {
  return (
    [403, 405, 501].includes(answer.status) &&
    !(answer.headers.get("content-type") ?? "").startsWith("application/json")
  );
}
