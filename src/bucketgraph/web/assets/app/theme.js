// Light, dark, or as the system says. Kept in this browser alone.
import { each } from "./dom.js";

const KEY = "bucketgraph.theme";
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage can be forbidden; then the system's wish holds
  }
}

const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);

function set(theme) {
  root.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // the page is right, only the next one will not know
  }
  tell();
}

function tell() {
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.setAttribute("aria-pressed", String(isDark()));
  }
  document.dispatchEvent(new CustomEvent("bg:theme"));
}

const kept = stored();
if (kept === "light" || kept === "dark") root.dataset.theme = kept;
dark.addEventListener("change", tell);
each("[data-theme-switch]", (button) => {
  button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => set(isDark() ? "light" : "dark"));
});
