// A text that its cell cuts short is shown whole where one points or where the focus is. It stays while one points at
// it, and Esc takes it away. A screen reader has the whole text already.

const CELLS = ".tbl td, .tbl th, .tbl .name, .tbl .cut, .tbl .cut-b, .tbl .hue";
const GAP = 4;

let tip = null;
let shown = null;
let leaving = 0;

const isCut = (element) => element.scrollWidth > element.clientWidth + 1;

/** What cuts the text at `target` short: itself, something in it, or the cell around it. */
function cutAt(target) {
  if (!(target instanceof Element)) return null;
  const cell = target.closest(".tbl td, .tbl th");
  if (!cell) return null;
  const near = [...target.querySelectorAll(CELLS), target.closest(CELLS), cell];
  return near.find((element) => element && isCut(element) && element.textContent.trim()) ?? null;
}

function hide() {
  clearTimeout(leaving);
  if (tip?.matches(":popover-open")) tip.hidePopover();
  shown = null;
}

function show(element) {
  if (element === shown) {
    clearTimeout(leaving);
    return;
  }
  if (!tip) {
    tip = Object.assign(document.createElement("div"), { className: "tip", popover: "manual" });
    tip.setAttribute("aria-hidden", "true");
    tip.addEventListener("mouseenter", () => clearTimeout(leaving));
    tip.addEventListener("mouseleave", hide);
    document.body.append(tip);
  }
  clearTimeout(leaving);
  shown = element;
  element.removeAttribute("title"); // the browser's own would come on top
  tip.textContent = element.textContent.trim().replace(/\s+/g, " ");
  tip.showPopover();
  const box = element.getBoundingClientRect();
  const own = tip.getBoundingClientRect();
  const below = box.bottom + GAP + own.height < innerHeight;
  tip.style.left = `${Math.max(GAP, Math.min(box.left, innerWidth - own.width - GAP))}px`;
  tip.style.top = `${below ? box.bottom + GAP : Math.max(GAP, box.top - own.height - GAP)}px`;
}

export function startTips() {
  document.addEventListener("mouseover", (event) => {
    const cut = cutAt(event.target);
    if (cut) show(cut);
    else if (shown && event.target !== tip) {
      clearTimeout(leaving);
      leaving = setTimeout(hide, 200);
    }
  });
  document.addEventListener("focusin", (event) => {
    const cut = cutAt(event.target);
    if (cut && event.target.matches(":focus-visible")) show(cut);
    else hide();
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("scroll", hide, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shown) hide();
  });
  document.addEventListener("htmx:beforeSwap", hide);
}
