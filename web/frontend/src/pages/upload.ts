/** <lesson-upload>: a recording goes up in pieces, survives reloads and broken networks, and is then worked on. */
import { Upload, type HttpResponse, type UploadOptions } from "tus-js-client";

import { ask, askInTime, isClosed, Refused, LIMIT_FOR_FILES, tellIfNotSignedIn } from "../api/client";
import type { Steps } from "../api/types";
import { KeptUploads } from "../browser/kept_uploads";
import { PERSON_HEADER, personOfPage } from "../browser/page_person";
import { keepPlace, make } from "../components/dom";
import { LessonRecorder, type Recording } from "../player/recorder";
import { follow } from "../live/page";
import { Refetch } from "../live/refetch";
import { StepProgress } from "../live/steps";
import { spoken } from "../text/times";
import { messageOf } from "../text/error_message";
import { words } from "../text/words";

const ACCEPT = "video/*,audio/*,.mkv,.avi,.ts,.mts,.m2ts,.3gp,.mov,.m4a,.flac,.ogg,.opus";
const PIECE_BYTES = 512 * 1024; // of a recording that are sent at once
const FIRST_BYTES = 64 * 1024 * 1024; // of a file; a proxy that takes less is found out
const FEWEST_BYTES = 256 * 1024;
const SHRINK = 4;
const ASK_AGAIN = 3000; // ms after which names that did not arrive are sent again
const FIELDS = [
  ["title", words.title, "text"],
  ["class_name", words.className, "text"],
  ["taught_on", words.taughtOn, "date"],
] as const;

class LessonUpload extends HTMLElement {
  private fields: Record<string, HTMLInputElement> = {};
  private status = make("p", { role: "status" });
  private bar = make("progress", { max: 1, value: 0, ariaLabel: "Upload" });
  private lessonId = "";
  private sameAs = "";
  private samples: [number, number][] = [];

  connectedCallback(): void {
    const file = make("input", { type: "file", accept: ACCEPT, ariaLabel: words.choose });
    const drop = make("div", { className: "drop" }, make("p", {}, words.drop), file);
    file.addEventListener("change", () => {
      if (file.files?.[0]) void this.begin([...file.files], drop);
    });
    for (const kind of ["dragover", "dragleave", "drop"]) {
      drop.addEventListener(kind, (event) => {
        event.preventDefault();
        drop.classList.toggle("over", kind === "dragover");
        const dropped = [...((event as DragEvent).dataTransfer?.files ?? [])];
        if (kind === "drop" && dropped.length) void this.begin(dropped, drop);
      });
    }
    const row = make("div", { className: "fields" });
    for (const [name, text, type] of FIELDS) {
      const input = make("input", { type, name });
      this.fields[name] = input;
      row.append(make("label", {}, text, input));
      input.addEventListener("change", () => void this.rename());
    }
    const recorder = new LessonRecorder();
    recorder.addEventListener("recording", () => drop.remove());
    recorder.begin = (recording, name) =>
      this.send(recording, name, {
        uploadLengthDeferred: true,
        chunkSize: PIECE_BYTES,
        storeFingerprintForResuming: false,
        onProgress: (sent) => this.say(words.recordedSoFar((sent / 1e6).toFixed(1))),
      });
    recorder.failed = (sentence) => this.say(sentence);
    this.replaceChildren(drop, recorder, row, this.status);
  }

  /** Names that are typed while or after it uploads still reach the lesson. */
  private async rename(): Promise<void> {
    if (!this.lessonId) return;
    const { title, class_name, taught_on } = this.fields;
    const change = {
      title: title?.value || undefined,
      class_name: class_name?.value,
      taught_on: taught_on?.value || undefined,
    };
    for (;;) {
      try {
        await ask("PATCH", `/api/lessons/${this.lessonId}`, change);
        return;
      } catch (error) {
        if (error instanceof Refused) {
          this.say(messageOf(error));
          return;
        }
        this.say(words.waiting); // it reached nobody: once there is a network again, it will
        await new Promise((later) => setTimeout(later, ASK_AGAIN));
      }
    }
  }

  private say(sentence: string): void {
    this.status.textContent = sentence;
  }

  /** Upload the first of some files; the others are named, so that nobody believes that they are here. */
  private async begin([file, ...others]: File[], drop: HTMLElement): Promise<void> {
    if (!file) return;
    const left = others.map((one) => one.name).join(", ");
    if (left) this.status.before(make("p", { className: "sentence" }, words.oneAtATime(file.name, left)));
    const title = this.fields["title"];
    if (title && !title.value)
      title.value = file.name
        .replace(/\.\w+$/, "")
        .replace(/[_-]+/g, " ")
        .slice(0, 200);
    const pause = make("button", { type: "button" }, words.pause);
    let isRunning = true;
    const run = (isOn: boolean) => {
      isRunning = isOn;
      pause.textContent = isOn ? words.pause : words.resume;
    };
    const cancel = make("button", { type: "button" }, words.cancel);
    drop.replaceWith(
      make("div", {}, make("p", {}, file.name), this.bar, make("div", { className: "row" }, pause, cancel)),
    );
    const upload = this.send(file, file.name, {
      removeFingerprintOnSuccess: true,
      onProgress: (sent, total) => this.progress(sent, total),
      onFailure: () => run(false),
      onDone: () => {
        pause.remove();
        cancel.remove();
      },
    });
    pause.addEventListener("click", () => {
      if (isRunning) void upload.abort();
      else upload.start();
      run(!isRunning);
    });
    cancel.addEventListener("click", () => void upload.abort(true).finally(() => location.reload()));
    const before = (await upload.findPreviousUploads())[0];
    if (before) upload.resumeFromPreviousUpload(before);
    upload.start();
  }

  /** Make an upload of a file, or of a recording while it grows; it waits for hours for a network. */
  private send(
    source: File | Recording,
    name: string,
    own: Partial<UploadOptions> & { onFailure?: () => void; onDone?: () => void },
  ): Upload {
    const { onFailure, onDone, ...options } = own;
    const metadata: Record<string, string> = { filename: name, filetype: source instanceof File ? source.type : "" };
    for (const [field, input] of Object.entries(this.fields)) if (input.value) metadata[field] = input.value;
    let kept = "0"; // the offset that the server last said it has
    let keptAtCut = ""; // and what it was when the line was last cut
    const upload: Upload = new Upload(source, {
      endpoint: "/api/uploads",
      headers: { [PERSON_HEADER]: personOfPage() },
      urlStorage: new KeptUploads(),
      metadata,
      chunkSize: FIRST_BYTES,
      retryDelays: [0, 1000, 3000, 5000, ...Array<number>(2000).fill(10_000)],
      onShouldRetry: (error) => {
        const response = error.originalResponse;
        const status = response?.getStatus() ?? 0;
        if (response && tellIfNotSignedIn(status, response.getBody())) {
          this.say(words.waitingForHer); // what is recorded stays in this page, and goes on with her
          return true;
        }
        if (status === 0) {
          // Cut twice at the same place: a smaller piece may pass where this one does not.
          if (keptAtCut === kept) shrink(upload);
          keptAtCut = kept;
        }
        if (response && !response.getHeader("Tus-Resumable")) {
          // not the server's own answer: a proxy on the way
          if (status === 413) return shrink(upload);
          if ((status === 403 || status === 405 || status === 501) && !upload.options.overridePatchMethod) {
            upload.options.overridePatchMethod = true;
            return true;
          }
        }
        const retry =
          status === 0 || status === 409 || status === 423 || (status >= 500 && status !== 507 && status !== 501);
        if (retry) this.say(words.waiting);
        return retry;
      },
      onAfterResponse: (_request, response) => {
        kept = response.getHeader("Upload-Offset") ?? kept;
        this.look(response);
      },
      onError: (error) => {
        const response = "originalResponse" in error ? error.originalResponse : null;
        const fromProxy = response && !response.getHeader("Tus-Resumable");
        const guess = !fromProxy
          ? words.broken
          : response.getStatus() === 413
            ? words.proxyTooSmall
            : [403, 405, 501].includes(response.getStatus())
              ? words.proxyBlocks
              : words.broken;
        this.say(sentenceOf(response?.getBody()) || guess);
        onFailure?.();
      },
      onSuccess: () => {
        onDone?.();
        void this.uploaded();
      },
      ...options,
    });
    return upload;
  }

  private progress(sent: number, total: number): void {
    this.bar.value = total ? sent / total : 0;
    const now = performance.now();
    this.samples = [...this.samples.filter(([at]) => now - at < 8000), [now, sent]];
    const [at, from] = this.samples[0] ?? [now, sent];
    const speed = now > at ? (sent - from) / (now - at) : 0; // bytes a millisecond
    const left =
      speed > 0 ? ` · ${(speed / 1000).toFixed(1)} MB a second · ${spoken((total - sent) / speed)} left` : "";
    this.say(`${Math.round(this.bar.value * 100)} %${left}`);
  }

  private look(response: HttpResponse): void {
    this.lessonId = response.getHeader("Hindsight-Lesson") ?? this.lessonId;
    this.sameAs = response.getHeader("Hindsight-Same-As") ?? this.sameAs;
  }

  private async uploaded(): Promise<void> {
    this.bar.value = 1;
    this.say(words.uploaded);
    if (this.sameAs)
      this.append(
        make(
          "p",
          { className: "sentence" },
          `${words.again} `,
          make("a", { href: `/lessons/${this.sameAs}` }, words.openIt),
        ),
      );
    if (!this.lessonId) return;
    await this.rename();
    this.say(words.uploaded);
    const steps = new StepProgress();
    steps.lessonId = this.lessonId;
    const watch = make(
      "p",
      { hidden: true },
      make("a", { className: "button primary", href: `/lessons/${this.lessonId}` }, words.watch),
    );
    this.append(watch, steps);
    const refresh = async () => {
      const found = await ask<Steps>("GET", `/api/lessons/${this.lessonId}/steps`);
      steps.show(found);
      watch.hidden = !found.playable;
    };
    const work = new Refetch(refresh, isClosed);
    work.ask();
    follow(`lesson:${this.lessonId}`, { kind: () => work.ask() });
  }
}

for (const button of document.querySelectorAll<HTMLElement>("[data-keep]")) {
  const keepUpload = async (): Promise<void> => {
    const { keep, bytes } = button.dataset;
    const headers = {
      "Tus-Resumable": "1.0.0",
      "Upload-Offset": bytes!,
      "Upload-Length": bytes!,
      "content-type": "application/offset+octet-stream",
    };
    const answer = await askInTime(`/api/uploads/${keep}`, { method: "PATCH", headers }, LIMIT_FOR_FILES).catch(
      () => null,
    );
    const lesson = answer?.headers.get("Hindsight-Lesson");
    if (lesson) location.assign(`/lessons/${lesson}`);
    else button.replaceWith(make("span", { role: "alert" }, words.broken));
  };
  button.addEventListener("click", () => void keepUpload());
}

for (const button of document.querySelectorAll<HTMLElement>("[data-discard]")) {
  const discard = async (): Promise<void> => {
    const answer = await askInTime(`/api/uploads/${button.dataset["discard"]}`, {
      method: "DELETE",
      headers: { "Tus-Resumable": "1.0.0" },
    }).catch(() => null);
    if (answer?.ok) keepPlace(document.getElementById("main")!, () => button.closest("li")?.remove());
    else button.after(make("span", { role: "alert" }, words.broken));
  };
  button.addEventListener("click", () => void discard());
}

/** Send less at once; false when it is little already. */
function shrink(upload: Upload): boolean {
  const now = upload.options.chunkSize ?? FIRST_BYTES;
  upload.options.chunkSize = Math.max(FEWEST_BYTES, Math.floor(now / SHRINK));
  return now > FEWEST_BYTES;
}

function sentenceOf(body: string | undefined): string {
  try {
    return (JSON.parse(body || "{}") as { message?: string }).message ?? "";
  } catch {
    return "";
  }
}
customElements.define("lesson-upload", LessonUpload);
