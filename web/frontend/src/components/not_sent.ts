/** On the first page: what is not sent, of whatever page it was written on, also where that is open no more. */
import { CHANGED, outbox } from "../outbox/outbox";
import { words } from "../text/words";
import { arrange, make } from "./dom";
import { waitingRow } from "./comments/waiting_comment";

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
}
