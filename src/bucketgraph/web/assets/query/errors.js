// Errors underlined at their place until the text there changes.
import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";
import { toUnits } from "./server.js";

/** Carries the server's errors to the underlines. */
export const showErrors = StateEffect.define();

const underline = (error) => Decoration.mark({ class: "cm-error", attributes: { title: [error.message, error.hint].filter(Boolean).join(" ") } });

/** Where an error of the server stands in a text, as the editor counts; never empty where there is a letter. */
export function spanIn(text, error) {
  const from = Math.min(toUnits(text, error.start ?? 0), text.length);
  const to = Math.min(Math.max(toUnits(text, error.end ?? 0), from), text.length);
  return from < to ? [from, to] : [Math.max(0, from - 1), from];
}

function marks(state, errors) {
  const text = state.doc.toString();
  const found = errors.map((error) => [...spanIn(text, error), error]).filter(([from, to]) => from < to);
  return Decoration.set(found.map(([from, to, error]) => underline(error).range(from, to)), true);
}

export const errorsIn = StateField.define({
  create: () => Decoration.none,
  update(value, transaction) {
    const told = transaction.effects.find((effect) => effect.is(showErrors));
    return told ? marks(transaction.state, told.value) : value.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});
