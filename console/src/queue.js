/** Send images to the service and follow them to their end, a few at a time. */

import { batch, computed, signal } from "@preact/signals";
import { ApiError, ROOT, apiKey, call, isOnline, pauseAfter, send, toError, wait } from "./api.js";
import { toRequest } from "./code.js";

export const MOST_IMAGES = 200;
/** The largest body that the API takes itself; a larger file goes to the store directly. */
const MOST_INLINE_BYTES = 4_400_000;
const MOST_BYTES = 100_000_000;
const AT_ONCE = 4;
const MOST_TRIES = 6;

export const DEFAULTS = { level: "medium", format: "", maxWidth: "", maxHeight: "", keepExif: false };

/** The images of the page, the first one dropped first. */
export const images = signal([]);
/** The id of the image that is looked at. */
export const selected = signal(null);
/** The options of the next image, and of all where the user says so. */
export const options = signal({ ...DEFAULTS });
/** Why the queue stands still, or null. */
export const stopped = signal(null);

let nextId = 1;
const waiting = [];
let working = 0;

/** Make a version of an image: one request with its options, and what came of it. */
function makeVersion(wanted) {
  return { id: nextId++, options: { ...wanted }, state: signal("waiting"), progress: signal(0), result: signal(null), error: signal(null), slow: signal(false) };
}

function makeImage(name, size, source) {
  return { id: nextId++, name, size, ...source, versions: signal([]), shown: signal(0), thumbnail: signal(null), abort: new AbortController() };
}

/** The version of an image that is shown. */
export const shownVersion = (image) => image.versions.value.find((version) => version.id === image.shown.value) || image.versions.value.at(-1);

/** The sums over the versions that are shown. */
export const totals = computed(() => {
  const sums = { images: images.value.length, done: 0, before: 0, after: 0, failed: 0, open: 0 };
  for (const image of images.value) {
    const version = shownVersion(image);
    const state = version?.state.value;
    if (state === "done") {
      const result = version.result.value;
      sums.done++;
      sums.before += result.original_size;
      sums.after += result.success ? result.optimized_size : result.original_size;
    } else if (state === "failed") sums.failed++;
    else sums.open++;
  }
  return sums;
});

/** Add files; those beyond the most are left out, and their number is returned. */
export function addFiles(files) {
  const room = Math.max(0, MOST_IMAGES - images.value.length);
  const taken = [...files].slice(0, room);
  add(taken.map((file) => makeImage(file.name || "pasted.png", file.size, { file })));
  return files.length - taken.length;
}

/** Add images by their URLs, which the service fetches itself. */
export function addUrls(urls) {
  const room = Math.max(0, MOST_IMAGES - images.value.length);
  add(
    urls.slice(0, room).map((url) => {
      const name = decodeURIComponent(new URL(url).pathname.split("/").pop() || "image");
      return makeImage(name, 0, { url });
    }),
  );
}

function add(fresh) {
  if (!fresh.length) return;
  batch(() => {
    images.value = [...images.value, ...fresh];
    if (selected.value === null) selected.value = fresh[0].id;
  });
  for (const image of fresh) {
    drawThumbnail(image);
    tryWith(image, options.value);
  }
}

/** Try an image with other options; the version that is there already is shown again. */
export function tryWith(image, wanted) {
  const same = image.versions.value.find((version) => JSON.stringify(version.options) === JSON.stringify(wanted) && version.state.value !== "failed");
  if (same) {
    image.shown.value = same.id;
    return;
  }
  const version = makeVersion(wanted);
  batch(() => {
    image.versions.value = [...image.versions.value, version];
    image.shown.value = version.id;
  });
  enqueue(image, version);
}

/** Try every image with the options that are set. */
export function tryAll(wanted) {
  for (const image of images.value) tryWith(image, wanted);
}

/** Try a version again that failed. */
export function retry(image, version) {
  batch(() => {
    version.state.value = "waiting";
    version.error.value = null;
    version.progress.value = 0;
    stopped.value = null;
  });
  enqueue(image, version);
}

/** Try again all that failed for a fault that may pass. */
export function retryFailed() {
  for (const image of images.value) {
    const version = shownVersion(image);
    if (version?.state.value === "failed") retry(image, version);
  }
}

/** Take an image out, and give back what it held. */
export function remove(image) {
  image.abort.abort();
  if (image.thumbnail.value) URL.revokeObjectURL(image.thumbnail.value);
  const left = images.value.filter((other) => other !== image);
  const place = images.value.indexOf(image);
  batch(() => {
    images.value = left;
    if (selected.value === image.id) selected.value = (left[place] || left[place - 1])?.id ?? null;
  });
}

/** Take all images out. */
export function clear() {
  for (const image of [...images.value]) remove(image);
  stopped.value = null;
}

function enqueue(image, version) {
  waiting.push([image, version]);
  pump();
}

function pump() {
  while (working < AT_ONCE && waiting.length && !stopped.value) {
    const [image, version] = waiting.shift();
    if (image.abort.signal.aborted) continue;
    working++;
    follow(image, version).finally(() => {
      working--;
      pump();
    });
  }
}

isOnline.subscribe((is) => is && pump());

async function follow(image, version) {
  try {
    const processId = await submit(image, version);
    version.state.value = "optimizing";
    const result = await poll(image, version, processId);
    batch(() => {
      version.result.value = result;
      version.state.value = "done";
      version.slow.value = false;
    });
  } catch (error) {
    if (error.name === "AbortError") return;
    batch(() => {
      version.error.value = error.message;
      version.state.value = "failed";
      // Without tokens or with a bad key, each of the others would fail in the same way.
      if (error.status === 466 || error.isAboutKey) stopped.value = error;
    });
  }
}

async function submit(image, version) {
  const { path, fields } = toRequest(version.options);
  if (image.url) {
    const answer = await call("POST", path, { form: { type: "url", url: image.url, ...fields }, signal: image.abort.signal, onSlow: () => (version.slow.value = true) });
    return answer.process_id;
  }
  if (image.size > MOST_BYTES) throw new ApiError(413, "The file is larger than 100 MB.");
  if (image.size > MOST_INLINE_BYTES) {
    const id = await uploadDirectly(image, version);
    const answer = await call("POST", path, { form: { type: "upload", upload_id: id, ...fields }, signal: image.abort.signal });
    return answer.process_id;
  }
  const form = new FormData();
  form.set("type", "file");
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set("file", image.file, image.name);
  const text = await sendPatiently(ROOT + path, form, image, version, { "X-API-KEY": apiKey.value });
  return JSON.parse(text).process_id;
}

/** Upload to the store itself, for files that are too large for a request. Done once an image. */
async function uploadDirectly(image, version) {
  if (image.uploadId) return image.uploadId;
  const type = image.file.type.startsWith("image/") ? image.file.type : "image/jpeg";
  const grant = await call("POST", "/v1/uploads", { form: { name: image.name, size: String(image.size), content_type: type }, signal: image.abort.signal });
  const form = new FormData();
  for (const [name, value] of Object.entries(grant.fields)) form.set(name, value);
  form.set("file", image.file, image.name);
  await sendPatiently(grant.url, form, image, version, {});
  image.uploadId = grant.upload_id;
  return grant.upload_id;
}

async function sendPatiently(url, form, image, version, headers) {
  for (let tries = 0; ; tries++) {
    version.state.value = "uploading";
    const answer = await send(url, form, { headers, onProgress: (share) => (version.progress.value = share), signal: image.abort.signal });
    if (answer.status < 300) return answer.text;
    if (answer.status !== 429 || tries === MOST_TRIES) throw toError(answer.status, answer.text);
    batch(() => {
      version.slow.value = true;
      version.state.value = "waiting";
      version.progress.value = 0;
    });
    await wait(pauseAfter(answer.retryAfter, tries));
  }
}

/** Ask for the result, which the service holds until it is there. */
async function poll(image, version, processId) {
  for (let faults = 0; ; ) {
    try {
      const answer = await call("POST", `/v1/optimize/${processId}/result`, { query: { timeout: 30 }, signal: image.abort.signal, onSlow: () => (version.slow.value = true) });
      return answer.result[0];
    } catch (error) {
      // 504: not yet. No answer, or a fault that may pass: ask a few times more.
      if (error.status === 504) continue;
      if ((error.status !== 0 && error.status < 502) || ++faults > 4) throw error;
      await wait(1000 * faults);
    }
  }
}

let drawing = Promise.resolve();

/** Draw a small picture, one after another so that many photos do not take the memory at once. */
function drawThumbnail(image) {
  if (!image.file || image.file.type === "image/svg+xml") return;
  drawing = drawing.then(async () => {
    if (image.abort.signal.aborted) return;
    try {
      const bitmap = await createImageBitmap(image.file, { resizeWidth: 96, resizeQuality: "medium" });
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      bitmap.close();
      const small = await canvas.convertToBlob({ type: "image/webp", quality: 0.7 });
      if (!image.abort.signal.aborted) image.thumbnail.value = URL.createObjectURL(small);
    } catch {
      // Not every file is one that the browser can draw; the row then shows its format.
    }
  });
}

/** Return the name of a result, with the ending of its format. */
export function resultName(image, result) {
  const url = result.url ? decodeURIComponent(new URL(result.url).pathname.split("/").pop()) : image.name;
  const ending = /\.\w+$/.exec(url)?.[0] || "";
  return image.name.replace(/\.\w+$/, "") + ending;
}

/** Yield the files for a zip, each name once: the result, or the original where it was kept. */
export async function* resultFiles() {
  const used = new Set();
  for (const image of images.value) {
    const version = shownVersion(image);
    const result = version?.result.value;
    if (!result) continue;
    const input = result.success ? await fetch(result.url) : image.file;
    if (!input || (result.success && !input.ok)) continue;
    let name = result.success ? resultName(image, result) : image.name;
    for (let number = 2; used.has(name); number++) name = name.replace(/( \(\d+\))?(\.\w+)?$/, ` (${number})$2`);
    used.add(name);
    yield { name, input };
  }
}
