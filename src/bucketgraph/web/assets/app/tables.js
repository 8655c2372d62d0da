// Tables: rows by keyboard, a column chooser kept in this browser, copying a cell.
import { each, icon, make } from "./dom.js";
import { toast } from "./toasts.js";

const rows = (table) => [...table.tBodies].flatMap((body) => [...body.rows]);

function keyboard(table) {
  for (const [at, row] of rows(table).entries()) row.tabIndex = at ? -1 : 0;
  table.addEventListener("keydown", (event) => {
    const row = event.target.closest("tbody tr");
    if (!row || event.target !== row) return;
    const all = rows(table);
    const at = all.indexOf(row);
    const to = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined && all[to]) {
      event.preventDefault();
      row.tabIndex = -1;
      all[to].tabIndex = 0;
      all[to].focus();
    } else if (event.key === "Enter") {
      row.querySelector("a")?.click();
    } else if (event.key === "c" && !event.ctrlKey && !event.metaKey) {
      copy([...row.cells].map(textOf).join("\t"));
    }
  });
}

const textOf = (cell) => cell.dataset.value ?? [...cell.childNodes].filter((n) => !n.classList?.contains("copy")).map((n) => n.textContent).join("").trim();

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.", "ok");
  } catch {
    toast("This browser does not let the page copy. Select the text and copy it by hand.", "warn");
  }
}

function copying(table) {
  // One delegated button: a table of 1,000 rows must not grow by 8,000 elements.
  const button = make("button", { type: "button", class: "copy", tabindex: "-1", "aria-label": "Copy this cell" }, icon("copy"));
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    copy(textOf(button.parentElement));
  });
  table.addEventListener("pointerover", (event) => {
    const cell = event.target.closest?.("td");
    if (cell && cell.textContent.trim() && !cell.classList.contains("actions") && button.parentElement !== cell) cell.append(button);
  });
}

function show(table, at, shown) {
  for (const row of table.rows) if (row.cells[at]) row.cells[at].hidden = !shown;
}

function chooser(table) {
  const frame = table.closest(".table-frame");
  const place = frame?.querySelector("[data-columns]");
  if (!place || !table.tHead) return;
  const key = `bucketgraph.columns.${table.dataset.table}`;
  const hidden = new Set(read(key));
  const list = make("div", { class: "menu-list" });
  for (const [at, head] of [...table.tHead.rows[0].cells].entries()) {
    const name = head.dataset.name ?? head.textContent.trim();
    if (!name) continue;
    const box = make("input", { type: "checkbox" });
    box.checked = !hidden.has(name);
    show(table, at, box.checked);
    box.addEventListener("change", () => {
      if (box.checked) hidden.delete(name);
      else hidden.add(name);
      show(table, at, box.checked);
      write(key, [...hidden]);
    });
    list.append(make("label", {}, box, name));
  }
  const summary = make("summary", { class: "button" }, icon("columns"), "Columns");
  place.replaceChildren(make("details", { class: "menu" }, summary, list));
}

function read(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // the choice holds for this page
  }
}

each("table[data-table]", (table) => {
  keyboard(table);
  copying(table);
  chooser(table);
});
