import { expect, test } from "vitest";
import {
  altMeans,
  enterMeans,
  isEscape,
  isHeldOnButton,
  runOfElement,
  runOfPage,
  undoMeans,
  type Focus,
  type Press,
} from "./meaning";

const press = (key: string, set: Partial<Press> = {}): Press => ({
  key,
  code: /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : "",
  ctrl: false,
  alt: false,
  meta: false,
  shift: false,
  altGraph: false,
  isComposing: false,
  repeat: false,
  focus: "page",
  isMac: false,
  ...set,
});
const TABLE = [" ", "k", "j", "l", "m", "c", "[", "]", ",", ".", "-", "+", "?", "1", "2", "ArrowLeft"];

/** What of the page's keys a press does, as its name; null when nothing. */
function done(one: Press, areLettersOn = true): string | null {
  const heard: string[] = [];
  const acts = Object.fromEntries(TABLE.map((name) => [name, () => heard.push(name)]));
  const isMeant = runOfPage(one, acts, areLettersOn);
  return heard[0] ?? (isMeant ? "swallowed" : null);
}

test("a letter means the same with Caps Lock, but not with Shift, Ctrl, Alt or the command key", () => {
  expect(done(press("l"))).toBe("l");
  expect(done(press("L"))).toBe("l");
  for (const held of ["ctrl", "alt", "meta", "shift"] as const)
    expect([held, done(press("l", { [held]: true }))]).toEqual([held, null]);
});

test.each([
  ["Russian", "д", "KeyL", "l"],
  ["Greek, Caps Lock", "Λ", "KeyL", "l"],
  ["Hebrew", "ך", "KeyL", "l"],
  ["Arabic", "م", "KeyL", "l"],
  ["Ukrainian", "х", "BracketLeft", "["],
  ["German", "ü", "BracketLeft", "["],
  ["a dead key", "Dead", "BracketLeft", "["],
  ["French", "&", "Digit1", "1"],
  ["French", "é", "Digit2", "2"],
  ["Dvorak, whose l is where p is", "l", "KeyP", "l"],
  ["Dvorak, whose h is where j is", "h", "KeyJ", null],
  ["Dvorak, whose s is where ; is", "z", "Slash", null],
])("on a %s keyboard %s at %s means %s", (_layout, key, code, means) => {
  expect(done(press(key, { code }))).toBe(means);
});

test("a question mark is heard on keyboards that write another one", () => {
  expect(done(press("?", { shift: true, code: "Minus" }))).toBe("?");
  expect(done(press("؟", { shift: true, code: "Slash" }))).toBe("?");
});

test("brackets that need AltGr or Option are keys of the page, letters that need it are not", () => {
  expect(done(press("[", { ctrl: true, alt: true, code: "Digit8" }))).toBe("[");
  expect(done(press("]", { altGraph: true, code: "Digit9" }))).toBe("]");
  expect(done(press("[", { alt: true, isMac: true, code: "Digit5" }))).toBe("[");
  expect(done(press("l", { altGraph: true }))).toBe(null);
  expect(done(press("ł", { altGraph: true, code: "KeyL" }))).toBe(null);
  expect(done(press("¬", { alt: true, isMac: true, code: "KeyL" }))).toBe(null);
});

test.each<[Focus, string[]]>([
  ["page", TABLE],
  ["text", []],
  ["choice", []],
  ["dialog", []],
  ["button", TABLE.filter((name) => name !== " ")],
  ["slider", TABLE.filter((name) => name !== "ArrowLeft")],
  ["tab", TABLE.filter((name) => name !== " " && name !== "ArrowLeft")],
  ["media", TABLE.filter((name) => name !== " ")],
])("what has the focus keeps the keys that it needs: %s", (focus, heard) => {
  expect(TABLE.filter((name) => done(press(name, { focus })) === name)).toEqual(heard);
});

test("with keys of one letter switched off, Space and the arrows are left", () => {
  expect(TABLE.filter((name) => done(press(name), false) === name)).toEqual([" ", "ArrowLeft"]);
});

test("a key that is held acts once, except where going on is meant", () => {
  expect(done(press("m", { repeat: true }))).toBe("swallowed");
  expect(done(press(" ", { repeat: true }))).toBe("swallowed");
  expect(done(press("l", { repeat: true }))).toBe("l");
  expect(done(press("ArrowLeft", { repeat: true }))).toBe("ArrowLeft");
});

test("what belongs to an input method means nothing", () => {
  for (const key of ["l", "д", "Enter", "Escape", " ", "z", "g", "Process"]) {
    const taken = press(key, { isComposing: true, ctrl: key === "z", alt: key === "g" });
    expect([key, done(taken), enterMeans(taken), isEscape(taken), undoMeans(taken), altMeans(taken)]).toEqual([
      key,
      null,
      null,
      false,
      null,
      null,
    ]);
    expect(runOfElement(taken, { Enter: () => expect.unreachable() })).toBe(false);
  }
});

test("Enter sends once, and begins a line with Shift or Option", () => {
  const inField = (set: Partial<Press>) => enterMeans(press("Enter", { focus: "text", ...set }));
  expect(inField({})).toBe("send");
  expect(inField({ ctrl: true })).toBe("send");
  expect(inField({ repeat: true })).toBe("nothing");
  expect(inField({ shift: true })).toBe(null);
  expect(inField({ alt: true })).toBe(null);
  expect(enterMeans(press("a"))).toBe(null);
});

test.each([
  ["AltGr on Linux", "ó", { altGraph: true, code: "KeyO" }],
  ["AltGr on Windows", "ó", { ctrl: true, alt: true, altGraph: true, code: "KeyO" }],
  ["AltGr on Windows, without its name", "²", { ctrl: true, alt: true, code: "Digit2" }],
  ["AltGr, a plain letter", "g", { altGraph: true, code: "KeyG" }],
  ["Option", "©", { alt: true, code: "KeyG" }],
  ["Option", "ø", { alt: true, code: "KeyO" }],
  ["Option, Spanish", "|", { alt: true, code: "Digit1" }],
  ["Option, German", "]", { alt: true, code: "Digit6" }],
  ["Option, Swiss", "@", { alt: true, code: "KeyG" }],
  ["Option, a dead key", "Dead", { alt: true, code: "KeyO" }],
  ["Option on a Mac, a plain letter", "g", { alt: true, isMac: true, code: "KeyG" }],
] as [string, string, Partial<Press>][])("letters of a third level are typed: %s %s", (_how, key, set) => {
  expect(altMeans(press(key, { focus: "text", ...set }))).toBe(null);
});

test("Alt with a letter or a digit chooses, on any layout", () => {
  expect(altMeans(press("r", { alt: true }))).toBe("r");
  expect(altMeans(press("R", { alt: true }))).toBe("r");
  expect(altMeans(press("2", { alt: true, code: "Digit2" }))).toBe("2");
  expect(altMeans(press("п", { alt: true, code: "KeyG" }))).toBe("g");
  expect(altMeans(press("g"))).toBe(null);
});

test("undo is Ctrl or the command key with z, wherever a layout has it, and never in a field", () => {
  expect(undoMeans(press("z", { ctrl: true }))).toBe("undo");
  expect(undoMeans(press("Z", { ctrl: true }))).toBe("undo"); // with Caps Lock
  expect(undoMeans(press("z", { meta: true, code: "KeyY" }))).toBe("undo");
  expect(undoMeans(press("я", { ctrl: true, code: "KeyZ" }))).toBe("undo");
  expect(undoMeans(press("Z", { ctrl: true, shift: true }))).toBe("redo");
  expect(undoMeans(press("y", { ctrl: true, code: "KeyZ" }))).toBe(null); // a German keyboard
  expect(undoMeans(press("z"))).toBe(null);
  expect(undoMeans(press("ż", { ctrl: true, alt: true, code: "KeyZ" }))).toBe(null); // AltGr
  for (const focus of ["text", "choice", "dialog"] as const)
    expect(undoMeans(press("z", { ctrl: true, focus }))).toBe(null);
});

test("the element that has the focus hears its own keys", () => {
  const heard: string[] = [];
  const acts = { ArrowDown: () => heard.push("on"), Enter: () => heard.push("go") };
  expect(runOfElement(press("ArrowDown", { repeat: true }), acts)).toBe(true);
  expect(runOfElement(press("Enter", { focus: "button" }), acts)).toBe(true);
  expect(runOfElement(press("Enter", { ctrl: true }), acts)).toBe(false);
  expect(runOfElement(press("x"), acts)).toBe(false);
  expect(heard).toEqual(["on", "go"]);
});

test("Enter that is held presses a button or a link once; in a field it is the browser's own", () => {
  const held = (focus: Focus) => isHeldOnButton(press("Enter", { focus, repeat: true }));
  expect([held("button"), held("page"), held("text"), held("dialog")]).toEqual([true, true, false, false]);
  expect(isHeldOnButton(press("Enter", { focus: "button" }))).toBe(false);
  expect(isHeldOnButton(press(" ", { focus: "button", repeat: true }))).toBe(false);
});
