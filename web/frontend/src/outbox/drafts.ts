/** What is half written: kept as it is typed, for its writer, until it is sent or taken away. */
import { kept, type Kept } from "../browser/kept";

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
type Typed = Record<string, string>;

const NAME = "draft:";
const NEVER_KEPT = ["password", "file", "hidden", "submit", "button", "checkbox", "radio"];

/** Fill a field with what was half written in it, and keep what is typed from now on; returns what forgets it. */
export function keepDraft(field: HTMLTextAreaElement, name: string): () => void {
  const before = kept.read<string>(NAME + name);
  if (before) field.value = before;
  field.addEventListener("input", () => {
    if (field.value.trim()) kept.write(NAME + name, field.value);
    else kept.remove(NAME + name);
  });
  return () => kept.remove(NAME + name);
}

/** A comment that is half written, with the moment that it is about. */
export type CommentDraft = { text: string; startMs: number | null; endMs: number | null };

export const commentDraft = {
  read: (address: string) => kept.read<CommentDraft>(NAME + address),
  write: (address: string, draft: CommentDraft) =>
    draft.text.trim() ? void kept.write(NAME + address, draft) : kept.remove(NAME + address),
  forget: (address: string) => kept.remove(NAME + address),
};

/** Forget what is half written about a lesson or a clip, by its address in the API: comment, replies and changes. */
export function forgetDrafts(about: string): void {
  for (const name of [NAME + about, ...kept.names(`${NAME}${about}/`)]) kept.remove(name);
}

/** How much is half written. */
export const draftCount = (of: Kept = kept): number => of.names(NAME).length;

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

/** Keep what is typed in the forms of this page. */
export function keepForms(): void {
  for (const [at, form] of forms().entries()) {
    const typed: Typed = {};
    for (const field of fieldsOf(form)) if (isTyped(field)) typed[field.name] = field.value;
    if (Object.values(typed).some((text) => text.trim())) kept.write(nameOf(form, at), typed);
  }
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
