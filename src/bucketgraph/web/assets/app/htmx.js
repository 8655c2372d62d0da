// htmx under a strict policy: no code from attributes, the form token on every writing request, failures told.
import { toast } from "./toasts.js";

/** Stand in for `Function`: code in an attribute is refused, whatever the page's policy says. */
class Refused {
  constructor() {
    throw new Error("Code in attributes is not run here.");
  }
}

window.htmx.registerExtension("no-code", {
  init: (api) => api.initSecurity(null, Refused, Refused),
});

const token = () => document.querySelector('meta[name="csrf-token"]')?.content;

document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  const value = token();
  if (value && request.method !== "GET") request.headers["X-CSRF-Token"] = value;
});

document.addEventListener("htmx:error", (event) => {
  // htmx repeats here what a swapped part raises; only what never reached the server is news to a person.
  if (!event.detail.ctx?.response) {
    toast("The server cannot be reached. Check that it runs and your connection, then try again.", "bad");
  }
});

document.addEventListener("toast", (event) => {
  const { value, text, kind } = event.detail ?? {};
  toast(text ?? value, kind);
});
