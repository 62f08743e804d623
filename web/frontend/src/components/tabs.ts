import { hearKeys } from "../keys/hear";
import { runOfElement } from "../keys/meaning";

/** Told to the page when a tab is chosen, with its id: what was hidden is in sight now. */
export const TAB_CHOSEN = "tab-chosen";

/** Tabs of a page: one panel is shown, arrows move between them. Returns what chooses one. */
export function tabs(): (tab: HTMLElement) => void {
  const all = [...document.querySelectorAll<HTMLElement>("[role=tab]")];
  const choose = (tab: HTMLElement) => {
    for (const each of all) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")!)!.hidden = each !== tab;
    }
    document.dispatchEvent(new CustomEvent(TAB_CHOSEN, { detail: tab.id }));
  };
  all.forEach((tab, i) => {
    tab.addEventListener("click", () => choose(tab));
    const move = (to: number) => {
      const next = all.at(to % all.length)!;
      choose(next);
      next.focus();
    };
    hearKeys(tab, (press) =>
      runOfElement(press, {
        ArrowRight: () => move(i + 1),
        ArrowLeft: () => move(i - 1),
        Home: () => move(0),
        End: () => move(-1),
      }),
    );
  });
  choose(all[0]!);
  return choose;
}
