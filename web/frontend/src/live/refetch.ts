/** Fetches again what has changed: one fetch at a time, and again until it has succeeded. No DOM. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

export class Refetch {
  private isRunning = false;
  private isAskedAgain = false;
  private failures = 0;
  private later: ReturnType<typeof setTimeout> | undefined;

  /** `refused` looks at an error, and says true when asking again would not help. */
  constructor(
    private fetchNow: () => Promise<unknown>,
    private refused: (error: unknown) => boolean,
  ) {}

  /** Something changed: fetch now, or once more after the fetch that is under way. */
  ask(): void {
    clearTimeout(this.later);
    this.later = undefined;
    if (this.isRunning) this.isAskedAgain = true;
    else void this.run();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    this.isAskedAgain = false;
    try {
      await this.fetchNow();
      this.failures = 0;
    } catch (error) {
      if (!this.refused(error))
        this.later = setTimeout(() => this.ask(), Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures++));
    } finally {
      this.isRunning = false;
    }
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- set by ask() while the fetch ran
    if (this.isAskedAgain) this.ask();
  }
}
