/**
 * What the pages keep in this browser: for each person what is her own, under her id, and who is signed in. Nothing
 * else of the pages may name the browser's storage; ESLint and a test look.
 */
import { isSharedComputer, personOfPage } from "./page_person";

export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

const PREFIX = "hindsight";
const SIGNED_IN = `${PREFIX}:signed-in`; // who is, as far as the pages of this browser know: an id, no content
const SHARED = `${PREFIX}:shared`; // whose things leave this computer with her
const FORMER = /^(waiting-comments|draft:|walk-|tus::)/; // of earlier versions: nobody can tell whose it was

class Memory implements Store {
  private all = new Map<string, string>();
  get length(): number {
    return this.all.size;
  }
  key(at: number): string | null {
    return [...this.all.keys()][at] ?? null;
  }
  getItem(name: string): string | null {
    return this.all.get(name) ?? null;
  }
  setItem(name: string, text: string): void {
    this.all.set(name, text);
  }
  removeItem(name: string): void {
    this.all.delete(name);
  }
}

/** The storage of the browser; where it is forbidden, what is kept lasts as long as the page. */
function openStore(): Store {
  try {
    localStorage.removeItem(`${PREFIX}:try`);
    return localStorage;
  } catch {
    return new Memory();
  }
}

let opened: Store | undefined;
const browserStore = (): Store => (opened ??= openStore());

function namesIn(store: Store): string[] {
  return Array.from({ length: store.length }, (_, at) => store.key(at) ?? "");
}

/** What one person keeps here; on a page of nobody nothing outlives the page. */
export class Kept {
  private rest = new Memory(); // what the browser has no room for
  private store: Store;

  constructor(
    private personId: string,
    store: Store = browserStore(),
    private isShared = false,
  ) {
    this.store = personId ? store : new Memory();
  }

  private key(name: string): string {
    return `${PREFIX}:of:${this.personId}:${name}`;
  }

  read<T>(name: string): T | undefined {
    const text = this.rest.getItem(this.key(name)) ?? this.store.getItem(this.key(name));
    try {
      return text === null ? undefined : (JSON.parse(text) as T);
    } catch {
      return undefined;
    }
  }

  /** Keep something under a name; false when it lasts no longer than this page. */
  write(name: string, value: unknown): boolean {
    try {
      // She has signed out of a shared computer meanwhile, in another tab: nothing more reaches its disk.
      if (this.isShared && this.store.getItem(SHARED) !== this.personId) throw new Error("signed out");
      this.store.setItem(this.key(name), JSON.stringify(value));
      this.rest.removeItem(this.key(name));
      return !(this.store instanceof Memory);
    } catch {
      this.rest.setItem(this.key(name), JSON.stringify(value));
      return false;
    }
  }

  remove(name: string): void {
    this.rest.removeItem(this.key(name));
    this.store.removeItem(this.key(name));
  }

  /** The names that begin with `prefix`. */
  names(prefix = ""): string[] {
    const start = this.key(prefix);
    const found = new Set([...namesIn(this.store), ...namesIn(this.rest)]);
    return [...found].filter((key) => key.startsWith(start)).map((key) => key.slice(this.key("").length));
  }

  clear(): void {
    for (const name of this.names()) this.remove(name);
  }
}

/** What the person of this page keeps here. */
export const kept = new Kept(personOfPage(), browserStore(), isSharedComputer());

/** Note who is signed in, for the other pages of this browser; "" is nobody. Things without an owner go. */
export function noteSignedIn(personId: string, isShared: boolean, store: Store = browserStore()): void {
  for (const name of namesIn(store)) if (FORMER.test(name)) store.removeItem(name);
  const former = store.getItem(SHARED);
  if (former && personId && former !== personId) forgetShared(store);
  if (isShared) store.setItem(SHARED, personId);
  else if (former === personId) store.removeItem(SHARED);
  if (store.getItem(SIGNED_IN) !== personId) store.setItem(SIGNED_IN, personId);
}

/** Who was signed in when a page was last opened in this browser; null when that is not known. */
export function notedSignedIn(store: Store = browserStore()): string | null {
  return store.getItem(SIGNED_IN);
}

/** Be told when a page of this browser notes somebody else. */
export function onSignedInChange(then: () => void): void {
  addEventListener("storage", (event) => {
    if (event.key === SIGNED_IN || event.key === null) then();
  });
}

/** Take away what belongs to whoever said that this computer is shared. */
export function forgetShared(store: Store = browserStore()): void {
  const personId = store.getItem(SHARED);
  if (personId) new Kept(personId, store).clear();
  store.removeItem(SHARED);
}

/** Take away what belongs to the person whose account was deleted in this browser just now. */
export function forgetLast(store: Store = browserStore()): void {
  const personId = store.getItem(SIGNED_IN);
  if (personId) new Kept(personId, store).clear();
}

/** Whether anybody else keeps something here. */
export function othersKeep(personId: string, store: Store = browserStore()): boolean {
  const own = `${PREFIX}:of:${personId}:`;
  return namesIn(store).some((name) => name.startsWith(`${PREFIX}:of:`) && !name.startsWith(own));
}
