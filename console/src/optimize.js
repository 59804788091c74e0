/** The page on which images are dropped, looked at and taken home. */

import { signal } from "@preact/signals";
import { isOnline } from "./api.js";
import { LANGUAGES, writeCode } from "./code.js";
import {
  DEFAULTS, MOST_IMAGES, addFiles, addUrls, clear, images, options, remove, resultFiles, resultName, retry, retryFailed,
  selected, shownVersion, stopped, totals, tryAll, tryWith,
} from "./queue.js";
import { CopyButton, Dialog, Icon, Segments, formatBytes, formatPercent, formatTitle, html, plural, say, useEffect, useRef, useState } from "./ui.js";
import { Comparison } from "./viewer.js";

const LEVELS = [
  ["lossless", "Lossless", "Every pixel stays what it was"],
  ["medium", "Medium", "No visible loss for nearly everybody"],
  ["high", "High", "Smaller still, with loss that one sees when looking for it"],
];
const FORMATS = [
  ["", "Same"],
  ["webp", "WebP"],
  ["avif", "AVIF"],
];
const isAskingForUrls = signal(false);
const REASONS = {
  no_savings: "Nothing could be saved.",
  already_optimized: "It has been optimized before.",
  fetch_failed: "It could not be fetched.",
};

/** Take the files of a drop, those in folders too. */
async function takeDropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = [];
  const walk = async (entry) => {
    if (found.length > MOST_IMAGES) return;
    if (entry.isFile) {
      found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return;
      for (const child of some) if (!child.name.startsWith(".")) await walk(child);
    }
  };
  for (const entry of entries) await walk(entry);
  return found;
}

function take(files) {
  if (!files.length) return;
  const left = addFiles(files);
  if (left > 0) say(`The page holds ${MOST_IMAGES} images at once; ${plural(left, "file")} left out.`, "bad");
}

export function OptimizePage() {
  const [isOver, setIsOver] = useState(false);
  useEffect(() => {
    const onPaste = (event) => take([...event.clipboardData.files]);
    const onDragOver = (event) => {
      event.preventDefault();
      setIsOver(true);
    };
    const onLeave = (event) => event.relatedTarget === null && setIsOver(false);
    const onDrop = async (event) => {
      event.preventDefault();
      setIsOver(false);
      take(await takeDropped(event.dataTransfer));
    };
    addEventListener("paste", onPaste);
    addEventListener("dragover", onDragOver);
    addEventListener("dragleave", onLeave);
    addEventListener("drop", onDrop);
    return () => {
      removeEventListener("paste", onPaste);
      removeEventListener("dragover", onDragOver);
      removeEventListener("dragleave", onLeave);
      removeEventListener("drop", onDrop);
    };
  }, []);
  const image = images.value.find((one) => one.id === selected.value);
  return html`<div class="optimize ${isOver ? "over" : ""}">
    ${images.value.length === 0
      ? html`<${Welcome} />`
      : html`<${Bar} />
          <div class="bench">
            <${List} />
            ${image && html`<${Detail} key=${image.id} image=${image} />`}
          </div>`}
    ${isAskingForUrls.value && html`<${UrlDialog} />`}
    <div class="dropping" aria-hidden="true"><p>Drop to optimize</p></div>
  </div>`;
}

function Pickers({ isSmall }) {
  const files = useRef(null);
  const folder = useRef(null);
  const onChange = (event) => {
    take([...event.target.files]);
    event.target.value = "";
  };
  return html`<div class="row">
    <input ref=${files} class="hidden" type="file" multiple accept="image/*,.svg,.avif,.webp" tabindex="-1" aria-hidden="true" data-picker="files" onChange=${onChange} />
    <input ref=${folder} class="hidden" type="file" webkitdirectory tabindex="-1" aria-hidden="true" data-picker="folder" onChange=${onChange} />
    <button type="button" class=${isSmall ? "" : "primary"} onClick=${() => files.current.click()}><${Icon} name="plus" />${isSmall ? "Add" : "Choose files"}</button>
    <button type="button" class="quiet" onClick=${() => folder.current.click()}>Folder</button>
    <button type="button" class="quiet" onClick=${() => (isAskingForUrls.value = true)}><${Icon} name="link" />URLs</button>
  </div>`;
}

function Welcome() {
  return html`<section class="welcome">
    <div class="target">
      <div class="halves" aria-hidden="true"><i></i><i></i></div>
      <h1>Drop photos here</h1>
      <p>They come back smaller and look the same. Files, folders, or an image from the clipboard; up to ${MOST_IMAGES} at once.</p>
      <${Pickers} />
    </div>
    <div class="panel"><${OptionFields} value=${options.value} onChange=${(value) => (options.value = value)} name="new" /></div>
  </section>`;
}

function Bar() {
  const sums = totals.value;
  const [isZipping, setIsZipping] = useState(false);
  const download = async () => {
    setIsZipping(true);
    try {
      const { downloadZip } = await import("client-zip");
      const blob = await downloadZip(resultFiles()).blob();
      saveAs(blob, "leanpix.zip");
    } catch {
      say("The zip could not be made. Try again.", "bad");
    } finally {
      setIsZipping(false);
    }
  };
  const share = sums.before ? (100 * (sums.before - sums.after)) / sums.before : 0;
  return html`<h1 class="hidden-text">Optimize</h1>
    <header class="bar">
      <div class="sum" role="status">
        <strong>${sums.before ? formatPercent(share) : "…"}</strong>
        <span>${sums.before ? `${formatBytes(sums.before - sums.after)} of ${formatBytes(sums.before)} saved` : "Working"}<small>${plural(sums.done, "image")} done${sums.open ? `, ${sums.open} to go` : ""}${sums.failed ? `, ${sums.failed} failed` : ""}</small></span>
      </div>
      <div class="row">
        <${Pickers} isSmall />
        ${sums.failed > 0 && html`<button type="button" onClick=${retryFailed}><${Icon} name="retry" />Retry failed</button>`}
        <button type="button" class="primary" disabled=${!sums.done || isZipping} onClick=${download}><${Icon} name="download" />${isZipping ? "Packing…" : "Download all"}</button>
        <button type="button" class="quiet" onClick=${clear}>Clear</button>
      </div>
    </header>
    ${!isOnline.value && html`<p class="notice bad" role="alert">You are offline. What waits goes on when the connection is back.</p>`}
    ${stopped.value && html`<p class="notice bad" role="alert">${stopped.value.message}</p>`}`;
}

/** Save a file under a name, and give its URL back. */
function saveAs(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function List() {
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const place = images.value.findIndex((image) => image.id === selected.value);
    const next = images.value[place + step];
    if (!next) return;
    selected.value = next.id;
    requestAnimationFrame(() => event.currentTarget?.querySelector('[aria-current="true"]')?.focus());
  };
  return html`<ul class="list" aria-label="Images" onKeyDown=${onKeyDown}>
    ${images.value.map((image) => html`<${Row} key=${image.id} image=${image} />`)}
  </ul>`;
}

function Row({ image }) {
  const version = shownVersion(image);
  const isSelected = selected.value === image.id;
  return html`<li>
    <button type="button" class="item" aria-current=${isSelected ? "true" : null} onClick=${() => (selected.value = image.id)}>
      <span class="thumb">${image.thumbnail.value ? html`<img src=${image.thumbnail.value} alt="" />` : html`<i>${formatTitle(/\.(\w+)$/.exec(image.name)?.[1].toLowerCase())}</i>`}</span>
      <span class="name">${image.name}<${RowState} image=${image} version=${version} /></span>
      <${RowGain} version=${version} />
    </button>
  </li>`;
}

const STATES = { waiting: "Waiting", uploading: "Uploading", optimizing: "Optimizing" };

function RowState({ image, version }) {
  const state = version.state.value;
  if (state === "done") {
    const result = version.result.value;
    return html`<small>${formatBytes(result.original_size)}${result.success ? ` → ${formatBytes(result.optimized_size)}` : ""}</small>`;
  }
  if (state === "failed") return html`<small class="bad">${version.error.value}</small>`;
  const share = state === "uploading" ? version.progress.value : state === "optimizing" ? 1 : 0;
  return html`<small>${version.slow.value ? "Slowed down by the service" : STATES[state]}${image.size ? ` · ${formatBytes(image.size)}` : ""}</small>
    <progress class=${state} aria-label="${image.name}: ${STATES[state]}" value=${state === "optimizing" ? undefined : share} max="1"></progress>`;
}

function RowGain({ version }) {
  const state = version.state.value;
  if (state === "failed") return html`<span class="gain bad" aria-label="Failed"><${Icon} name="alert" /></span>`;
  if (state !== "done") return null;
  const result = version.result.value;
  return result.success ? html`<span class="gain">${formatPercent(result.saved_percent)}</span>` : html`<span class="gain kept">kept</span>`;
}

function Detail({ image }) {
  const version = shownVersion(image);
  const result = version.result.value;
  return html`<section class="detail" aria-label=${image.name}>
    <${Comparison} image=${image} result=${result} />
    <div class="versions" role="group" aria-label="Versions">
      ${image.versions.value.map(
        (one) => html`<button type="button" key=${one.id} class="chip" aria-pressed=${String(one === version)} onClick=${() => (image.shown.value = one.id)}>
          ${describe(one.options)} <b>${one.result.value ? (one.result.value.success ? formatBytes(one.result.value.optimized_size) : "kept") : one.state.value === "failed" ? "failed" : "…"}</b>
        </button>`,
      )}
      <button type="button" class="quiet" onClick=${() => compareFormats(image)}>Compare formats</button>
    </div>
    <${Facts} image=${image} version=${version} />
    <${Tune} image=${image} version=${version} />
    <${Code} options=${version.options} />
  </section>`;
}

/** Say what a version was asked for. */
function describe(wanted) {
  const level = LEVELS.find(([key]) => key === wanted.level)[1];
  const size = wanted.maxWidth || wanted.maxHeight ? `, ${wanted.maxWidth || "any"} × ${wanted.maxHeight || "any"}` : "";
  return `${wanted.format ? `${formatTitle(wanted.format)}, ` : ""}${wanted.format ? level.toLowerCase() : level}${size}${wanted.keepExif ? ", metadata" : ""}`;
}

function compareFormats(image) {
  const { options: wanted, id } = shownVersion(image);
  for (const [format] of FORMATS) tryWith(image, { ...wanted, format });
  image.shown.value = id;
}

function Facts({ image, version }) {
  const state = version.state.value;
  const result = version.result.value;
  if (state === "failed") {
    return html`<div class="facts"><p class="bad">${version.error.value}</p>
      <div class="row"><button type="button" onClick=${() => retry(image, version)}><${Icon} name="retry" />Try again</button><${RemoveButton} image=${image} /></div></div>`;
  }
  if (!result) return html`<div class="facts"><p class="muted">${STATES[state]}…</p><${RemoveButton} image=${image} /></div>`;
  return html`<div class="facts">
    <dl>
      <div><dt>Before</dt><dd>${formatBytes(result.original_size)}</dd></div>
      ${result.success &&
      html`<div><dt>After</dt><dd>${formatBytes(result.optimized_size)}</dd></div>
        <div class="good"><dt>Saved</dt><dd>${formatPercent(result.saved_percent)}</dd></div>`}
      <div><dt>Format</dt><dd>${formatTitle(result.format)}</dd></div>
      ${result.score !== undefined && html`<div><dt><abbr title="SSIMULACRA2: 100 is the same, 90 cannot be told apart, 70 is high quality">Score</abbr></dt><dd>${result.score.toFixed(1)}</dd></div>`}
      ${result.quality !== undefined && html`<div><dt>Quality</dt><dd>${result.quality}</dd></div>`}
    </dl>
    ${!result.success && html`<p class="muted">Kept as it was, and not charged. ${result.detail || REASONS[result.reason] || (result.reason || "").replaceAll("_", " ")}</p>`}
    <div class="row">
      ${result.success && html`<button type="button" onClick=${() => saveResult(image, result)}><${Icon} name="download" />Download</button>`}
      ${result.url && html`<${CopyButton} text=${result.url} label="Copy link" what="Link copied" />`}
      <${RemoveButton} image=${image} />
    </div>
  </div>`;
}

async function saveResult(image, result) {
  try {
    saveAs(await (await fetch(result.url)).blob(), resultName(image, result));
  } catch {
    say("The file could not be loaded. Try again.", "bad");
  }
}

function RemoveButton({ image }) {
  return html`<button type="button" class="quiet" onClick=${() => remove(image)}><${Icon} name="close" />Remove</button>`;
}

function Tune({ image, version }) {
  const [draft, setDraft] = useState(version.options);
  useEffect(() => setDraft(version.options), [version.id]);
  const isChanged = JSON.stringify(draft) !== JSON.stringify(version.options);
  return html`<form class="panel tune" aria-label="Options" onSubmit=${(event) => (event.preventDefault(), tryWith(image, draft))}>
    <${OptionFields} value=${draft} onChange=${setDraft} name="image" />
    <div class="row">
      <button type="submit" class=${isChanged ? "primary" : ""} disabled=${!isChanged}>Try on this image</button>
      <button type="button" onClick=${() => { options.value = { ...draft }; tryAll(draft); }}>Try on all ${images.value.length > 1 ? images.value.length : ""}</button>
    </div>
  </form>`;
}

function OptionFields({ value, onChange, name }) {
  const set = (key) => (next) => onChange({ ...value, [key]: next });
  const number = (key) => (event) => set(key)(event.target.value.replace(/\D/g, "").slice(0, 5));
  return html`<div class="options">
    <${Segments} label="Level" name="${name}-level" value=${value.level} options=${LEVELS} onChange=${set("level")} />
    <${Segments} label="Format" name="${name}-format" value=${value.format} options=${FORMATS} onChange=${set("format")} />
    <fieldset class="size"><legend>Fit inside, pixels</legend>
      <div><input aria-label="Largest width" inputmode="numeric" placeholder="width" value=${value.maxWidth} onInput=${number("maxWidth")} />
      <span aria-hidden="true">×</span>
      <input aria-label="Largest height" inputmode="numeric" placeholder="height" value=${value.maxHeight} onInput=${number("maxHeight")} /></div>
    </fieldset>
    <label class="check"><input type="checkbox" checked=${value.keepExif} onChange=${(event) => set("keepExif")(event.target.checked)} /> Keep metadata</label>
    ${JSON.stringify(value) !== JSON.stringify(DEFAULTS) && html`<button type="button" class="quiet" onClick=${() => onChange({ ...DEFAULTS })}>Reset</button>`}
  </div>`;
}

function Code({ options: wanted }) {
  const [language, setLanguage] = useState("curl");
  const text = writeCode(language, wanted);
  return html`<details class="panel code">
    <summary>The same by the API</summary>
    <div class="row spread">
      <${Segments} label="Language" name="language" value=${language} options=${LANGUAGES} onChange=${setLanguage} />
      <${CopyButton} text=${text} what="Code copied" />
    </div>
    <pre tabindex="0"><code>${text}</code></pre>
  </details>`;
}

function UrlDialog() {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const close = () => (isAskingForUrls.value = false);
  const submit = (event) => {
    event.preventDefault();
    const urls = text.split(/\s+/).filter(Boolean);
    const bad = urls.find((url) => !/^https?:\/\/\S+$/.test(url) || !URL.canParse(url));
    if (bad || !urls.length) {
      setProblem(bad ? `This is not an http or https URL: ${bad}` : "Give at least one URL.");
      return;
    }
    addUrls(urls);
    close();
  };
  return html`<${Dialog} title="Images by URL" onClose=${close}>
    <form onSubmit=${submit}>
      <label for="urls">One URL a line. The service fetches them itself.</label>
      <textarea id="urls" rows="5" autofocus placeholder="https://example.com/photo.jpg" value=${text} onInput=${(event) => setText(event.target.value)} aria-describedby="urls-problem"></textarea>
      <p id="urls-problem" class="bad" role="alert">${problem}</p>
      <div class="row end"><button type="button" class="quiet" onClick=${close}>Cancel</button><button class="primary">Optimize</button></div>
    </form>
  </${Dialog}>`;
}
