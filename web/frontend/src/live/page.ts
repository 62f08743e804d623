/**
 * Follows what happens to the thing that this page shows, by the one stream of this browser. A page that is hidden and
 * plays nothing lets go of it.
 */
import { OneStream, type Message } from "./one_stream";
import { openStream } from "./stream";

const HIDDEN_FOR = 3000; // ms: looking at another tab for a moment changes nothing

const said = (name: string) => document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";

function openChannel(personId: string, on: (message: Message) => void) {
  if (!("BroadcastChannel" in window)) return null; // then each page has a stream of its own
  // Of this person: who signs in next hears nothing of it.
  let channel: BroadcastChannel;
  try {
    channel = new BroadcastChannel(`hindsight-live:${personId}`);
  } catch {
    return null; // where the browser forbids what pages share
  }
  channel.addEventListener("message", (event: MessageEvent<Message>) => on(event.data));
  return { post: (message: Message) => channel.postMessage(message), close: () => channel.close() };
}

const plays = () => [...document.querySelectorAll<HTMLMediaElement>("video, audio")].some((media) => !media.paused);

type On = {
  /** What kind of thing changed; `missed`: anything may have; `gone`: it is not open to this person any more. */
  kind: (kind: string) => void;
  /** Whether the line is open. */
  line?: (isOpen: boolean) => void;
  /** Whether a hidden page goes on following. */
  goesOn?: () => boolean;
};

/** Follow `lesson:ID`, `clip:ID` or `session:ID`. */
export function follow(thing: string, on: On): void {
  const personId = said("person");
  let number = Number(said("follows-from")) || 0;
  let wasOpen: boolean | undefined;
  let hiding: ReturnType<typeof setTimeout> | undefined;
  const isWanted = () => !document.hidden || plays() || on.goesOn?.() === true;
  const stream = new OneStream(
    Math.random().toString(36).slice(2),
    (hear) => openChannel(personId, hear),
    openStream((address) => new EventSource(address), personId),
    {
      told: ({ kind }) => {
        if (kind === "gone") stream.leave();
        on.kind(kind);
      },
      line: (isOpen) => {
        if (isOpen !== wasOpen) on.line?.(isOpen);
        wasOpen = isOpen;
      },
    },
  );
  const begin = () => {
    clearTimeout(hiding);
    hiding = undefined;
    if (stream.part === "out") stream.follow([thing], number);
    number = 0; // from here on the stream knows better
  };
  const end = () => {
    clearTimeout(hiding);
    hiding = undefined;
    stream.leave();
  };
  const look = () => {
    if (isWanted()) begin();
    else hiding ??= setTimeout(end, HIDDEN_FOR);
  };
  look();
  document.addEventListener("visibilitychange", look);
  for (const kind of ["play", "pause", "ended"]) document.addEventListener(kind, look, true);
  addEventListener("pagehide", end);
  addEventListener("pageshow", look);
  document.addEventListener("freeze", end);
  document.addEventListener("resume", look);
}
