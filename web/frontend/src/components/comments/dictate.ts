/** Speaking instead of typing: the sound goes to the school's own machine, and comes back as words to look at. */
import { ask, askInTime, LIMIT_FOR_FILES, read, refusal } from "../../api/client";
import type { Said } from "../../api/types";
import { noRecording, openMedia } from "../../browser/secure_context";
import { messageOf } from "../../text/error_message";
import { clock } from "../../text/times";
import { words } from "../../text/words";
import { make } from "../dom";

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
    const end = showRecording(button, recorder.stream);
    const timer = setTimeout(() => recorder?.stop(), LONGEST);
    recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    recorder.addEventListener("stop", () => {
      clearTimeout(timer);
      end();
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

/** Show beside the button that it records: for how long, and how loud; returns what ends that. */
function showRecording(button: HTMLElement, stream: MediaStream): () => void {
  const time = make("span", { className: "figure" }, clock(0));
  const level = make("meter", { min: 0, max: 1, value: 0, ariaLabel: words.loudness });
  const shown = make("span", { className: "recording", role: "group", ariaLabel: words.saying }, time, level);
  button.after(shown);
  const began = Date.now();
  const listening = new AudioContext();
  const ear = listening.createAnalyser();
  listening.createMediaStreamSource(stream).connect(ear);
  const samples = new Float32Array(ear.fftSize);
  const timer = setInterval(() => {
    ear.getFloatTimeDomainData(samples);
    time.textContent = clock(Date.now() - began);
    level.value = Math.min(1, 4 * Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length));
  }, 100);
  return () => {
    clearInterval(timer);
    shown.remove();
    void listening.close();
  };
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
