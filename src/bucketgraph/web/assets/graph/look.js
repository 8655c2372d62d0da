// How nodes and edges look. Colours come from the page's tokens, so both themes hold.
import { look, picture } from "../types.js";

const SHOWN = 28;

/** Resolve a colour token as the page shows it now. */
export function colour(name) {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** Cut a name to what fits under a node; whole characters, so no emoji breaks. */
export function short(text, length = SHOWN) {
  const letters = [...String(text ?? "").replace(/\s+/gu, " ").trim().slice(0, 400)];
  return letters.length > length ? `${letters.slice(0, length - 1).join("")}…` : letters.join("");
}

export const number = (count) => count.toLocaleString("en");

/** What stands for a group: "1,240 pull requests". */
export const groupLabel = (group) => `${number(group.count)} ${look(group.type)[group.count === 1 ? "label" : "plural"].toLowerCase()}`;

/** Return the style sheet of the canvas for the theme of this moment. */
export function sheet() {
  const [text, muted, surface, line, accent] = ["--text", "--muted", "--surface", "--line-strong", "--accent"].map(colour);
  const faces = getComputedStyle(document.documentElement).fontFamily;
  return [
    {
      selector: "node",
      style: {
        width: 34, height: 34,
        "background-color": (node) => look(node.data("type")).colour,
        "background-image": (node) => picture(node.data("type")),
        "background-fit": "none", "background-width": 20, "background-height": 20,
        label: "data(shown)", "font-family": faces, "font-size": 11, color: text,
        "text-valign": "bottom", "text-margin-y": 5, "text-wrap": "wrap", "text-max-width": 130,
        "text-outline-color": surface, "text-outline-width": 2, "min-zoomed-font-size": 6,
        "border-width": 0, "overlay-opacity": 0,
      },
    },
    { selector: "node[?more]", style: { "outline-width": 1.5, "outline-offset": 3, "outline-style": "dashed", "outline-color": line } },
    {
      selector: "node.group",
      style: {
        shape: "round-rectangle", width: 46, height: 34,
        "outline-width": 2, "outline-offset": 3, "outline-color": (node) => look(node.data("type")).colour,
      },
    },
    { selector: "node.pinned", style: { shape: "round-rectangle" } },
    { selector: "node:selected", style: { "border-width": 4, "border-style": "solid", "border-color": accent } },
    { selector: "node.at", style: { "underlay-color": accent, "underlay-opacity": 0.35, "underlay-padding": 9, "underlay-shape": "ellipse" } },
    {
      selector: "edge",
      style: {
        width: 1.4, "line-color": line, "curve-style": "bezier",
        "target-arrow-shape": "triangle", "target-arrow-color": line, "arrow-scale": 0.8,
        "font-family": faces, "font-size": 10, color: muted,
        "text-rotation": "autorotate", "text-background-color": surface, "text-background-opacity": 1,
        "text-background-padding": 2, "min-zoomed-font-size": 7, "overlay-opacity": 0,
      },
    },
    { selector: "edge.group", style: { "line-style": "dashed", "target-arrow-shape": "none" } },
    { selector: "edge.near", style: { label: "data(verb)", width: 2.2, "line-color": accent, "target-arrow-color": accent } },
    { selector: ".on-path", style: { "line-color": accent, "target-arrow-color": accent, width: 3, label: "data(verb)" } },
    { selector: "node.on-path", style: { width: 40, height: 40, label: "data(shown)", "border-width": 4, "border-color": accent, "border-style": "solid" } },
    { selector: ".dim", style: { opacity: 0.22 } },
    { selector: ".off", style: { display: "none" } },
  ];
}
