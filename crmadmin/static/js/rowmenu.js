// The menus of a list's rows. One menu serves all of them: what can be done with a row is loaded into it when it is
// opened. Without scripts the button is a link to a page with the same acts.

import { each, on, words } from "./dom.js";
import { place } from "./menu.js";

const menuOf = () => document.getElementById("row-menu");

async function open(link) {
  const menu = menuOf();
  if (menu.matches(":popover-open")) {
    menu.hidePopover();
    if (menu.opener === link) return;
  }
  menu.opener = menu.anchor = link;
  menu.setAttribute("aria-labelledby", link.getAttribute("aria-labelledby"));
  menu.textContent = words("loading");
  menu.showPopover();
  link.setAttribute("aria-expanded", "true");
  await window.htmx.ajax("GET", link.href, { target: menu, swap: "innerHTML" });
  const first = menu.querySelector("[role=menuitem]");
  if (!first) {
    menu.hidePopover();
    return;
  }
  place(menu);
  first.focus();
}

export function startRowMenus() {
  if (menuOf()) {
    each(".tbl-lean .dots", (link) => {
      link.setAttribute("role", "button");
      link.setAttribute("aria-haspopup", "menu");
      link.setAttribute("aria-expanded", "false");
    });
    on("click", ".dots", (event, link) => {
      if (!window.htmx) return;
      event.preventDefault();
      open(link);
    });
    on("keydown", ".dots", (event, link) => {
      if (event.key !== " " && event.key !== "ArrowDown") return;
      event.preventDefault();
      event.stopPropagation();
      open(link);
    });
    menuOf().addEventListener("toggle", (event) => {
      if (event.newState === "closed") menuOf().opener?.setAttribute("aria-expanded", "false");
    });
  }
}
