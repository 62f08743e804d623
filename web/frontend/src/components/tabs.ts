/** Tabs of a page: one panel is shown, arrows move between them. Returns what chooses one. */
export function tabs(): (tab: HTMLElement) => void {
  const all = [...document.querySelectorAll<HTMLElement>("[role=tab]")];
  const choose = (tab: HTMLElement) => {
    for (const each of all) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")!)!.hidden = each !== tab;
    }
  };
  all.forEach((tab, i) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      const next = all[(i + by + all.length) % all.length]!;
      choose(next);
      next.focus();
    });
  });
  choose(all[0]!);
  return choose;
}
