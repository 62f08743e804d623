/**
 * Keeps the focus near where somebody works: when what has it is removed or hidden, the focus goes to the neighbour
 * that is left, and never to the page itself, where the next Tab would begin at the top.
 */
import { hearKeys } from "../keys/hear";
import { isHeldOnButton } from "../keys/meaning";
import { firstWithin } from "./dom";

type Place = { within: Element; at: number };

let last: Element | null = null;
let places: Place[] = []; // of what had the focus last, from its own parent upwards

const isLost = (one: Element) => !one.isConnected || !one.checkVisibility();
const hasNone = () => document.activeElement === null || document.activeElement === document.body;

function remember(one: Element): void {
  last = one;
  places = [];
  for (let child = one; child.parentElement && child !== document.body; child = child.parentElement)
    places.push({ within: child.parentElement, at: [...child.parentElement.children].indexOf(child) });
}

/** Whoever leaves a field or button on purpose, by a click beside it, is left alone. */
function forgetIfLeft(one: EventTarget | null): void {
  if (one === last && last && !isLost(last) && hasNone()) last = null;
}

function mend(): void {
  if (!last || !isLost(last)) return;
  for (const { within, at } of places) {
    if (within === document.body) return;
    if (isLost(within)) continue;
    const children = [...within.children];
    for (const child of [...children.slice(at), ...children.slice(0, at).reverse()]) {
      const next = firstWithin(child);
      if (next) return next.focus({ preventScroll: true });
    }
  }
}

/** Watch the page for what is removed or hidden while it has the focus. */
export function keepFocus(): void {
  document.addEventListener("focusin", ({ target }) => remember(target as Element));
  // By then whatever removed it is through.
  document.addEventListener("focusout", ({ target }) => queueMicrotask(() => forgetIfLeft(target)));
  hearKeys(document, isHeldOnButton); // or what has the focus next would be pressed too
  const watch = new MutationObserver((changes) => {
    // What is hidden keeps the focus until it is drawn.
    if (hasNone() || (document.activeElement === last && changes.some((one) => one.type === "attributes"))) mend();
  });
  watch.observe(document.body, { childList: true, subtree: true, attributeFilter: ["hidden"] });
}
