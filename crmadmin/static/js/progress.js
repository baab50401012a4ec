// An import at work. The page asks for its moving parts each second (htmx); here they wait while somebody presses
// something, and every ten per cent are spoken.

import { announce } from "./dom.js";

const STEP = 10;
let isPressing = false;
let spoken = null;

function percent() {
  const block = document.getElementById("progress");
  return block ? Number(block.dataset.percent) : null;
}

function speak() {
  const block = document.getElementById("progress");
  if (!block) return;
  const reached = Math.floor(percent() / STEP);
  if (spoken !== null && reached > spoken) announce(block.dataset.said);
  spoken = reached;
}

export function startProgress() {
  if (!document.querySelector("[data-progress]")) return;
  spoken = Math.floor((percent() ?? 0) / STEP);
  for (const [type, pressing] of [
    ["pointerdown", true],
    ["pointerup", false],
    ["pointercancel", false],
  ]) {
    document.addEventListener(type, () => (isPressing = pressing), true);
  }
  document.addEventListener("htmx:beforeRequest", (event) => {
    // A link that is replaced between press and release would not be followed.
    if (isPressing && event.detail.elt.matches("[data-poll]")) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (isPressing && event.detail.elt.matches("[data-poll]")) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterSettle", speak);
}
