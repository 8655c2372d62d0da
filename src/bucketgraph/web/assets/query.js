// The query island: <textarea data-query> becomes an editor; without this script the textarea stays.
import { each } from "./app/dom.js";
import { mount } from "./query/editor.js";

each("textarea[data-query]", mount);
