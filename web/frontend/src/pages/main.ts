/** What every page does: the list of keys, restoring a lesson, copying or printing a list that is shown once. */
import { ask } from "../api/client";
import { personOfPage } from "../browser/page_person";
import { copyText } from "../browser/secure_context";
import { watchWhosePage } from "../browser/whose_page";
import { make } from "../components/dom";
import { outbox } from "../outbox/outbox";
import { guardSignOut } from "../outbox/sign_out";
import { messageOf } from "../text/error_message";
import { words } from "../text/words";

watchWhosePage();
if (personOfPage()) {
  guardSignOut();
  addEventListener("online", () => void outbox.send());
  void outbox.send();
}

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

document.addEventListener("click", (event) => {
  const button = (event.target as HTMLElement).closest<HTMLElement>("[data-restore]");
  if (!button) return;
  ask("POST", `/api/lessons/${button.dataset["restore"] ?? ""}/restore`).then(
    () => location.reload(),
    (error: unknown) => button.after(make("span", { role: "alert" }, messageOf(error))),
  );
});

document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  if (target.closest("[data-print]")) window.print();
  const list = document.getElementById(target.closest<HTMLElement>("[data-copy]")?.dataset["copy"] ?? "");
  const status = document.getElementById("copied");
  if (!list || !status) return;
  void copyText(list).then((done) => {
    status.textContent = done ? words.copied : words.notCopied;
  });
});
