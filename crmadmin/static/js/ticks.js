// The ticks of the picker. They outlast pages, sorting, searches and a reload: a set of ids kept for this window,
// under the key of the form (`data-ticks`). "Select all N that match" is one word to the server, not N ticks; a tick
// taken away or another search ends it. What is ticked on other pages goes along in one hidden field.

import { announce, on, words } from "./dom.js";
import { note } from "./notes.js";

const MOST = 5000;
const BOX = "[data-tick]";
let chosen = { ids: new Set(), all: null };
let last = null;

const place = () => document.querySelector("[data-ticks]");
const boxes = () => [...document.querySelectorAll(BOX)];
const key = (form) => `ticks:${form}`;
const format = (number) =>
  new Intl.NumberFormat(document.documentElement.lang).format(Number(number));

/** What this window keeps under a name; with a value it is kept, with null forgotten. */
export function kept(name, value) {
  try {
    if (value === undefined) return sessionStorage.getItem(name);
    if (value === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, value);
  } catch {
    // Storage may be forbidden: then the ticks last as long as the page.
  }
  return null;
}

function keep() {
  const value = chosen.ids.size || chosen.all ? JSON.stringify({ ...chosen, ids: [...chosen.ids] }) : null;
  kept(key(place().dataset.ticks), value);
}

function remember() {
  try {
    const found = JSON.parse(kept(key(place().dataset.ticks)) ?? "{}");
    chosen = { ids: new Set(found.ids ?? []), all: found.all ?? null };
  } catch {
    chosen = { ids: new Set(), all: null };
  }
}

function sentence() {
  const ticked = format(chosen.ids.size);
  if (!chosen.all) return words("picked", { n: ticked });
  if (!chosen.ids.size) return words("picked", { n: chosen.all.total });
  return words("picked_both", { n: chosen.all.total, m: ticked });
}

function paint() {
  const form = place();
  if (!form) return;
  const all = boxes();
  for (const box of all) {
    box.checked = Boolean(chosen.all) || chosen.ids.has(box.value);
    const row = box.closest("tr");
    if (box.checked) row.setAttribute("aria-selected", "true");
    else row.removeAttribute("aria-selected");
  }
  const ticked = all.filter((box) => box.checked).length;
  const page = form.querySelector("[data-tick-page]");
  if (page) {
    page.disabled = all.length === 0;
    page.checked = all.length > 0 && ticked === all.length;
    page.indeterminate = ticked > 0 && !page.checked;
  }
  const here = new Set(all.map((box) => box.value));
  const other = form.querySelector("[data-ticks-other]");
  other.value = [...chosen.ids].filter((id) => chosen.all || !here.has(id)).join(" ");
  form.elements.all_matching.value = chosen.all ? "1" : "";
  const said = form.querySelector("[data-tick-count]");
  const text = sentence();
  if (said && said.textContent !== text) said.textContent = text;
  form.querySelectorAll("[data-tick-all]").forEach((button) => (button.hidden = Boolean(chosen.all)));
}

function changed() {
  keep();
  paint();
}

function tick(box, yes) {
  if (!yes) {
    chosen.ids.delete(box.value);
  } else if (chosen.ids.size < MOST) {
    chosen.ids.add(box.value);
  } else {
    note(words("too_many_ticks", { n: format(MOST) }), "warn");
  }
}

function endAll() {
  if (!chosen.all) return;
  // What is on the page was ticked for everybody to see: that stays.
  chosen.all = null;
  boxes().forEach((box) => box.checked && tick(box, true));
}

function clicked(event, box) {
  const all = boxes();
  endAll();
  const from = event.shiftKey ? all.indexOf(last) : -1;
  const to = all.indexOf(box);
  const range = from < 0 ? [box] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
  range.forEach((one) => tick(one, box.checked));
  last = box;
  changed();
}

function chooseAll(form) {
  // Those in sight are among all that match; ticks of other searches go along.
  boxes().forEach((box) => chosen.ids.delete(box.value));
  chosen.all = { query: form.dataset.ticksQuery, total: format(form.dataset.ticksTotal) };
  changed();
  announce(sentence());
}

/** Untick everything. */
export function forgetTicks() {
  if (!place()) return;
  chosen = { ids: new Set(), all: null };
  changed();
}

function drawn() {
  const form = place();
  if (!form) return;
  if (chosen.all && chosen.all.query !== form.dataset.ticksQuery) {
    chosen.all = null;
    keep();
    announce(words("all_ended"));
  }
  paint();
}

// A form that was sent keeps its ticks when it comes back with a problem, and loses them when it was done with.
function afterSending() {
  const sent = kept("ticks-sent");
  if (!sent) return;
  kept("ticks-sent", null);
  if (place()?.dataset.ticks !== sent) kept(key(sent), null);
}

export function startTicks() {
  afterSending();
  if (!place()) return;
  let asked = false;
  remember();
  drawn();
  on("click", BOX, clicked);
  on("change", "[data-tick-page]", (event, box) => {
    endAll();
    boxes().forEach((one) => tick(one, box.checked));
    changed();
  });
  on("click", "[data-tick-all]", (event, button) => {
    // Without an exact count the button asks for it first (htmx); the answer finishes the choice.
    if (button.dataset.tickAll === "exact") chooseAll(place());
    else asked = true;
  });
  document.addEventListener("htmx:load", (event) => {
    if (!event.detail.elt.querySelector?.(BOX) && !event.detail.elt.matches?.("[data-ticks]")) return;
    drawn();
    if (asked && place().dataset.ticksTotal) {
      asked = false;
      chooseAll(place());
    }
  });
  document.body.addEventListener("group-picked", forgetTicks);
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-group-form]")) kept("ticks-sent", place()?.dataset.ticks ?? null);
    const forgets = event.target.dataset?.ticksForget;
    if (forgets) {
      kept("ticks-sent", null);
      kept(key(forgets), null);
      chosen = { ids: new Set(), all: null };
    }
  });
  addEventListener("pageshow", paint);
}
