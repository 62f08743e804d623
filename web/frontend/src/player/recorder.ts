/** <lesson-recorder>: records with camera or microphone, and hands over what is recorded while it grows. */
import { make } from "../components/dom";
import { keepAwake, noRecording, openMedia } from "../browser/secure_context";
import { dayAndTime } from "../text/school_day";
import { clock } from "../text/times";
import { words } from "../text/words";

/** A recording as it grows, in the form in which tus-js-client reads. */
export type Recording = Pick<ReadableStreamDefaultReader<Uint8Array>, "read">;
const KINDS = [
  ["video/webm;codecs=vp8,opus", ".webm"],
  ["video/mp4", ".mp4"],
  ["audio/webm;codecs=opus", ".webm"],
  ["audio/mp4", ".m4a"],
] as const;
const EVERY = 2000; // ms after which a piece is handed over
const SIZE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25 } };

export class LessonRecorder extends HTMLElement {
  /** Begins the upload of a recording. */
  begin: (recording: Recording, name: string) => { start(): void } = () => ({ start: () => undefined });
  failed: (sentence: string) => void = () => undefined;
  private said = make("p", { role: "status", className: "quiet" });

  connectedCallback(): void {
    const missing = noRecording();
    if (missing) return this.replaceChildren(make("p", { className: "quiet" }, words.recordNot[missing]));
    const start = (text: string, picture: boolean) => {
      const button = make("button", { type: "button" }, text);
      button.addEventListener("click", () => void this.record(picture).catch(() => this.failed(words.recordRefused)));
      return button;
    };
    this.replaceChildren(
      make("div", { className: "row" }, start(words.recordPicture, true), start(words.recordSound, false)),
      make("p", { className: "quiet" }, words.recordHow),
    );
  }

  private async record(picture: boolean): Promise<void> {
    const stream = await openMedia({
      audio: { echoCancellation: false, noiseSuppression: false },
      video: picture && SIZE,
    });
    const [mimeType, ending] =
      KINDS.find(([kind]) => kind.startsWith(picture ? "video" : "audio") && MediaRecorder.isTypeSupported(kind)) ??
      KINDS[0];
    const recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: 1_500_000, audioBitsPerSecond: 96_000 });
    const upload = this.begin(growing(recorder), `${words.recordedOn(dayAndTime(new Date()))}${ending}`);
    recorder.start(EVERY);
    upload.start();
    this.show(recorder, stream, picture);
    this.dispatchEvent(new Event("recording"));
    // A screen that goes dark stops the camera of most phones.
    const letSleep = await keepAwake();
    recorder.addEventListener("stop", () => {
      for (const track of stream.getTracks()) track.stop();
      letSleep();
    });
  }

  private show(recorder: MediaRecorder, stream: MediaStream, picture: boolean): void {
    const view = make("video", {
      muted: true,
      autoplay: true,
      playsInline: true,
      hidden: !picture,
      srcObject: picture ? stream : null,
      ariaLabel: words.recordPicture,
    });
    const pause = make("button", { type: "button" }, words.recordPause);
    const stop = make("button", { type: "button", className: "primary" }, words.recordStop);
    const status = make("output", { className: "figure" });
    let length = 0;
    const timer = setInterval(() => {
      if (recorder.state === "recording") length += 1000;
      status.textContent = words.recordingNow(clock(length));
    }, 1000);
    pause.addEventListener("click", () => {
      const paused = recorder.state === "paused";
      if (paused) recorder.resume();
      else recorder.pause();
      pause.textContent = paused ? words.recordPause : words.recordGoOn;
    });
    stop.addEventListener("click", () => recorder.stop());
    const leaving = (event: Event) => event.preventDefault(); // the browser asks whether she means it
    addEventListener("beforeunload", leaving);
    for (const track of stream.getTracks()) {
      track.addEventListener("mute", () => (this.said.textContent = words.recordLocked));
      track.addEventListener("ended", () => {
        this.said.textContent = words.recordEnded;
        if (recorder.state !== "inactive") recorder.stop();
      });
    }
    recorder.addEventListener("stop", () => {
      clearInterval(timer);
      removeEventListener("beforeunload", leaving);
      this.replaceChildren(this.said);
    });
    this.replaceChildren(view, make("div", { className: "row" }, status, pause, stop), this.said);
  }
}
customElements.define("lesson-recorder", LessonRecorder);

/** What a recorder gives, as a reader that ends when the recording ends. */
function growing(recorder: MediaRecorder): Recording {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      let last = Promise.resolve(); // pieces are read one after the other, whatever their size
      recorder.addEventListener("dataavailable", ({ data }) => {
        last = last.then(async () => {
          if (data.size) controller.enqueue(new Uint8Array(await data.arrayBuffer()));
        });
      });
      recorder.addEventListener("stop", () => {
        last.then(
          () => controller.close(),
          (error: unknown) => controller.error(error),
        );
      });
    },
  });
  return stream.getReader();
}
