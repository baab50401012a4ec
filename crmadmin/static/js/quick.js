// Ctrl K: one box for customers, groups, records, pages and commands. The server searches while one types; an empty
// box begins with the pages this window was on before. They are kept for the window and the user, no longer.

import { announce, each, on, words } from "./dom.js";

const MOST_RECENT = 6;

const box = () => document.getElementById("quick");
const input = () => document.getElementById("quick-q");
const list = () => document.getElementById("quick-list");
const key = () => `recent:${box().dataset.user}`;
const options = () => [...list().querySelectorAll("[role=option]")];

function mark(line) {
  for (const other of options()) other.setAttribute("aria-selected", String(other === line));
  if (line) input().setAttribute("aria-activedescendant", line.id);
  else input().removeAttribute("aria-activedescendant");
  line?.scrollIntoView({ block: "nearest" });
}

function recent() {
  try {
    return JSON.parse(sessionStorage.getItem(key()) ?? "[]");
  } catch {
    return [];
  }
}

// What a list is narrowed by, in words: the saved view, or what is searched and chosen.
function narrowed() {
  const view = document.querySelector("#views a[aria-current]:not(:first-child)");
  if (view) return [view.textContent.trim()];
  const chips = [...document.querySelectorAll("#filters .chip button")].map((chip) => chip.textContent.trim());
  return [document.getElementById("q")?.value.trim(), ...chips].filter(Boolean);
}

function remember() {
  const title = document.querySelector("h1")?.innerText.trim();
  const here = { url: location.pathname + location.search, text: [title, ...narrowed()].join(" · ") };
  if (!title || document.querySelector("[data-error]")) return;
  const pages = [here, ...recent().filter((page) => page.url !== here.url)].slice(0, MOST_RECENT + 1);
  try {
    sessionStorage.setItem(key(), JSON.stringify(pages));
  } catch {
    // Storage may be forbidden: then the box begins with the pages of the menu.
  }
}

function forget() {
  try {
    Object.keys(sessionStorage)
      .filter((name) => name.startsWith("recent:"))
      .forEach((name) => sessionStorage.removeItem(name));
  } catch {
    // Nothing was kept.
  }
}

function addRecent() {
  const pages = recent().filter((page) => page.url !== location.pathname + location.search);
  const model = list().querySelector("[role=group]");
  if (!pages.length || !model) return;
  const group = model.cloneNode(true);
  const line = group.querySelector("[role=option]");
  group.setAttribute("aria-labelledby", "quick-h0");
  group.querySelector(".quick-h").id = "quick-h0";
  group.querySelector(".quick-h").textContent = words("recent");
  const use = line.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#history"));
  group.querySelectorAll("[role=option]").forEach((other) => other.remove());
  pages.slice(0, MOST_RECENT).forEach((page, index) => {
    const made = line.cloneNode(true);
    made.id = `quick-0-${index}`;
    made.href = page.url;
    made.querySelector(".cut").textContent = page.text;
    made.querySelector(".push")?.remove();
    group.append(made);
  });
  list().prepend(group);
}

function filled() {
  if (!input().value.trim()) addRecent();
  mark(options()[0]);
  announce(list().querySelector("[data-quick-said]")?.textContent ?? "");
}

export function openQuick() {
  if (!box() || box().open) return;
  input().value = "";
  list().replaceChildren();
  box().showModal();
  input().focus();
  input().dispatchEvent(new Event("quick-open"));
}

function onKey(event) {
  const all = options();
  const now = all.findIndex((line) => line.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    mark(all[(now + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    all[now]?.click();
  }
}

export function startQuick() {
  if (!box()) {
    forget();
    return;
  }
  remember();
  document.body.addEventListener("htmx:pushedIntoHistory", () => setTimeout(remember, 50));
  each("[data-quick-open]", (link) => {
    link.setAttribute("role", "button");
    link.setAttribute("aria-haspopup", "dialog");
  });
  on("click", "[data-quick-open]", (event) => {
    event.preventDefault();
    openQuick();
  });
  on("keydown", "[data-quick-open]", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    openQuick();
  });
  on("keydown", "#quick-q", onKey);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === list()) filled();
  });
  box().addEventListener("click", (event) => {
    if (event.target === box()) box().close();
  });
}
