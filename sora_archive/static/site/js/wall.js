// A short silent preview while a work is pointed at or focused; never where motion is unwelcome.
"use strict";

const still = window.matchMedia("(prefers-reduced-motion: reduce)");

function start(event) {
  const work = event.target.closest("a.work[data-preview]");
  if (!work || still.matches || work.querySelector(".moving")) return;
  const moving = new Image();
  moving.className = "moving";
  moving.alt = "";
  moving.src = work.dataset.preview;
  work.querySelector(".mat").append(moving);
}

function stop(event) {
  const work = event.target.closest("a.work[data-preview]");
  if (!work || work.contains(event.relatedTarget)) return;
  work.querySelector(".moving")?.remove();
}

for (const wall of document.querySelectorAll(".wall")) {
  wall.addEventListener("pointerover", start);
  wall.addEventListener("pointerout", stop);
  wall.addEventListener("focusin", start);
  wall.addEventListener("focusout", stop);
}
