/** The scale of the strip: which part of a lesson it shows, and where on it a moment lies. Pure; ms and CSS pixels. */
export type Shown = { from: number; to: number };

const SHORTEST = 10_000; // ms that the strip can show at least

/** The moment at a place of the strip, within the lesson. */
export function momentAt(x: number, shown: Shown, width: number, length: number): number {
  return clamp(shown.from + (x / width) * (shown.to - shown.from), 0, length);
}

/** The place of a moment; outside 0 to `width` when the strip does not show it. */
export function placeOf(ms: number, shown: Shown, width: number): number {
  return ((ms - shown.from) / (shown.to - shown.from)) * width;
}

/** Show `factor` times as much, with the moment `around` where it is, as far as the lesson goes. */
export function zoomed(shown: Shown, factor: number, around: number, length: number): Shown {
  const before = shown.to - shown.from;
  const after = clamp(before * factor, Math.min(SHORTEST, length), length);
  return within(around - (after * (around - shown.from)) / before, after, length);
}

/** Move by a share of what is shown; a negative one moves towards the beginning. */
export function panned(shown: Shown, share: number, length: number): Shown {
  const part = shown.to - shown.from;
  return within(shown.from + share * part, part, length);
}

/** For each step of a grid of movement (rows of `columns` cells), the greatest value in each column. */
export function mostByColumn(steps: number[][], columns: number): number[][] {
  return steps.map((cells) =>
    Array.from({ length: columns }, (_, column) => Math.max(0, ...cells.filter((_, i) => i % columns === column))),
  );
}

function within(from: number, part: number, length: number): Shown {
  const start = clamp(from, 0, length - part);
  return { from: start, to: start + part };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
