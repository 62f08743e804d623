/** Saves what is typed a moment after its last key: one request at a time for each field, or at once. No DOM. */
type Save = () => Promise<unknown>;
type Field = {
  save: Save | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  running: Promise<void>;
  isRunning: boolean;
};

export class SaveSoon {
  private readonly fields = new Map<string, Field>();

  constructor(
    /** Told of each request that failed; true: try again later. */
    private failed: (error: unknown, field: string) => boolean,
    private wait = 600, // ms after the last key
    private again = 5000, // ms after a failure
  ) {}

  /** Save a field in a moment; a later call takes the place of an earlier one that has not begun. */
  later(field: string, save: Save, wait = this.wait): void {
    const one = this.fields.get(field) ?? newField();
    this.fields.set(field, one);
    clearTimeout(one.timer);
    one.save = save;
    one.timer = setTimeout(() => void this.now(field), wait);
  }

  /** Whether something of a field is not saved yet, or on its way. */
  isDue(field: string): boolean {
    const one = this.fields.get(field);
    return one !== undefined && (one.isRunning || one.save !== undefined);
  }

  /** Save a field now, after what is under way; resolves when it was tried. */
  now(field: string): Promise<void> {
    const one = this.fields.get(field);
    if (!one) return Promise.resolve();
    clearTimeout(one.timer);
    one.running = one.running.then(() => this.save(field, one));
    return one.running;
  }

  /** Save all that is due now; true when nothing is left to save. */
  async all(): Promise<boolean> {
    await Promise.all([...this.fields.keys()].map((field) => this.now(field)));
    return ![...this.fields.keys()].some((field) => this.isDue(field));
  }

  /** Forget what is due in a field. */
  forget(field: string): void {
    const one = this.fields.get(field);
    clearTimeout(one?.timer);
    if (one) one.save = undefined;
  }

  private async save(field: string, one: Field): Promise<void> {
    const save = one.save;
    if (!save) return;
    one.save = undefined;
    one.isRunning = true;
    try {
      await save();
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- set by later() while it was saved
      if (this.failed(error, field) && !one.save) this.later(field, save, this.again);
    } finally {
      one.isRunning = false;
    }
  }
}

function newField(): Field {
  return { save: undefined, timer: undefined, running: Promise.resolve(), isRunning: false };
}
