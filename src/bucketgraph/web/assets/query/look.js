// The editor's look, from the page's tokens: custom properties reach into the shadow tree.
import { EditorView } from "@codemirror/view";

const list = { fontFamily: "var(--mono)", maxHeight: "18em", maxWidth: "min(640px, 90vw)" };

export const look = EditorView.theme({
  "&": { fontSize: "14px", color: "var(--text)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", minHeight: "72px", maxHeight: "270px", overflow: "auto" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 12px" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent)",
  },
  ".cm-placeholder": { color: "var(--muted)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)" },
  ".cm-error": { textDecoration: "underline wavy var(--bad)", textDecorationSkipInk: "none", textUnderlineOffset: "3px" },
  ".cm-tooltip": {
    color: "var(--text)", backgroundColor: "var(--raised)", border: "1px solid var(--line)",
    borderRadius: "6px", boxShadow: "var(--shadow)", overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": list,
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "4px 10px", display: "flex", gap: "12px", alignItems: "baseline" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { color: "var(--text)", backgroundColor: "var(--accent-soft)" },
  ".cm-completionLabel": { whiteSpace: "nowrap" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700", color: "var(--accent)" },
  ".cm-completionDetail": {
    marginLeft: "auto", fontStyle: "normal", fontFamily: "var(--sans)", fontSize: "12px", color: "var(--muted)",
    overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap",
  },
});
