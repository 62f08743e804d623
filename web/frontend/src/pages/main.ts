/** What every page does: the list of its keys, restoring a lesson, copying or printing a list that is shown once. */
import { ask } from "../api/client";
import { personOfPage } from "../browser/page_person";
import { copyText } from "../browser/secure_context";
import { watchWhosePage } from "../browser/whose_page";
import { make } from "../components/dom";
import { offerKeyList } from "../components/key_list";
import { keepFocus } from "../components/lost_focus";
import { showNotSent, showWordsOfClosed } from "../components/not_sent";
import { outbox } from "../outbox/outbox";
import { guardSignOut } from "../outbox/sign_out";
import { sendWritingForms } from "../outbox/waiting_forms";
import { messageOf } from "../text/error_message";
import { words } from "../text/words";

if (personOfPage()) sendWritingForms(); // before a form is noted as sent by the browser
watchWhosePage();
showWordsOfClosed();
if (personOfPage()) {
  guardSignOut();
  addEventListener("online", () => void outbox.send());
  addEventListener("beforeunload", (event) => outbox.endsWithPage && event.preventDefault());
  showNotSent();
  void outbox.send();
}

offerKeyList();
keepFocus();

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
