// Forms: warn before leaving unsaved work, count characters, send once, go to the first error, show a password.

import { each, on, words } from "./dom.js";

const FIELD = "input, select, textarea";

function snapshot(form) {
  return new URLSearchParams(
    [...new FormData(form)].filter(([, value]) => typeof value === "string"),
  ).toString();
}

function guard(form) {
  // Tom Select and the browser's own filling change fields a moment after the page is there.
  setTimeout(() => (form.savedState = snapshot(form)), 200);
}

/** True when a guarded form on the page has changes that were not sent. */
function unsaved() {
  return [...document.querySelectorAll("form[data-guard]")].some(
    (form) =>
      form.savedState !== undefined && !form.dataset.sent && form.savedState !== snapshot(form),
  );
}

function counter(area) {
  const place = document.getElementById(area.dataset.counter);
  if (!place) return;
  const format = new Intl.NumberFormat(document.documentElement.lang);
  place.textContent = words("characters", {
    n: format.format([...area.value].length),
    max: format.format(Number(area.getAttribute("maxlength"))),
  });
}

function once(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method === "get" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  // A download leaves the page standing, and "back" brings it again: both may send anew.
  if (form.hasAttribute("data-again")) setTimeout(() => delete form.dataset.sent, 1500);
}

function focusFirstError() {
  const main = document.getElementById("main");
  const bad = main?.querySelector("[autofocus]") ?? main?.querySelector("[aria-invalid=true]");
  const field = bad?.tomselect?.control_input ?? bad;
  field?.focus();
}

function showPassword(button) {
  const field = document.getElementById(button.getAttribute("aria-controls"));
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  const use = button.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, shown ? "#eye-off" : "#eye"));
}

export function startForm() {
  each("form[data-guard]", guard);
  each("textarea[data-counter], input[data-counter]", counter);
  on("input", "[data-counter]", (event, area) => counter(area));
  document.addEventListener("submit", once);
  addEventListener("pageshow", () =>
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent),
  );
  addEventListener("beforeunload", (event) => {
    if (unsaved()) event.preventDefault();
  });
  on("click", "[data-show-password]", (event, button) => showPassword(button));
  // A link to a field is a link to its control, also where Tom Select stands in for it.
  on("click", 'a[href^="#"]', (event, link) => {
    const field = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field?.matches(FIELD)) return;
    event.preventDefault();
    (field.tomselect?.control_input ?? field).focus();
  });
  on("change", "[data-auto-submit]", (event, field) => field.form.requestSubmit());
  focusFirstError();
}
