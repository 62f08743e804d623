/** Moments and lengths of a recording in words. Pure; all in ms. */

/** A moment of a recording as people write it: 2:41, 1:02:09. */
export function clock(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  return s >= 3600
    ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
    : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** A length as people say it: 40 seconds, 12 minutes, 2 h 44 min. */
export function spoken(ms: number): string {
  const s = Math.round(ms / 1000);
  const minutes = Math.round(s / 60);
  if (s < 90) return `${s} second${s === 1 ? "" : "s"}`;
  if (minutes < 60) return `${minutes} minutes`;
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : hours(minutes / 60);
}

const hours = (n: number) => `${n} hour${n === 1 ? "" : "s"}`;
