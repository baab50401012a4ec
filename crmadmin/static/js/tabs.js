// Parts of a page that are tabs on a narrow screen (the group editor): `role=tab` buttons with aria-controls.

import { on } from "./dom.js";

function choose(tab) {
  for (const other of tab.closest("[role=tablist]").querySelectorAll("[role=tab]")) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    document
      .getElementById(other.getAttribute("aria-controls"))
      ?.classList.toggle("d-desk", !chosen);
  }
}

export function startTabs() {
  on("click", "[role=tab]", (event, tab) => choose(tab));
  on("keydown", "[role=tab]", (event, tab) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const all = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]")];
    const next = all[(all.indexOf(tab) + step + all.length) % all.length];
    choose(next);
    next.focus();
  });
}
