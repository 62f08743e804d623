/** Whose page this is. The server wrote it into the page, and every request of the page says it. */

/** The header of every request; the server refuses it when somebody else is signed in. */
export const PERSON_HEADER = "Hindsight-Person";

/** The id of the person of this page, or nothing on a page of nobody. */
export function personOfPage(): string {
  return meta("person");
}

/** Whether this person said at sign-in that the computer is shared. */
export function isSharedComputer(): boolean {
  return meta("shared-computer") === "yes";
}

function meta(name: string): string {
  if (typeof document === "undefined") return ""; // in a test without a page
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}
