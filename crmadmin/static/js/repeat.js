// Rows of a form that one can add and take away (the contacts of a customer). The empty row is a <template> whose
// names carry `__n__`; numbers are never used twice, the server reads whatever numbers come.

import { announce, on, words } from "./dom.js";

const ROW = "[data-repeat-row]";

function count(box) {
  const rows = box.querySelectorAll(ROW).length;
  box
    .querySelectorAll("[data-repeat-count]")
    .forEach((place) => (place.textContent = String(rows)));
  return rows;
}

function nextNumber(box) {
  const used = [...box.querySelectorAll(ROW)].map((row) => Number(row.dataset.repeatRow));
  const next = Math.max(Number(box.dataset.next ?? 0), ...used.map((n) => n + 1), 0);
  box.dataset.next = String(next + 1);
  return next;
}

function add(box) {
  const number = nextNumber(box);
  const html = box
    .querySelector("template[data-repeat-template]")
    .innerHTML.replaceAll("__n__", String(number));
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const row = holder.content.querySelector(ROW);
  box.querySelector("[data-repeat-rows]").append(row);
  window.htmx?.process(row);
  // The first person of a customer is the one to call.
  if (count(box) === 1) row.querySelector("[data-only-one]")?.click();
  row.querySelector("input:not([type=hidden], [type=radio], [type=checkbox])")?.focus();
  box.closest("form")?.dispatchEvent(new Event("change", { bubbles: true }));
  announce(words("row_added"));
}

function remove(box, row) {
  const beside = row.nextElementSibling ?? row.previousElementSibling;
  const wasMain = row.querySelector("[data-only-one]")?.checked;
  row.remove();
  count(box);
  if (wasMain) box.querySelector("[data-only-one]")?.click();
  (
    beside?.querySelector("[data-repeat-remove]") ?? box.querySelector("[data-repeat-add]")
  )?.focus();
  box.closest("form")?.dispatchEvent(new Event("change", { bubbles: true }));
  announce(words("row_removed"));
}

export function startRepeat() {
  on("click", "[data-repeat-add]", (event, button) => add(button.closest("[data-repeat]")));
  on("click", "[data-repeat-remove]", (event, button) =>
    remove(button.closest("[data-repeat]"), button.closest(ROW)),
  );
  // One of many: choosing one takes the mark from the others (each row has its own field, so not a radio group).
  on("change", "[data-only-one]", (event, chosen) => {
    if (!chosen.checked) return;
    chosen
      .closest("[data-repeat]")
      .querySelectorAll("[data-only-one]")
      .forEach((other) => (other.checked = other === chosen));
  });
}
