/** Speaking instead of typing: the sound goes to the school's own machine, and comes back as words to look at. */
import { ask, askInTime, LIMIT_FOR_FILES, read, refusal } from "../api/client";
import type { Said } from "../api/types";
import { noRecording, openMedia } from "../browser/secure_context";
import { messageOf } from "../text/error_message";
import { words } from "../text/words";

const LONGEST = 180_000; // ms of one comment
const ASK_EVERY = 700;

/** Make a button record while it is pressed in, and give the words to `heard`. */
export function dictate(
  button: HTMLButtonElement,
  address: string,
  heard: (text: string) => void,
  say: (sentence: string) => void,
  begun: () => void,
): void {
  let recorder: MediaRecorder | undefined;
  const record = async (): Promise<void> => {
    if (recorder) {
      recorder.stop();
      return;
    }
    const missing = noRecording();
    if (missing) {
      say(words.sayNot[missing]);
      return;
    }
    try {
      const stream = await openMedia({ audio: true });
      recorder = new MediaRecorder(stream);
    } catch {
      say(words.noMicrophone);
      return;
    }
    const pieces: Blob[] = [];
    begun();
    button.textContent = words.stopSaying;
    const timer = setTimeout(() => recorder?.stop(), LONGEST);
    recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    recorder.addEventListener("stop", () => {
      clearTimeout(timer);
      for (const track of recorder!.stream.getTracks()) track.stop();
      const sound = new Blob(pieces, { type: recorder!.mimeType });
      recorder = undefined;
      button.textContent = words.sayIt;
      say(words.hearing);
      send(address, sound).then(
        (text) => {
          say("");
          heard(text);
        },
        (error: unknown) => say(messageOf(error)),
      );
    });
    recorder.start();
  };
  button.addEventListener("click", () => void record());
}

async function send(address: string, sound: Blob): Promise<string> {
  const answer = await askInTime(`${address}/said`, { method: "POST", body: sound }, LIMIT_FOR_FILES);
  const taken = read<Said>(answer);
  if (!answer.ok || !taken) throw refusal(answer);
  for (;;) {
    await new Promise((later) => setTimeout(later, ASK_EVERY));
    const now = await ask<Said>("GET", `/api/said/${taken.id}`);
    if (now.state === "heard" && now.text) return now.text;
    if (now.state !== "working") throw new Error(words.notHeard);
  }
}
