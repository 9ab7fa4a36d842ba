// Says aloud, once each, what changes on the page of a running generation.
"use strict";

const live = document.getElementById("announcement");
let said = document.querySelector("[data-announce]")?.dataset.announce;

document.body.addEventListener("htmx:afterSwap", () => {
  const now = document.querySelector("[data-announce]");
  if (!now || now.dataset.announce === said) return;
  said = now.dataset.announce;
  live.textContent = said;
  document.title = `${said} ${document.title.slice(document.title.lastIndexOf(" - ") + 1)}`;
});
