/** The jobs of the account: the list, and one job with its images and its callback. */

import { call } from "./api.js";
import { Badge, CopyButton, Icon, Waiting, formatBytes, formatPercent, formatTime, formatTitle, html, plural, say, useEffect, useLoad, useState } from "./ui.js";

export function Page({ rest }) {
  return rest[0] ? html`<${Job} id=${rest[0]} key=${rest[0]} />` : html`<${Jobs} />`;
}

const STATES = [
  ["", "All states"],
  ["processing", "In progress"],
  ["done", "Done"],
  ["failed", "Failed"],
];

function Jobs() {
  const [state, setState] = useState("");
  const [day, setDay] = useState("");
  const [more, setMore] = useState({ jobs: [], cursor: undefined, isLoading: false });
  const first = useLoad((abort) => call("GET", "/v1/jobs", { query: { state, day, limit: 20 }, signal: abort }), [state, day]);
  useEffect(() => setMore({ jobs: [], cursor: undefined, isLoading: false }), [first.value]);
  const jobs = [...(first.value?.result || []), ...more.jobs];
  const cursor = more.cursor === undefined ? first.value?.next_cursor : more.cursor;
  const loadMore = async () => {
    setMore({ ...more, isLoading: true });
    try {
      const answer = await call("GET", "/v1/jobs", { query: { state, day, limit: 20, cursor } });
      setMore({ jobs: [...more.jobs, ...answer.result], cursor: answer.next_cursor, isLoading: false });
    } catch (error) {
      say(error.message, "bad");
      setMore({ ...more, isLoading: false });
    }
  };
  return html`<header class="head">
      <h1>Jobs</h1>
      <div class="row">
        <label class="inline">State <select value=${state} onChange=${(event) => setState(event.target.value)}>${STATES.map(([key, title]) => html`<option value=${key}>${title}</option>`)}</select></label>
        <label class="inline">Day <input type="date" value=${day} onChange=${(event) => setDay(event.target.value)} /></label>
        <button type="button" class="quiet" onClick=${first.reload} aria-label="Load again" title="Load again"><${Icon} name="retry" /></button>
      </div>
    </header>
    ${!first.value
      ? html`<${Waiting} state=${first} rows=${8} />`
      : jobs.length === 0 && !cursor
        ? html`<div class="panel empty"><${Icon} name="jobs" /><p>${state || day ? "No job fits these filters." : "No jobs yet. Images that you send, here or by the API, are listed here."}</p></div>`
        : html`<div class="panel scroll" tabindex="0" role="region" aria-label="Jobs"><table>
              <thead><tr><th>Time, UTC</th><th>Images</th><th>State</th><th class="number">Before</th><th class="number">Saved</th><th>Callback</th></tr></thead>
              <tbody>${jobs.map((job) => html`<${JobRow} key=${job.id} job=${job} />`)}</tbody>
            </table></div>
            ${cursor && html`<div class="row center"><button type="button" disabled=${more.isLoading} onClick=${loadMore}>${more.isLoading ? "Loading…" : "Load more"}</button></div>`}`}`;
}

function JobRow({ job }) {
  const [first, ...others] = job.images;
  const share = job.original_size ? (100 * job.saved_bytes) / job.original_size : 0;
  return html`<tr class="linked">
    <td class="number left">${formatTime(job.created_at)}</td>
    <td><a href="#/jobs/${job.id}">${first.file_name}</a>${others.length > 0 && html` <span class="muted">and ${others.length} more</span>`}</td>
    <td><${Badge} state=${job.state === "done" && job.images.every((image) => !image.success) ? "kept" : job.state} /></td>
    <td class="number">${job.original_size ? formatBytes(job.original_size) : "–"}</td>
    <td class="number">${job.saved_bytes ? html`<span class="good">${formatPercent(share)}</span>` : "–"}</td>
    <td>${job.callback ? html`<${Badge} state=${job.callback.state} />` : html`<span class="muted">–</span>`}</td>
  </tr>`;
}

function Job({ id }) {
  const state = useLoad(async (abort) => (await call("GET", `/v1/jobs/${id}`, { signal: abort })).result, [id]);
  const job = state.value;
  useEffect(() => {
    if (!job || (job.state !== "processing" && job.callback?.state !== "pending")) return undefined;
    const timer = setTimeout(state.reload, 3000);
    return () => clearTimeout(timer);
  }, [job]);
  return html`<header class="head">
      <div><a class="back" href="#/jobs"><${Icon} name="back" />Jobs</a><h1>Job <span class="number">${id}</span></h1></div>
      <div class="row">${job && html`<${Badge} state=${job.state} />`}<${CopyButton} text=${id} label="Copy id" what="Id copied" /></div>
    </header>
    ${!job ? html`<${Waiting} state=${state} />` : html`<${JobBody} job=${job} replace=${state.replace} />`}`;
}

function JobBody({ job, replace }) {
  return html`<dl class="cards">
      <div><dt>Sent</dt><dd>${formatTime(job.created_at)}</dd></div>
      <div><dt>Kept until</dt><dd>${formatTime(job.expires_at)}</dd></div>
      <div><dt>Saved</dt><dd>${formatBytes(job.saved_bytes)} <small>of ${formatBytes(job.original_size)}</small></dd></div>
      <div><dt>Tokens</dt><dd>${job.tokens}</dd></div>
      <div><dt>Sent by</dt><dd>${{ megaoptim: "MegaOptim's API", tinyjpg: "TinyJPG's API" }[job.api] || job.api}</dd></div>
    </dl>
    <h2>${plural(job.images.length, "image")}</h2>
    ${job.images.map((image, place) => html`<${ImageCard} key=${place} image=${image} />`)}
    ${job.callback && html`<${Callback} job=${job} replace=${replace} />`}`;
}

function ImageCard({ image }) {
  const asked = Object.entries(image.options).filter(([, value]) => value !== false && value !== null);
  return html`<article class="panel">
    <div class="row spread">
      <h3>${image.url ? html`<a href=${image.url}>${image.file_name}</a>` : image.file_name}</h3>
      <${Badge} state=${image.state === "done" && !image.success ? "kept" : image.state} />
    </div>
    <dl class="facts-list">
      ${image.original_size !== undefined && html`<div><dt>Before</dt><dd>${formatBytes(image.original_size)}${image.original_format ? `, ${formatTitle(image.original_format)}` : ""}</dd></div>`}
      ${image.success && html`<div><dt>After</dt><dd>${formatBytes(image.optimized_size)}, ${formatTitle(image.format)}</dd></div><div><dt>Saved</dt><dd class="good">${formatPercent(image.saved_percent)}</dd></div>`}
      ${image.score !== undefined && html`<div><dt>Score</dt><dd>${image.score.toFixed(1)}</dd></div>`}
      ${image.quality !== undefined && html`<div><dt>Quality</dt><dd>${image.quality}</dd></div>`}
      ${image.seconds !== undefined && html`<div><dt>Time</dt><dd>${image.seconds} s</dd></div>`}
      <div><dt>Tokens</dt><dd>${image.tokens}</dd></div>
      <div><dt>Options</dt><dd>${asked.map(([name, value]) => (value === true ? name : `${name} ${value}`)).join(", ")}</dd></div>
      ${image.source !== "upload" && html`<div class="wide"><dt>From</dt><dd class="break">${image.source}</dd></div>`}
    </dl>
    ${image.reason && html`<p class="notice">${image.reason_text || image.reason} ${image.detail || ""} <span class="muted">${image.what_to_do || ""}</span></p>`}
  </article>`;
}

function Callback({ job, replace }) {
  const [isBusy, setIsBusy] = useState(false);
  const callback = job.callback;
  const resend = async () => {
    setIsBusy(true);
    try {
      replace((await call("POST", `/v1/jobs/${job.id}/callback`)).result);
      say("The callback is on its way.");
    } catch (error) {
      say(error.message, "bad");
    } finally {
      setIsBusy(false);
    }
  };
  return html`<section>
    <div class="row spread"><h2>Callback</h2><button type="button" disabled=${isBusy} onClick=${resend}><${Icon} name="retry" />Send again</button></div>
    <div class="panel scroll" tabindex="0" role="region" aria-label="Tries to call back">
      <p class="row spread"><code class="break">${callback.url}</code><${Badge} state=${callback.state} /></p>
      ${callback.tries.length === 0
        ? html`<p class="muted">No try yet.</p>`
        : html`<table><thead><tr><th>Time, UTC</th><th>Answer</th></tr></thead><tbody>
            ${callback.tries.map((one, place) => html`<tr key=${place}><td class="number left">${one.at.replace("T", " ").replace("Z", "")}</td><td>${one.status ? html`<span class=${one.status < 300 ? "good" : "bad"}>${one.status}</span>` : html`<span class="bad">${one.error}</span>`}</td></tr>`)}
          </tbody></table>`}
    </div>
  </section>`;
}
