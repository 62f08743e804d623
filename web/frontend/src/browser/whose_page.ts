/**
 * A page whose person is not signed in here any more: somebody else is, or nobody. It shows nothing of hers, says so in
 * a sentence, and comes back when she does. What was typed stays with its writer.
 */
import { askSignedIn, isSignedIn, NOT_SIGNED_IN, type NotSignedIn } from "../api/client";
import { make } from "../components/dom";
import { keepWordsAlone } from "../outbox/drafts";
import { keepForms, keepPosted, restoreForms, seeAnswer } from "../outbox/forms";
import { words } from "../text/words";
import { forgetLast, forgetShared, Kept, kept, notedSignedIn, noteSignedIn, onSignedInChange } from "./kept";
import { isSharedComputer, personOfPage } from "./page_person";

const GOES_ON = "lesson-upload, learning-walk"; // what may be recording: such a page is not loaded anew
const ON_ITS_WAY_OUT = 3000; // ms in which a page that is being left is gone
let cover: HTMLElement | undefined;
let title = "";

/** Hide the page, with what stands in it, and say why. */
function hide({ sentence, code }: NotSignedIn): void {
  keepForms();
  cover?.remove();
  const isNobody = code === "sign_in_needed";
  const next = encodeURIComponent(location.pathname + location.search);
  const go = isNobody
    ? make("a", { className: "button", href: `/sign-in?next=${next}` }, words.signIn)
    : make("button", { type: "button" }, words.reload);
  if (!isNobody) go.addEventListener("click", () => location.reload());
  const said = make("h1", {}, isNobody ? words.signedOutHere(kept.names().length > 0) : sentence);
  if (!cover) title = document.title;
  cover = make("section", { className: "whose-page", tabIndex: -1 }, make("div", { role: "alert" }, said), go);
  document.title = "Hindsight";
  for (const media of document.querySelectorAll<HTMLMediaElement>("video, audio")) media.pause();
  for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) dialog.close();
  document.body.classList.add("is-anothers");
  document.body.append(cover);
  cover.focus();
}

function show(): void {
  noteSignedIn(personOfPage(), isSharedComputer());
  if (!cover) return;
  if (!document.querySelector(GOES_ON)) return location.reload();
  cover.remove();
  cover = undefined;
  document.title = title;
  document.body.classList.remove("is-anothers");
}

/** Ask the server who is signed in; a refusal hides this page. */
async function check(): Promise<boolean> {
  const isHers = await isSignedIn();
  if (isHers) show();
  return isHers;
}

const isInDoubt = () => (notedSignedIn() ?? personOfPage()) !== personOfPage();

/** Send no form of a page that may be somebody else's; the server would refuse it. */
function holdForm(event: SubmitEvent): void {
  if (!isInDoubt() || event.defaultPrevented) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const form = event.target as HTMLFormElement;
  void check().then((isHers) => isHers && form.requestSubmit(event.submitter));
}

/** Note whose page this is, and see to it that it is seen while she is signed in. */
export function watchWhosePage(): void {
  if (!personOfPage()) {
    const before = notedSignedIn();
    if (before) seeAnswer(false, new Kept(before));
    const notice = new URLSearchParams(location.search).get("notice");
    if (notice === "account-deleted") forgetLast();
    if (notice === "signed-out") forgetShared();
    if (location.pathname === "/sign-in") noteSignedIn("", false);
    return;
  }
  noteSignedIn(personOfPage(), isSharedComputer());
  seeAnswer(true);
  restoreForms();
  document.addEventListener(NOT_SIGNED_IN, (event) => hide((event as CustomEvent<NotSignedIn>).detail));
  document.addEventListener("submit", holdForm, true);
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) keepPosted(event.target as HTMLFormElement);
  });
  onSignedInChange(() => void ((cover || isInDoubt()) && check()));
  document.addEventListener("visibilitychange", () => void (!document.hidden && (cover || isInDoubt()) && check()));
  addEventListener("pageshow", (event) => event.persisted && void check());
}

/**
 * Leave a page of what is not open to its person any more; of what she had half written about it her words alone are
 * kept. `about` is its address in the API. A page whose person is not signed in stays, with everything, and says so.
 */
export async function leave(about: string, to: string): Promise<void> {
  const isHers = await askSignedIn();
  if (isHers === false) return;
  // Without an answer nothing is known to be closed: this page may be on its way out, because she signs out.
  if (isHers) keepWordsAlone(about);
  else await new Promise((later) => setTimeout(later, ON_ITS_WAY_OUT));
  location.assign(to);
}
