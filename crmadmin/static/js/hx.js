// htmx: the token on every write, tidy addresses, and what is shown when an answer is not a good one.

import { isCellLater } from "./cells.js";
import { csrfToken, each, MARK, marks, marksBeside, words } from "./dom.js";
import { note, noteBox } from "./notes.js";
import { openSheet } from "./sheet.js";

/** Events that ask the server something while a form is being filled in. */
const ASKED_BESIDE = ["input", "change"];

/** Proxies take 8 KB of a header at most. */
const MARKS_OF_A_HEADER = 50;

function configure(event) {
  const { verb, headers, formData, parameters } = event.detail;
  const data = formData ?? parameters;
  if (verb !== "get") {
    headers["X-CSRFToken"] = csrfToken();
    marksBeside(data.getAll(MARK)).forEach(([name, mark]) => data.append(name, mark));
    return;
  }
  // What only reads an id whose mark found no room reads what has that id by now.
  const seen = marks().slice(0, MARKS_OF_A_HEADER).join(" ");
  if (seen) headers["X-Marks"] = seen;
  // The address names only what is set: ?q=&owner= would be noise that people copy.
  for (const name of [...new Set(data.keys?.() ?? Object.keys(data))]) {
    const kept = (data.getAll?.(name) ?? [data[name]]).filter((value) => value !== "");
    data.delete?.(name);
    kept.forEach((value) => data.append?.(name, value));
  }
}

function beforeSwap(event) {
  const { xhr, target, requestConfig } = event.detail;
  // What refuses a cell for now is no row: in its place it would take away what was typed.
  if (event.detail.shouldSwap && xhr.status >= 400) {
    const isLater = isCellLater({ detail: { elt: requestConfig?.elt, xhr } });
    if (isLater) Object.assign(event.detail, { shouldSwap: false, isError: true });
  }
  const whole = /^\s*<!doctype/i.test(xhr.responseText ?? "");
  // A whole page that says what went wrong is no part of this one, wherever it was asked for.
  if (whole && xhr.status >= 400) {
    Object.assign(event.detail, { shouldSwap: false, isError: true });
    return;
  }
  const asked = new URL(event.detail.pathInfo?.finalRequestPath ?? location.href, location.href);
  const answered = xhr.responseURL ? new URL(xhr.responseURL) : asked;
  // Signed out meanwhile: the answer is the log-in page, which is not a part of this one.
  if (whole && answered.pathname !== asked.pathname && target !== document.body) {
    event.detail.shouldSwap = false;
    location.assign(xhr.responseURL);
  }
}

function showError(event) {
  const { xhr, elt } = event.detail;
  if (isCellLater(event)) return; // it is said at the cell, and sent again
  if (elt.matches("[data-poll]")) {
    // Asked again in a second; a dialog in the way would be worse than a late number.
    note(words("server_error", { status: xhr.status }), "bad");
    return;
  }
  const page = new DOMParser().parseFromString(xhr.responseText ?? "", "text/html");
  const error = page.querySelector("[data-error]");
  const sheet = document.getElementById("sheet");
  const model = document.getElementById("error-sheet");
  if (!error || !sheet || !model) {
    if (!sayInSheet(words("server_error", { status: xhr.status })))
      note(words("server_error", { status: xhr.status }), "bad");
    return;
  }
  // What only tells does not take the place of a form that is being filled in; what asks does.
  const foot = page.querySelector("main .foot");
  const told = [...error.querySelectorAll("h1, p")].map((part) => part.textContent.trim());
  if (!foot && !error.querySelector("form") && sayInSheet(told.join(" · "))) return;
  // Nobody pressed anything: who is typing goes on typing.
  if (ASKED_BESIDE.includes(event.detail.requestConfig?.triggeringEvent?.type)) {
    note(told.join(" · "), "bad");
    return;
  }
  const from = document.activeElement;
  sheet.replaceChildren(model.content.cloneNode(true));
  sheet.querySelector("[data-error-place]").replaceChildren(document.adoptNode(error));
  if (foot) sheet.append(document.adoptNode(foot));
  openSheet(from);
}

/** Say what went wrong above the form in the open dialog, which keeps what was typed; false where there is none. */
function sayInSheet(text) {
  const form = document.querySelector("#sheet[open] form");
  const place = form?.closest(".sheet-b") ?? form?.querySelector(".sheet-b") ?? form;
  if (!place) return false;
  place.querySelector(":scope > [data-refused]")?.remove();
  const box = noteBox(text, "bad");
  box.classList.add("note-bad");
  box.dataset.refused = "";
  box.setAttribute("role", "alert");
  place.prepend(box);
  box.scrollIntoView({ block: "nearest" });
  return true;
}

// Links that swap a part of the page say so once, around them: each is loaded from where it leads.
function swap(link) {
  link.setAttribute("hx-get", link.href);
  window.htmx?.process(link);
}

export function startHtmx() {
  each("[data-swaps] a", swap);
  document.body.addEventListener("htmx:configRequest", configure);
  document.body.addEventListener("htmx:beforeSwap", beforeSwap);
  document.body.addEventListener("htmx:responseError", showError);
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(name, (event) => {
      if (!isCellLater(event)) note(words("network_error"), "bad");
    });
  }
}
