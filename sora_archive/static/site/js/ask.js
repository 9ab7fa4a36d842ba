// An example prompt is put into the form with one press.
"use strict";

const prompt = document.getElementById("id_prompt");

for (const example of document.querySelectorAll("[data-example]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  button.textContent = example.textContent;
  button.addEventListener("click", () => {
    prompt.value = example.dataset.example;
    prompt.focus();
  });
  example.replaceChildren(button);
}
