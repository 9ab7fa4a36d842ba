// Says aloud, once each, what changes on the page of what runs, and tells the browser where asked.
"use strict";

const live = document.getElementById("announcement");
const ask = document.getElementById("notify");
const announced = () => document.querySelector("[data-announce]");
let said = announced()?.dataset.announce;
let open = Number(document.querySelector("[data-open]")?.dataset.open ?? 0);

function tell(words) {
  if (window.Notification?.permission !== "granted" || !document.hidden) return;
  try {
    new Notification(words);
  } catch {
    // Android's Chrome lets service workers alone notify: title and announcement say it there.
  }
}

if (ask && window.Notification?.permission === "default") {
  ask.hidden = false;
  ask.querySelector("button").addEventListener("click", async () => {
    await Notification.requestPermission();
    ask.hidden = true;
  });
}

document.body.addEventListener("htmx:afterSwap", () => {
  const now = announced();
  if (!now || now.dataset.announce === said) return;
  said = now.dataset.announce;
  live.textContent = said;
  document.title = `${said} ${document.title.slice(document.title.lastIndexOf(" - ") + 1)}`;
  const left = Number(now.dataset.open ?? 0);
  if (now.dataset.done !== undefined || left < open) tell(said);
  open = left;
});
