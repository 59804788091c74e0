/** The frame of the console: sign-in, navigation, and the page that the address names. */

import { signal } from "@preact/signals";
import { apiKey, call, isOnline, signIn, signOut } from "./api.js";
import { OptimizePage } from "./optimize.js";
import { Icon, Waiting, formatCount, html, message, render, useEffect, useLoad, useState } from "./ui.js";

const PAGES = [
  ["optimize", "Optimize"],
  ["jobs", "Jobs"],
  ["usage", "Usage"],
  ["keys", "Keys"],
  ["api", "API"],
];
/** The pages that are loaded as they are asked for. */
const LOADERS = {
  jobs: () => import("./jobs.js"),
  usage: () => import("./usage.js"),
  keys: () => import("./keys.js"),
  api: () => import("./reference.js"),
};
const THEMES = { "": "dark", dark: "light", light: "" };

const route = signal(readRoute());
addEventListener("hashchange", () => {
  const found = /^#key=([\w-]+)$/.exec(location.hash);
  if (found) {
    signIn(found[1]);
    history.replaceState(null, "", "#/");
  }
  route.value = readRoute();
});

function readRoute() {
  const [page = "", ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  return { page: PAGES.some(([name]) => name === page) ? page : "optimize", rest };
}

const theme = signal(localStorage.getItem("leanpix.theme") || "");
theme.subscribe((name) => {
  if (name) document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
  if (name) localStorage.setItem("leanpix.theme", name);
  else localStorage.removeItem("leanpix.theme");
});

function App() {
  return html`${apiKey.value ? html`<${Frame} key=${apiKey.value} />` : html`<${SignIn} />`}
    <div class="toast ${message.value?.kind || ""}" role="status" aria-live="polite">${message.value?.text}</div>`;
}

function SignIn() {
  const [key, setKey] = useState("");
  const [keep, setKeep] = useState(false);
  const [problem, setProblem] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  useEffect(() => (document.title = "Sign in · Leanpix") && undefined, []);
  const submit = async (event) => {
    event.preventDefault();
    setIsBusy(true);
    setProblem("");
    try {
      await call("POST", "/v1/users/info", { key: key.trim() });
      signIn(key.trim(), { keep });
    } catch (error) {
      setProblem(error.isAboutKey ? "This key is not known. Check it, or ask whoever runs this service." : error.message);
    } finally {
      setIsBusy(false);
    }
  };
  return html`<main class="signin">
    <form class="panel" onSubmit=${submit}>
      <p class="brand"><${Logo} />Leanpix</p>
      <h1>Sign in with your key</h1>
      <label for="key">API key</label>
      <input id="key" type="password" autocomplete="current-password" autofocus required spellcheck="false" placeholder="lpx…" value=${key} aria-describedby="key-problem" aria-invalid=${problem ? "true" : null} onInput=${(event) => setKey(event.target.value)} />
      <p id="key-problem" class="bad" role="alert">${problem}</p>
      <label class="check"><input type="checkbox" checked=${keep} onChange=${(event) => setKeep(event.target.checked)} /> Stay signed in on this computer</label>
      <button class="primary" disabled=${isBusy}>${isBusy ? "Checking…" : "Sign in"}</button>
      <p class="muted">Without that, the key is forgotten with this tab. <a href="docs">API documents</a></p>
    </form>
  </main>`;
}

function Logo() {
  return html`<svg class="logo" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" /><path d="M8 8h16v16H8z" class="outer" /><path d="M8 15h9v9H8z" class="inner" /></svg>`;
}

function Frame() {
  const account = useLoad((abort) => call("POST", "/v1/users/info", { signal: abort }), [route.value.page]);
  const { page, rest } = route.value;
  useEffect(() => {
    document.title = `${PAGES.find(([name]) => name === page)[1]} · Leanpix`;
  }, [page]);
  if (account.error?.isAboutKey) {
    return html`<main class="signin"><div class="panel empty" role="alert"><${Icon} name="alert" /><p>Your key does not work any more.</p><button type="button" class="primary" onClick=${signOut}>Sign in again</button></div></main>`;
  }
  const user = account.value?.result;
  return html`<a class="skip" href="#content" onClick=${(event) => (event.preventDefault(), document.getElementById("content").focus())}>Skip to the content</a>
    <nav aria-label="Pages">
      <p class="brand"><${Logo} />Leanpix</p>
      <ul>
        ${PAGES.map(([name, title]) => html`<li key=${name}><a href="#/${name}" aria-current=${page === name ? "page" : null}><${Icon} name=${name} />${title}</a></li>`)}
      </ul>
      <div class="who">
        <p><b>${user ? (user.tokens < 0 ? "Unlimited" : formatCount(user.tokens)) : "…"}</b><span>${user && user.tokens < 0 ? "images" : "images left"}</span></p>
        <small>${user?.name || " "}</small>
        <div class="row">
          <button type="button" class="quiet" title="Theme: ${theme.value || "as the system"}" aria-label="Theme: ${theme.value || "as the system"}" onClick=${() => (theme.value = THEMES[theme.value])}><${Icon} name="theme" /></button>
          <button type="button" class="quiet" onClick=${signOut} aria-label="Sign out" title="Sign out"><${Icon} name="out" /></button>
        </div>
      </div>
    </nav>
    <main id="content" tabindex="-1">
      ${!isOnline.value && page !== "optimize" && html`<p class="notice bad" role="alert">You are offline.</p>`}
      ${page === "optimize" ? html`<${OptimizePage} />` : html`<${Lazy} key=${page} name=${page} rest=${rest} />`}
    </main>`;
}

/** A page that is loaded as it is first asked for. */
function Lazy({ name, rest }) {
  const state = useLoad(() => LOADERS[name](), []);
  return state.value ? html`<${state.value.Page} rest=${rest} />` : html`<${Waiting} state=${state} />`;
}

render(html`<${App} />`, (() => {
  const root = document.getElementById("app");
  root.textContent = "";
  return root;
})());
