// J1QL for the eye: a stream highlighter. What is right is decided by the server's parser alone.
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { tags } from "@lezer/highlight";

const KEYWORDS = new Set(
  ("find unique with that as where return tree having order by skip limit and or not asc desc to true false null undefined").split(" "),
);
const FUNCTIONS = new Set("count sum avg min max merge concat date".split(" "));
const NAME = /^[A-Za-z_][A-Za-z0-9_]*/;

/** Skip blanks and comments; a comment takes a whole line or stands between marks. */
function comment(stream, state) {
  if (state.comment) {
    state.comment = !stream.skipTo("*/");
    if (state.comment) stream.skipToEnd();
    else stream.match("*/");
    return true;
  }
  if (stream.match("/*")) {
    state.comment = true;
    return true;
  }
  if (/^\s*$/.test(stream.string.slice(0, stream.pos)) && stream.match("//")) {
    stream.skipToEnd();
    return true;
  }
  return false;
}

function word(stream, state) {
  const text = stream.current();
  const lower = text.toLowerCase();
  const before = state.before;
  state.before = lower;
  if (before === ".") return "propertyName";
  if (KEYWORDS.has(lower)) return "keyword";
  if (FUNCTIONS.has(lower) && stream.match(/^\s*\(/, false)) return "function";
  if (before === "that" && text === text.toUpperCase()) return "verb";
  if (/^[A-Z][A-Z_]*$/.test(text)) return "verb";
  if (["find", "unique", ">>", "<<", "verb"].includes(before) || /^[A-Z]/.test(text) || text.includes("_")) return "typeName";
  return "variableName";
}

function token(stream, state) {
  if (stream.eatSpace()) return null;
  if (comment(stream, state)) return "comment";
  if (stream.match(NAME)) return word(stream, state);
  const found =
    (stream.match(/^(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|“[^”]*”)/) && "string") ||
    (stream.match(/^\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\]|\\.)*\])+\/[a-z]*/) && "regexp") ||
    (stream.match(/^\d+(?:\.\d+)?/) && "number") ||
    (stream.match(/^(?:\$\{[^}]*\}|\{\{[^}]*\}\})/) && "special") ||
    (stream.match(/^(?:![~^$]?=|[~^$<>]=|>>|<<|[=<>])/) && "operator") ||
    (stream.match(/^\[[^\]]*\]/) && "propertyName");
  if (!found) stream.next();
  state.before = stream.current();
  return found || null;
}

const language = StreamLanguage.define({
  name: "j1ql",
  startState: () => ({ comment: false, before: "" }),
  token,
  tokenTable: { verb: tags.labelName, function: tags.function(tags.variableName), special: tags.special(tags.string) },
  languageData: { commentTokens: { line: "//", block: { open: "/*", close: "*/" } }, closeBrackets: { brackets: ["(", "[", "'", '"'] } },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--syntax-keyword)", fontWeight: "600" },
  { tag: tags.typeName, color: "var(--syntax-type)" },
  { tag: tags.labelName, color: "var(--syntax-verb)" },
  { tag: [tags.string, tags.regexp], color: "var(--syntax-string)" },
  { tag: [tags.number, tags.special(tags.string)], color: "var(--syntax-number)" },
  { tag: tags.function(tags.variableName), color: "var(--syntax-keyword)" },
  { tag: tags.comment, color: "var(--syntax-comment)", fontStyle: "italic" },
]);

/** The language and its colours. */
export const j1ql = () => [language, syntaxHighlighting(colours)];
