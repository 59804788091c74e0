/** Compare an image with its result: a slider over both, which zoom and move in step. */

import "img-comparison-slider";
import { Icon, formatTitle, html, useEffect, useRef, useState } from "./ui.js";

const MOST_ZOOM = 16;
const STEP = 1.5;

/** The original beside the result. Object URLs live as long as the image is looked at. */
export function Comparison({ image, result }) {
  const [before, setBefore] = useState(null);
  const [size, setSize] = useState(null);
  const [canShow, setCanShow] = useState(true);
  useEffect(() => {
    setCanShow(true);
    setSize(null);
    if (!image.file) {
      setBefore(image.url);
      return undefined;
    }
    const url = URL.createObjectURL(image.file);
    setBefore(url);
    return () => URL.revokeObjectURL(url);
  }, [image]);
  if (!before) return html`<div class="stage"></div>`;
  if (!canShow) {
    return html`<div class="stage empty"><p>This browser cannot show the original.${result?.url ? html` <a href=${result.url}>Open the result</a>` : ""}</p></div>`;
  }
  const onLoad = (event) => setSize([event.target.naturalWidth, event.target.naturalHeight]);
  if (!result?.success) {
    return html`<div class="stage single"><img src=${before} alt=${image.name} onLoad=${onLoad} onError=${() => setCanShow(false)} /></div>`;
  }
  return html`<${Slider} key=${result.url} before=${before} after=${result.url} name=${image.name} format=${result.format} size=${size} onLoad=${onLoad} onError=${() => setCanShow(false)} />`;
}

function Slider({ before, after, name, format, size, onLoad, onError }) {
  const stage = useRef(null);
  const slider = useRef(null);
  const [view, setView] = useState({ zoom: 1, x: 0, y: 0 });
  const [isReady, setIsReady] = useState(false);
  const [value, setValue] = useState(50);
  const held = useRef(null);

  /** Zoom around a point of the stage, which stays where it is. */
  const zoomTo = (zoom, x, y) =>
    setView((old) => {
      const next = Math.min(MOST_ZOOM, Math.max(1, zoom));
      const box = stage.current.getBoundingClientRect();
      const px = x ?? box.width / 2;
      const py = y ?? box.height / 2;
      const ratio = next / old.zoom;
      return keepInside({ zoom: next, x: px - (px - old.x) * ratio, y: py - (py - old.y) * ratio }, box);
    });
  const move = (dx, dy) => setView((old) => keepInside({ ...old, x: old.x + dx, y: old.y + dy }, stage.current.getBoundingClientRect()));

  useEffect(() => {
    const element = slider.current;
    const onSlide = () => setValue(Math.round(element.value));
    element.addEventListener("slide", onSlide);
    return () => element.removeEventListener("slide", onSlide);
  }, []);
  useEffect(() => {
    // Where there is something to move, only the handle moves the slider.
    slider.current.handle = String(view.zoom > 1);
  }, [view.zoom > 1]);
  useEffect(() => {
    const element = stage.current;
    const onWheel = (event) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      setView((old) => {
        const zoom = Math.min(MOST_ZOOM, Math.max(1, old.zoom * Math.exp(-event.deltaY / 300)));
        const x = event.clientX - box.left;
        const y = event.clientY - box.top;
        const ratio = zoom / old.zoom;
        return keepInside({ zoom, x: x - (x - old.x) * ratio, y: y - (y - old.y) * ratio }, box);
      });
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, []);

  const onPointerDown = (event) => {
    if (view.zoom === 1 || event.target.closest?.("button")) return;
    const box = stage.current.getBoundingClientRect();
    const divider = box.left + (box.width * slider.current.value) / 100;
    if (Math.abs(event.clientX - divider) < 28 && Math.abs(event.clientY - box.top - box.height / 2) < 28) return;
    held.current = [event.clientX, event.clientY];
    stage.current.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event) => {
    if (!held.current) return;
    move(event.clientX - held.current[0], event.clientY - held.current[1]);
    held.current = [event.clientX, event.clientY];
  };
  const onKeyDown = (event) => {
    if (event.key === "+" || event.key === "=") zoomTo(view.zoom * STEP);
    else if (event.key === "-") zoomTo(view.zoom / STEP);
    else if (event.key === "0") setView({ zoom: 1, x: 0, y: 0 });
    else if (event.shiftKey && event.key.startsWith("Arrow")) {
      const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
      move(...step);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const style = { transform: `translate(${view.x}px, ${view.y}px) scale(${view.zoom})` };
  const ratio = size ? { aspectRatio: `${size[0]} / ${size[1]}` } : {};
  const whole = size && stage.current ? size[0] / stage.current.clientWidth : 1;
  const isPixelated = size && view.zoom > whole * 2 ? "pixelated" : "";
  return html`<div class="stage" onKeyDownCapture=${onKeyDown}>
    <div class="frame ${view.zoom > 1 ? "zoomed" : ""}" ref=${stage} style=${ratio}
      onPointerDown=${onPointerDown} onPointerMove=${onPointerMove}
      onPointerUp=${() => (held.current = null)} onPointerCancel=${() => (held.current = null)}>
      <img-comparison-slider ref=${slider} value="50" role="slider" aria-valuemin="0" aria-valuemax="100"
        aria-valuenow=${value} aria-label="Original on the left, result on the right. Arrow keys move the line, plus and minus zoom, Shift with arrow keys moves the picture.">
        <div slot="first" class="pane ${isPixelated}"><img src=${before} alt="${name}, the original" style=${style} onLoad=${onLoad} onError=${onError} /></div>
        <div slot="second" class="pane ${isPixelated}"><img src=${after} alt="${name}, the result" style=${style} onLoad=${() => setIsReady(true)} /></div>
      </img-comparison-slider>
      <span class="tag left">Original</span>
      <span class="tag right">${isReady ? formatTitle(format) : "Loading…"}</span>
    </div>
    <div class="zoom" role="group" aria-label="Zoom">
      <button type="button" class="quiet" aria-label="Zoom out" onClick=${() => zoomTo(view.zoom / STEP)} disabled=${view.zoom === 1}><${Icon} name="minus" /></button>
      <button type="button" class="quiet number" title="One pixel of the image for each of the screen" onClick=${() => zoomTo(Math.max(1, whole))}>${Math.round((100 * view.zoom) / (whole || 1))} %</button>
      <button type="button" class="quiet" aria-label="Zoom in" onClick=${() => zoomTo(view.zoom * STEP)}><${Icon} name="plus" /></button>
      <button type="button" class="quiet" aria-label="Fit" onClick=${() => setView({ zoom: 1, x: 0, y: 0 })}><${Icon} name="fit" /></button>
    </div>
  </div>`;
}

/** Return the view with the picture still filling the stage. */
function keepInside(view, box) {
  const clamp = (offset, length) => Math.min(0, Math.max(length - length * view.zoom, offset));
  return { zoom: view.zoom, x: clamp(view.x, box.width), y: clamp(view.y, box.height) };
}
