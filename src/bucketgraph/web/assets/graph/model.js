// What is drawn, as plain data: entities, relationships, and groups that stand for what is not drawn.
// No drawing here, so every rule can be tried without a browser.

export const LIMIT = 300;
export const GROUP_FROM = 25;

/** Return the id of the node that stands for the undrawn neighbours of one kind. */
export const groupId = (id, part) => `group:${id}:${part.verb}:${part.direction}:${part.type}`;

/** The entities and relationships at hand. */
export class Model {
  constructor() {
    this.nodes = new Map();
    this.edges = new Map();
    this.expanded = new Set();
    this.pinned = new Set();
    this.off = new Set();
    this.fetched = new Map();
  }

  /**
   * Take what an answer brings; return how many entities found no room.
   * A relationship without both ends drawn is not kept: it counts as undrawn.
   */
  add({ nodes = [], edges = [] }) {
    let left = 0;
    for (const node of nodes) {
      const known = this.nodes.get(node.id);
      if (known) Object.assign(known, node);
      else if (this.nodes.size < LIMIT) this.nodes.set(node.id, { relationships: [], ...node });
      else left += 1;
    }
    for (const edge of edges) {
      if (this.nodes.has(edge.from) && this.nodes.has(edge.to)) this.edges.set(edge.id, edge);
    }
    return left;
  }

  /** The kinds of relationship of an entity with how many of each are not drawn; those that are whole left out. */
  undrawn(id) {
    const drawn = new Map();
    for (const edge of this.edgesOf(id)) {
      for (const [end, other, direction] of [[edge.from, edge.to, "out"], [edge.to, edge.from, "in"]]) {
        const kind = groupId(id, { verb: edge.verb, direction, type: this.nodes.get(other).type });
        if (end === id) drawn.set(kind, (drawn.get(kind) ?? 0) + 1);
      }
    }
    const parts = this.nodes.get(id)?.relationships ?? [];
    return parts
      .map((part) => ({ ...part, all: part.count, count: part.count - (drawn.get(groupId(id, part)) ?? 0) }))
      .filter((part) => part.count > 0);
  }

  /** Remove an entity and its relationships from the drawing; they count as undrawn from then on. */
  hide(id) {
    for (const edge of this.edgesOf(id)) this.edges.delete(edge.id);
    this.nodes.delete(id);
    this.expanded.delete(id);
    this.pinned.delete(id);
  }

  /** Hide the neighbours that hang on this entity alone; return how many. */
  collapse(id) {
    const alone = this.neighbours(id).filter((other) => !this.pinned.has(other) && this.edgesOf(other).every((e) => e.from === id || e.to === id));
    for (const other of alone) this.hide(other);
    this.expanded.delete(id);
    return alone.length;
  }

  edgesOf(id) {
    return [...this.edges.values()].filter((edge) => edge.from === id || edge.to === id);
  }

  neighbours(id) {
    return [...new Set(this.edgesOf(id).map((edge) => (edge.from === id ? edge.to : edge.from)))].filter((other) => other !== id);
  }

  /** How many relationships of an entity are not drawn. */
  hiddenCount(id) {
    return this.undrawn(id).reduce((sum, part) => sum + part.count, 0);
  }

  /** The groups to draw: of expanded entities, each kind of relationship that is not drawn whole. */
  groups() {
    return [...this.expanded].flatMap((id) => this.undrawn(id).map((part) => ({ id: groupId(id, part), of: id, ...part })));
  }

  /** Where the next page of a group begins; after the last one, from the start, for those hidden since. */
  next(group, size) {
    const from = this.fetched.get(group.id) ?? 0;
    const skip = from >= group.all ? 0 : from;
    this.fetched.set(group.id, skip + size);
    return skip;
  }

  /** Types drawn with their counts, the most frequent first. */
  types() {
    const counts = new Map();
    for (const node of this.nodes.values()) counts.set(node.type, (counts.get(node.type) ?? 0) + 1);
    return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  }

  visible(id) {
    const node = this.nodes.get(id);
    return Boolean(node) && !this.off.has(node.type);
  }

  /** A way between two drawn entities, as ids from one end to the other; empty when there is none. */
  path(from, to) {
    const came = new Map([[from, null]]);
    const queue = [from];
    for (const id of queue) {
      if (id === to) break;
      for (const next of this.neighbours(id)) {
        if (!came.has(next) && this.visible(next)) {
          came.set(next, id);
          queue.push(next);
        }
      }
    }
    if (!came.has(to)) return [];
    const way = [];
    for (let at = to; at !== null; at = came.get(at)) way.unshift(at);
    return way;
  }
}
