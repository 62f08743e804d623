/** What is half written: kept as it is typed, for its writer, until it is sent or taken away. */
import { kept, type Kept } from "../browser/kept";
import { newId } from "../browser/secure_context";
import { NAME as WAITING, type Waiting } from "./outbox";
import { Writing, type Draft } from "./writing";

/** What the name of everything that is half written begins with. */
export const NAME = "draft:";

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

const LEFT = `${NAME}left:`;
/** Words that were half written about something that closed: nothing but the words, and when that was seen. */
export type LeftWords = { name: string; text: string };

/**
 * Keep of what is half written about a lesson or a clip nothing but its writer's own words: it is not open to her any
 * more. `about` is its address in the API; comment, replies and changes are meant, and what waits to be sent.
 */
export function keepWordsAlone(about: string, mine: Kept = kept): void {
  const leave = (name: string, written: string | undefined) => {
    const text = written?.trim();
    if (text) mine.write(`${LEFT}${newId()}`, { text, at: Date.now() });
    mine.remove(name);
  };
  for (const end of ["#", "/"])
    for (const name of mine.names(`${NAME}${about}${end}`)) leave(name, mine.read<{ text?: string }>(name)?.text);
  for (const name of mine.names(WAITING)) {
    const one = mine.read<Waiting>(name);
    if (one?.to.startsWith(`${about}/`)) leave(name, one.body.text);
  }
}

/** The words that were left so, oldest first. */
export function leftWords(mine: Kept = kept): LeftWords[] {
  return mine
    .names(LEFT)
    .map((name) => ({ name, ...mine.read<{ text: string; at: number }>(name) }))
    .filter((one): one is LeftWords & { at: number } => one.text !== undefined)
    .sort((a, b) => a.at - b.at);
}

/** How much is half written. */
export const draftCount = (of: Kept = kept): number => of.names(NAME).length;
