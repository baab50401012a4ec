// Columns of a list are made wider and narrower by the edge between two heads, or with Shift+← and Shift+→ on a head;
// a double click or Delete gives the width back that it had. Kept in this browser, for each user and list
// (`data-columns`). The table grows with its columns and scrolls in its frame.

import { announce, each, words } from "./dom.js";

const LEAST = 56;
const STEP = 16;
const MOST = 1200;

const key = (table) => `columns:${document.body.dataset.user ?? ""}:${table.dataset.columns}`;
const heads = (table) => [...table.querySelectorAll("thead th")];

function read(table) {
  try {
    const found = JSON.parse(localStorage.getItem(key(table)) ?? "{}");
    return found && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

function keep(table, widths) {
  try {
    if (Object.keys(widths).length) localStorage.setItem(key(table), JSON.stringify(widths));
    else localStorage.removeItem(key(table));
  } catch {
    // Storage may be forbidden: then the widths last as long as the page.
  }
}

const nameOf = (head) => head.textContent.trim();
const within = (width) => Math.round(Math.min(MOST, Math.max(LEAST, width)));

/** What was chosen, on the heads; the table is as wide as they are together. */
function apply(table, widths) {
  const known = heads(table).filter((head) => head.dataset.column);
  const chosen = known.some((head) => Number.isFinite(widths[head.dataset.column]));
  table.style.removeProperty("min-width");
  heads(table).forEach((head) => head.style.removeProperty("width"));
  if (!chosen) return;
  // Fixed before any changes: what is wider takes nothing from the others.
  const now = heads(table).map((head) => head.offsetWidth);
  let sum = 0;
  heads(table).forEach((head, index) => {
    const width = widths[head.dataset.column];
    const wanted = Number.isFinite(width) ? within(width) : now[index];
    head.style.width = `${wanted}px`;
    sum += wanted;
  });
  table.style.minWidth = `${sum}px`;
}

function set(table, head, width) {
  const widths = read(table);
  if (width === null) delete widths[head.dataset.column];
  else widths[head.dataset.column] = within(width);
  keep(table, widths);
  apply(table, widths);
}

function startDrag(event, edge, table, head) {
  if (event.button !== 0) return;
  event.preventDefault();
  const from = event.clientX;
  const width = head.offsetWidth;
  edge.setPointerCapture(event.pointerId);
  edge.classList.add("drag");
  const move = (now) => set(table, head, width + now.clientX - from);
  edge.addEventListener("pointermove", move);
  edge.addEventListener(
    "lostpointercapture",
    () => {
      edge.classList.remove("drag");
      edge.removeEventListener("pointermove", move);
    },
    { once: true },
  );
}

function byKey(event, table, head) {
  const by = event.shiftKey ? { ArrowLeft: -STEP, ArrowRight: STEP }[event.key] : undefined;
  if (by === undefined && event.key !== "Delete") return;
  event.preventDefault();
  event.stopPropagation();
  set(table, head, by === undefined ? null : head.offsetWidth + by);
  announce(words("column_width", { name: nameOf(head), n: head.offsetWidth }));
}

/** The edge is for pointers; keys work on what has the focus in the head, so that no stop is added to every list. */
function addEdge(table, head) {
  const edge = document.createElement("span");
  edge.className = "col-edge";
  edge.title = words("column_edge");
  edge.setAttribute("aria-hidden", "true");
  edge.addEventListener("pointerdown", (event) => startDrag(event, edge, table, head));
  edge.addEventListener("click", (event) => event.stopPropagation());
  edge.addEventListener("dblclick", () => set(table, head, null));
  head.append(edge);
  const place = head.querySelector("a") ?? head;
  if (place === head) head.tabIndex = 0;
  place.setAttribute("aria-keyshortcuts", "Shift+ArrowLeft Shift+ArrowRight Delete");
  place.addEventListener("keydown", (event) => byKey(event, table, head));
}

export function startColumns() {
  each("table[data-columns]", (table) => {
    heads(table).forEach((head) => {
      if (head.dataset.column && !head.querySelector(".col-edge")) addEdge(table, head);
    });
    apply(table, read(table));
  });
}
