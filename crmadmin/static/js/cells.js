// Bad cells of the preview. One is sent when it is left with another text. The answer replaces the whole row, so what
// was typed in that row while it was on its way is put back, and sent in its turn when it was left meanwhile. The
// button that imports waits until every correction is in.

import { on } from "./dom.js";

const CELL = "[data-cell]";
let late = [];
let onTheirWay = 0;
let waiting = null;

function cellsOf(row) {
  return [...row.querySelectorAll(CELL)];
}

function rowOf(event) {
  const row = event.detail.target;
  return row instanceof Element && row.matches("tr") ? row : null;
}

function putBack() {
  const forms = new Set();
  for (const { id, text, isTyping } of late) {
    const cell = document.getElementById(id);
    if (!cell?.matches(CELL) || cell.value === text) continue;
    cell.value = text;
    if (isTyping) cell.focus();
    else forms.add(cell.form);
  }
  late = [];
  forms.forEach((form) => form.requestSubmit());
}

function goOn() {
  if (!waiting || onTheirWay) return;
  const { form, button } = waiting;
  waiting = null;
  form.requestSubmit(button);
}

function hold(event) {
  if (!onTheirWay || !event.target.matches("[data-after-cells]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  waiting = { form: event.target, button: event.submitter };
}

export function startCells() {
  document.addEventListener("submit", hold, true);
  on("focusout", CELL, (event, cell) => {
    if (cell.isConnected && cell.value !== cell.defaultValue) cell.form?.requestSubmit();
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const row = rowOf(event);
    if (!row) return;
    onTheirWay += 1;
    cellsOf(row).forEach((cell) => (cell.sent = cell.value));
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!rowOf(event)) return;
    onTheirWay -= 1;
    // What was left meanwhile goes out first.
    setTimeout(goOn, 60);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const row = rowOf(event);
    if (!row || !event.detail.shouldSwap) return;
    late = cellsOf(row)
      .filter((cell) => cell.sent !== undefined && cell.value !== cell.sent)
      .map((cell) => ({
        id: cell.id,
        text: cell.value,
        isTyping: cell === document.activeElement,
      }));
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (late.length) putBack();
  });
}
