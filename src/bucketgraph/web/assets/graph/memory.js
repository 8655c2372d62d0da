// The same picture after a reload: what is drawn and where, kept in this tab for this address.

const key = (address) => `bucketgraph.graph.${address}`;
const KEPT_CHARACTERS = 2_000_000;

/** Keep what is drawn and where. */
export function remember(address, model, cy, layout) {
  const positions = Object.fromEntries(cy.nodes().map((node) => [node.id(), round(node.position())]));
  const kept = JSON.stringify({
    nodes: [...model.nodes.values()], edges: [...model.edges.values()],
    expanded: [...model.expanded], pinned: [...model.pinned], off: [...model.off],
    positions, layout, zoom: cy.zoom(), pan: cy.pan(),
  });
  if (kept.length > KEPT_CHARACTERS) return forget(address);
  try {
    sessionStorage.setItem(key(address), kept);
  } catch {
    forget(address); // no room: a fresh picture next time
  }
  return undefined;
}

const round = ({ x, y }) => ({ x: Math.round(x), y: Math.round(y) });

/** Return what was kept for an address, or null. */
export function recall(address) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key(address)));
    return Array.isArray(kept?.nodes) && kept.nodes.length ? kept : null;
  } catch {
    return null;
  }
}

export function forget(address) {
  try {
    sessionStorage.removeItem(key(address));
  } catch {
    // nothing was kept
  }
}
