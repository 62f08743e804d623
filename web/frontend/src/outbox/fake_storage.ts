/** A browser's storage for tests, which can be full. */
import type { Store } from "../browser/kept";

export class FakeStorage extends Map<string, string> implements Store {
  isFull = false;
  get length() {
    return this.size;
  }
  key(at: number) {
    return [...this.keys()][at] ?? null;
  }
  getItem(name: string) {
    return this.get(name) ?? null;
  }
  setItem(name: string, text: string) {
    if (this.isFull) throw new Error("QuotaExceededError");
    this.set(name, text);
  }
  removeItem(name: string) {
    this.delete(name);
  }
}
