// Short messages at the edge of the page, read out by screen readers.
import { icon } from "./dom.js";

const SHOWN_MS = 8000;
const SIGNS = { ok: "ok", warn: "warn", bad: "bad" };

function place() {
  let found = document.querySelector(".toasts");
  if (!found) {
    found = document.createElement("div");
    found.className = "toasts";
    found.setAttribute("role", "status");
    found.setAttribute("aria-live", "polite");
    document.body.append(found);
  }
  return found;
}

/** Show a message; bad news stays until it is closed. */
export function toast(text, kind = "") {
  if (!text) return;
  const shown = document.createElement("div");
  shown.className = `toast ${SIGNS[kind] ? kind : ""}`;
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button quiet icon-only";
  close.setAttribute("aria-label", "Close this message");
  close.append(icon("close"));
  close.addEventListener("click", () => shown.remove());
  shown.append(icon(SIGNS[kind] ?? "help"), words, close);
  place().append(shown);
  if (kind !== "bad") setTimeout(() => shown.remove(), SHOWN_MS);
}
