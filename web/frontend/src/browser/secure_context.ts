/**
 * What browsers keep for secure pages (https, or a page of this very machine), each with what is done elsewhere: a
 * school's first try is plain http. Nothing else of the pages may name such a function; a test looks.
 */

/** Make a name that nothing else has. */
export function newId(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // which any page may ask
  bytes[6] = (bytes[6]! & 0x0f) | 0x40; // version 4 of RFC 9562, as the browser's own
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** What keeps this page from recording: that it came without https, or that the browser cannot; nothing when it can. */
export function noRecording(): "https" | "browser" | null {
  if ("MediaRecorder" in window && navigator.mediaDevices) return null;
  return isSecureContext ? "browser" : "https";
}

/** Open microphone and camera; ask `noRecording` first. */
export function openMedia(wanted: MediaStreamConstraints): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia(wanted);
}

/** Keep the screen on until the returned function is called; where a page may not, the screen does as it is set. */
export async function keepAwake(): Promise<() => void> {
  let lock: WakeLockSentinel | null | undefined;
  let isOver = false;
  const ask = async () => {
    if (document.hidden || isOver) return;
    const got = await navigator.wakeLock?.request("screen").catch(() => null);
    if (isOver) void got?.release();
    else lock = got;
  };
  // The browser takes the lock back when another page or app is looked at.
  const look = () => void ask();
  document.addEventListener("visibilitychange", look);
  await ask();
  return () => {
    isOver = true;
    document.removeEventListener("visibilitychange", look);
    void lock?.release();
  };
}

/** Copy the text of an element; without https pages have no clipboard, so it is selected and copied as by hand. */
export async function copyText(element: HTMLElement): Promise<boolean> {
  const text = [...element.children].map((one) => one.textContent.trim()).join("\n");
  if (navigator.clipboard !== undefined)
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  getSelection()?.selectAllChildren(element);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way to copy without https
  return document.execCommand("copy");
}
