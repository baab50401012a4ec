// Short messages. The server sends one with `HX-Trigger: {"note": {"text": "…", "kind": "good|bad|warn"}}`;
// messages that came with the page can be put away.

import { announce, on, words } from "./dom.js";

const ICONS = { good: "circle-check", bad: "alert-circle", warn: "alert-triangle" };

/** The box of a message, to be put where it is read. */
export function noteBox(text, kind = "good") {
  const model = document.getElementById("texts").content.querySelector("[data-note]");
  const box = model.cloneNode(true);
  const use = box.querySelector("use");
  use.setAttribute(
    "href",
    use.getAttribute("href").replace(/#.*/, `#${ICONS[kind] ?? ICONS.good}`),
  );
  box.querySelector("[data-note-text]").textContent = text;
  return box;
}

export function note(text, kind = "good") {
  const place = document.getElementById("toasts");
  if (!place) return;
  // What is asked for again and again may fail again and again: once said is enough.
  const said = [...place.querySelectorAll("[data-note-text]")].map((p) => p.textContent);
  if (said.includes(text)) return;
  const box = noteBox(text, kind);
  place.append(box);
  // An error stays until it is put away; the rest goes by itself.
  if (kind !== "bad") setTimeout(() => box.remove(), 6000);
}

export function startNotes() {
  document.body.addEventListener("note", (event) => {
    note(event.detail.text ?? event.detail.value, event.detail.kind);
  });
  document.body.addEventListener("say", (event) =>
    announce(event.detail.text ?? event.detail.value),
  );
  on("click", "[data-note-close]", (event, button) => button.closest(".note").remove());
  addEventListener("offline", () => note(words("offline"), "bad"));
}
