/** Small parts that every page uses: markup, icons, numbers in words, dialogs, messages. */

import { h, render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import htm from "htm";

export { h, render, useEffect, useRef, useState };
export const html = htm.bind(h);

const PATHS = {
  optimize: "M4 5h16v14H4zM4 15l5-5 4 4 3-3 4 4",
  jobs: "M5 6h14M5 12h14M5 18h9",
  usage: "M5 19V11M12 19V5M19 19v-6",
  keys: "M14 10a4 4 0 1 0-3.5 3.97L12 15.5V17h1.5v1.5H15V20h3v-3l-4.2-4.2A4 4 0 0 0 14 10zM9 9h.01",
  api: "M8 8l-4 4 4 4M16 8l4 4-4 4M13.5 6l-3 12",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14",
  upload: "M12 19V6M7 10.5L12 5.5l5 5M5 20h14",
  retry: "M19 12a7 7 0 1 1-2.1-5M19 4v4h-4",
  copy: "M9 9h10v10H9zM5 15V5h10",
  check: "M5 12.5l4.5 4.5L19 7.5",
  alert: "M12 4l9 16H3zM12 10v4M12 17h.01",
  theme: "M12 4a8 8 0 1 0 8 8 6 6 0 0 1-8-8z",
  out: "M10 5H5v14h5M14 8l4 4-4 4M18 12H9",
  back: "M14 6l-6 6 6 6",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3L12 6.3M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1",
};

/** Draw an icon; it says nothing to a screen reader. */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}

const UNITS = ["B", "KB", "MB", "GB", "TB"];

/** Write bytes as people do: 1.2 MB. */
export function formatBytes(bytes) {
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${bytes < 0 ? "−" : ""}${value.toFixed(digits)} ${UNITS[unit]}`;
}

export const formatCount = (number) => number.toLocaleString("en");
export const formatPercent = (share) => `${share > 0 ? "−" : share < 0 ? "+" : ""}${Math.abs(share).toFixed(Math.abs(share) < 10 ? 1 : 0)} %`;
export const formatTime = (text) => text.replace("T", " ").replace("Z", "").slice(0, 16);
export const plural = (count, one, many = `${one}s`) => `${formatCount(count)} ${count === 1 ? one : many}`;
export const FORMAT_TITLES = { jpg: "JPEG", png: "PNG", gif: "GIF", webp: "WebP", avif: "AVIF", svg: "SVG", other: "Other" };
export const formatTitle = (name) => FORMAT_TITLES[name] || (name || "").toUpperCase();

/** The message at the foot of the page, read out as it appears. */
export const message = signal(null);
let messageTimer = 0;

/** Say something for a while. */
export function say(text, kind = "note") {
  clearTimeout(messageTimer);
  message.value = { text, kind };
  messageTimer = setTimeout(() => (message.value = null), 5000);
}

/** Copy a text and say so. */
export async function copy(text, what = "Copied") {
  try {
    await navigator.clipboard.writeText(text);
    say(what);
  } catch {
    say("The browser did not let us copy.", "bad");
  }
}

/** A button that copies. */
export function CopyButton({ text, label = "Copy", what }) {
  return html`<button class="quiet" type="button" onClick=${() => copy(text, what)}><${Icon} name="copy" />${label}</button>`;
}

/** A dialog over the page, which Escape closes and which keeps the focus. */
export function Dialog({ title, onClose, children }) {
  const box = useRef(null);
  useEffect(() => {
    const dialog = box.current;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  return html`<dialog ref=${box} aria-labelledby="dialog-title" onCancel=${(event) => (event.preventDefault(), onClose())}>
    <h2 id="dialog-title">${title}</h2>
    ${children}
  </dialog>`;
}

/** A choice of a few, as buttons side by side. */
export function Segments({ label, name, value, options, onChange }) {
  return html`<fieldset class="segments">
    <legend>${label}</legend>
    <div>
      ${options.map(
        ([key, title, hint]) => html`<label title=${hint || null}>
          <input type="radio" name=${name} value=${key} checked=${value === key} onChange=${() => onChange(key)} />
          <span>${title}</span>
        </label>`,
      )}
    </div>
  </fieldset>`;
}

/** Load something, and show that it loads, that it failed, or what came. */
export function useLoad(load, inputs) {
  const [state, setState] = useState({ isLoading: true });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    setState((old) => ({ ...old, isLoading: true, error: null }));
    load(abort.signal).then(
      (value) => !abort.signal.aborted && setState({ value, isLoading: false }),
      (error) => !abort.signal.aborted && setState({ error, isLoading: false }),
    );
    return () => abort.abort();
  }, [...inputs, round]);
  return { ...state, reload: () => setRound((number) => number + 1), replace: (value) => setState({ value, isLoading: false }) };
}

/** What stands in a page's place while it loads, or as it failed. */
export function Waiting({ state, rows = 5 }) {
  if (state.error) {
    return html`<div class="panel empty" role="alert">
      <${Icon} name="alert" />
      <p>${state.error.message}</p>
      <button type="button" onClick=${state.reload}><${Icon} name="retry" />Try again</button>
    </div>`;
  }
  return html`<div class="panel skeleton" role="status" aria-busy="true" aria-label="Loading">
    ${Array.from({ length: rows }, (_, row) => html`<div key=${row}></div>`)}
  </div>`;
}

const BADGES = {
  done: ["good", "Done"],
  delivered: ["good", "Delivered"],
  processing: ["busy", "In progress"],
  running: ["busy", "Working"],
  queued: ["busy", "Waiting"],
  pending: ["busy", "Being sent"],
  failed: ["bad", "Failed"],
  kept: ["plain", "Kept as it was"],
};

/** A state in a word and a colour. */
export function Badge({ state }) {
  const [kind, text] = BADGES[state] || ["plain", state];
  return html`<span class="badge ${kind}">${text}</span>`;
}
