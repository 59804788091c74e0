/** The keys of the account: make them, name them, revoke them. */

import { call } from "./api.js";
import { CopyButton, Dialog, Icon, Waiting, formatTime, html, say, useLoad, useState } from "./ui.js";

export function Page() {
  const state = useLoad(async (abort) => (await call("GET", "/v1/keys", { signal: abort })).result, []);
  const [dialog, setDialog] = useState(null);
  const close = () => {
    setDialog(null);
    state.reload();
  };
  const keys = state.value?.keys || [];
  return html`<header class="head"><h1>Keys</h1><button type="button" class="primary" onClick=${() => setDialog({ kind: "create" })}><${Icon} name="plus" />New key</button></header>
    ${!state.value
      ? html`<${Waiting} state=${state} />`
      : html`<div class="panel scroll" tabindex="0" role="region" aria-label="Keys"><table>
            <thead><tr><th>Name</th><th>Key</th><th>Created</th><th>Last used</th><th><span class="hidden-text">Actions</span></th></tr></thead>
            <tbody>${keys.map(
              (key) => html`<tr key=${key.id}>
                <td>${key.name || html`<span class="muted">no name</span>`}</td>
                <td><code>${key.prefix ? `${key.prefix}…` : `id ${key.id.slice(0, 8)}`}</code></td>
                <td class="number left">${formatTime(key.created_at).slice(0, 10)}</td>
                <td class="number left">${key.last_used_on || html`<span class="muted">never</span>`}</td>
                <td class="number"><button type="button" class="quiet danger" aria-label="Revoke ${key.name || key.id.slice(0, 8)}" disabled=${keys.length === 1} title=${keys.length === 1 ? "The last key stays" : null} onClick=${() => setDialog({ kind: "revoke", key })}>Revoke</button></td>
              </tr>`,
            )}</tbody>
          </table></div>
          <${Secret} secret=${state.value.signing_secret} />`}
    ${dialog?.kind === "create" && html`<${Create} onClose=${close} />`}
    ${dialog?.kind === "revoke" && html`<${Revoke} shown=${dialog.key} onClose=${close} />`}`;
}

function Secret({ secret }) {
  const [isShown, setIsShown] = useState(false);
  return html`<section class="panel"><h2>Signing secret</h2>
    <p class="muted">Callbacks are signed by it, as Standard Webhooks has it. <a href="docs#callbacks">How to check a signature</a></p>
    <div class="row"><code class="break secret">${isShown ? secret : `${secret.slice(0, 9)}${"•".repeat(24)}`}</code>
      <button type="button" class="quiet" onClick=${() => setIsShown(!isShown)}>${isShown ? "Hide" : "Show"}</button>
      <${CopyButton} text=${secret} what="Secret copied" /></div></section>`;
}

function Create({ onClose }) {
  const [name, setName] = useState("");
  const [made, setMade] = useState(null);
  const [problem, setProblem] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setIsBusy(true);
    try {
      setMade((await call("POST", "/v1/keys", { form: { name } })).result);
    } catch (error) {
      setProblem(error.message);
    } finally {
      setIsBusy(false);
    }
  };
  if (made) {
    return html`<${Dialog} key="made" title="Your new key" onClose=${onClose}>
      <p>Copy it now: it is not shown again.</p>
      <code class="secret break" id="new-key">${made.api_key}</code>
      <div class="row end"><${CopyButton} text=${made.api_key} what="Key copied" /><button type="button" class="primary" autofocus onClick=${onClose}>I have it</button></div>
    </${Dialog}>`;
  }
  return html`<${Dialog} key="new" title="New key" onClose=${onClose}>
    <form onSubmit=${submit}>
      <label for="key-name">Name</label>
      <input id="key-name" maxlength="60" required autofocus placeholder="web shop" value=${name} aria-describedby="name-problem" onInput=${(event) => setName(event.target.value)} />
      <p id="name-problem" class="bad" role="alert">${problem}</p>
      <div class="row end"><button type="button" class="quiet" onClick=${onClose}>Cancel</button><button class="primary" disabled=${isBusy}>${isBusy ? "Creating…" : "Create"}</button></div>
    </form>
  </${Dialog}>`;
}

function Revoke({ shown, onClose }) {
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const revoke = async () => {
    setIsBusy(true);
    try {
      await call("DELETE", `/v1/keys/${shown.id}`);
      say("The key is revoked.");
      onClose();
    } catch (error) {
      setProblem(error.message);
      setIsBusy(false);
    }
  };
  return html`<${Dialog} title="Revoke ${shown.name || "this key"}?" onClose=${onClose}>
    <p>What uses it stops working within a minute. This cannot be undone.</p>
    <p class="bad" role="alert">${problem}</p>
    <div class="row end"><button type="button" class="quiet" autofocus onClick=${onClose}>Keep it</button><button type="button" class="primary danger" disabled=${isBusy} onClick=${revoke}>Revoke</button></div>
  </${Dialog}>`;
}
