// Loaded by every page. Everything here adds to pages that work without it.
import "htmx.org";
import "htmx.org/dist/ext/hx-sse.js";
import "./app/htmx.js";
import "./app/theme.js";
import "./app/command.js";
import "./app/tables.js";
import "./app/tabs.js";
import "./app/panel.js";
import "./app/times.js";
