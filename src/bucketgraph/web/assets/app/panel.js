// The side panel: any link with data-panel="address" opens there, Esc closes it, its edge can be dragged.
import { each, icon, make } from "./dom.js";

const KEY = "bucketgraph.panel";
const LEAST = 280;
const STEP = 24;
let before = null;

const panel = () => document.getElementById("panel");

/** Open an address of this server in the side panel. */
export function open(address, opener = document.activeElement) {
  const shown = panel();
  if (!shown) return location.assign(address);
  before = opener;
  shown.hidden = false;
  shown.setAttribute("aria-busy", "true");
  window.htmx.ajax("GET", address, { target: "#panel-content", swap: "innerHTML" }).then(() => {
    shown.removeAttribute("aria-busy");
    shown.scrollTop = 0;
  });
  return undefined;
}

function close() {
  panel().hidden = true;
  document.getElementById("panel-content")?.replaceChildren();
  if (before?.isConnected) before.focus();
}

function resize(width) {
  const fitting = Math.round(Math.max(LEAST, Math.min(width, innerWidth * 0.6)));
  document.documentElement.style.setProperty("--panel", `${fitting}px`);
  panel().querySelector(".panel-grip")?.setAttribute("aria-valuenow", String(fitting));
  try {
    localStorage.setItem(KEY, String(fitting));
  } catch {
    // a width that is forgotten does no harm
  }
}

function grip() {
  const made = make("div", {
    class: "panel-grip", role: "separator", tabindex: "0",
    "aria-orientation": "vertical", "aria-label": "Width of the side panel",
    "aria-valuemin": String(LEAST), "aria-valuenow": "420",
  });
  made.addEventListener("pointerdown", (event) => {
    made.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  made.addEventListener("pointermove", (event) => {
    if (made.hasPointerCapture(event.pointerId)) resize(innerWidth - event.clientX);
  });
  made.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: STEP, ArrowRight: -STEP }[event.key];
    if (by) resize(panel().offsetWidth + by);
  });
  return made;
}

each("#panel", (shown) => {
  const button = make(
    "button",
    { type: "button", class: "button quiet icon-only panel-close", "aria-label": "Close the side panel", onclick: close },
    icon("close"),
  );
  const content = shown.querySelector("#panel-content") ?? make("div", { id: "panel-content" });
  shown.prepend(grip(), button);
  if (!content.isConnected) shown.append(content);
  const kept = Number(localStorage.getItem(KEY));
  if (kept) resize(kept);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-panel]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || !panel()) return;
  event.preventDefault();
  open(link.dataset.panel, link);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (panel() && !panel().hidden) close();
  else document.querySelector("details.menu[open]")?.removeAttribute("open");
});

document.addEventListener("bg:open", (event) => open(event.detail.address, event.target));

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
});
