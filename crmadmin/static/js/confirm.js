// A question before a step that cannot be taken back, where no page of its own asks it:
// `data-confirm="…"` on a form's button. The text comes from the server.

import { on } from "./dom.js";

export function startConfirm() {
  on(
    "click",
    "[data-confirm]",
    (event, button) => {
      if (window.confirm(button.dataset.confirm)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
}
