// Small helpers that all parts use. Text is set as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** The address of the sprite that this page was given. */
export const sprite = () => document.querySelector('link[rel="icon-sprite"]')?.href ?? "";

/** Return an icon of the sprite; `type-…` names are those of entity types. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite()}#${name}`);
  svg.append(use);
  return svg;
}

/** Make an element: `make("button", {type: "button", class: "button"}, icon("fit"), "Fit")`. */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") made.toggleAttribute(name, value);
    else if (value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** Call `found` for each element that matches, now and whenever htmx brings new ones. */
export function each(selector, found) {
  const seen = new WeakSet();
  const look = (root) => {
    const all = [...(root.matches?.(selector) ? [root] : []), ...(root.querySelectorAll?.(selector) ?? [])];
    for (const element of all) {
      if (!seen.has(element)) {
        seen.add(element);
        found(element);
      }
    }
  };
  const start = () => look(document);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
  document.addEventListener("htmx:after:swap", start);
}

/** Tell whether somebody is writing here, so that single letters are text. */
export function isWriting(element) {
  return Boolean(element?.closest?.("input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable=true]"));
}

/** Return the JSON of an address of this server, or raise with the words that the server gave. */
export async function json(address, options = {}) {
  const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" }, ...options });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.error?.message ?? body.message ?? `The server answered ${answer.status}.`);
  return body;
}
