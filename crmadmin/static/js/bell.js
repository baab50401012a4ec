// The bell: opening it, and opening the import that it tells of, is having seen the news.

import { post } from "./dom.js";

async function see(url, fields) {
  try {
    const answer = await post(url, fields);
    return answer.ok;
  } catch {
    return false; // told again on the next page
  }
}

export function startBell() {
  const box = document.getElementById("bell");
  if (!box) return;
  const count = document.querySelector("[data-bell-count]");
  const here = document.querySelector("[data-seen]")?.dataset.seen;
  const item = here && box.querySelector(`[data-news="${here}"]`);
  if (item) {
    see(box.dataset.seenUrl, [["import", here]]);
    if (box.querySelectorAll("[data-news]").length === 1) count?.remove();
  }
  box.addEventListener("toggle", async (event) => {
    if (event.newState !== "open" || !count?.isConnected) return;
    if (await see(box.dataset.seenUrl, [])) count.remove();
  });
}
