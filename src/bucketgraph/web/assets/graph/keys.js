// The graph by keyboard: arrows walk along relationships towards where they point.
import { moving } from "./layouts.js";

const DIRECTIONS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/** Return the neighbour that lies best in a direction, or nothing when none lies there at all. */
export function towards(from, others, [dx, dy]) {
  let best = null;
  let least = Infinity;
  for (const other of others) {
    const [x, y] = [other.x - from.x, other.y - from.y];
    const along = x * dx + y * dy;
    const aside = Math.abs(x * dy - y * dx);
    if (along > 0 && along + 2 * aside < least) {
      least = along + 2 * aside;
      best = other;
    }
  }
  return best;
}

function current(cy) {
  const at = cy.nodes(".at:visible");
  return at.nonempty() ? at.first() : null;
}

function step(explorer, direction) {
  const { cy, parts } = explorer;
  const at = current(cy);
  if (!at) return choose(explorer, cy.nodes(":visible").max((node) => node.degree()).ele);
  const others = at.neighborhood("node:visible").map((node) => ({ node, ...node.position() }));
  const found = towards(at.position(), others, direction);
  if (found) choose(explorer, found.node);
  else parts.say("No relationship leads that way.");
  return undefined;
}

function choose(explorer, node) {
  if (!node) return;
  explorer.parts.chose(node);
  explorer.parts.say(explorer.name(node));
  explorer.cy.animate({ center: { eles: node }, duration: moving(120) });
}

const panelOpen = () => document.getElementById("panel")?.hidden === false;

const LETTERS = {
  e: (explorer, id) => explorer.expand(id),
  c: (explorer, id) => explorer.collapse(id),
  h: (explorer, id) => explorer.hide(id),
  p: (explorer, id) => explorer.pin(id),
};

function act(explorer, key) {
  const at = current(explorer.cy);
  if (!at) return false;
  const group = at.data("group");
  if (group) {
    if (key !== "Enter" && key !== "e") return false;
    explorer.more(group);
  } else if (key === "Enter") explorer.open(at.id());
  else if (LETTERS[key]) LETTERS[key](explorer, at.id());
  else return false;
  return true;
}

/** Let the keyboard move in a graph. */
export function keys(explorer) {
  explorer.parts.canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = DIRECTIONS[event.key];
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (direction) step(explorer, direction);
    else if (key === "f") explorer.fit();
    else if (key === "+" || key === "-") explorer.cy.zoom({ level: explorer.cy.zoom() * (key === "+" ? 1.25 : 0.8), renderedPosition: { x: explorer.cy.width() / 2, y: explorer.cy.height() / 2 } });
    else if (key === "Escape" && !panelOpen() && current(explorer.cy)) explorer.parts.chose(null);
    else if (!act(explorer, key)) return;
    event.preventDefault();
  });
}
