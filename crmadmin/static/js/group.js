// The form of a group beside its ticks: the picker that closes and opens again, texts that are on their way to the
// draft when the page goes, and a focus that stays where one works.

import { csrfToken, on } from "./dom.js";
import { forgetTicks, kept } from "./ticks.js";

const HALVES = "#members, #found";
let typed = null;
let left = null;

const texts = () => document.querySelector("[data-group-form]");

function snapshot(form) {
  return new URLSearchParams(
    [...new FormData(form)].filter(([name]) => ["name", "description"].includes(name)),
  );
}

// What the server has not heard of yet goes to the draft while the page goes; a reload is quicker than that, so the
// window keeps it as well.
function sendLate() {
  const form = texts();
  const late = snapshot(form);
  if (form.dataset.sent || form.known.toString() === late.toString()) return;
  kept(`typed:${form.dataset.kept}`, late.toString());
  late.set("version", form.elements.version.value);
  late.set("csrf_token", csrfToken());
  navigator.sendBeacon(form.dataset.textUrl, late);
}

function bringLate(form) {
  const name = `typed:${form.dataset.kept}`;
  const late = kept(name);
  kept(name, null);
  for (const [part, value] of new URLSearchParams(late ?? "")) {
    const field = form.elements[part];
    if (!field || field.value === value) continue;
    field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

// On a phone: a reload comes back to the part that was open, unless another one has a problem to show.
function restoreTab(form) {
  const name = `tab:${form.dataset.kept}`;
  on("click", "[role=tab]", (event, tab) => kept(name, tab.id));
  if (!document.querySelector("main [aria-invalid=true]")) {
    document.getElementById(kept(name) ?? "")?.click();
  }
}

function isOpen(yes) {
  const part = document.querySelector("[data-picker]");
  if (!part) return;
  part.toggleAttribute("data-closed", !yes);
  const address = new URL(location.href);
  if (yes) address.searchParams.delete("closed");
  else address.searchParams.set("closed", "1");
  history.replaceState(history.state, "", address);
}

// Focus: the row that was acted on goes or changes; the next one, at the same place, takes over.

function beforeSwap(event) {
  const { target } = event.detail;
  if (!(target instanceof Element) || !target.matches(HALVES)) return;
  const focused = document.activeElement;
  typed = focused?.id === "mq" ? focused.value : null;
  const row = focused?.closest?.("#members tbody tr");
  const rows = [...document.querySelectorAll("#members tbody tr")];
  left = target.contains(focused) ? { at: rows.indexOf(row) } : null;
}

function afterSettle() {
  const box = document.getElementById("mq");
  if (typed !== null && box && box.value !== typed) {
    box.value = typed;
    box.focus();
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }
  typed = null;
  if (left && (document.activeElement === document.body || !document.activeElement)) {
    const rows = [...document.querySelectorAll("#members tbody tr")];
    const row = left.at < 0 ? null : rows[Math.min(left.at, rows.length - 1)];
    const next = row?.querySelector("button") ?? document.getElementById("members-scroll");
    next?.focus({ preventScroll: true });
  }
  left = null;
}

export function startGroup() {
  const form = texts();
  if (!form) return;
  form.known = snapshot(form);
  // htmx listens a moment later than this runs.
  setTimeout(() => bringLate(form), 0);
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.elt.form === form) detail.requestConfig.typed = detail.elt.value;
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const text = detail.requestConfig?.typed;
    if (detail.successful && text !== undefined) form.known.set(detail.requestConfig.elt.name, text);
  });
  restoreTab(form);
  addEventListener("pagehide", sendLate);
  // What is thrown away is not to be begun anew by what was typed last.
  on("submit", "[data-ticks-forget]", () => (form.dataset.sent = "1"));
  document.addEventListener("htmx:beforeSwap", beforeSwap);
  document.addEventListener("htmx:afterSettle", afterSettle);
  on("click", "[data-picker-close]", () => {
    forgetTicks();
    isOpen(false);
    document.querySelector("[data-picker-open]")?.focus();
  });
  on("click", "[data-picker-open]", () => {
    isOpen(true);
    document.querySelector("#picker input:not([type=hidden])")?.focus();
  });
  // A name that is cut short is told whole to who points at it.
  on("pointerover", ".split .a-name > *", (event, name) => {
    const isCut = [name, name.parentElement].some((e) => e.scrollWidth > e.clientWidth);
    if (isCut) name.title = name.textContent;
  });
  // The list of steps stays as it was left.
  let open = false;
  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.id === "steps" && event.target.isConnected) open = event.target.open;
    },
    true,
  );
  document.addEventListener("htmx:load", (event) => {
    const steps = event.detail.elt.querySelector?.("#steps");
    if (steps) steps.open = open;
  });
}
