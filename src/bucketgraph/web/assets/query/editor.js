// The editor. It lives in a shadow tree, because there its styles need no style element that a strict policy refuses.
import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { EditorState, Prec } from "@codemirror/state";
import { drawSelection, EditorView, keymap, placeholder, tooltips } from "@codemirror/view";
import { make } from "../app/dom.js";
import { errorsIn, showErrors, spanIn } from "./errors.js";
import { j1ql } from "./j1ql.js";
import { look } from "./look.js";
import { checker, completing } from "./server.js";

function complaints(area) {
  const list = make("div", { class: "query-complaints", role: "status" });
  list.id = `${area.id || "query"}-complaints`;
  return list;
}

function tell(list, view, errors) {
  list.replaceChildren(
    ...errors.slice(0, 5).map((error) => {
      const words = make("span", {}, [error.message, error.hint].filter(Boolean).join(" "));
      const buttons = (error.suggestions ?? []).slice(0, 3).map((text) => make("button", { type: "button", class: "chip", onclick: () => replace(view, error, text) }, text));
      return make("p", { class: "row bad small" }, words, ...buttons);
    }),
  );
}

function replace(view, error, text) {
  const doc = view.state.doc.toString();
  const [from, to] = spanIn(doc, error);
  view.dispatch({ changes: { from, to, insert: text } });
  view.focus();
}

function run(area) {
  return () => {
    area.form?.requestSubmit();
    return true;
  };
}

function extensions(area, list, check) {
  const label = area.labels?.[0]?.textContent.trim() || area.getAttribute("aria-label") || "Query";
  const found = [
    Prec.highest(keymap.of([{ key: "Mod-Enter", run: run(area) }])),
    history(), drawSelection(), bracketMatching(), closeBrackets(), EditorView.lineWrapping,
    j1ql(), look, errorsIn, placeholder(area.placeholder),
    tooltips({ position: "fixed" }),
    // Tab takes what is offered and otherwise leaves the editor, so that nobody is caught in it.
    keymap.of([{ key: "Tab", run: acceptCompletion }, ...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off" }),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      area.value = update.state.doc.toString();
      check?.();
    }),
  ];
  if (area.dataset.complete) found.push(autocompletion({ override: [completing(area.dataset.complete)], icons: false }));
  return found;
}

/** Put an editor in place of a textarea. The textarea stays in the form, hidden, with the text. */
export function mount(area) {
  const host = make("div", { class: "query-editor" });
  const list = complaints(area);
  const shadow = host.attachShadow({ mode: "open" });
  let view = null;
  const heard = (text, errors) => {
    if (view.state.doc.toString() !== text) return; // the answer to an older text
    view.dispatch({ effects: showErrors.of(errors) });
    tell(list, view, errors);
  };
  const check = area.dataset.check ? checker(area.dataset.check, () => view.state.doc.toString(), heard) : null;
  const state = EditorState.create({ doc: area.value, extensions: extensions(area, list, check) });
  view = new EditorView({ state, parent: shadow, root: shadow });
  check?.();
  area.hidden = true;
  area.after(host, list);
  area.editor = {
    view,
    set: (text) => {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      view.focus();
    },
  };
  area.form?.addEventListener("reset", () => setTimeout(() => area.editor.set(area.defaultValue)));
  for (const label of area.labels ?? []) label.addEventListener("click", () => view.focus());
  // Examples: any element with data-put-query writes its query here.
  document.addEventListener("click", (event) => {
    const example = event.target.closest?.("[data-put-query]");
    if (!example || !view.dom.isConnected) return;
    event.preventDefault();
    area.editor.set(example.dataset.putQuery);
  });
}
