/** What is typed in the forms of a page, and what a form was sent with: kept for its writer until a server took it. */
import { kept, type Kept } from "../browser/kept";
import { NAME } from "./drafts";

/** The hidden field that holds the id of a form, which the server made with the page. */
const ID = "form_id";
/** Marks a form whose words are in the outbox. */
export const IN_OUTBOX = "data-in-outbox";

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

const idField = (form: HTMLFormElement) => form.elements.namedItem(ID) as HTMLInputElement | null;

/** The id of a form, by which the server knows it when it comes twice. */
export const idOf = (form: HTMLFormElement): string => idField(form)?.value ?? "";

function typedIn(form: HTMLFormElement): Typed | undefined {
  if (form.hasAttribute(IN_OUTBOX)) return undefined;
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
  // With its id: the server may have taken it before its answer was lost.
  if (typed) kept.write(POSTED, { name: nameOf(form, at), typed: { ...typed, [ID]: idOf(form) } } satisfies Posted);
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
    const own = idField(form);
    if (own) own.value = typed[ID] || own.value;
    for (const folded of ancestors(form)) folded.open = true;
  }
}

function ancestors(form: HTMLElement): HTMLDetailsElement[] {
  const found: HTMLDetailsElement[] = [];
  for (let one: HTMLElement | null = form; one; one = one.parentElement)
    if (one instanceof HTMLDetailsElement) found.push(one);
  return found;
}
