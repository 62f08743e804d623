/** Signing out: what is not sent yet is told before. */
import { forgetShared, kept, othersKeep } from "../browser/kept";
import { isSharedComputer, personOfPage } from "../browser/page_person";
import { make } from "../components/dom";
import { words } from "../text/words";
import { draftCount } from "./drafts";
import { outbox, type Waiting } from "./outbox";

const ON_ITS_WAY = 2000; // ms that what is sent just now may take
const FORM = 'form[action="/sign-out"]';

function signOut(form: HTMLFormElement): void {
  if (isSharedComputer()) {
    kept.clear();
    forgetShared();
    // Their things are not hers to clear: the server then asks the browser to empty its cache alone.
    if (othersKeep(personOfPage())) form.append(make("input", { type: "hidden", name: "others_keep", value: "true" }));
  }
  form.submit();
}

/** One that waits, as far as it needs to be known again. */
const line = (one: Waiting) => make("li", {}, one.body.text, ...(one.refused ? [make("p", {}, one.refused)] : []));

/** Say what is not sent, and let her choose. */
function askBefore(form: HTMLFormElement): void {
  const waiting = outbox.waiting();
  const half = isSharedComputer() ? draftCount() : 0;
  const button = (text: string, then: () => void) => {
    const made = make("button", { type: "button" }, text);
    made.addEventListener("click", then);
    return made;
  };
  const said = make("p", { role: "status" });
  const dialog = make("dialog", { className: "unsent" });
  const sendNow = async () => {
    await outbox.send();
    if (outbox.waiting().length) said.textContent = words.stillNotSent;
    else if (half) askAgain();
    else signOut(form);
  };
  const askAgain = () => {
    dialog.close();
    askBefore(form);
  };
  const discard = () => {
    for (const one of waiting) outbox.discard(one);
    signOut(form);
  };
  const title = waiting.length
    ? words.notSentYet(
        waiting.length,
        waiting.every((one) => one.to.endsWith("/comments")),
      )
    : words.halfWritten(half);
  dialog.append(
    make("h2", {}, title),
    ...(waiting.length ? [make("ul", {}, ...waiting.map(line))] : []),
    ...(waiting.length && half ? [make("p", {}, words.halfWritten(half))] : []),
    make("p", { className: "quiet" }, isSharedComputer() ? words.sharedKeepsNothing : words.keptMeans),
    said,
    make(
      "div",
      { className: "row" },
      ...(waiting.length ? [button(words.sendNow, () => void sendNow())] : []),
      ...(isSharedComputer() ? [] : [button(words.keepHere, () => signOut(form))]),
      button(words.discardAndGo, discard),
      button(words.staySignedIn, () => dialog.close()),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Ask before signing out while something of hers is only here. */
export function guardSignOut(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented || !form.matches(FORM)) return;
    event.preventDefault();
    void signOutSoon(form);
  });
}

/** What is on its way as she presses the button is not asked about, if it arrives. */
async function signOutSoon(form: HTMLFormElement): Promise<void> {
  const isSending = outbox.waiting().some((one) => !one.refused);
  if (isSending) await Promise.race([outbox.send(), new Promise((later) => setTimeout(later, ON_ITS_WAY))]);
  if (outbox.waiting().length || (isSharedComputer() && draftCount())) askBefore(form);
  else signOut(form);
}
