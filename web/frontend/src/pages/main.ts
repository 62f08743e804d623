/** What every page does: the list of keys, and bringing a deleted lesson back. */
import { ask } from "../api/client";
import { make } from "../components/dom";
import { words } from "../text/words";

document.addEventListener("keydown", (event) => {
  if (event.key !== "?" || (event.target as HTMLElement).closest("input, textarea, select")) return;
  const here = document.querySelector("talk-lanes") ? "lesson" : document.querySelector("comment-composer") ? "clip" : document.querySelector("lesson-player:not([hidden])") ? "film" : "";
  const keys = words.keys.filter(([, , where]) => where === "" || (here !== "" && (where === "film" || where === here || here === "lesson")));
  const rows = keys.map(([key, what]) => make("tr", {}, make("th", { scope: "row" }, key), make("td", {}, what)));
  const close = make("button", { type: "button" }, "Close");
  const dialog = make("dialog", {}, make("h2", {}, words.keysOfPage), make("table", {}, make("tbody", {}, ...rows)), close);
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
