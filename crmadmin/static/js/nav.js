// The side navigation: sections that fold (remembered on this machine) and the drawer of narrow screens.

import { on } from "./dom.js";

const KEY = "nav-folded";

function folded() {
  try {
    return new Set(JSON.parse(localStorage.getItem(KEY) ?? "[]"));
  } catch {
    return new Set();
  }
}

function setOpen(button, open) {
  button.setAttribute("aria-expanded", String(open));
  const list = document.getElementById(button.getAttribute("aria-controls"));
  if (list) list.hidden = !open;
}

function toggle(button) {
  const open = button.getAttribute("aria-expanded") !== "true";
  setOpen(button, open);
  const ids = folded();
  if (open) ids.delete(button.getAttribute("aria-controls"));
  else ids.add(button.getAttribute("aria-controls"));
  try {
    localStorage.setItem(KEY, JSON.stringify([...ids]));
  } catch {
    // Storage may be forbidden; the section still folds for this page.
  }
}

function drawer(open) {
  document.body.classList.toggle("nav-on", open);
  document
    .querySelectorAll("[data-nav-open]")
    .forEach((b) => b.setAttribute("aria-expanded", String(open)));
  for (const part of document.querySelectorAll("main, .topbar")) part.inert = open;
  const first = open
    ? document.querySelector(".side a, .side button")
    : document.querySelector("[data-nav-open]");
  first?.focus();
}

export function startNav() {
  const ids = folded();
  document.querySelectorAll(".side [data-nav-fold]").forEach((button) => {
    const list = document.getElementById(button.getAttribute("aria-controls"));
    // The page one is on is never folded away.
    if (ids.has(list?.id) && !list.querySelector("[aria-current=page]")) setOpen(button, false);
  });
  document.querySelector(".side [aria-current=page]")?.scrollIntoView({ block: "nearest" });
  on("click", "[data-nav-fold]", (event, button) => toggle(button));
  on("click", "[data-nav-open]", () => drawer(!document.body.classList.contains("nav-on")));
  on("click", "[data-nav-close]", () => drawer(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("nav-on")) drawer(false);
  });
}
