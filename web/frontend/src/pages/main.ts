/** What every page does: the list of keys, bringing a deleted lesson back, and copying or printing a list that is shown once. */
import { ask } from "../api/client";
import { make } from "../components/dom";
import { words } from "../text/words";

document.addEventListener("keydown", (event) => {
  if (event.key !== "?" || (event.target as HTMLElement).closest("input, textarea, select")) return;
  const here = document.querySelector("talk-lanes")
    ? "lesson"
    : document.querySelector("comment-composer")
      ? "clip"
      : document.querySelector("lesson-player:not([hidden])")
        ? "film"
        : "";
  const keys = words.keys.filter(
    ([, , where]) => where === "" || (here !== "" && (where === "film" || where === here || here === "lesson")),
  );
  const rows = keys.map(([key, what]) => make("tr", {}, make("th", { scope: "row" }, key), make("td", {}, what)));
  const close = make("button", { type: "button" }, "Close");
  const dialog = make(
    "dialog",
    {},
    make("h2", {}, words.keysOfPage),
    make("table", {}, make("tbody", {}, ...rows)),
    close,
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
});

document.addEventListener("click", async (event) => {
  const button = (event.target as HTMLElement).closest<HTMLElement>("[data-restore]");
  if (!button) return;
  await ask("POST", `/api/lessons/${button.dataset["restore"]}/restore`);
  location.reload();
});

/** Copy the text of an element; without https there is no clipboard for pages, so it is selected and copied as by hand. */
async function copy(element: HTMLElement): Promise<boolean> {
  const text = [...element.children].map((one) => one.textContent?.trim() ?? "").join("\n");
  if (navigator.clipboard !== undefined)
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  getSelection()?.selectAllChildren(element);
  return document.execCommand("copy");
}

document.addEventListener("click", async (event) => {
  const target = event.target as HTMLElement;
  if (target.closest("[data-print]")) window.print();
  const list = document.getElementById(target.closest<HTMLElement>("[data-copy]")?.dataset["copy"] ?? "");
  const status = document.getElementById("copied");
  if (list && status) status.textContent = (await copy(list)) ? words.copied : words.notCopied;
});
