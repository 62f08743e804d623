/**
 * What is in this browser alone, of whatever page it was written on, also where that is open no more: on the first page
 * what is not sent, and there and on the page that says that something is closed the words that were left.
 */
import { Kept, kept } from "../browser/kept";
import { keepWordsAlone, leftWords } from "../outbox/drafts";
import { CHANGED, outbox } from "../outbox/outbox";
import { words } from "../text/words";
import { arrange, make } from "./dom";
import { ownWords, waitingRow } from "./comments/waiting_comment";

const CLOSED = /^\/(lessons|clips)\/[^/]+$/; // pages of what may be taken back

export function showNotSent(): void {
  const main = document.getElementById("main");
  if (!main || location.pathname !== "/") return;
  const section = make("section", { hidden: true, ariaLabel: words.notSentTitle });
  main.querySelector("h1")?.after(section);
  const show = () => {
    const rows = outbox.waiting().map((one) => waitingRow(one, make("header", {})));
    section.hidden = rows.length === 0;
    arrange(section, [make("h2", {}, words.notSentTitle), ...rows]);
  };
  document.addEventListener(CHANGED, show);
  show();
  showLeftWords(section, kept);
}

/** On a page that says that something is not open to her: what she had half written about it. */
export function showWordsOfClosed(): void {
  const whose = document.querySelector<HTMLElement>("[data-whose]");
  if (!whose || !CLOSED.test(location.pathname)) return;
  const mine = new Kept(whose.dataset["whose"]!);
  keepWordsAlone(`/api${location.pathname}`, mine);
  showLeftWords(whose, mine);
}

/** The words that were left, with Copy and Delete; of what they were about nothing is said. */
function showLeftWords(after: HTMLElement, mine: Kept): void {
  const section = make("section", { ariaLabel: words.leftTitle });
  after.after(section);
  const show = () => {
    const rows = leftWords(mine).map(({ name, text }) => {
      const remove = () => {
        mine.remove(name);
        show();
      };
      return ownWords({ text, state: words.leftWhy, remove });
    });
    section.hidden = rows.length === 0;
    arrange(section, [make("h2", {}, words.leftTitle), ...rows]);
  };
  show();
}
