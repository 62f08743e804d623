/** Moments and lengths of a recording in words. Pure; all in ms. */

/** A moment of a recording as people write it: 2:41, 1:02:09. */
export function clock(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  return s >= 3600
    ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
    : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** A length as people say it: 40 seconds, 12 minutes, 2 hours 44 minutes. */
export function spoken(ms: number): string {
  const s = Math.round(ms / 1000);
  const minutes = Math.round(s / 60);
  if (s < 90) return many(s, "second");
  if (minutes < 60) return `${minutes} minutes`;
  const rest = minutes % 60 ? ` ${many(minutes % 60, "minute")}` : "";
  return many(Math.floor(minutes / 60), "hour") + rest;
}

const many = (n: number, unit: string) => `${n} ${unit}${n === 1 ? "" : "s"}`;
