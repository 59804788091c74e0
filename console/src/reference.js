/** The API: a way to its documents, and a place to try its routes. */

import { ROOT, apiKey } from "./api.js";
import { CopyButton, Icon, html, useEffect, useRef, useState } from "./ui.js";

export function Page() {
  const [isTrying, setIsTrying] = useState(false);
  return html`<header class="head"><h1>API</h1><a class="button" href="docs">Read the documents</a></header>
    <div class="panel">
      <dl class="facts-list">
        <div><dt>Base URL</dt><dd><code>${ROOT}</code> <${CopyButton} text=${ROOT} what="URL copied" /></dd></div>
        <div><dt>Key</dt><dd>In the header <code>X-API-KEY</code></dd></div>
        <div><dt>For programs</dt><dd><a href="openapi.json">openapi.json</a></dd></div>
      </dl>
      ${!isTrying && html`<p class="muted">Each route can be called from here, with your key. Images cost tokens as always.</p>
        <button type="button" class="primary" onClick=${() => setIsTrying(true)}><${Icon} name="api" />Try it</button>`}
    </div>
    ${isTrying && html`<${Swagger} />`}`;
}

/** Swagger UI, half a megabyte that is loaded here alone. */
function Swagger() {
  const box = useRef(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("{{swagger-ui.css}}", import.meta.url).href });
    document.head.append(style);
    const script = Object.assign(document.createElement("script"), { src: new URL("{{swagger-ui-bundle.js}}", import.meta.url).href });
    script.onerror = () => setProblem("It could not be loaded. Try again later.");
    script.onload = () =>
      window.SwaggerUIBundle({
        domNode: box.current,
        url: `${ROOT}/openapi.json`,
        docExpansion: "list",
        defaultModelsExpandDepth: -1,
        validatorUrl: null,
        requestInterceptor: (request) => {
          request.headers["X-API-KEY"] = apiKey.value;
          return request;
        },
      });
    document.head.append(script);
    return () => {
      style.remove();
      script.remove();
    };
  }, []);
  return html`<div class="panel swagger">${problem && html`<p class="bad" role="alert">${problem}</p>`}<div ref=${box}></div></div>`;
}
