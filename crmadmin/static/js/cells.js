// Bad cells of the preview. Enter and Tab lead to the next one, Shift Tab back, across the pages; Esc takes back what was
// typed, or leads to the row's button. A cell is sent when it is left with another text, one row at a time: each answer
// replaces its row. What could not be sent stays in its cell, is said there, and is sent again; whatever leads away from
// the page waits until all is in.

import { announce, on, words } from "./dom.js";
import { note } from "./notes.js";

const CELL = "[data-cell]";
const BAD = '[data-cell][aria-invalid="true"]';
const ROW = "[data-cells-row]";
const LATER = [0, 408, 425, 429, 500, 502, 503, 504];
const PATIENCE = [2, 4, 8, 15];

const queue = [];
const tries = new Map();
const onTheirWay = new Set();
let held = null;
let late = [];
let goOn = null;

const table = () => document.querySelector("[data-cells]");
const cellsOf = (row) => [...row.querySelectorAll(CELL)];
const isTyped = (cell) => cell.value !== cell.defaultValue;
const unsent = () => [...document.querySelectorAll(CELL)].filter(isTyped);

function rowOf(event) {
  const row = event.detail.target;
  return row instanceof Element && row.matches(ROW) ? row : null;
}

// Sending, one row at a time

function send(row) {
  if (onTheirWay.size) {
    if (!queue.includes(row.id)) queue.push(row.id);
    return;
  }
  const form = cellsOf(row)[0]?.form;
  if (form && cellsOf(row).some(isTyped)) form.requestSubmit();
}

function sendNext() {
  while (!onTheirWay.size && queue.length) {
    const row = document.getElementById(queue.shift());
    if (row) send(row);
  }
  if (!onTheirWay.size && !tries.size && goOn) {
    const leave = goOn;
    goOn = null;
    leave();
  }
}

function sendAgain(id) {
  const row = document.getElementById(id);
  if (row && cellsOf(row).some(isTyped)) send(row);
  else tries.delete(id);
  sendNext();
}

/** Whether leaving the page has to wait; `leave` is then called when everything is in. */
function waits(leave) {
  if (!onTheirWay.size && !queue.length && !tries.size) return false;
  goOn = leave;
  if (tries.size) {
    note(words("cells_wait"), "bad");
    [...tries.keys()].forEach(sendAgain);
  }
  return true;
}

// What could not be sent

function mark(cell) {
  const id = `${cell.id}-u`;
  if (document.getElementById(id)) return;
  const text = document.createElement("p");
  text.className = "msg msg-warn";
  text.id = id;
  text.textContent = words("cell_unsent");
  cell.after(text);
  cell.setAttribute("aria-describedby", `${cell.getAttribute("aria-describedby") ?? ""} ${id}`);
}

function keepFor(row, xhr) {
  const tried = tries.get(row.id) ?? 0;
  tries.set(row.id, tried + 1);
  cellsOf(row).filter(isTyped).forEach(mark);
  if (!tried) announce(words("cell_unsent"));
  const asked = Number(xhr?.getResponseHeader?.("Retry-After"));
  const seconds = Math.max(asked > 0 ? Math.min(asked, 60) : 0, PATIENCE[Math.min(tried, 3)]);
  setTimeout(() => sendAgain(row.id), seconds * 1000);
}

/** Whether a failed answer is to a cell that will be sent again, so that nobody else need speak of it. */
export function isCellLater(event) {
  const { elt, xhr } = event.detail;
  return Boolean(
    elt?.matches?.("form") && elt.closest(ROW) && LATER.includes(xhr?.status ?? 0),
  );
}

// Moving

function select(cell) {
  cell.focus();
  cell.select?.();
}

/** Go to the next bad cell, or the one before; false where there is none, and the key does what it does. */
function move(from, step) {
  const all = [...document.querySelectorAll(CELL)];
  const at = all.indexOf(from);
  const to =
    step > 0
      ? all.slice(at + 1).find((cell) => cell.matches(BAD))
      : all.slice(0, Math.max(at, 0)).reverse()[0];
  if (to) {
    select(to);
    return true;
  }
  const url = step > 0 ? table()?.dataset.next : table()?.dataset.prev;
  if (url) {
    if (isTyped(from)) send(from.closest(ROW));
    const leave = () => location.assign(url);
    if (!waits(leave)) leave();
    return true;
  }
  if (step < 0) return false;
  document.querySelector("[data-cells-end]")?.focus();
  return true;
}

function undo(cell) {
  if (isTyped(cell)) {
    cell.value = cell.defaultValue;
    cell.select();
  } else {
    cell.closest(ROW).querySelector("[data-row-act]")?.focus();
  }
}

function onKey(event, cell) {
  // Enter that ends a syllable of an input method is not ours.
  if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Enter" || event.key === "Tab") {
    const moved = move(cell, event.shiftKey ? -1 : 1);
    if (moved || event.key === "Enter") event.preventDefault();
  } else if (event.key === "Escape") {
    undo(cell);
  }
}

// A row is replaced: what was typed meanwhile and the focus go over to the new one

function holdRow(row) {
  late = cellsOf(row)
    .filter((cell) => cell.sent !== undefined && cell.value !== cell.sent)
    .map((cell) => ({ id: cell.id, text: cell.value }));
  const focus = document.activeElement;
  held = row.contains(focus)
    ? { row: row.id, id: focus.id, isAct: focus.matches("[data-row-act]") }
    : null;
  if (held?.id && focus.matches(CELL)) held.range = [focus.selectionStart, focus.selectionEnd];
}

function putBack() {
  for (const { id, text } of late) {
    const cell = document.getElementById(id);
    if (!cell?.matches(CELL)) continue;
    cell.value = text;
    if (cell !== document.activeElement) send(cell.closest(ROW));
  }
  late = [];
}

function focusAgain() {
  if (!held) return;
  const { row: id, id: was, isAct, range } = held;
  held = null;
  const same = document.getElementById(was);
  if (same) {
    if (same !== document.activeElement) same.focus();
    if (range && same.matches(CELL)) same.setSelectionRange(...range);
    return;
  }
  const row = document.getElementById(id);
  const follows = [...document.querySelectorAll(BAD)].find(
    (cell) =>
      row?.contains(cell) || row?.compareDocumentPosition(cell) & Node.DOCUMENT_POSITION_FOLLOWING,
  );
  const act = isAct && row?.querySelector("[data-row-act]");
  if (follows) select(follows);
  else (act || document.querySelector("[data-cells-end]"))?.focus();
}

function onAnswer(event) {
  const row = rowOf(event);
  if (!row) return;
  onTheirWay.delete(row.id);
  const { xhr, successful } = event.detail;
  // The answer to a cell took its row away: it is looked up by its number.
  if (successful) tries.delete(row.id);
  else if (isCellLater(event)) keepFor(document.getElementById(row.id) ?? row, xhr);
  // What was left meanwhile goes out first.
  setTimeout(sendNext, 60);
}

function onSubmit(event) {
  const form = event.target;
  if (form.hasAttribute("hx-post") || !table()) return;
  const button = event.submitter;
  if (!waits(() => form.requestSubmit(button))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function onLink(event, link) {
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (!table() || !isPlain || link.target || link.getAttribute("href").startsWith("#")) return;
  if (waits(() => location.assign(link.href))) event.preventDefault();
}

function onAct(event, button) {
  if (!waits(() => document.getElementById(button.id)?.click())) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

export function startCells() {
  on("click", "[data-row-act]", onAct, true);
  document.addEventListener("submit", onSubmit, true);
  on("click", "a[href]", onLink);
  on("keydown", CELL, onKey);
  // The page begins in a cell: what is typed replaces what is wrong in it, as wherever a key leads.
  if (document.activeElement?.matches(CELL)) document.activeElement.select();
  on("focusout", CELL, (event, cell) => {
    if (cell.isConnected && isTyped(cell)) send(cell.closest(ROW));
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const row = rowOf(event);
    if (!row) return;
    onTheirWay.add(row.id);
    cellsOf(row).forEach((cell) => (cell.sent = cell.value));
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const row = rowOf(event);
    if (row && event.detail.shouldSwap) holdRow(row);
  });
  document.addEventListener("htmx:afterRequest", onAnswer);
  document.addEventListener("htmx:afterSettle", () => {
    putBack();
    focusAgain();
  });
  addEventListener("online", () => [...tries.keys()].forEach(sendAgain));
  addEventListener("beforeunload", (event) => {
    if (unsent().length) event.preventDefault();
  });
}
