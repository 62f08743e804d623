/** The list of the keys of a page, from its top or by ?; here keys of one letter are switched off and on. */
import { areLettersOn, hearKeys, setLetters } from "../keys/hear";
import { runOfPage } from "../keys/meaning";
import { words } from "../text/words";
import { make } from "./dom";

/** Show the list when it is asked for. */
export function offerKeyList(): void {
  hearKeys(document, (press) => runOfPage(press, { "?": show }, areLettersOn()));
  for (const button of document.querySelectorAll("[data-keys]")) button.addEventListener("click", show);
}

/** The part of the list that this page has: every key of a film's page, or those that go with its comments too. */
function keysOfPage(): [string, string, string][] {
  const here = document.querySelector("talk-lanes")
    ? "lesson"
    : document.querySelector("comment-composer")
      ? "clip"
      : document.querySelector("lesson-player:not([hidden])")
        ? "film"
        : "";
  return words.keys.filter(
    ([, , where]) => where === "" || (here !== "" && (where === "film" || where === here || here === "lesson")),
  );
}

function show(): void {
  const rows = keysOfPage().map(([key, what]) =>
    make("tr", {}, make("th", { scope: "row" }, key), make("td", {}, what)),
  );
  const letters = make("input", { type: "checkbox", checked: areLettersOn() });
  letters.addEventListener("change", () => setLetters(letters.checked));
  const close = make("button", { type: "button" }, words.close);
  const dialog = make(
    "dialog",
    { ariaLabel: words.keysOfPage },
    make("h2", {}, words.keysOfPage),
    make("label", { className: "check" }, letters, words.oneLetterKeys),
    make("p", { className: "quiet" }, words.oneLetterKeysWhy),
    make("table", {}, make("tbody", {}, ...rows)),
    close,
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
