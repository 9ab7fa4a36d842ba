// A form that a passkey fills in: the browser makes or uses a key, and the form carries its answer.
"use strict";

const passkeys = globalThis.webauthnJSON;

async function optionsOf(form) {
  if (form.dataset.options) return JSON.parse(document.getElementById(form.dataset.options).textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.status === 429 ? form.dataset.tooMany : answer.statusText);
  return answer.json();
}

async function fill(form) {
  const options = await optionsOf(form);
  if (form.dataset.passkey === "use") return passkeys.get(options.request_options);
  const made = options.creation_options;
  // A passkey: the device keeps it and asks who is there, so that it signs in all by itself.
  Object.assign(made.publicKey.authenticatorSelection, {
    residentKey: "required", requireResidentKey: true, userVerification: "required",
  });
  return passkeys.create(made);
}

async function ask(event) {
  const form = event.target;
  const said = form.querySelector("[role=alert]");
  event.preventDefault();
  said.hidden = true;
  try {
    form.elements.credential.value = JSON.stringify(await fill(form));
    form.submit();
  } catch (error) {
    said.textContent = error.name === "NotAllowedError" ? form.dataset.refused : `${form.dataset.failed} ${error.message}`;
    said.hidden = false;
    said.focus();
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!passkeys?.supported()) continue;
  form.hidden = false;
  form.addEventListener("submit", ask);
}
