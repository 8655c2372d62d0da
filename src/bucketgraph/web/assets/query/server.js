// Completion and checking are asked of the server: it alone knows the language and the graph.
import { json } from "../app/dom.js";

const WAIT_MS = 250;
const SECTIONS = { keyword: "keyword", class: "class", type: "type", verb: "method", property: "property", function: "function", value: "constant", alias: "variable" };

function form(fields) {
  const headers = { Accept: "application/json" };
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token) headers["X-CSRF-Token"] = token;
  return { method: "POST", headers, body: new URLSearchParams(fields) };
}

const counted = (option) =>
  [option.detail, option.count == null ? "" : option.count.toLocaleString("en")].filter(Boolean).join(" · ");

/** Offsets of the server count characters; those of the editor count UTF-16 units. */
export function toUnits(text, characters) {
  let units = 0;
  for (const letter of text) {
    if (characters-- <= 0) break;
    units += letter.length;
  }
  return units;
}

const toCharacters = (text, units) => [...text.slice(0, units)].length;

/** Return a completion source that asks `address`. */
export function completing(address) {
  return async (context) => {
    const text = context.state.doc.toString();
    if (!context.explicit && !/[\w.("'=]\s?$|\s$/.test(text.slice(0, context.pos))) return null;
    await new Promise((done) => setTimeout(done, context.explicit ? 0 : 80));
    if (context.aborted) return null;
    try {
      const found = await json(address, form({ query: text, at: toCharacters(text, context.pos) }));
      if (context.aborted || !found.options?.length) return null;
      const options = found.options.map((option, at) => ({
        label: option.label, detail: counted(option), type: SECTIONS[option.kind] ?? "text", boost: -Math.min(at, 99),
      }));
      return { from: toUnits(text, found.from), to: toUnits(text, found.to), options, filter: false };
    } catch {
      return null; // completion is a help; without the server one types on
    }
  };
}

/** Return a function that asks `address` a moment after the last call whether the text is right, and tells `heard`. */
export function checker(address, text, heard) {
  let waiting;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const asked = text();
      try {
        const { errors = [] } = asked.trim() ? await json(address, form({ query: asked })) : {};
        heard(asked, errors);
      } catch {
        // checking is a help; running the query tells what is wrong as well
      }
    }, WAIT_MS);
  };
}
