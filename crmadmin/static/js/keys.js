// Keys of the whole page: Ctrl K quick search · / search here · ↑ ↓ rows · Space tick · Enter open · E edit ·
// Ctrl Enter save · Esc unselect (menus and dialogs close themselves). Letters never act while one types.

import { isTyping } from "./dom.js";
import { openQuick } from "./quick.js";
import { clearSelection } from "./selection.js";

const ROWS = "main .tbl tbody tr[data-id]";

function busy(target) {
  return isTyping(target) || target.closest?.("[popover], dialog, .ts-wrapper, [role=tablist]");
}

function moveRow(event) {
  const rows = [...document.querySelectorAll(ROWS)];
  if (!rows.length || event.altKey) return;
  const now = rows.indexOf(document.activeElement.closest?.("tr[data-id]"));
  const next =
    rows[Math.max(0, Math.min(rows.length - 1, now + (event.key === "ArrowDown" ? 1 : -1)))];
  event.preventDefault();
  next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function inRow(event, row) {
  const act = {
    " ": () => row.querySelector("[name=ids], [data-tick]")?.click(),
    Enter: () => row.querySelector("[data-open], a.name")?.click(),
    e: () => row.querySelector("[data-edit], [data-open], a.name")?.click(),
    E: () => row.querySelector("[data-edit], [data-open], a.name")?.click(),
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function save(event) {
  const dialog = document.querySelector("dialog[open]");
  const button = (dialog ?? document).querySelector("[data-primary]:not([disabled])");
  if (!button) return;
  event.preventDefault();
  button.click();
}

function onKey(event) {
  const { key, target } = event;
  const command = event.ctrlKey || event.metaKey;
  if (command && key.toLowerCase() === "k") {
    event.preventDefault();
    openQuick();
  } else if (command && key === "Enter") {
    save(event);
  } else if (command || busy(target)) {
    return;
  } else if (key === "/") {
    event.preventDefault();
    document.querySelector("main input[type=search]")?.focus();
  } else if (key === "ArrowDown" || key === "ArrowUp") {
    moveRow(event);
  } else if (key === "Escape") {
    clearSelection();
  } else if (target.matches?.("tr[data-id]")) {
    inRow(event, target);
  }
}

export function startKeys() {
  document.addEventListener("keydown", onKey);
}
