import { afterEach, expect, test, vi } from "vitest";
import { keepAwake, newId, noRecording } from "./secure_context";

const OWN_FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Put the browser that a page meets in place of Node's globals. */
function meet(has: { secure: boolean; recorder?: boolean; devices?: boolean; wakeLock?: unknown }) {
  vi.stubGlobal("isSecureContext", has.secure);
  vi.stubGlobal("window", has.recorder ? { MediaRecorder: class {} } : {});
  vi.stubGlobal("navigator", { mediaDevices: has.devices ? {} : undefined, wakeLock: has.wakeLock });
  const page = Object.assign(new EventTarget(), { hidden: false });
  vi.stubGlobal("document", page);
  return page;
}

afterEach(() => vi.unstubAllGlobals());

test("a secure page's names are the browser's own", () => {
  vi.stubGlobal("crypto", { randomUUID: () => "the browser's own" });
  expect(newId()).toBe("the browser's own");
});

test("names have the same form elsewhere, and no two are alike", () => {
  const random = crypto.getRandomValues.bind(crypto);
  vi.stubGlobal("crypto", { getRandomValues: random });
  const names = Array.from({ length: 200 }, newId);
  expect(names.filter((one) => !OWN_FORM.test(one))).toEqual([]);
  expect(new Set(names).size).toBe(200);
});

test("every bit that is not set by the form of a name is random", () => {
  vi.stubGlobal("crypto", { getRandomValues: (bytes: Uint8Array) => bytes.fill(0xff) });
  expect(newId()).toBe("ffffffff-ffff-4fff-bfff-ffffffffffff");
  vi.stubGlobal("crypto", { getRandomValues: (bytes: Uint8Array) => bytes.fill(0) });
  expect(newId()).toBe("00000000-0000-4000-8000-000000000000");
});

test("nothing keeps a secure page from recording", () => {
  meet({ secure: true, recorder: true, devices: true });
  expect(noRecording()).toBe(null);
});

test("without https a page is told that https is missing", () => {
  meet({ secure: false, recorder: true });
  expect(noRecording()).toBe("https");
});

test("a secure page whose browser cannot record is told so", () => {
  meet({ secure: true, devices: true });
  expect(noRecording()).toBe("browser");
  meet({ secure: true, recorder: true });
  expect(noRecording()).toBe("browser");
});

test("the screen is kept on until it is let go", async () => {
  const release = vi.fn();
  const request = vi.fn(async () => ({ release }));
  meet({ secure: true, wakeLock: { request } });
  const letGo = await keepAwake();
  expect(request).toHaveBeenCalledExactlyOnceWith("screen");
  expect(release).not.toHaveBeenCalled();
  letGo();
  expect(release).toHaveBeenCalledOnce();
});

test("the screen is kept on again after a look at another app, until it is let go", async () => {
  const request = vi.fn(async () => ({ release: vi.fn() }));
  const page = meet({ secure: true, wakeLock: { request } });
  const letGo = await keepAwake();
  page.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
  expect(request).toHaveBeenCalledTimes(1);
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  expect(request).toHaveBeenCalledTimes(2);
  letGo();
  page.dispatchEvent(new Event("visibilitychange"));
  expect(request).toHaveBeenCalledTimes(2);
});

test("a screen that may not be kept on stops nothing", async () => {
  meet({ secure: false });
  (await keepAwake())();
  meet({ secure: true, wakeLock: { request: () => Promise.reject(new Error("battery is low")) } });
  (await keepAwake())();
});
