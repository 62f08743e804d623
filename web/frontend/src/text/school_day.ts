/**
 * Days and times on the school's clock, which the page names: the browser may be set to another zone. A day has one
 * form for people and a moment one; `core/school_day.py` writes the same.
 */
type Parts = Record<"weekday" | "day" | "month" | "year" | "hour" | "minute", string>;

/** The school's zone; the browser's own where it does not know that one. */
function zone(): string | undefined {
  const named = document.documentElement.dataset.timeZone;
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: named });
    return named;
  } catch {
    return undefined;
  }
}

/** The parts of a moment; put together here, because browsers differ in their commas. */
function partsOf(moment: Date, options: Intl.DateTimeFormatOptions): Parts {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone(), ...options }).formatToParts(moment);
  return Object.fromEntries(parts.map((one) => [one.type, one.value])) as Parts;
}

const LONG = { weekday: "long", day: "numeric", month: "long", year: "numeric" } as const;
const TIME = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const inWords = (one: Parts) => `${one.day} ${one.month} ${one.year}`;

/** A moment's day: "30 November 2026". */
export const dayOf = (moment: string): string => inWords(partsOf(new Date(moment), LONG));

/** A moment: "Monday 30 November 2026 at 16:30". */
export function dayAndTime(moment: string | Date): string {
  const one = partsOf(new Date(moment), { ...LONG, ...TIME });
  return `${one.weekday} ${inWords(one)} at ${one.hour}:${one.minute}`;
}

/** A day that is none of a moment, as the API writes it (2026-11-30): "30 November 2026". */
export const dayInWords = (day: string): string =>
  inWords(partsOf(new Date(`${day}T00:00Z`), { ...LONG, timeZone: "UTC" }));

/** The day that it is at the school, as fields of forms have it: "2026-11-30". */
export function today(now = new Date()): string {
  const one = partsOf(now, { year: "numeric", month: "2-digit", day: "2-digit" });
  return `${one.year}-${one.month}-${one.day}`;
}
