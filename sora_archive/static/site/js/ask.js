// Examples, seeds and recalled fields are put into the form in place, so that what was chosen
// besides them stays where it is. Without this script the form is sent and shown again.
"use strict";

const prompt = document.getElementById("id_prompt");
const examples = [...document.querySelectorAll("[data-example]")];

function take(event, example) {
  event.preventDefault();
  prompt.value = example.dataset.example;
  prompt.focus();
}

for (const example of examples) {
  example.addEventListener("click", (event) => take(event, example));
}
for (const surprise of document.querySelectorAll("[data-surprise]")) {
  const own = examples.filter((example) => surprise.closest("details").contains(example));
  surprise.addEventListener("click", (event) => {
    take(event, own[Math.floor(Math.random() * own.length)]);
  });
}

function put(event, name, value) {
  const field = event.target.form.elements[name];
  // Another model has other choices: that is the server's to show, as what has only one.
  if (!field || field instanceof RadioNodeList) return;
  if (["radio", "checkbox", "hidden"].includes(field.type)) return;
  const before = field.value;
  field.value = value;
  if (field.value !== value) { field.value = before; return; } // no choice of this model
  event.preventDefault();
  field.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-shuffle], [data-recall]");
  if (!button) return;
  if (button.dataset.recall !== undefined) put(event, button.value, button.dataset.recall);
  else put(event, "seed", String(crypto.getRandomValues(new Uint32Array(1))[0]));
});
