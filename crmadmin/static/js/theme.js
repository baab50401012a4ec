// Light, dark or the system's: shown at once, kept on this machine, saved in the profile by a post.

import { on, post } from "./dom.js";

const system = matchMedia("(prefers-color-scheme: dark)");

function show(choice) {
  const root = document.documentElement;
  root.dataset.theme = choice;
  root.dataset.bsTheme =
    choice === "dark" || (choice === "auto" && system.matches) ? "dark" : "light";
  document.querySelectorAll("[data-theme-set]").forEach((button) => {
    button.setAttribute("aria-checked", String(button.dataset.themeSet === choice));
  });
}

function keep(choice) {
  try {
    localStorage.setItem("theme", choice);
  } catch {
    // Storage may be forbidden; the profile still remembers.
  }
}

export function startTheme() {
  const root = document.documentElement;
  if (root.dataset.themeOf === "user") keep(root.dataset.theme);
  show(root.dataset.theme || "auto");
  system.addEventListener("change", () => show(root.dataset.theme));
  on("click", "[data-theme-set]", (event, button) => {
    event.preventDefault();
    show(button.dataset.themeSet);
    keep(button.dataset.themeSet);
    const form = button.closest("form");
    if (form) post(form.action, [["theme", button.dataset.themeSet]]).catch(() => undefined);
  });
}
