// What the other modules share: delegated events, words of the page, spoken messages.

/** The field of a form that says which record it is about. */
export const MARK = "_mark";

/** Call `handler(event, element)` for events of `type` that happen in an element matching `selector`. */
export function on(type, selector, handler, options) {
  document.addEventListener(
    type,
    (event) => {
      const element = event.target instanceof Element ? event.target.closest(selector) : null;
      if (element) handler(event, element);
    },
    options,
  );
}

/** Run `setup` now for every match, and again for whatever htmx puts on the page later. */
export function each(selector, setup) {
  const run = (root) => {
    if (root.matches?.(selector)) setup(root);
    root.querySelectorAll?.(selector).forEach(setup);
  };
  run(document.documentElement);
  document.addEventListener("htmx:load", (event) => run(event.detail.elt));
}

/** A translated sentence from `<template id="texts">`, with its `{name}` places filled. */
export function words(key, values = {}) {
  const source = document.getElementById("texts")?.content.querySelector(`[data-key="${key}"]`);
  const text = source ? source.textContent.trim() : key;
  return text.replace(/\{(\w+)\}/g, (whole, name) =>
    name in values ? String(values[name]) : whole,
  );
}

/** Speak `text` to a screen reader without moving anything. */
export function announce(text) {
  const speaker = document.getElementById("speaker");
  if (!speaker) return;
  speaker.textContent = "";
  // A changed text is spoken; the same text set twice is not, so it is emptied a moment first.
  setTimeout(() => (speaker.textContent = text), 50);
}

export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

/** Which records this page was made of, as its forms say: an id alone may name another one by now. */
export function marks() {
  const fields = document.querySelectorAll(`input[name=${MARK}]`);
  return [...new Set([...fields].map((field) => field.value))];
}

/** The marks of this page as fields of a form that is sent, beside those that it has: what the form itself says of a
 *  record counts. They go in the body, for a header has room for a part of them only. */
export function marksBeside(own) {
  const record = (mark) => mark.slice(0, mark.lastIndexOf("."));
  const said = new Set(own.map(record));
  return marks()
    .filter((mark) => !said.has(record(mark)))
    .map((mark) => [MARK, mark]);
}

/** POST `fields` ([name, value] pairs) as a form; answers the Response. Throws when there is no network. */
export function post(url, fields) {
  const own = fields.filter(([name]) => name === MARK).map(([, value]) => value);
  return fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": csrfToken(), "X-Requested-With": "fetch" },
    body: new URLSearchParams([...fields, ...marksBeside(own)]),
    credentials: "same-origin",
  });
}

export function isTyping(target) {
  return (
    target instanceof Element &&
    target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]")
  );
}

/** Lower case without accents and with đ as d: what the server's search does, for lists filtered in the page. */
export function fold(text) {
  return text
    .toLowerCase()
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[đðɖ]/g, "d")
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
}
