/**
 * Forms that hold what somebody wrote: a goal, a log, an answer. They are kept in the outbox before they are sent,
 * under the id that the server made with the page, and stay there while there is no network or no session.
 */
import { arrange, make } from "../components/dom";
import { waitingRow } from "../components/comments/waiting_comment";
import { words } from "../text/words";
import { idOf, IN_OUTBOX, keepPosted } from "./forms";
import { CHANGED, outbox, TAKEN, type Fields, type Taken } from "./outbox";

const FORM = "form[data-waits]";
const SHOWN_AFTER = 500; // ms: what is sent at once is not said to wait
const taken = new Map<string, string>(); // where the answers lead, by id of the form
const lists = new Map<HTMLFormElement, HTMLElement>();
let isLeaving = false; // for another page: an answer that comes meanwhile leads nowhere else

/** Not `form.action`: a form of ours has a field of that name. */
const addressOf = (form: HTMLFormElement) => form.getAttribute("action") ?? location.pathname;
const forms = () => [...document.querySelectorAll<HTMLFormElement>(FORM)];

function fieldsOf(form: HTMLFormElement, submitter: HTMLElement | null): Fields {
  const all = [...new FormData(form, submitter)];
  return all.filter((one): one is [string, string] => typeof one[1] === "string");
}

/** What she wrote in it, to know it again by. */
function textOf(form: HTMLFormElement): string {
  const isWritten = (one: Element) =>
    one instanceof HTMLTextAreaElement || (one instanceof HTMLInputElement && one.type === "text");
  const written = [...form.elements].filter(isWritten) as HTMLInputElement[];
  return written
    .map((one) => one.value.trim())
    .filter(Boolean)
    .join("\n");
}

async function send(form: HTMLFormElement, submitter: HTMLElement | null): Promise<void> {
  const [id, to] = [idOf(form), addressOf(form)];
  outbox.add(to, { draft_id: id, text: textOf(form), sends: fieldsOf(form, submitter) }, "FORM");
  form.setAttribute(IN_OUTBOX, id);
  await outbox.send();
  const waits = outbox.find(id);
  if (isLeaving) return;
  if (taken.has(id)) location.assign(taken.get(id)!);
  else if (waits?.refused) {
    // Nothing was made of it. Sent as a browser sends it, it is shown again with the reason at its field.
    outbox.discard(waits);
    form.removeAttribute(IN_OUTBOX);
    keepPosted(form);
    form.submit();
  }
}

/** Below each form what of it waits, or went since. */
function show(): void {
  for (const form of forms()) {
    const list = lists.get(form) ?? make("div", { role: "status" });
    if (!lists.has(form)) form.after(list);
    lists.set(form, list);
    const waiting = outbox.waiting(addressOf(form)).filter((one) => one.method === "FORM");
    const went = taken.get(idOf(form));
    const link = went ? [make("p", {}, make("a", { href: went }, words.sentSince))] : [];
    arrange(list, [...waiting.map((one) => waitingRow(one, make("header"))), ...link]);
  }
}

/** Send the forms of this page through the outbox. */
export function sendWritingForms(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented || !form.matches(FORM) || !idOf(form) || !textOf(form)) return;
    event.preventDefault();
    void send(form, event.submitter);
  });
  window.addEventListener("beforeunload", () => (isLeaving = true));
  document.addEventListener("input", (event) => {
    isLeaving = false; // she stayed after all
    const form = (event.target as HTMLElement).closest<HTMLFormElement>(FORM);
    form?.removeAttribute(IN_OUTBOX); // what is typed now is not in the outbox
  });
  document.addEventListener(TAKEN, (event) => {
    const { id, answer } = (event as CustomEvent<Taken>).detail;
    if (typeof answer === "string") taken.set(id, answer);
  });
  let later: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener(CHANGED, () => {
    clearTimeout(later);
    later = setTimeout(show, SHOWN_AFTER);
  });
  if (outbox.waiting().length) show();
}
