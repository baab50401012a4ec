// Choices: a native select shows the record's colour as a dot; more than ten options, several at once, or a list
// kept on the server become a Tom Select. The server's list answers {"results": [{id, text, hint, color}]} to ?q=.

import { each, on, words } from "./dom.js";

const MANY = 10;

function dot(color) {
  const mark = document.createElement("span");
  mark.className = `dot h-${color}`;
  return mark;
}

function line(data, hint) {
  const row = document.createElement("div");
  if (data.color) row.append(dot(data.color));
  const text = document.createElement("span");
  text.className = "cut";
  text.textContent = data.text;
  row.append(text);
  if (hint && data.hint) {
    const more = document.createElement("span");
    more.className = "ts-hint";
    more.textContent = data.hint;
    row.append(more);
  }
  return row;
}

async function load(url, query) {
  const address = new URL(url, location.href);
  address.searchParams.set("q", query);
  const answer = await fetch(address, {
    credentials: "same-origin",
    headers: { Accept: "application/json" },
  });
  if (!answer.ok) throw new Error(`look-up answered ${answer.status}`);
  return (await answer.json()).results;
}

function settings(select) {
  const url = select.dataset.remoteUrl;
  const plain = {
    valueField: "id",
    labelField: "text",
    searchField: url ? [] : ["text", "hint"],
    maxOptions: 200,
    plugins: select.multiple ? ["remove_button"] : [],
    allowEmptyOption: !select.multiple && [...select.options].some((o) => o.value === ""),
    placeholder: select.dataset.placeholder ?? "",
    closeAfterSelect: !select.multiple,
    diacritics: true,
    render: {
      option: (data) => line(data, true),
      item: (data) => line(data, false),
      no_results: () => {
        const none = document.createElement("div");
        none.className = "no-results";
        none.textContent = words("no_results");
        return none;
      },
      loading: () => {
        const wait = document.createElement("div");
        wait.className = "no-results";
        wait.textContent = words("loading");
        return wait;
      },
    },
  };
  if (!url) return plain;
  return {
    ...plain,
    preload: "focus",
    loadThrottle: 250,
    shouldLoad: () => true,
    // The server has searched already; nothing it sent is hidden again here.
    score: () => () => 1,
    load(query, done) {
      this.clearOptions((option) => this.items.includes(String(option.id)));
      load(url, query).then(done, () => done());
    },
  };
}

function options(select) {
  return [...select.options].map((o) => ({
    id: o.value,
    text: o.textContent.trim(),
    color: o.dataset.color,
    disabled: o.disabled,
  }));
}

function enhance(select) {
  if (select.tomselect || select.closest("template")) return;
  const needed = select.dataset.remoteUrl || select.multiple || select.options.length > MANY;
  if (!needed || !window.TomSelect) return;
  const selected = [...select.selectedOptions].map((o) => o.value);
  const tom = new window.TomSelect(select, {
    ...settings(select),
    options: options(select),
    items: selected,
  });
  // Its text box speaks for the select from here on, and has the focus if the select had it.
  if (document.activeElement === select) tom.control_input.focus();
  select.setAttribute("aria-hidden", "true");
  for (const name of ["aria-invalid", "aria-describedby"]) {
    if (select.hasAttribute(name)) tom.control_input.setAttribute(name, select.getAttribute(name));
  }
}

function paintDot(select) {
  const mark = select.parentElement?.querySelector(":scope > .dot");
  if (!mark) return;
  const color = select.selectedOptions[0]?.dataset.color;
  mark.hidden = !color || Boolean(select.tomselect);
  mark.className = `dot h-${color ?? "gray"}`;
}

/** Add `{id, text, color}` to a select (Tom Select or native) and choose it. */
function addAndChoose(select, { id, text, color, hint }) {
  if (select.tomselect) {
    select.tomselect.addOption({ id: String(id), text, color, hint });
    if (select.multiple) select.tomselect.addItem(String(id));
    else select.tomselect.setValue(String(id));
  } else {
    const option = new Option(text, id, true, true);
    if (color) option.dataset.color = color;
    select.add(option);
    paintDot(select);
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

export function startSelects() {
  each("select[data-select], select[data-remote-url]", (select) => {
    enhance(select);
    paintDot(select);
  });
  on("change", ".sel > select", (event, select) => paintDot(select));
  // A person found in the sheet is chosen as one just added would be.
  on("click", "[data-choose]", (event, button) => {
    const detail = JSON.parse(button.dataset.choose);
    document.body.dispatchEvent(new CustomEvent(button.dataset.chooseEvent, { detail }));
  });
  // Whatever a sheet added is chosen where it was asked for: the select names the event it waits for.
  document.body.addEventListener("collaborator-added", (event) => {
    document
      .querySelectorAll('select[data-adds="collaborator-added"]')
      .forEach((select) => addAndChoose(select, event.detail));
    document.body.dispatchEvent(new Event("sheet-close"));
  });
}
