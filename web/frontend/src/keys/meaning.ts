/** What a key that is pressed means, on every keyboard and with every input method. Pure. */

/** What has the focus, by the keys that it needs itself. */
export type Focus =
  | "page" // nothing, or what needs no key that the page uses
  | "text" // a field in which letters are written
  | "choice" // a list or a group of choices: letters, arrows, Space
  | "slider"
  | "button" // whatever Space or Enter presses
  | "tab"
  | "media"
  | "dialog"; // anything while a dialog keeps the rest of the page away

/** A key that was pressed, as a frozen description of the browser's event. */
export type Press = Readonly<{
  key: string;
  code: string;
  ctrl: boolean;
  alt: boolean; // Option on a Mac
  meta: boolean;
  shift: boolean;
  altGraph: boolean;
  isComposing: boolean; // it belongs to an input method
  repeat: boolean; // the key is held down
  focus: Focus;
  isMac: boolean;
}>;

export type Acts = Record<string, () => void>;

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];
/** The keys that what has the focus needs itself; "letters" are all keys that write something. */
const NEEDED: Record<Focus, string[]> = {
  page: [],
  text: ["letters", " ", "Enter", ...ARROWS],
  choice: ["letters", " ", "Enter", ...ARROWS],
  slider: ARROWS,
  button: [" ", "Enter"],
  tab: [" ", "Enter", ...ARROWS],
  media: [" ", "Enter", "ArrowUp", "ArrowDown"],
  dialog: ["letters", " ", "Enter", ...ARROWS],
};
/** Keys that act again and again while they are held; every other one acts once a press. */
const MAY_REPEAT = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "j", "l", ",", "."];
/** What stands on these keys of a usual keyboard, for layouts that write other letters. */
const BY_CODE: Record<string, string> = {
  BracketLeft: "[",
  BracketRight: "]",
  Comma: ",",
  Period: ".",
  Minus: "-",
  Equal: "=",
  Slash: "/",
};
const BY_CODE_WITH_SHIFT: Record<string, string> = { Slash: "?", Equal: "+" };
const IS_ASCII = /^[\x21-\x7e]$/;
const isLatin = (key: string) => /^\p{Script=Latin}$/u.test(key);
const isWritten = (key: string) => /^[^ ]$/u.test(key);

/** Whether the key writes a letter of a third level: AltGr, which is Ctrl with Alt on Windows, or Option on a Mac. */
function isThirdLevel({ ctrl, alt, meta, altGraph, isMac }: Press): boolean {
  return !meta && (altGraph || (ctrl && alt) || (isMac && alt && !ctrl));
}

/** What may be meant by a key, the letter that it writes first, then what stands at its place on a usual keyboard. */
function names(press: Press): string[] {
  const { key, shift } = press;
  if (!isWritten(key) && key !== "Dead") return [key];
  if (isThirdLevel(press)) return /^[a-z0-9]$/i.test(key) ? [] : [key];
  if (isLatin(key) && IS_ASCII.test(key)) return shift ? [] : [key.toLowerCase()];
  return [key, ...placeOf(press)];
}

/** What stands at this place of a usual keyboard, where the layout writes something else there. */
function placeOf({ key, code, shift }: Press): string[] {
  const digit = /^Digit([0-9])$/.exec(code)?.[1];
  if (IS_ASCII.test(key)) return digit && !shift ? [digit] : []; // a French keyboard writes & at the place of 1
  const letter = /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase();
  const found = shift ? BY_CODE_WITH_SHIFT[code] : (letter ?? digit ?? BY_CODE[code]);
  return found === undefined ? [] : [found];
}

function run(press: Press, name: string, acts: Acts): true {
  if (!press.repeat || MAY_REPEAT.includes(name)) acts[name]!();
  return true;
}

const isShortcut = (press: Press) =>
  !press.isComposing && (isThirdLevel(press) || (!press.ctrl && !press.alt && !press.meta));
const meant = (press: Press, acts: Acts) => names(press).find((name) => Object.hasOwn(acts, name));

/**
 * Do what a key of the page means, wherever the focus is; true when it meant something. What has the focus keeps the
 * keys that it needs, and keys of one letter may be switched off (WCAG 2.1.4).
 */
export function runOfPage(press: Press, acts: Acts, areLettersOn: boolean): boolean {
  if (!isShortcut(press)) return false;
  const name = meant(press, acts);
  if (name === undefined || (name === " " && press.shift)) return false;
  const needed = NEEDED[press.focus];
  if (needed.includes(name) || (isWritten(name) && (!areLettersOn || needed.includes("letters")))) return false;
  return run(press, name, acts);
}

/** Do what a key means to the very element that has the focus; true when it meant something. */
export function runOfElement(press: Press, acts: Acts): boolean {
  if (!isShortcut(press)) return false;
  const name = meant(press, acts);
  return name !== undefined && run(press, name, acts);
}

/**
 * What Enter means in a field: send what is written, or nothing because the key is still held. With Shift or Option
 * it begins a line, and with an input method it takes a candidate: that is the browser's own.
 */
export function enterMeans(press: Press): "send" | "nothing" | null {
  if (press.key !== "Enter" || press.isComposing || press.shift || press.alt) return null;
  return press.repeat ? "nothing" : "send";
}

/** Whether Enter is held on a button or a link: it presses once, and not what gets the focus after it. */
export function isHeldOnButton(press: Press): boolean {
  return press.repeat && press.key === "Enter" && (press.focus === "button" || press.focus === "page");
}

/** Whether the key leaves a field; an input method has an Escape of its own. */
export function isEscape(press: Press): boolean {
  return press.key === "Escape" && !press.isComposing;
}

/** What Alt with a key chooses while one writes: a letter or a digit, or nothing where the key writes something. */
export function altMeans(press: Press): string | null {
  if (press.isComposing || !press.alt || press.ctrl || press.meta || press.shift || press.altGraph || press.isMac)
    return null;
  const { key, code } = press;
  if (/^[a-z0-9]$/i.test(key)) return key.toLowerCase();
  // A letter of another script has no third level; any other character here was written with Option.
  return /^\p{L}$/u.test(key) && !isLatin(key) ? (/^(?:Key|Digit)(\w)$/.exec(code)?.[1]?.toLowerCase() ?? null) : null;
}

/** Whether the key takes back what was done last, or does it again; a field has this for its own text. */
export function undoMeans(press: Press): "undo" | "redo" | null {
  const { key, code, focus } = press;
  if (press.isComposing || press.repeat || press.alt || press.altGraph || press.ctrl === press.meta) return null;
  if (focus === "text" || focus === "choice" || focus === "dialog") return null;
  if (key.toLowerCase() !== "z" && (isLatin(key) || code !== "KeyZ")) return null;
  return press.shift ? "redo" : "undo";
}
