/** <trust-pill>: who can see this lesson or clip, who opened it, and the button that takes it back. */
import { ask } from "../api/client";
import type { Clip, Share } from "../api/types";
import { newId } from "../browser/secure_context";
import { make } from "./dom";
import { messageOf } from "../text/error_message";
import { dayAndTime, dayInWords, dayOf, today } from "../text/school_day";

type Line = { id: string; other: string };
type Act = (work: Promise<unknown>) => void;
/** What is shared: its address in the API, what it is called, and what else its owner can do with it. */
type Shared = {
  address: string;
  what: "lesson" | "clip";
  shares: Share[];
  takeBackAt: (share: Share) => string;
  clips?: Clip[];
  more?: (act: Act, say: (sentence: string) => void) => HTMLElement[];
};

export class TrustPill extends HTMLElement {
  /** Make the pill open; only its owner has anything to open. */
  show(thing: Shared, partnerships: Line[]): void {
    const button = this.querySelector("button");
    if (button) button.onclick = () => this.open(thing, partnerships);
  }

  private open(thing: Shared, partnerships: Line[]): void {
    const said = make("p", { role: "status" });
    const say = (sentence: string) => void (said.textContent = sentence);
    const act: Act = (work) =>
      void work.then(
        () => location.reload(),
        (error: unknown) => say(messageOf(error)),
      );
    const shares = thing.shares.map((share) => this.share(share.with.name, thing.takeBackAt(share), share, act));
    const clips = (thing.clips ?? []).flatMap((clip) =>
      clip.shares.map((share) =>
        this.share(
          `The clip “${clip.title}”: ${share.with.name}`,
          `/api/clips/${clip.id}/shares/${share.partnership_id}`,
          share,
          act,
        ),
      ),
    );
    const who = make(
      "select",
      { ariaLabel: "Share with" },
      ...partnerships.map((each) => make("option", { value: each.id }, each.other)),
    );
    const draftId = newId(); // of what this dialog sends: twice is once
    const until = make("input", { type: "date", min: today(), ariaLabel: "Until (empty: until you take it back)" });
    const give = make("button", { type: "button", className: "primary" }, "Share");
    give.addEventListener("click", () =>
      act(
        ask("POST", `${thing.address}/shares`, {
          partnership_id: who.value,
          until: until.value || null,
          draft_id: draftId,
        }),
      ),
    );
    const close = make("button", { type: "button" }, "Close");
    const title = `Who can see this ${thing.what}`;
    const dialog = make(
      "dialog",
      { ariaLabel: title },
      make("h2", {}, title),
      ...(shares.length
        ? shares
        : [
            make(
              "p",
              {},
              clips.length ? "Only you see all of it." : "Only you. Nobody else can open it, whatever their role.",
            ),
          ]),
      ...clips,
      ...(partnerships.length
        ? [make("div", { className: "row" }, who, until, give)]
        : [make("p", { className: "quiet" }, "When you have a coach, you can share it with her here.")]),
      ...(thing.more?.(act, say) ?? []),
      said,
      close,
    );
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  private share(who: string, address: string, share: Share, act: Act): HTMLElement {
    const back = make("button", { type: "button" }, "Take it back");
    back.addEventListener("click", () => act(ask("DELETE", address)));
    const opened = share.openings.map((one) =>
      make("li", {}, `${one.person.name} opened it on ${dayAndTime(one.opened_at)}`),
    );
    const text = `${who}, since ${dayOf(share.since)}${share.until ? `, until ${dayInWords(share.until)}` : ""}`;
    return make("div", { className: "measure" }, make("p", {}, text), make("ul", {}, ...opened), back);
  }
}
customElements.define("trust-pill", TrustPill);
