/** What is typed in the forms of a page, and what a form was sent with: kept for its writer until a server took it. */
import { kept, type Kept } from "../browser/kept";
import { NAME } from "./drafts";

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
type Typed = Record<string, string>;

const POSTED = "posted";
const NEVER_KEPT = ["password", "file", "hidden", "submit", "button", "checkbox", "radio"];

const nameOf = (form: HTMLFormElement, at: number) =>
  `${NAME}form:${location.pathname}:${form.getAttribute("action") ?? ""}:${at}`;
const forms = () => [...document.querySelectorAll<HTMLFormElement>('main form[method="post"]')];

function fieldsOf(form: HTMLFormElement): Field[] {
  const all = [...form.elements] as Field[];
  return all.filter((one) => one.name && !NEVER_KEPT.includes(one.type) && !(one instanceof HTMLButtonElement));
}

const isTyped = (field: Field) =>
  field instanceof HTMLSelectElement
    ? [...field.options].some((one) => one.selected !== one.defaultSelected)
    : field.value !== field.defaultValue;

function typedIn(form: HTMLFormElement): Typed | undefined {
  const typed: Typed = {};
  for (const field of fieldsOf(form)) if (isTyped(field)) typed[field.name] = field.value;
  return Object.values(typed).some((text) => text.trim()) ? typed : undefined;
}

/** Keep what is typed in the forms of this page. */
export function keepForms(): void {
  for (const [at, form] of forms().entries()) {
    const typed = typedIn(form);
    if (typed) kept.write(nameOf(form, at), typed);
  }
}

type Posted = { name: string; typed: Typed };

/** Keep what a form is sent with until its answer is seen. */
export function keepPosted(form: HTMLFormElement): void {
  const at = forms().indexOf(form);
  const typed = at < 0 ? undefined : typedIn(form);
  if (typed) kept.write(POSTED, { name: nameOf(form, at), typed } satisfies Posted);
}

/**
 * A page came after a form was sent. One of its person is the answer of a server that knew her: it took the form, or
 * shows it filled. One of nobody says that her session was over: what she sent waits for her in its form.
 */
export function seeAnswer(isHers: boolean, mine: Kept = kept): void {
  const posted = mine.read<Posted>(POSTED);
  mine.remove(POSTED);
  if (posted && !isHers) mine.write(posted.name, posted.typed);
}

/** Fill the forms of this page with what their writer had typed when somebody else signed in. */
export function restoreForms(): void {
  for (const [at, form] of forms().entries()) {
    const typed = kept.read<Typed>(nameOf(form, at));
    kept.remove(nameOf(form, at));
    if (!typed) continue;
    for (const field of fieldsOf(form)) field.value = typed[field.name] ?? field.value;
    for (const folded of ancestors(form)) folded.open = true;
  }
}

function ancestors(form: HTMLElement): HTMLDetailsElement[] {
  const found: HTMLDetailsElement[] = [];
  for (let one: HTMLElement | null = form; one; one = one.parentElement)
    if (one instanceof HTMLDetailsElement) found.push(one);
  return found;
}
