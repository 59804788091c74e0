/** What the account used: bytes and images saved by day and month, and the tokens left. */

import { call } from "./api.js";
import { CopyButton, Icon, Segments, Waiting, formatBytes, formatCount, formatPercent, formatTitle, html, useEffect, useLoad, useRef, useState } from "./ui.js";

const RANGES = [
  ["7", "7 days"],
  ["30", "30 days"],
  ["90", "90 days"],
  ["365", "12 months"],
];
const dayBefore = (days) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

export function Page() {
  const [range, setRange] = useState("30");
  const [step, setStep] = useState("day");
  const state = useLoad(async (abort) => (await call("GET", "/v1/usage", { query: { from: dayBefore(range - 1), to: dayBefore(0) }, signal: abort })).result, [range]);
  const choose = (value) => {
    setRange(value);
    setStep(value === "365" ? "month" : "day");
  };
  return html`<header class="head">
      <h1>Usage</h1>
      <div class="row">
        <${Segments} label="Range" name="range" value=${range} options=${RANGES} onChange=${choose} />
        <${Segments} label="By" name="step" value=${step} options=${[["day", "Day"], ["month", "Month"]]} onChange=${setStep} />
      </div>
    </header>
    ${!state.value ? html`<${Waiting} state=${state} rows=${7} />` : html`<${Report} usage=${state.value} step=${step} />`}`;
}

/** Add days up, to months where those are asked for. */
function gather(days, step) {
  const rows = new Map();
  for (const day of days) {
    const name = step === "month" ? day.day.slice(0, 7) : day.day;
    const row = rows.get(name) || { name, images: 0, optimized: 0, before: 0, saved: 0, tokens: 0 };
    row.images += day.images;
    row.optimized += day.optimized_images;
    row.before += day.original_bytes;
    row.saved += day.saved_bytes;
    row.tokens += day.tokens;
    rows.set(name, row);
  }
  return [...rows.values()];
}

function Report({ usage, step }) {
  const { tokens, days } = usage;
  const rows = gather(days, step);
  const [sum] = gather(days.map((day) => ({ ...day, day: "all" })), "day");
  const formats = {};
  for (const day of days) for (const [name, count] of Object.entries(day.images_by_format)) formats[name] = (formats[name] || 0) + count;
  const csv = ["period,images,made_smaller,original_bytes,saved_bytes,tokens", ...rows.map((row) => [row.name, row.images, row.optimized, row.before, row.saved, row.tokens].join(","))].join("\n");
  const save = () => {
    const url = URL.createObjectURL(new Blob([`${csv}\n`], { type: "text/csv" }));
    Object.assign(document.createElement("a"), { href: url, download: "leanpix-usage.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  return html`<dl class="cards">
      <div><dt>Saved</dt><dd>${formatBytes(sum.saved)} <small>${sum.before ? formatPercent((100 * sum.saved) / sum.before) : ""}</small></dd></div>
      <div><dt>Images</dt><dd>${formatCount(sum.images)} <small>${formatCount(sum.optimized)} made smaller</small></dd></div>
      <div><dt>Tokens left</dt><dd>${tokens.left < 0 ? "Unlimited" : formatCount(tokens.left)} <small>plan ${tokens.plan}</small></dd></div>
      <div><dt>Renewed on</dt><dd>${tokens.monthly < 0 ? "–" : tokens.renews_at.slice(0, 10)} <small>${tokens.monthly < 0 ? "nothing is counted down" : `to ${formatCount(tokens.monthly)} a month`}</small></dd></div>
    </dl>
    ${sum.images === 0
      ? html`<div class="panel empty"><${Icon} name="usage" /><p>No image ended in this time.</p></div>`
      : html`<div class="panel"><h2>Bytes saved</h2><${Chart} rows=${rows} /></div>
          <div class="columns">
            <div class="panel scroll" tabindex="0" role="region" aria-label="Usage by ${step}">
              <div class="row spread"><h2>By ${step}</h2><div class="row"><${CopyButton} text=${csv.replaceAll(",", "\t")} what="Table copied" /><button type="button" class="quiet" onClick=${save}><${Icon} name="download" />CSV</button></div></div>
              <table>
                <thead><tr><th>${step === "day" ? "Day" : "Month"}, UTC</th><th class="number">Images</th><th class="number">Smaller</th><th class="number">Before</th><th class="number">Saved</th><th class="number">Tokens</th></tr></thead>
                <tbody>${rows.filter((row) => row.images).reverse().map((row) => html`<tr key=${row.name}><td class="number left">${row.name}</td><td class="number">${formatCount(row.images)}</td><td class="number">${formatCount(row.optimized)}</td><td class="number">${formatBytes(row.before)}</td><td class="number">${formatBytes(row.saved)}</td><td class="number">${formatCount(row.tokens)}</td></tr>`)}</tbody>
              </table>
            </div>
            <div class="panel"><h2>By format</h2><table>
              <thead><tr><th>Format</th><th class="number">Images</th></tr></thead>
              <tbody>${Object.entries(formats).sort((a, b) => b[1] - a[1]).map(([name, count]) => html`<tr key=${name}><td>${formatTitle(name)}</td><td class="number">${formatCount(count)}</td></tr>`)}</tbody>
            </table></div>
          </div>`}`;
}

/** Bars of the bytes saved. The table below has the same numbers. */
function Chart({ rows }) {
  const box = useRef(null);
  useEffect(() => {
    let chart;
    let isGone = false;
    const observer = new ResizeObserver(() => box.current && chart?.setSize({ width: box.current.clientWidth, height: 220 }));
    import("uplot").then(({ default: UPlot }) => {
      if (isGone || !box.current) return;
      const style = getComputedStyle(document.documentElement);
      const ink = style.getPropertyValue("--muted").trim();
      const line = style.getPropertyValue("--line").trim();
      const accent = style.getPropertyValue("--accent").trim();
      const places = rows.map((_, place) => place);
      const axis = { stroke: ink, font: "12px system-ui", grid: { stroke: line, width: 1 }, ticks: { show: false } };
      chart = new UPlot(
        {
          width: box.current.clientWidth,
          height: 220,
          legend: { show: false },
          cursor: { show: false },
          scales: { x: { time: false, range: [-0.6, rows.length - 0.4] }, y: { range: (_, __, most) => [0, most * 1.1 || 1] } },
          axes: [
            { ...axis, grid: { show: false }, values: (_, marks) => marks.map((mark) => (Number.isInteger(mark) && rows[mark] ? rows[mark].name.slice(rows[mark].name.length > 7 ? 5 : 0) : "")) },
            { ...axis, size: 64, values: (_, marks) => marks.map((mark) => formatBytes(mark)) },
          ],
          series: [{}, { fill: accent, stroke: accent, width: 0, paths: UPlot.paths.bars({ size: [0.7, 40], radius: 0.15 }), points: { show: false } }],
        },
        [places, rows.map((row) => Math.max(0, row.saved))],
        box.current,
      );
      observer.observe(box.current);
    });
    return () => {
      isGone = true;
      observer.disconnect();
      chart?.destroy();
    };
  }, [rows.map((row) => row.name + row.saved).join()]);
  return html`<div class="chart" ref=${box} role="img" aria-label="Bytes saved over time; the table below has the numbers"></div>`;
}
