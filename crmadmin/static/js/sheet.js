// The one dialog of the page, #sheet: htmx loads into it, this opens it, closes it and gives the focus back.
// The server closes it with `HX-Trigger: sheet-close`.

import { on } from "./dom.js";

let opener = null;

const sheet = () => document.getElementById("sheet");

export function openSheet(from = document.activeElement) {
  const dialog = sheet();
  if (!dialog.open) {
    opener = from;
    dialog.showModal();
  }
  const first =
    dialog.querySelector("[aria-invalid=true]") ??
    dialog.querySelector("[autofocus]") ??
    dialog.querySelector(".sheet-b :is(input:not([type=hidden]), select, textarea, button)") ??
    dialog.querySelector("button, a");
  first?.focus();
}

function closeSheet() {
  if (sheet()?.open) sheet().close();
}

export function startSheet() {
  const dialog = sheet();
  if (!dialog) return;
  document.addEventListener("htmx:beforeRequest", (event) => {
    // A menu item is gone by the time the answer comes: its menu's button is who opened the dialog.
    const from = event.detail.elt;
    const menu = from.closest("[popover]");
    if (!dialog.open && event.detail.target === dialog) {
      opener = menu ? (menu.opener ?? document.querySelector(`[popovertarget="${menu.id}"]`)) : from;
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === dialog && dialog.innerHTML.trim()) openSheet(opener);
  });
  on("click", "[data-sheet-close]", (event) => {
    event.preventDefault();
    closeSheet();
  });
  dialog.addEventListener("click", (event) => {
    const box = dialog.getBoundingClientRect();
    const outside = event.clientX < box.left || event.clientY < box.top;
    if (event.target === dialog && outside && !dialog.querySelector("form[data-guard]"))
      closeSheet();
  });
  dialog.addEventListener("close", () => {
    dialog.innerHTML = "";
    (opener?.isConnected ? opener : document.getElementById("main"))?.focus();
    opener = null;
  });
  document.body.addEventListener("sheet-close", closeSheet);
  // A choice whose answer is shown at once is no more the one that was refused.
  on("change", "#sheet [hx-get][aria-invalid]", (_event, select) => {
    const box = select.closest("[class^=c]:has(> .msg)");
    for (const field of box?.querySelectorAll("[aria-invalid]") ?? [select]) {
      field.removeAttribute("aria-invalid");
      field.classList.remove("is-invalid");
    }
    box?.querySelector(":scope > .msg")?.remove();
  });
}
