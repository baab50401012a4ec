// The order of a list, by dragging the grip or with Alt+↑/↓ on it: the rows move, the new order is posted to
// `data-order-url`, each row with its place as it was shown, and the place is spoken. A refusal puts the rows back;
// where somebody changed the list meanwhile, it is shown anew. Rows that a filter or another page hides keep their
// places, so the shown ones change those that they have among themselves.

import { announce, on, post, words } from "./dom.js";
import { note } from "./notes.js";

const EDGE = 48; // so near to the table's edge it scrolls, by so much a frame:
const STEP = 8;

const rowsOf = (body) => [...body.querySelectorAll(":scope > tr[data-id]")];
const nameOf = (row) => row.querySelector(".name").textContent.trim();
const ids = (body) => rowsOf(body).map((row) => row.dataset.id);
const placeOf = (row) => row.querySelector("[data-position]");
const rowOf = (body, id) => body.querySelector(`:scope > tr[data-id="${CSS.escape(id)}"]`);

let saving = Promise.resolve();
let timer = 0;

function remember(body) {
  body.savedOrder ??= ids(body);
  body.places ??= rowsOf(body).map((row) => placeOf(row).textContent);
}

function renumber(body) {
  rowsOf(body).forEach((row, index, all) => {
    placeOf(row).textContent = body.places[index];
    const grip = row.querySelector("[data-grip]");
    grip?.setAttribute(
      "aria-label",
      words("move", { name: nameOf(row), at: index + 1, of: all.length }),
    );
  });
}

function restore(body, order) {
  order.forEach((id) => body.append(rowOf(body, id)));
  renumber(body);
}

// The rows in their new order, each with its proof and the place that it was shown at: the server moves nothing when
// another place is stored by now.
function asShown(body, order) {
  return order.map((id) => {
    const place = body.places[body.savedOrder.indexOf(id)];
    return ["rows", `${placeOf(rowOf(body, id)).dataset.position}:${place}`];
  });
}

async function showAnew(body) {
  const held = document.activeElement?.closest("tr[data-id]");
  const id = body.contains(held) ? held.dataset.id : null;
  const list = { target: "#results", select: "#results", swap: "outerHTML" };
  await window.htmx.ajax("GET", location.href, list);
  const now = document.querySelector("[data-order-url]");
  if (id && now) rowOf(now, id)?.querySelector("[data-grip]").focus();
}

async function send(body) {
  const order = ids(body);
  try {
    const answer = await post(body.dataset.orderUrl, asShown(body, order));
    const told = await answer.json();
    if (answer.status === 409) {
      note(told.error.message, "bad");
      await showAnew(body);
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    body.savedOrder = order;
    body.places = told.places;
    renumber(body);
  } catch {
    restore(body, body.savedOrder);
    note(words("order_failed"), "bad");
  }
}

function save(body, row) {
  renumber(body);
  const all = rowsOf(body);
  announce(words("moved", { name: nameOf(row), at: all.indexOf(row) + 1, of: all.length }));
  // Holding the key moves many places: one post for the lot, and never two at once.
  clearTimeout(timer);
  timer = setTimeout(() => (saving = saving.then(() => send(body))), 400);
}

function byKey(event, grip) {
  if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  const row = grip.closest("tr");
  const body = row.parentElement;
  remember(body);
  const other = event.key === "ArrowUp" ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  if (event.key === "ArrowUp") other.before(row);
  else other.after(row);
  grip.focus();
  save(body, row);
}

function moveTo(body, row, y) {
  for (const over of rowsOf(body)) {
    if (over === row) continue;
    const box = over.getBoundingClientRect();
    if (y < box.top || y > box.bottom) continue;
    if (y < box.top + box.height / 2) {
      if (over.previousElementSibling !== row) over.before(row);
    } else if (over.nextElementSibling !== row) over.after(row);
    return;
  }
}

function startDrag(event, grip) {
  const row = grip.closest("tr");
  const body = row.parentElement;
  remember(body);
  const before = ids(body);
  const box = body.closest(".scroll");
  let y = event.clientY;
  let frame = 0;
  // Not the grip, which moves with its row: taken out of the page for a moment it would lose the pointer.
  body.setPointerCapture(event.pointerId);
  row.classList.add("drag");
  const scroll = () => {
    const edges = box?.getBoundingClientRect();
    const by = !edges ? 0 : y < edges.top + EDGE ? -STEP : y > edges.bottom - EDGE ? STEP : 0;
    if (by) box.scrollTop += by;
    moveTo(body, row, y);
    frame = requestAnimationFrame(scroll);
  };
  const move = (now) => {
    y = now.clientY;
    moveTo(body, row, y);
  };
  const cancel = (now) => {
    if (now.key !== "Escape") return;
    now.preventDefault();
    now.stopPropagation();
    restore(body, before);
    end();
  };
  const end = () => {
    cancelAnimationFrame(frame);
    row.classList.remove("drag");
    body.removeEventListener("pointermove", move);
    body.removeEventListener("lostpointercapture", end);
    document.removeEventListener("keydown", cancel, true);
    grip.focus();
    if (ids(body).join() !== before.join()) save(body, row);
  };
  frame = requestAnimationFrame(scroll);
  body.addEventListener("pointermove", move);
  body.addEventListener("lostpointercapture", end);
  document.addEventListener("keydown", cancel, true);
  event.preventDefault();
  grip.focus();
}

export function startOrder() {
  on("keydown", "[data-order-url] [data-grip]", byKey);
  on("pointerdown", "[data-order-url] [data-grip]", (event, grip) => {
    if (event.button === 0) startDrag(event, grip);
  });
}
