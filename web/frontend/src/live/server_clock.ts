/**
 * The server's time, counted on from when it was said. What counts is the browser's monotonic clock: the time of day
 * that a phone believes in may be wrong by days, and may be put right in the middle. No DOM.
 */
type Ticks = () => number;

/** When the answer that brought this page arrived, in the browser's monotonic milliseconds. */
function pageArrived(): number {
  const [page] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return page?.responseStart ?? 0;
}

export class ServerClock {
  private saidMs: number;
  private saidAt: number;

  /** The server said `ms` in an answer that came at `at`. */
  constructor(
    ms: number,
    private ticks: Ticks = () => performance.now(),
    at = pageArrived(),
  ) {
    [this.saidMs, this.saidAt] = [ms, at];
  }

  ms(): number {
    return this.saidMs + this.ticks() - this.saidAt;
  }
}
