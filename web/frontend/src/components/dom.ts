/** Small makers of elements; text is always text, never markup. */
type Child = Node | string;

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  set: Partial<HTMLElementTagNameMap[K]> & { data?: Record<string, string> } = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const { data, ...properties } = set;
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.dataset, data);
  element.append(...children);
  return element;
}

/** Make `parent` hold these children: what is there stays, with its focus and what is being written in it. */
export function arrange(parent: Element, wanted: Element[]): void {
  const stays = new Set<Node>(wanted);
  for (const child of [...parent.childNodes]) if (!stays.has(child)) child.remove();
  let next = parent.firstChild;
  for (const child of wanted) {
    if (child === next) next = next.nextSibling;
    else parent.insertBefore(child, next);
  }
}

/** Draw a part of the page anew; the focus, and which lists are open, stay as they are. */
export function keepPlace(root: Element, draw: () => void): void {
  const focused = document.activeElement;
  const named = (element: Element) =>
    [
      element.tagName,
      element.id,
      element.getAttribute("aria-label"),
      ["BUTTON", "A", "SUMMARY"].includes(element.tagName) && element.textContent,
    ].join(" ");
  const alike = (element: Element) =>
    [...root.querySelectorAll(element.tagName)].filter((other) => named(other) === named(element));
  const wasInside = focused !== null && root.contains(focused);
  const place = wasInside ? alike(focused).indexOf(focused) : -1;
  const near = wasInside ? focused.closest("article, li, tr, [role=tabpanel], section") : null;
  const at = near ? [...root.querySelectorAll(near.tagName)].indexOf(near) : -1;
  const open = [...root.querySelectorAll<HTMLDetailsElement>("details[open]")].map(
    (list) => list.querySelector("summary")?.textContent,
  );
  draw();
  for (const list of root.querySelectorAll<HTMLDetailsElement>("details:not([open])"))
    if (!list.name && open.includes(list.querySelector("summary")?.textContent)) list.open = true;
  if (!wasInside || document.activeElement === focused) return;
  const again = focused.isConnected ? focused : alike(focused)[place];
  if (again instanceof HTMLElement) again.focus({ preventScroll: true });
  if (!near || (document.activeElement && document.activeElement !== document.body)) return;
  // What had the focus is gone: it goes on in the same row, or the one that stands there now.
  const rows = [...root.querySelectorAll(near.tagName)];
  focusWithin(document.getElementById(near.id) ?? rows[Math.min(at, rows.length - 1)] ?? root);
}

const CAN_HAVE_FOCUS = ["button", "a[href]", "input", "select", "textarea", "summary"]
  .map((one) => `${one}:not([tabindex="-1"])`)
  .join();

/** The first thing in a part of the page, or that part itself, which can have the focus. */
export function firstWithin(part: Element): HTMLElement | undefined {
  const all = [part, ...part.querySelectorAll<HTMLElement>(CAN_HAVE_FOCUS)] as HTMLElement[];
  return all.find((one) => one.matches(CAN_HAVE_FOCUS) && one.checkVisibility() && !one.matches(":disabled"));
}

/** Give the focus to the first thing in a part of the page that can have it, else to what holds that part. */
export function focusWithin(part: Element | null): void {
  (part && (firstWithin(part) ?? part.closest<HTMLElement>("[tabindex]")))?.focus({ preventScroll: true });
}
