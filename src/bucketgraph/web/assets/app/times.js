// <time datetime="…" data-relative>: "3 min ago", the absolute moment in its title.
import { each } from "./dom.js";

const words = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** Return how long before or after `now` a moment is; both in epoch milliseconds. */
export function relative(moment, now) {
  const seconds = Math.round((moment - now) / 1000);
  const found = UNITS.find(([, length]) => Math.abs(seconds) >= length);
  if (!found) return Math.abs(seconds) < 5 ? "now" : words.format(seconds, "second");
  return words.format(Math.trunc(seconds / found[1]), found[0]);
}

function show(element) {
  const moment = Date.parse(element.dateTime);
  if (Number.isNaN(moment)) return;
  element.title ||= `${new Date(moment).toISOString().replace("T", " ").slice(0, 19)} UTC`;
  element.textContent = relative(moment, Date.now());
}

each("time[data-relative]", show);
const all = () => document.querySelectorAll("time[data-relative]").forEach(show);
setInterval(all, 20_000);
// What is morphed keeps its elements and gets the server's words anew.
document.addEventListener("htmx:after:swap", all);
