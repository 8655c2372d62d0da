// The layouts one can choose, and how each is told to the drawing library.

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** How long a movement takes in milliseconds; none where people want none. */
export const moving = (ms) => (still() ? 0 : ms);

export const LAYOUTS = {
  force: { title: "Force", options: { name: "fcose", quality: "default", nodeSeparation: 90, idealEdgeLength: 95, packComponents: true } },
  layers: { title: "Layers", options: { name: "breadthfirst", directed: true, spacingFactor: 1.1 } },
  rings: { title: "Rings", options: { name: "concentric", minNodeSpacing: 36, concentric: (node) => node.degree(), levelWidth: () => 3 } },
  grid: { title: "Grid", options: { name: "grid", avoidOverlapPadding: 46 } },
};

/** Return the options of a layout; `fixed` are [{nodeId, position}] that stay; a first picture is not `animated`. */
export function options(name, { fixed = [], fresh = true, animated = true } = {}) {
  const chosen = LAYOUTS[name] ?? LAYOUTS.force;
  const constraint = chosen.options.name === "fcose" && fixed.length ? { fixedNodeConstraint: fixed } : {};
  return {
    ...chosen.options, ...constraint,
    animate: animated && !still(), animationDuration: 250,
    randomize: fresh, fit: true, padding: 48, nodeDimensionsIncludeLabels: true,
  };
}
