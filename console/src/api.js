/** Calls of the API: one place for the key, for 429, and for errors in words. */

import { signal } from "@preact/signals";

/** The root of the API: the page stands at `<root>/console`. */
export const ROOT = new URL(".", location.href.split("#")[0]).href.replace(/\/$/, "");

const STORED = "leanpix.key";

/** The key of the one who is signed in, or an empty text. */
export const apiKey = signal(takeKey());
/** Whether the browser says that it is connected. */
export const isOnline = signal(navigator.onLine);
addEventListener("online", () => (isOnline.value = true));
addEventListener("offline", () => (isOnline.value = false));

/** Take a key out of the address's fragment, where `make serve` puts it, or out of the storage. */
function takeKey() {
  const found = /^#key=([\w-]+)$/.exec(location.hash);
  if (found) {
    history.replaceState(null, "", `${location.pathname}${location.search}#/`);
    sessionStorage.setItem(STORED, found[1]);
    return found[1];
  }
  return sessionStorage.getItem(STORED) || localStorage.getItem(STORED) || "";
}

/** Sign in with a key, for this tab or until signed out. */
export function signIn(key, { keep = false } = {}) {
  (keep ? localStorage : sessionStorage).setItem(STORED, key);
  apiKey.value = key;
}

/** Forget the key. */
export function signOut() {
  sessionStorage.removeItem(STORED);
  localStorage.removeItem(STORED);
  apiKey.value = "";
}

/** An answer that is an error. `status` is 0 where there was no answer at all. */
export class ApiError extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }

  /** Whether the key is missing, unknown or revoked. */
  get isAboutKey() {
    return this.status === 465 || this.status === 401 || (this.status === 404 && /API key/i.test(this.message));
  }
}

export const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Return how long to wait after a 429: what the answer says, longer with each try. */
export function pauseAfter(retryAfter, tries) {
  const asked = Number(retryAfter) || 1;
  return Math.min(asked * 2 ** tries, 30) * 1000 * (0.75 + Math.random() / 2);
}

/** Read the body of an answer, whatever it is. */
export function toError(status, text) {
  let said = "";
  try {
    const body = JSON.parse(text);
    said = [...(body.errors || []), body.message].filter(Boolean)[0] || "";
  } catch {
    said = "";
  }
  return new ApiError(status, said || `The service answered ${status}.`);
}

/** Call a route and return its JSON. A 429 is waited out, five times. */
export async function call(method, path, { query, form, key = apiKey.value, signal: abort, onSlow } = {}) {
  const url = new URL(ROOT + path);
  for (const [name, value] of Object.entries(query || {})) {
    if (value !== "" && value !== null && value !== undefined) url.searchParams.set(name, value);
  }
  for (let tries = 0; ; tries++) {
    let answer;
    try {
      answer = await fetch(url, {
        method,
        headers: { "X-API-KEY": key },
        body: form ? new URLSearchParams(form) : undefined,
        signal: abort,
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError(0, "The service cannot be reached. Check the connection and try again.");
    }
    if (answer.status === 429 && tries < 5) {
      onSlow?.();
      await wait(pauseAfter(answer.headers.get("Retry-After"), tries));
      continue;
    }
    const text = await answer.text();
    if (!answer.ok) throw toError(answer.status, text);
    return JSON.parse(text);
  }
}

/** Send a form with its progress, which fetch cannot tell. Return the status and the text. */
export function send(url, form, { headers = {}, onProgress, signal: abort } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && onProgress?.(event.loaded / event.total);
    request.onload = () =>
      resolve({
        status: request.status,
        text: request.responseText,
        retryAfter: request.getResponseHeader("Retry-After"),
      });
    request.onerror = () => reject(new ApiError(0, "The connection broke off. Try again."));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    abort?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
