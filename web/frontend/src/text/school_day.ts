/** Days and times on the school's clock, which the page names: the browser may be set to another zone. */
const options = (more: Intl.DateTimeFormatOptions): Intl.DateTimeFormatOptions => ({ timeZone: zone(), ...more });

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

/** A moment's day: "30 November 2026". */
export const dayOf = (moment: string): string =>
  new Intl.DateTimeFormat("en-GB", options({ dateStyle: "long" })).format(new Date(moment));

/** A moment: "30 November 2026 at 16:30". */
export const dayAndTime = (moment: string): string =>
  new Intl.DateTimeFormat("en-GB", options({ dateStyle: "long", timeStyle: "short" })).format(new Date(moment));

/** A day that is none of a moment, as the API writes it (2026-11-30): "30 November 2026". */
export const dayInWords = (day: string): string =>
  new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" }).format(new Date(`${day}T00:00Z`));

/** The day that it is at the school (2026-11-30), and the time (16.30). */
export function today(now = new Date()): { day: string; time: string } {
  const numbers = {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  } as const;
  const parts = new Intl.DateTimeFormat("en-GB", options(numbers)).formatToParts(now);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? "";
  return { day: `${part("year")}-${part("month")}-${part("day")}`, time: `${part("hour")}.${part("minute")}` };
}
