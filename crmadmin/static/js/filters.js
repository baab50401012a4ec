// The filters of a list. One panel serves all of them: a filter's choices are loaded into it when it is opened, and
// it is sent when it closes with changes, so five ticks are one request. Meanwhile the hidden fields that carry what
// is chosen are off, or it would be sent twice.

import { fold, on, words } from "./dom.js";
import { place } from "./menu.js";

const OPENS = "#filters button[formaction]";
const panelOf = () => document.getElementById("filter-panel");

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

function carry(name, yes) {
  document
    .querySelectorAll("#filters [data-chosen]")
    .forEach((field) => (field.disabled = !yes && field.dataset.chosen === name));
}

// The address of a filter's choices, with what else the list is narrowed by: what the form would send.
function addressOf(button) {
  const found = new URL(button.formAction);
  for (const [name, value] of new FormData(button.form)) if (value) found.searchParams.append(name, value);
  return found;
}

async function open(button) {
  const panel = panelOf();
  if (panel.matches(":popover-open")) panel.hidePopover();
  panel.opener = panel.anchor = button.closest("[popover]")?.opener ?? button;
  panel.textContent = words("loading");
  panel.showPopover();
  // Selects are dressed up when what was loaded has settled: only then is there something to focus.
  const settled = new Promise((done) => panel.addEventListener("htmx:afterSettle", done, { once: true }));
  await window.htmx.ajax("GET", addressOf(button).href, { target: panel, swap: "innerHTML" });
  const fields = panel.querySelector("[data-filter-name]");
  if (!fields) {
    panel.hidePopover();
    return;
  }
  await settled;
  if (!panel.matches(":popover-open")) return;
  carry(fields.dataset.filterName, false);
  panel.before_ = state(panel);
  place(panel);
  const first = panel.querySelector("input, select, button");
  (first.tomselect?.control_input ?? first).focus();
}

function closed(panel) {
  const changed = panel.before_ !== undefined && panel.before_ !== state(panel);
  if (changed) document.getElementById("list-form").requestSubmit();
  delete panel.before_;
  panel.replaceChildren();
  carry(null, true);
}

export function startFilters() {
  document.addEventListener(
    "toggle",
    (event) => {
      const panel = event.target;
      if (panel instanceof HTMLElement && panel.matches("[data-filter]") && event.newState === "closed")
        closed(panel);
    },
    true,
  );
  on("click", OPENS, (event, button) => {
    if (!window.htmx || !panelOf()) return;
    event.preventDefault();
    open(button);
  });
  // An answer to what was typed a moment ago does not take the menu away that has been opened meanwhile.
  document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target } = event.detail;
    if (target.id === "filters" && target.querySelector(":popover-open")) event.detail.shouldSwap = false;
  });
  on("click", "[data-filter-apply]", (event) => {
    // The button closes the panel; the closing sends. One request either way.
    event.preventDefault();
    panelOf().hidePopover();
  });
  on("click", "[data-filter-clear]", () => {
    const panel = panelOf();
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
    for (const row of panelOf().querySelectorAll(".opts .choice")) {
      row.hidden = !fold(row.querySelector(".cut").textContent).includes(wanted);
    }
  });
}
