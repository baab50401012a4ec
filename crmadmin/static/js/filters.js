// The filter panels of a list: a panel is sent when it closes with changes, so five ticks are one request.

import { fold, on } from "./dom.js";

function state(panel) {
  return [...panel.querySelectorAll("input, select")]
    .filter((field) => field.name)
    .map((field) =>
      field.matches("[type=checkbox], [type=radio]")
        ? field.checked
        : field.value + [...(field.selectedOptions ?? [])].map((o) => o.value),
    )
    .join("|");
}

export function startFilters() {
  document.addEventListener(
    "toggle",
    (event) => {
      const panel = event.target;
      if (!(panel instanceof HTMLElement) || !panel.matches("[data-filter]")) return;
      if (event.newState === "open") panel.before_ = state(panel);
      else if (panel.isConnected && panel.before_ !== undefined && panel.before_ !== state(panel)) {
        document.getElementById("list-form")?.requestSubmit();
      }
    },
    true,
  );
  on("click", "[data-filter-apply]", (event, button) => {
    // The button closes its panel; the closing sends. One request either way.
    event.preventDefault();
    button.closest("[data-filter]").hidePopover();
  });
  on("click", "[data-filter-clear]", (event, button) => {
    const panel = button.closest("[data-filter]");
    panel
      .querySelectorAll("input[type=checkbox], input[type=radio]")
      .forEach((box) => (box.checked = false));
    panel.querySelectorAll("input[type=date]").forEach((box) => (box.value = ""));
    panel
      .querySelectorAll("select")
      .forEach((select) => (select.tomselect ? select.tomselect.clear() : (select.value = "")));
    panel.hidePopover();
  });
  on("input", "[data-filter-find]", (event, box) => {
    const wanted = fold(box.value);
    for (const row of box.closest("[data-filter]").querySelectorAll(".opts .check")) {
      row.hidden = !fold(row.textContent).includes(wanted);
    }
  });
}
