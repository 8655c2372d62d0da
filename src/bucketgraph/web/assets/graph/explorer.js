// The explorer: the model, its drawing, and what a person does with them.
import cytoscape from "cytoscape";
import fcose from "cytoscape-fcose";
import { json } from "../app/dom.js";
import { toast } from "../app/toasts.js";
import { look } from "../types.js";
import { frame } from "./frame.js";
import { keys } from "./keys.js";
import { LAYOUTS, moving, options } from "./layouts.js";
import { groupLabel, number, sheet, short } from "./look.js";
import { forget, recall, remember } from "./memory.js";
import { GROUP_FROM, LIMIT, Model } from "./model.js";

cytoscape.use(fcose);

// cytoscape adds a style element unless one of this name is there; the page's policy would refuse it.
const mark = document.createElement("template");
mark.id = "__________cytoscape_stylesheet";
document.head.append(mark);

const REMEMBER_MS = 400;

/** One graph on a page. */
export class Explorer {
  constructor(host) {
    this.host = host;
    this.address = host.dataset.graph;
    this.model = new Model();
    this.depth = host.dataset.depth ?? null;
    this.layout = LAYOUTS[host.dataset.layout] ? host.dataset.layout : "force";
    this.parts = frame(this);
    this.cy = cytoscape({
      container: this.parts.canvas, style: sheet(), minZoom: 0.08, maxZoom: 3,
      boxSelectionEnabled: false,
    });
    this.#listen();
    keys(this);
  }

  /** Show the address's graph: as it was left in this tab, else as the server tells it. */
  async load({ again = false } = {}) {
    const kept = again ? null : recall(this.address);
    if (kept) return this.#restore(kept);
    this.parts.say("Loading…");
    try {
      const answer = await json(this.#asked(this.depth ? { depth: this.depth } : {}));
      this.model = new Model();
      this.#took(answer);
      this.#draw({ fresh: true });
    } catch (error) {
      this.parts.say(`The graph cannot be shown. ${error.message}`);
    }
    return undefined;
  }

  /** Draw the neighbours of an entity: few at once, many as a group. */
  async expand(id) {
    if (!this.model.nodes.has(id)) return;
    this.model.expanded.add(id);
    const small = this.model.undrawn(id).some((part) => part.all <= GROUP_FROM);
    if (small) await this.#fetch({ expand: id });
    else this.#draw({ near: id });
  }

  /** Draw the next 25 of a group. */
  async more(group) {
    const { of, verb, direction, type } = group;
    const skip = this.model.next(group, GROUP_FROM);
    await this.#fetch({ expand: of, verb, direction, type, skip, limit: GROUP_FROM });
  }

  async #fetch(wishes) {
    this.parts.say("Loading…");
    try {
      this.#took(await json(this.#asked(wishes)));
      this.#draw({ near: wishes.expand });
    } catch (error) {
      this.parts.say("");
      toast(`The neighbours cannot be shown. ${error.message}`, "bad");
    }
  }

  #asked(wishes) {
    const url = new URL(this.address, location.href);
    for (const [name, value] of Object.entries(wishes)) url.searchParams.set(name, value);
    return url;
  }

  #took(answer) {
    const left = this.model.add(answer);
    if (left) toast(`${number(LIMIT)} entities are the most that is drawn at once; ${number(left)} found no room. Hide some, or open the group as a table.`, "warn");
  }

  collapse(id) {
    this.model.collapse(id);
    this.#draw({ settle: false });
  }

  hide(id) {
    this.model.hide(id);
    this.#draw({ settle: false });
  }

  pin(id) {
    const pinned = this.model.pinned;
    if (!pinned.delete(id)) pinned.add(id);
    this.#draw({ settle: false });
  }

  toggle(type, shown) {
    if (shown) this.model.off.delete(type);
    else this.model.off.add(type);
    this.#draw({ settle: false });
  }

  /** Lay everything out anew with a named layout. */
  arrange(name) {
    this.layout = name;
    this.#settle({ fresh: true });
  }

  fit() {
    this.cy.animate({ fit: { eles: this.cy.elements(":visible"), padding: 48 }, duration: moving(200) });
  }

  /** Start over from what the server tells, as far around as `depth` says. */
  reset(depth = this.depth) {
    this.depth = depth;
    forget(this.address);
    this.load({ again: true });
  }

  /** Show the way between the two selected entities: by what is drawn, else ask the server. */
  async path() {
    const ids = this.cy.nodes(":selected").map((node) => node.id()).filter((id) => this.model.nodes.has(id));
    if (ids.length !== 2) return toast("Select two entities first: click one, then Shift-click the other.", "warn");
    const [from, to] = ids;
    if (!this.model.path(from, to).length) await this.#fetch({ from, to });
    const way = this.model.path(from, to);
    this.cy.elements().removeClass("on-path");
    if (!way.length) return toast("No way between these two was found.", "warn");
    const on = this.cy.nodes().filter((node) => way.includes(node.id()));
    on.union(on.edgesWith(on)).addClass("on-path");
    this.parts.say(way.length === 2 ? "One relationship is between them." : `${way.length - 1} relationships are between them.`);
    return undefined;
  }

  /** Dim what does not match a text; return how many do. */
  search(text) {
    const wanted = text.trim().toLowerCase();
    this.cy.nodes().removeClass("dim");
    if (!wanted) return this.parts.say(this.#summary());
    const found = this.cy.nodes().filter((node) => String(node.data("label")).toLowerCase().includes(wanted));
    this.cy.nodes().not(found).addClass("dim");
    if (found.length) this.cy.animate({ center: { eles: found }, duration: moving(200) });
    return this.parts.say(`${number(found.length)} of ${number(this.model.nodes.size)} match.`);
  }

  /** Open an entity beside the graph, or the group's table. */
  open(id) {
    const template = this.host.dataset.panel;
    if (!template || !this.model.nodes.has(id)) return;
    const address = template.replace("{id}", encodeURIComponent(id));
    this.host.dispatchEvent(new CustomEvent("bg:open", { bubbles: true, detail: { address } }));
  }

  /** The address of a group's rows, when the page gives one. */
  tableOf(group) {
    if (!this.host.dataset.table) return null;
    const url = new URL(this.host.dataset.table, location.href);
    for (const name of ["of", "verb", "direction", "type"]) url.searchParams.set(name, group[name]);
    return url.href;
  }

  #listen() {
    this.cy.on("tap", "node", (event) => this.parts.chose(event.target));
    this.cy.on("dbltap", "node", (event) => {
      const group = event.target.data("group");
      if (group) this.more(group);
      else this.expand(event.target.id());
    });
    this.cy.on("tap", (event) => event.target === this.cy && this.parts.chose(null));
    this.cy.on("mouseover", "node", (event) => event.target.connectedEdges().addClass("near"));
    this.cy.on("mouseout", "node", (event) => event.target.connectedEdges().removeClass("near"));
    this.cy.on("mouseover", "edge", (event) => event.target.addClass("near"));
    this.cy.on("mouseout", "edge", (event) => event.target.removeClass("near"));
    let waiting;
    this.cy.on("position viewport", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => remember(this.address, this.model, this.cy, this.layout), REMEMBER_MS);
    });
    this.cy.on("dragfree", "node", (event) => this.model.pinned.add(event.target.id()));
    document.addEventListener("bg:theme", () => this.cy.style(sheet()));
    new ResizeObserver(() => this.cy.resize()).observe(this.parts.canvas);
  }

  #restore(kept) {
    this.model.add(kept);
    for (const name of ["expanded", "pinned", "off"]) this.model[name] = new Set(kept[name]);
    this.layout = LAYOUTS[kept.layout] ? kept.layout : this.layout;
    this.#draw({ positions: kept.positions });
    this.cy.viewport({ zoom: kept.zoom, pan: kept.pan });
  }

  #draw({ fresh = false, near = null, positions = null, settle = true } = {}) {
    const wanted = this.#elements();
    const ids = new Set(wanted.map((element) => element.data.id));
    const start = near && this.cy.getElementById(near).position();
    let added = 0;
    this.cy.batch(() => {
      this.cy.elements().filter((element) => !ids.has(element.id())).remove();
      for (const element of wanted) {
        const there = this.cy.getElementById(element.data.id);
        if (there.length) there.data(element.data).toggleClass("off", element.classes.includes("off")).toggleClass("pinned", element.classes.includes("pinned"));
        else {
          const position = positions?.[element.data.id] ?? (element.group === "nodes" && start ? { x: start.x + (added % 7) * 12 - 36, y: start.y + 40 + (added % 5) * 9 } : undefined);
          this.cy.add({ ...element, ...(position ? { position: { ...position } } : {}) });
          added += element.group === "nodes" ? 1 : 0;
        }
      }
    });
    if (settle && !positions && (added || fresh)) this.#settle({ fresh, animated: !fresh });
    this.parts.legend(this.model);
    this.parts.say(this.#summary());
    remember(this.address, this.model, this.cy, this.layout);
  }

  #elements() {
    const { model } = this;
    const off = (id) => (model.visible(id) ? "" : "off");
    const nodes = [...model.nodes.values()].map((node) => {
      const hidden = model.expanded.has(node.id) ? 0 : model.hiddenCount(node.id);
      const shown = short(node.label) + (hidden ? `\n+${number(hidden)}` : "");
      const data = { id: node.id, type: node.type, label: node.label, key: node.key, shown, more: hidden > 0 };
      return { group: "nodes", data, classes: [off(node.id), model.pinned.has(node.id) ? "pinned" : ""].filter(Boolean) };
    });
    const edges = [...model.edges.values()].map((edge) => ({
      group: "edges",
      data: { id: `edge:${edge.id}`, source: edge.from, target: edge.to, verb: edge.verb },
      classes: [off(edge.from) || off(edge.to)].filter(Boolean),
    }));
    return [...nodes, ...edges, ...this.#groupElements(off)];
  }

  #groupElements(off) {
    return this.model.groups().flatMap((group) => {
      const classes = ["group", off(group.of)].filter(Boolean);
      const label = `${group.verb} ${groupLabel(group)}`;
      const ends = group.direction === "out" ? [group.of, group.id] : [group.id, group.of];
      return [
        { group: "nodes", data: { id: group.id, type: group.type, label, shown: label, group }, classes },
        { group: "edges", data: { id: `edge:${group.id}`, source: ends[0], target: ends[1], verb: group.verb }, classes },
      ];
    });
  }

  #settle({ fresh, animated = true }) {
    const fixed = fresh ? [] : this.#fixed();
    const visible = this.cy.elements(":visible");
    if (!visible.nonempty()) return;
    visible.layout(options(this.layout, { fixed, fresh: fresh || this.layout !== "force", animated })).run();
  }

  #fixed() {
    const pinned = this.cy.nodes(":visible").filter((node) => this.model.pinned.has(node.id()));
    return pinned.map((node) => ({ nodeId: node.id(), position: { ...node.position() } }));
  }

  #summary() {
    const { model } = this;
    if (!model.nodes.size) return "Nothing to draw here.";
    const ends = new Set(model.expanded);
    const hidden = [...ends].reduce((sum, id) => sum + model.hiddenCount(id), 0);
    const drawn = `${number(model.nodes.size)} ${model.nodes.size === 1 ? "entity" : "entities"}, ${number(model.edges.size)} relationships`;
    return hidden ? `${drawn}, and ${number(hidden)} more in groups` : drawn;
  }

  /** The words for a node: "Repository payments-api". */
  name(node) {
    return `${look(node.data("type")).label} ${short(node.data("label"), 60)}`;
  }
}
