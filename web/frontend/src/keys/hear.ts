/** Hears keys: describes what the browser tells, and keeps whether this person wants keys of one letter. */
import { kept } from "../browser/kept";
import type { Focus, Press } from "./meaning";

const OFF = "one-letter-keys-off";
const INPUT_METHOD = 229; // the key code of what an input method takes; Safari says so of the Enter that ends it

const BUTTONS = "button, summary, input, [role=button], [role=switch], [role=menuitem], [role=checkbox]";
const PRESSED = ["button", "submit", "reset", "image", "checkbox", "file", "color"];

/** Call `act` for each key that is pressed on an element or the page; when it returns true, the key does no more. */
export function hearKeys(on: HTMLElement | Document, act: (press: Press) => boolean): void {
  on.addEventListener("keydown", (event) => {
    if (event instanceof KeyboardEvent && !event.defaultPrevented && act(pressOf(event))) event.preventDefault();
  });
}

export const areLettersOn = (): boolean => kept.read<boolean>(OFF) !== true;

export function setLetters(isOn: boolean): void {
  if (isOn) kept.remove(OFF);
  else kept.write(OFF, true);
}

function pressOf(event: KeyboardEvent): Press {
  return Object.freeze({
    key: event.key,
    code: event.code,
    ctrl: event.ctrlKey,
    alt: event.altKey,
    meta: event.metaKey,
    shift: event.shiftKey,
    altGraph: event.getModifierState("AltGraph"),
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- Safari tells by nothing else
    isComposing: event.isComposing || event.keyCode === INPUT_METHOD || event.key === "Process",
    repeat: event.repeat,
    focus: focusOf(event.composedPath()[0] ?? null),
    isMac: /^(Mac|iP)/.test(platform()),
  });
}

function focusOf(target: EventTarget | null): Focus {
  const element = target instanceof Element ? target : document.body;
  if (element.closest("dialog[open]") || document.querySelector("dialog:modal")) return "dialog";
  if (element instanceof HTMLMediaElement) return "media";
  if (element instanceof HTMLTextAreaElement || (element instanceof HTMLElement && element.isContentEditable))
    return "text";
  if (element.matches("select, input[type=radio], [role=radio], [role=listbox], [role=option], [role=combobox]"))
    return "choice";
  if (element.matches("input[type=range], [role=slider]")) return "slider";
  if (element instanceof HTMLInputElement && !PRESSED.includes(element.type)) return "text";
  if (element.closest("[role=tab]")) return "tab";
  return element.closest(BUTTONS) ? "button" : "page";
}

function platform(): string {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- its successor is in Chromium alone
  return navigator.platform;
}
