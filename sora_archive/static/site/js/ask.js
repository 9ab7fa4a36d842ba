// An example is put into the form in place, so that what was chosen besides it stays.
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
