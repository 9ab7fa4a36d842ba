// The wall comes alive where that is welcome: a short silent preview of a work that is pointed at
// or focused, and earlier works as one scrolls. Without this script the links do what they say.
"use strict";

const still = window.matchMedia("(prefers-reduced-motion: reduce)");
const calm = () => still.matches || document.documentElement.dataset.motion === "still";
let unasked = 3; // pages that come by themselves; then the link waits, so that the foot can be reached

function start(event) {
  const work = event.target.closest("a.work[data-preview]");
  if (!work || calm() || work.querySelector(".moving")) return;
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

async function continueWall(link) {
  if (link.ariaBusy) return;
  link.ariaBusy = "true";
  const answer = await fetch(link.href).catch(() => null);
  if (!answer?.ok) {
    link.ariaBusy = null; // the link itself still leads there
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = document.activeElement === link;
  const works = [...page.querySelectorAll(".wall > li")];
  document.querySelector(".wall").append(...works);
  const following = page.querySelector(".pages a[rel=next]");
  if (focused) works[0]?.querySelector("a").focus({ preventScroll: true });
  if (following) link.replaceWith(watched(following));
  else link.remove();
}

function watched(link) {
  link.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    continueWall(link);
  });
  seen.observe(link);
  return link;
}

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting || unasked === 0 || entry.target.ariaBusy) continue;
    unasked -= 1;
    continueWall(entry.target);
  }
}, { rootMargin: "600px" });

const next = document.querySelector(".pages a[rel=next]");
if (next) watched(next);
