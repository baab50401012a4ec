// A place to drop a file on: hands the file to the file input inside it and says its name and size.

import { announce, on, words } from "./dom.js";

function size(bytes) {
  const format = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
  return bytes < 1024 * 1024
    ? `${format.format(bytes / 1024)} KB`
    : `${format.format(bytes / 1024 / 1024)} MB`;
}

function show(zone, input) {
  const file = input.files[0];
  const scope = zone.closest("form") ?? document;
  const place = scope.querySelector("[data-drop-file]");
  if (place) place.hidden = !file;
  scope.querySelectorAll("[data-drop-kept]").forEach((p) => (p.hidden = Boolean(file)));
  scope.querySelectorAll("[data-drop-name]").forEach((p) => (p.textContent = file?.name ?? ""));
  scope
    .querySelectorAll("[data-drop-size]")
    .forEach((p) => (p.textContent = file ? size(file.size) : ""));
  const limit = Number(zone.dataset.maxBytes);
  const tooBig = Boolean(file && limit && file.size > limit);
  input.setCustomValidity(tooBig ? words("file_too_large", { size: size(limit) }) : "");
  if (file) announce(tooBig ? input.validationMessage : `${file.name}, ${size(file.size)}`);
  if (tooBig) input.reportValidity();
}

export function startDrop() {
  for (const type of ["dragenter", "dragover"]) {
    on(type, "[data-drop]", (event, zone) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  on("dragleave", "[data-drop]", (event, zone) => {
    if (!zone.contains(event.relatedTarget)) zone.classList.remove("is-over");
  });
  on("drop", "[data-drop]", (event, zone) => {
    event.preventDefault();
    zone.classList.remove("is-over");
    const input = zone.querySelector("input[type=file]");
    if (!event.dataTransfer.files.length) return;
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  on("change", "[data-drop] input[type=file]", (event, input) =>
    show(input.closest("[data-drop]"), input),
  );
  on("click", "[data-drop-clear]", (event, button) => {
    const zone = (button.closest("form") ?? document).querySelector("[data-drop]");
    const input = zone.querySelector("input[type=file]");
    input.value = "";
    show(zone, input);
    input.focus();
  });
}
