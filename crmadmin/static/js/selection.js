// Ticks in a list and the bar that answers them. "Select all N" is not a thousand ticks: it sets the hidden field
// `all_matching`, and the server repeats the search. A tick taken away ends it.

import { announce, on, words } from "./dom.js";

const BOX = "[type=checkbox][name=ids]:not([data-tick])";
let last = null;

const boxes = (scope) => [...scope.querySelectorAll(`${BOX}:not(:disabled)`)];
const scopeOf = (element) => element.closest("[data-selection]");

function refresh(scope) {
  const all = boxes(scope);
  const chosen = all.filter((box) => box.checked);
  for (const box of all) {
    const row = box.closest("tr, li");
    if (box.checked) row?.setAttribute("aria-selected", "true");
    else row?.removeAttribute("aria-selected");
  }
  const page = scope.querySelector("[data-pick-page]");
  if (page) {
    page.checked = all.length > 0 && chosen.length === all.length;
    page.indeterminate = chosen.length > 0 && !page.checked;
  }
  const everything = scope.querySelector("[name=all_matching]");
  const matching = everything?.value === "1";
  const bar = scope.querySelector("[data-picked]");
  const number = matching ? scope.querySelector("[data-total]")?.dataset.total : chosen.length;
  if (bar) bar.hidden = chosen.length === 0;
  scope
    .querySelectorAll("[data-picked-count]")
    .forEach((place) => (place.textContent = words("picked", { n: number })));
  scope.querySelectorAll("[data-pick-all]").forEach((button) => (button.hidden = matching));
}

function setMatching(scope, yes) {
  const field = scope.querySelector("[name=all_matching]");
  if (field) field.value = yes ? "1" : "";
}

function range(scope, box) {
  const all = boxes(scope);
  const from = all.indexOf(last);
  const to = all.indexOf(box);
  if (from < 0) return;
  all.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((b) => (b.checked = box.checked));
}

/** Untick everything; true when there was something to untick. */
export function clearSelection() {
  let any = false;
  document.querySelectorAll("[data-selection]").forEach((scope) => {
    const chosen = boxes(scope).filter((box) => box.checked);
    any ||= chosen.length > 0;
    chosen.forEach((box) => (box.checked = false));
    setMatching(scope, false);
    if (chosen.length) refresh(scope);
  });
  if (any) announce(words("unpicked"));
  return any;
}

function selectAll(scope) {
  boxes(scope).forEach((box) => (box.checked = true));
  setMatching(scope, true);
  refresh(scope);
  announce(scope.querySelector("[data-picked-count]")?.textContent ?? "");
}

export function startSelection() {
  let shift = false;
  on("click", `[data-selection] ${BOX}`, (event, box) => {
    shift = event.shiftKey;
    if (shift) range(scopeOf(box), box);
    last = box;
    setMatching(scopeOf(box), false);
    refresh(scopeOf(box));
  });
  on("change", "[data-pick-page]", (event, box) => {
    const scope = scopeOf(box);
    boxes(scope).forEach((b) => (b.checked = box.checked));
    setMatching(scope, false);
    refresh(scope);
  });
  on("click", "[data-pick-all]", (event, button) => {
    // Without an exact count the button asks for it first (htmx); the answer, #total, finishes the choice.
    if (button.dataset.pickAll === "exact") selectAll(scopeOf(button));
    else button.dataset.waiting = "1";
  });
  on("click", "[data-unpick]", () => clearSelection());
  document.addEventListener("htmx:afterSwap", (event) => {
    document.querySelectorAll("[data-pick-all][data-waiting]").forEach((button) => {
      if (event.detail.elt.id !== "total" && event.detail.target.id !== "total") return;
      delete button.dataset.waiting;
      button.dataset.pickAll = "exact";
      selectAll(scopeOf(button));
    });
  });
  document.addEventListener("htmx:load", (event) => {
    const scope =
      event.detail.elt.closest?.("[data-selection]") ??
      event.detail.elt.querySelector?.("[data-selection]");
    if (scope) refresh(scope);
  });
  // After "back" browsers keep the ticks: show what is true.
  addEventListener("pageshow", () =>
    document.querySelectorAll("[data-selection]").forEach(refresh),
  );
  document.querySelectorAll("[data-selection]").forEach(refresh);
}
