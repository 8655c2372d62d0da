// PNG by the canvas, SVG by a small writer of our own. Names are text nodes, so markup in them stays text.
import { look } from "../types.js";
import { colour } from "./look.js";

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 40;

function make(tag, attributes, parent) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  parent?.append(made);
  return made;
}

// What XML 1.0 cannot hold; one such character would make the whole file unreadable.
// eslint-disable-next-line no-control-regex
const clean = (text) => String(text ?? "").replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "").toWellFormed();

function drawEdge(edge, parent, line, muted) {
  if (!edge.visible()) return;
  const [from, to, middle] = [edge.sourceEndpoint(), edge.targetEndpoint(), edge.midpoint()];
  const control = { x: 2 * middle.x - (from.x + to.x) / 2, y: 2 * middle.y - (from.y + to.y) / 2 };
  const dashes = edge.hasClass("group") ? { "stroke-dasharray": "5 4" } : { "marker-end": "url(#arrow)" };
  make("path", { d: `M${from.x} ${from.y}Q${control.x} ${control.y} ${to.x} ${to.y}`, fill: "none", stroke: line, "stroke-width": 1.4, ...dashes }, parent);
  if (!edge.hasClass("near") && !edge.hasClass("on-path")) return;
  const label = make("text", { x: middle.x, y: middle.y - 3, "text-anchor": "middle", "font-size": 10, fill: muted }, parent);
  label.textContent = clean(edge.data("verb"));
}

function drawNode(node, parent, text, surface) {
  if (!node.visible()) return;
  const { x, y } = node.position();
  const looks = look(node.data("type"));
  const group = make("g", { transform: `translate(${x} ${y})` }, parent);
  if (node.hasClass("group")) {
    make("rect", { x: -27, y: -21, width: 54, height: 42, rx: 8, fill: surface, stroke: looks.colour, "stroke-width": 2 }, group);
    make("rect", { x: -23, y: -17, width: 46, height: 34, rx: 6, fill: looks.colour }, group);
  } else make("circle", { r: 17, fill: looks.colour }, group);
  make("path", { d: looks.icon, transform: "translate(-10 -10) scale(.83)", fill: "none", stroke: "#fff", "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round" }, group);
  for (const [at, line] of clean(node.data("shown")).split("\n").entries()) {
    const label = make("text", { y: 34 + 13 * at, "text-anchor": "middle", "font-size": 11, fill: text, "paint-order": "stroke", stroke: surface, "stroke-width": 3 }, group);
    label.textContent = line;
  }
}

/** Return the picture of what is shown, as the text of an SVG file. */
export function svg(cy) {
  const box = cy.elements(":visible").boundingBox();
  const [text, muted, surface, line] = ["--text", "--muted", "--surface", "--line-strong"].map(colour);
  const size = { width: Math.ceil(box.w + 2 * MARGIN), height: Math.ceil(box.h + 2 * MARGIN) };
  const root = make("svg", { xmlns: SVG, ...size, viewBox: `${box.x1 - MARGIN} ${box.y1 - MARGIN} ${size.width} ${size.height}`, "font-family": "system-ui, sans-serif" });
  const arrow = make("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, make("defs", {}, root));
  make("path", { d: "M0 0 8 4 0 8z", fill: line }, arrow);
  make("rect", { x: box.x1 - MARGIN, y: box.y1 - MARGIN, ...size, fill: surface }, root);
  cy.edges().forEach((edge) => drawEdge(edge, root, line, muted));
  cy.nodes().forEach((node) => drawNode(node, root, text, surface));
  return new XMLSerializer().serializeToString(root);
}

/** Offer a picture for saving, `kind` "png" or "svg". */
export async function save(cy, kind, name = "graph") {
  const blob = kind === "svg"
    ? new Blob([svg(cy)], { type: "image/svg+xml" })
    : await cy.png({ output: "blob-promise", full: true, scale: 2, maxWidth: 8000, maxHeight: 8000, bg: colour("--surface") });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
