/** What is half written: kept as it is typed, for its writer, until it is sent or taken away. */
import { kept, type Kept } from "../browser/kept";
import { newId } from "../browser/secure_context";
import { Writing, type Draft } from "./writing";

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
type Typed = Record<string, string>;

const NAME = "draft:";
const POSTED = "posted";
const NEVER_KEPT = ["password", "file", "hidden", "submit", "button", "checkbox", "radio"];

/** What is half written in one field, by its name: kept as it is typed, with its id and its moment. */
export class FieldDraft {
  readonly writing = new Writing(newId);

  /** Fill the field with what was half written in it. `now` is what its moment is counted in. */
  constructor(
    private field: Pick<HTMLTextAreaElement, "value" | "addEventListener">,
    private name: string,
    private now: () => number = () => 0,
    private mine: Kept = kept,
  ) {
    const before = mine.read<HalfWritten>(NAME + name);
    if (before) this.writing.restore({ ...before, endMs: null });
    if (this.writing.isBegun) field.value = this.writing.text;
    field.addEventListener("input", () => this.type());
  }

  private type(): void {
    this.writing.type(this.field.value, this.now());
    const { id, text, startMs, isBegun } = this.writing;
    if (isBegun) this.mine.write(NAME + this.name, { id, text, startMs } satisfies HalfWritten);
    else this.mine.remove(NAME + this.name);
  }

  /** It was sent, or taken away. */
  forget(): void {
    this.writing.clear();
    this.mine.remove(NAME + this.name);
  }
}
type HalfWritten = { id: string; text: string; startMs: number | null };

/** Whether something is half written under this name. */
export const isHalfWritten = (name: string, mine: Kept = kept): boolean =>
  mine.read<HalfWritten>(NAME + name) !== undefined;

/**
 * The comment on one lesson or clip that is half written on this page, with its id, its moment and what was chosen for
 * it. Each is kept by its id, so two pages of one lesson do not overwrite each other.
 */
export class CommentDraft {
  private id = "";

  constructor(
    private address: string,
    private mine: Kept = kept,
  ) {}

  /** The last one that was typed. */
  read(): Draft | undefined {
    const found = this.mine
      .names(this.name(""))
      .map((name) => this.mine.read<KeptDraft>(name))
      .filter((one) => one !== undefined)
      .sort((a, b) => a.at - b.at)
      .at(-1);
    this.id = found?.id ?? "";
    return found;
  }

  /** Keep it as it is now; false when it lasts no longer than this page. Without a letter it is none. */
  write(draft: Draft): boolean {
    if (this.id && this.id !== draft.id) this.mine.remove(this.name(this.id));
    this.id = draft.id;
    return !draft.id || this.mine.write(this.name(draft.id), { ...draft, at: Date.now() } satisfies KeptDraft);
  }

  private name(id: string): string {
    return `${NAME}${this.address}#${id}`;
  }
}
type KeptDraft = Draft & { at: number };

/** Forget what is half written about a lesson or a clip, by its address in the API: comment, replies and changes. */
export function forgetDrafts(about: string): void {
  for (const end of ["#", "/"]) for (const name of kept.names(`${NAME}${about}${end}`)) kept.remove(name);
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
