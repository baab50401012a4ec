// The address of a list holds its filters: sharing it is copying it. Without scripts the address bar does that, so
// the button shows only where this runs.

import { each, on, words } from "./dom.js";
import { note } from "./notes.js";

async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Without TLS there is no clipboard to write to, but a selection can still be copied.
  const box = document.createElement("textarea");
  box.value = text;
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}

export function startShare() {
  each("[data-share]", (button) => (button.hidden = false));
  on("click", "[data-share]", async () => {
    try {
      await copy(location.href);
      note(words("link_copied"));
    } catch {
      window.prompt("", location.href);
    }
  });
}
