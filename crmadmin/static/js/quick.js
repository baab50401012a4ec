// Ctrl K: one box for the pages of the side navigation and, first, a search for customers. Nothing is asked of the
// server until a line is chosen.

import { fold, on } from "./dom.js";

const box = () => document.getElementById("quick");

function lines() {
  return [...box().querySelectorAll("[role=option]:not([hidden])")];
}

function mark(line) {
  lines().forEach((l) => l.setAttribute("aria-selected", String(l === line)));
  box()
    .querySelector("input")
    .setAttribute("aria-activedescendant", line?.id ?? "");
  line?.scrollIntoView({ block: "nearest" });
}

function fill() {
  const list = box().querySelector("[role=listbox]");
  if (list.dataset.filled) return;
  list.dataset.filled = "1";
  const model = list.querySelector("template");
  document.querySelectorAll(".side a[data-path]").forEach((link, index) => {
    const line = model.content.firstElementChild.cloneNode(true);
    line.id = `quick-${index}`;
    line.dataset.url = link.href;
    line.querySelector("[data-quick-text]").textContent = link.dataset.path;
    list.append(line);
  });
}

function narrow(text) {
  const wanted = fold(text.trim());
  for (const line of box().querySelectorAll("[role=option]")) {
    const isSearch = line.hasAttribute("data-quick-search");
    line.hidden = isSearch ? !wanted : !fold(line.textContent).includes(wanted);
    if (isSearch) line.querySelector("[data-quick-term]").textContent = text.trim();
  }
  mark(lines()[0]);
}

function go(line) {
  if (!line) return;
  const url = new URL(line.dataset.url, location.href);
  if (line.hasAttribute("data-quick-search"))
    url.searchParams.set("q", box().querySelector("input").value.trim());
  location.assign(url);
}

export function openQuick() {
  if (!box() || box().open) return;
  fill();
  box().querySelector("input").value = "";
  narrow("");
  box().showModal();
  box().querySelector("input").focus();
}

function onKey(event) {
  const all = lines();
  const now = all.findIndex((l) => l.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    mark(all[(now + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    go(all[now]);
  }
}

export function startQuick() {
  if (!box()) return;
  on("click", "[data-quick-open]", openQuick);
  on("input", "#quick input", (event, input) => narrow(input.value));
  on("keydown", "#quick input", onKey);
  on("click", "#quick [role=option]", (event, line) => go(line));
  box().addEventListener("click", (event) => {
    if (event.target === box()) box().close();
  });
}
