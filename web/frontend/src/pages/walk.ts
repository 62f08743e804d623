/** <learning-walk>: notes with their moments during a visit, kept at once, and sound if both want it. */
import { ask, askInTime, LIMIT_FOR_FILES, refusal } from "../api/client";
import { keepPlace, make } from "../components/dom";
import { waitingRow } from "../components/comments/waiting_comment";
import { keepAwake, noRecording, openMedia } from "../browser/secure_context";
import { hearKeys } from "../keys/hear";
import { enterMeans } from "../keys/meaning";
import { FieldDraft } from "../outbox/drafts";
import { CHANGED, outbox, outcomeOf, TAKEN, type Taken, type Waiting } from "../outbox/outbox";
import { ServerClock } from "../live/server_clock";
import { messageOf } from "../text/error_message";
import { clock } from "../text/times";
import { words } from "../text/words";

type Note = { id: string; at_ms: number; text: string };
type NewNote = { at_ms: number; text: string; draft_id: string };
const page = JSON.parse(document.getElementById("walk-data")!.textContent) as {
  id: string;
  gone_ms: number; // since it began, when the server wrote this page
  minutes: number;
  notes: Note[];
};
// How long it has lasted: by the server's clock, whatever time this phone believes it is.
const lasted = new ServerClock(page.gone_ms);
const address = `/api/walks/${page.id}`;
const NOTES = `${address}/notes`;

class LearningWalk extends HTMLElement {
  private notes = page.notes;
  private list = make("ol", { className: "plain-list" });
  private status = make("p", { role: "status", className: "quiet" });
  private field = make("textarea", {
    rows: 4,
    maxLength: 1000,
    ariaLabel: words.walkField,
    placeholder: words.walkField,
  });
  private draft = new FieldDraft(this.field, `walk:${page.id}`, () => Math.round(lasted.ms()));
  private pieces: Blob[] = [];
  private recorder: MediaRecorder | null = null;

  connectedCallback(): void {
    const timer = make("p", { className: "walk-timer figure", role: "timer" });
    const keep = make("button", { type: "submit", className: "primary" }, words.walkKeep);
    const form = make("form", {}, this.field, keep);
    hearKeys(this.field, (press) => {
      const enter = enterMeans(press);
      if (enter === "send") form.requestSubmit();
      return enter !== null;
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.keep();
    });
    this.replaceChildren(timer, form, this.sound(), this.status, this.list);
    const tick = () => {
      const gone = lasted.ms();
      const left = Math.ceil((page.minutes * 60_000 - gone) / 60_000);
      timer.textContent = `${clock(gone)} · ${left > 0 ? words.minutesLeft(left) : words.walkOver}`;
    };
    tick();
    setInterval(tick, 1000);
    setInterval(() => void this.send(), 5000);
    document.addEventListener(CHANGED, () => this.show());
    document.addEventListener(TAKEN, (event) => this.take((event as CustomEvent<Taken>).detail));
    const save = document.getElementById("save-walk") as HTMLFormElement;
    save.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.save(save);
    });
    this.show();
    void this.send();
    this.field.focus();
  }

  private keep(): void {
    const { id, startMs, text } = this.draft.writing;
    if (!text.trim()) return;
    const at_ms = Math.max(0, startMs ?? 0);
    const isKept = outbox.add<NewNote>(NOTES, { at_ms, text: text.trim(), draft_id: id });
    this.status.textContent = isKept ? "" : words.cannotKeep;
    this.field.value = "";
    this.draft.forget();
    this.field.focus();
    this.show();
    void this.send();
  }

  /** What waits goes to the server, in order; what cannot go now waits on this phone. True when nothing waits. */
  private async send(): Promise<boolean> {
    await outbox.send();
    const waiting = outbox.waiting(NOTES).filter((one) => !one.refused);
    if (waiting.length) this.status.textContent = words.walkWaits(waiting.length);
    return waiting.length === 0;
  }

  private take({ to, answer }: Taken): void {
    if (to !== NOTES) return;
    this.notes.push(answer as Note);
    this.status.textContent = "";
    this.show();
  }

  private show(): void {
    const waiting = outbox.waiting<NewNote>(NOTES);
    const refused = waiting.filter((one) => one.refused).map((one) => this.refused(one));
    const notes = waiting.filter((one) => !one.refused).map((one) => one.body);
    const rows = [...this.notes, ...notes]
      .sort((a, b) => b.at_ms - a.at_ms)
      .map((one) => {
        const row = make(
          "li",
          { className: "row" },
          make("span", { className: "time" }, clock(one.at_ms)),
          make("span", { className: "grow" }, one.text),
        );
        if ("id" in one) {
          const away = make(
            "button",
            { type: "button", className: "plain", ariaLabel: words.walkAway(one.text) },
            words.takeAway,
          );
          away.addEventListener(
            "click",
            () =>
              void ask("DELETE", `${address}/notes/${one.id}`).then(
                () => {
                  this.notes = this.notes.filter((each) => each !== one);
                  this.show();
                },
                (error: unknown) => (this.status.textContent = messageOf(error)),
              ),
          );
          row.append(away);
        } else row.append(make("span", { className: "quiet" }, words.walkOnPhone));
        return row;
      });
    keepPlace(this, () => this.list.replaceChildren(...refused, ...rows));
  }

  /** A note that the server will not take; it holds up no other, and stays until its writer takes it away. */
  private refused(one: Waiting<NewNote>): HTMLElement {
    const head = make("header", {}, make("span", { className: "time" }, clock(one.body.at_ms)));
    return make("li", {}, waitingRow(one, head));
  }

  private sound(): HTMLElement {
    const button = make("button", { type: "button", ariaPressed: "false" }, words.walkSound);
    const holder = make(
      "div",
      {},
      make("div", { className: "row" }, button),
      make("p", { className: "quiet" }, words.walkSoundWhose),
    );
    const missing = noRecording();
    if (missing) return make("p", { className: "quiet" }, words.walkSoundNot[missing]);
    button.addEventListener(
      "click",
      () => void this.toggle(button).catch(() => (this.status.textContent = words.recordRefused)),
    );
    return holder;
  }

  private async toggle(button: HTMLButtonElement): Promise<void> {
    if (this.recorder) {
      if (this.recorder.state === "recording") this.recorder.pause();
      else this.recorder.resume();
    } else {
      const stream = await openMedia({ audio: { echoCancellation: false, noiseSuppression: false } });
      const mimeType = ["audio/webm;codecs=opus", "audio/mp4"].find((kind) => MediaRecorder.isTypeSupported(kind));
      this.recorder = new MediaRecorder(stream, { ...(mimeType && { mimeType }), audioBitsPerSecond: 64_000 });
      this.recorder.addEventListener("dataavailable", ({ data }) => data.size && this.pieces.push(data));
      this.recorder.start(2000);
      const letSleep = await keepAwake();
      this.recorder.addEventListener("stop", () => {
        for (const track of stream.getTracks()) track.stop();
        letSleep();
      });
    }
    const on = this.recorder.state === "recording";
    button.ariaPressed = String(on);
    button.textContent = on ? words.walkSoundOn : words.walkSoundOff;
  }

  private async save(form: HTMLFormElement): Promise<void> {
    this.keep();
    if (!(await this.send())) return;
    const recorder = this.recorder;
    if (recorder && recorder.state !== "inactive") {
      await new Promise((done) => {
        recorder.addEventListener("stop", done);
        recorder.stop();
      });
    }
    if (this.pieces.length) {
      this.status.textContent = words.walkSending;
      const body = new Blob(this.pieces, { type: recorder?.mimeType || "audio/webm" });
      const answer = await askInTime(
        `${address}/sound`,
        { method: "POST", body, headers: { "content-type": body.type } },
        LIMIT_FOR_FILES,
      ).catch(() => null);
      if (!answer?.ok) {
        const never = answer && outcomeOf(refusal(answer)) === "never";
        this.status.textContent = never ? words.walkSoundNotTaken(refusal(answer).message) : words.walkSoundLost;
        if (never) this.pieces = []; // the visit can be saved without it
        return;
      }
      this.pieces = [];
    }
    form.submit();
  }
}
customElements.define("learning-walk", LearningWalk);
