// The order of a list, by dragging the grip or with Alt+↑/↓ on it: the rows move, the new order is posted to
// `data-order-url` as ids, and the place is spoken. A refusal puts the rows back.

import { announce, on, post, words } from "./dom.js";
import { note } from "./notes.js";

const rowsOf = (body) => [...body.querySelectorAll(":scope > tr[data-id]")];
const nameOf = (row) => row.querySelector(".name").textContent.trim();
const ids = (body) => rowsOf(body).map((row) => row.dataset.id);

let saving = Promise.resolve();
let timer = 0;

function renumber(body) {
  rowsOf(body).forEach((row, index, all) => {
    const place = row.querySelector("[data-position]");
    if (place) place.textContent = String(index + 1);
    const grip = row.querySelector("[data-grip]");
    grip?.setAttribute(
      "aria-label",
      words("move", { name: nameOf(row), at: index + 1, of: all.length }),
    );
  });
}

function restore(body, order) {
  order.forEach((id) =>
    body.append(body.querySelector(`:scope > tr[data-id="${CSS.escape(id)}"]`)),
  );
  renumber(body);
}

async function send(body) {
  const order = ids(body);
  const before = body.savedOrder;
  try {
    const answer = await post(
      body.dataset.orderUrl,
      order.map((id) => ["ids", id]),
    );
    if (!answer.ok) throw new Error(String(answer.status));
    body.savedOrder = order;
  } catch {
    restore(body, before);
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

function remember(body) {
  body.savedOrder ??= ids(body);
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

function startDrag(event, grip) {
  const row = grip.closest("tr");
  const body = row.parentElement;
  remember(body);
  const start = rowsOf(body).indexOf(row);
  grip.setPointerCapture(event.pointerId);
  row.classList.add("drag");
  const move = (now) => {
    const over = document
      .elementFromPoint(row.getBoundingClientRect().left + 40, now.clientY)
      ?.closest("tr[data-id]");
    if (!over || over === row || over.parentElement !== body) return;
    const box = over.getBoundingClientRect();
    if (now.clientY < box.top + box.height / 2) over.before(row);
    else over.after(row);
  };
  const end = () => {
    row.classList.remove("drag");
    grip.removeEventListener("pointermove", move);
    if (rowsOf(body).indexOf(row) !== start) save(body, row);
  };
  grip.addEventListener("pointermove", move);
  grip.addEventListener("lostpointercapture", end, { once: true });
  event.preventDefault();
  grip.focus();
}

export function startOrder() {
  on("keydown", "[data-order-url] [data-grip]", byKey);
  on("pointerdown", "[data-order-url] [data-grip]", (event, grip) => {
    if (event.button === 0) startDrag(event, grip);
  });
}
