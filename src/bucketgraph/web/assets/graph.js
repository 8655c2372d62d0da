// The graph island: <div data-graph="address"> with the JSON of CONTRACTS.md behind the address.
import { each } from "./app/dom.js";
import { Explorer } from "./graph/explorer.js";

each("[data-graph]", (host) => {
  const explorer = new Explorer(host);
  host.explorer = explorer;
  explorer.load();
});
