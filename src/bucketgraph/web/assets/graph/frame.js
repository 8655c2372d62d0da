// What stands around the canvas: legend, layout, search, the actions of the chosen node, notices.
import { icon, make } from "../app/dom.js";
import { look } from "../types.js";
import { save } from "./export.js";
import { LAYOUTS } from "./layouts.js";
import { number, short } from "./look.js";
import { GROUP_FROM } from "./model.js";

const button = (sign, words, onclick, extra = {}) =>
  make("button", { type: "button", class: "button", title: words, ...extra, onclick }, icon(sign), make("span", {}, words));
const tool = (sign, words, onclick) =>
  make("button", { type: "button", class: "button icon-only", title: words, "aria-label": words, onclick }, icon(sign));

function depth(explorer) {
  if (explorer.depth === null) return null;
  const choice = make("select", { "aria-label": "How far around" });
  for (const steps of ["1", "2", "3"]) choice.append(make("option", { value: steps, selected: steps === explorer.depth }, steps === "1" ? "1 step" : `${steps} steps`));
  choice.addEventListener("change", () => explorer.reset(choice.value));
  return make("div", {}, make("h3", {}, "How far around"), choice);
}

function side(explorer, legend) {
  const choice = make("select", { "aria-label": "Layout" });
  for (const [name, { title }] of Object.entries(LAYOUTS)) choice.append(make("option", { value: name, selected: name === explorer.layout }, title));
  choice.addEventListener("change", () => explorer.arrange(choice.value));
  const search = make("input", { type: "search", placeholder: "Find in this graph", "aria-label": "Find in this graph" });
  search.addEventListener("input", () => explorer.search(search.value));
  const help = make(
    "details", { class: "small muted" },
    make("summary", {}, "Keys"),
    "Arrows walk along relationships, Enter opens, E expands, C collapses, H hides, P pins, F fits. Shift-click selects a second entity for a path.",
  );
  return make(
    "div", { class: "graph-side" },
    search,
    make("div", {}, make("h3", {}, "Layout"), choice),
    depth(explorer) ?? "",
    make("div", {}, make("h3", {}, "Types"), legend),
    help,
  );
}

function tools(explorer) {
  return make(
    "div", { class: "graph-tools", role: "toolbar", "aria-label": "The drawing" },
    tool("fit", "Fit everything", () => explorer.fit()),
    tool("path", "Path between two", () => explorer.path()),
    tool("changes", "Start over", () => explorer.reset()),
    button("download", "PNG", () => save(explorer.cy, "png"), { title: "Save as PNG" }),
    button("download", "SVG", () => save(explorer.cy, "svg"), { title: "Save as SVG" }),
  );
}

function drawLegend(explorer, list, model) {
  list.replaceChildren();
  for (const [type, count] of model.types()) {
    const looks = look(type);
    const box = make("input", { type: "checkbox" });
    box.checked = !model.off.has(type);
    box.addEventListener("change", () => explorer.toggle(type, box.checked));
    const label = make("label", {}, box, icon(looks.symbol), make("span", { class: "truncate" }, looks.plural), make("span", { class: "count" }, number(count)));
    list.append(make("li", {}, label));
  }
}

function forGroup(explorer, group) {
  const found = [button("plus", `Show ${Math.min(GROUP_FROM, group.count)} more`, () => explorer.more(group))];
  const table = explorer.tableOf(group);
  if (table) found.push(make("a", { class: "button", href: table }, icon("table"), "Open as table"));
  return found;
}

function forEntity(explorer, id) {
  const { model } = explorer;
  const hidden = model.hiddenCount(id);
  const expanded = model.expanded.has(id);
  return [
    button("right", "Open", () => explorer.open(id)),
    hidden && !expanded ? button("expand", `Expand ${number(hidden)}`, () => explorer.expand(id)) : null,
    expanded ? button("left", "Collapse", () => explorer.collapse(id)) : null,
    button("pin", model.pinned.has(id) ? "Unpin" : "Pin", () => explorer.pin(id)),
    button("hide", "Hide", () => explorer.hide(id)),
  ];
}

/** Build everything around the canvas inside the host; return what the explorer talks to. */
export function frame(explorer) {
  const legend = make("ul", { class: "legend" });
  const canvas = make("div", {
    class: "graph-canvas", tabindex: "0", role: "application",
    "aria-label": explorer.host.dataset.title ?? "Graph", "aria-describedby": "graph-notice",
  });
  const notice = make("p", { class: "graph-notice", id: "graph-notice", role: "status" });
  const actions = make("div", { class: "graph-actions", role: "toolbar", "aria-label": "The chosen entity", hidden: true });
  const stage = make("div", { class: "graph-stage" }, canvas, actions, make("div", { class: "graph-foot" }, tools(explorer), notice));
  explorer.host.classList.add("graph");
  explorer.host.replaceChildren(side(explorer, legend), stage);
  const chose = (node) => {
    explorer.cy.nodes().removeClass("at");
    actions.hidden = !node;
    if (!node) return;
    node.addClass("at");
    const group = node.data("group");
    const title = make("strong", { class: "truncate", title: short(node.data("label"), 200) }, short(node.data("label"), 60));
    const rest = group ? forGroup(explorer, group) : forEntity(explorer, node.id());
    actions.replaceChildren(icon(look(node.data("type")).symbol), title, ...rest.filter(Boolean));
  };
  const say = (text) => {
    notice.textContent = text;
  };
  return {
    canvas, chose, say,
    legend: (model) => {
      drawLegend(explorer, legend, model);
      const at = explorer.cy.nodes(".at");
      chose(at.nonempty() ? at.first() : null);
    },
  };
}
