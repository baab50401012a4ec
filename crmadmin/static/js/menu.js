// Menus and small panels: popovers (the browser opens, closes and layers them; this places them under their
// button and moves the focus). A button names its popover by `popovertarget`.

import { on } from "./dom.js";

const GAP = 4;
const EDGE = 8;

function opener(popover) {
  return popover.opener?.isConnected
    ? popover.opener
    : document.querySelector(`[popovertarget="${popover.id}"]:not([hidden])`);
}

/** Put `popover` under its button, inside the window; above it where there is more room. */
export function place(popover) {
  const button = popover.anchor?.isConnected ? popover.anchor : opener(popover);
  if (!button) return;
  const at = button.getBoundingClientRect();
  const width = popover.offsetWidth;
  const height = popover.offsetHeight;
  const fromEnd = popover.dataset.align !== "start";
  const left = fromEnd ? at.right - width : at.left;
  const below = at.bottom + GAP + height <= innerHeight - EDGE || at.top < height;
  popover.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
  popover.style.top = `${Math.max(EDGE, below ? at.bottom + GAP : at.top - GAP - height)}px`;
}

function items(popover) {
  return [...popover.querySelectorAll("[role=menuitem], [role=menuitemradio]")].filter(
    (i) => i.offsetParent !== null,
  );
}

function step(popover, key) {
  const all = items(popover);
  if (!all.length) return;
  const now = all.indexOf(document.activeElement);
  const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: all.length - 1 }[key];
  all[(next + all.length) % all.length].focus();
}

function typed(popover, letter) {
  const all = items(popover);
  const from = all.indexOf(document.activeElement) + 1;
  const next = [...all.slice(from), ...all.slice(0, from)].find((i) =>
    i.textContent.trim().toLowerCase().startsWith(letter),
  );
  next?.focus();
}

function onKey(event, popover) {
  if (["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) {
    event.preventDefault();
    step(popover, event.key);
  } else if (event.key === "Tab") {
    popover.hidePopover();
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && /\S/.test(event.key)) {
    typed(popover, event.key.toLowerCase());
  }
}

function onToggle(event) {
  const popover = event.target;
  if (!(popover instanceof HTMLElement) || !popover.matches("[popover].dropdown-menu")) return;
  const open = event.newState === "open";
  document
    .querySelectorAll(`[popovertarget="${popover.id}"]`)
    .forEach((b) =>
      b.setAttribute("aria-expanded", String(open && (b === popover.opener || !popover.opener))),
    );
  if (open) {
    place(popover);
    const first = popover.matches("[role=menu]")
      ? items(popover)[0]
      : popover.querySelector("input, select, button");
    (first?.tomselect?.control_input ?? first)?.focus();
  } else if (popover.contains(document.activeElement) || document.activeElement === document.body) {
    opener(popover)?.focus();
  }
}

export function startMenus() {
  // `toggle` does not bubble, but it can be caught on the way down.
  document.addEventListener("toggle", onToggle, true);
  on(
    "click",
    "[popovertarget]",
    (event, button) => {
      const popover = document.getElementById(button.getAttribute("popovertarget"));
      if (!popover) return;
      // A panel opened from a menu item stands where that menu stood.
      const menu = button.closest("[popover]");
      popover.opener = menu ? opener(menu) : button;
      popover.anchor = popover.opener;
    },
    true,
  );
  on("keydown", "[role=menu][popover]", onKey);
  on("keydown", "[aria-haspopup=menu][popovertarget]", (event, button) => {
    if (event.key !== "ArrowDown" || button.closest("[role=menu]")) return;
    event.preventDefault();
    const popover = document.getElementById(button.getAttribute("popovertarget"));
    popover.opener = popover.anchor = button;
    popover.showPopover();
  });
  on(
    "click",
    "[role=menu] [aria-disabled=true]",
    (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
  on("click", "[role=menuitem]", (event, item) => {
    if (item.getAttribute("aria-disabled") !== "true") item.closest("[popover]")?.hidePopover();
  });
  const replace = () => document.querySelectorAll(".dropdown-menu:popover-open").forEach(place);
  addEventListener("resize", replace);
  addEventListener("scroll", replace, true);
}
