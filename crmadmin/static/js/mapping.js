// The columns and values of an import: choosing a record means "match", and the foot says what not deciding costs.

import { on, words } from "./dom.js";

function undecided(item) {
  const how = item.querySelector("input[type=radio]:checked")?.value;
  if (how === "create" || how === "blank") return false;
  return !item.querySelector("[data-value-to]").value;
}

function price(form) {
  const columns = [...form.querySelectorAll("[data-map-field]")].filter((s) => !s.value).length;
  const open = [...form.querySelectorAll("[data-value]")].filter(undecided);
  const sum = open.reduce((all, item) => all + Number(item.dataset.rows), 0);
  const rows = Math.min(sum, Number(form.dataset.total) || sum);
  const show = new Intl.NumberFormat(document.documentElement.lang);
  const values = {
    columns: show.format(columns),
    values: show.format(open.length),
    rows: show.format(rows),
  };
  if (!open.length) return columns ? words("columns_undecided", values) : "";
  return columns ? words("both_undecided", values) : words("values_undecided", values);
}

function mark(select) {
  const isOpen = !select.value;
  select.classList.toggle("is-pending", isOpen);
  select.closest("[data-map-row]")?.classList.toggle("warnrow", isOpen);
}

export function startMapping() {
  const rows = document.querySelector("[data-heads]");
  const header = rows?.querySelector("input:checked")?.closest("label");
  if (header) rows.scrollTop = header.offsetTop - header.offsetHeight;
  on("change", "[data-mapping]", (event, form) => {
    const item = event.target.closest("[data-value]");
    if (item && event.target.matches("[data-value-to]") && event.target.value) {
      item.querySelector("input[value=match]").checked = true;
    }
    if (item) {
      item.querySelector("[data-value-to]").classList.toggle("is-pending", undecided(item));
    }
    if (event.target.matches("[data-map-field]")) mark(event.target);
    document.querySelector("[data-price]").textContent = price(form);
  });
}
