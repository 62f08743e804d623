/**
 * Finds words as people look for them: whatever the case, the form of an apostrophe, and whether an accent is one
 * character with its letter or two. What is found is said in places of the text as it is written. Pure.
 */

export type Place = [start: number, end: number]; // of the text, in UTF-16 code units; the end is not part of it

/** A letter as it is compared, its accents, and where it stands. */
type Letter = { base: string; accents: string; start: number; end: number };

const SAME: Record<string, string> = {
  "'": "‘’‚‛ʼʹʻʽ′´`՚＇ꞌ",
  '"': "“”„‟″«»＂",
  "-": "‐‑‒–—―−",
};
const PLAIN = new Map(Object.entries(SAME).flatMap(([plain, all]) => Array.from(all, (one) => [one, plain] as const)));
// A syllable of Korean, whole or in its parts; or a letter with its marks; or marks that stand alone.
const CLUSTER = /[\u1100-\u115f][\u1160-\u11a7]?[\u11a8-\u11ff]?|\p{Script=Hangul}\p{M}*|\P{M}\p{M}*|\p{M}+/gsu;
const IS_UNSEEN = /^[\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]$/; // soft hyphens, joiners
// Marks that make another letter (a vowel of Hindi, the voice of Japanese) are letters here, not accents.
const isAccent = (one: string) => /^(?![\u3099\u309a])(?=\p{M})\p{Script=Inherited}$/u.test(one);
const IS_KOREAN = /^\p{Script=Hangul}/u;

function lettersOf(text: string): Letter[] {
  const letters: Letter[] = [];
  for (const { 0: cluster, index: start } of text.matchAll(CLUSTER)) {
    const end = start + cluster.length;
    const parts = IS_KOREAN.test(cluster) ? [cluster.normalize("NFC")] : Array.from(plain(cluster).normalize("NFKD"));
    let last: Letter | undefined;
    for (const part of parts) {
      if (IS_UNSEEN.test(part)) continue;
      if (last && isAccent(part)) {
        if (!(part === "\u0307" && last.base === "i")) last.accents += part; // the dot of İ, which small ones have
        continue;
      }
      for (const base of plain(part).toUpperCase().toLowerCase()) {
        if (/\s/.test(base) && letters.at(-1)?.base === " ") letters.at(-1)!.end = end;
        else letters.push((last = { base: base.replace(/\s/, " "), accents: "", start, end }));
      }
    }
  }
  return letters;
}

const plain = (text: string) => Array.from(text, (one) => PLAIN.get(one) ?? one).join("");

/** A letter that is looked for without an accent is found with any; with one, only with that. */
const isFound = (wanted: Letter, letter: Letter | undefined) =>
  letter?.base === wanted.base && (wanted.accents === "" || wanted.accents === letter.accents);

/** A text that is searched again and again. */
export class Searched {
  private letters: Letter[] | undefined;

  constructor(readonly text: string) {}

  /** Where `wanted` stands in the text, from its beginning on; places do not overlap. */
  find(wanted: string): Place[] {
    const sought = lettersOf(wanted.trim());
    if (!sought.length) return [];
    this.letters ??= lettersOf(this.text);
    const places: Place[] = [];
    for (let i = 0; i + sought.length <= this.letters.length; i++) {
      if (!sought.every((one, n) => isFound(one, this.letters![i + n]))) continue;
      const [{ start }, last] = [this.letters[i]!, this.letters[i + sought.length - 1]!];
      const isPart = this.letters[i - 1]?.start === start || this.letters[i + sought.length]?.start === last.start;
      if (!isPart && start >= (places.at(-1)?.[1] ?? 0)) places.push([start, last.end]); // never half a letter
    }
    return places;
  }
}

/** Where each word of a line stands in it, however they are joined: by spaces, hyphens or nothing. */
export function placesOfWords(text: string, words: string[]): Place[] {
  let from = 0;
  return words.map((word) => {
    const found = text.indexOf(word.trim(), from);
    const start = found < 0 ? from : found;
    from = found < 0 ? from : found + word.trim().length;
    return [start, from];
  });
}
