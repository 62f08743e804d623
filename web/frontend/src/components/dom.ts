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

/** Make `parent` hold these children: what is there already stays where it is, with its focus and what is being written in it. */
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
    `${element.tagName} ${element.id} ${element.getAttribute("aria-label") ?? ""} ${element.tagName === "BUTTON" || element.tagName === "A" || element.tagName === "SUMMARY" ? element.textContent : ""}`;
  const alike = (element: Element) =>
    [...root.querySelectorAll(element.tagName)].filter((other) => named(other) === named(element));
  const wasInside = focused !== null && root.contains(focused);
  const place = wasInside ? alike(focused).indexOf(focused) : -1;
  const open = [...root.querySelectorAll<HTMLDetailsElement>("details[open]")].map(
    (list) => list.querySelector("summary")?.textContent,
  );
  draw();
  for (const list of root.querySelectorAll<HTMLDetailsElement>("details:not([open])"))
    if (!list.name && open.includes(list.querySelector("summary")?.textContent)) list.open = true;
  if (!wasInside || document.activeElement === focused) return;
  const again = focused.isConnected ? focused : alike(focused)[place];
  if (again instanceof HTMLElement) again.focus({ preventScroll: true });
}

/** A moment of a recording as people write it: 2:41, 1:02:09. */
export function clock(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  return s >= 3600
    ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
    : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** A length as people say it: 40 seconds, 12 minutes. */
export function spoken(ms: number): string {
  const s = Math.round(ms / 1000);
  if (s < 90) return `${s} second${s === 1 ? "" : "s"}`;
  return `${Math.round(s / 60)} minutes`;
}
