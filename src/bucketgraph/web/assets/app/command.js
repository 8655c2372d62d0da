// The command box: Ctrl-K, Command-K or "/" puts the cursor there, arrows walk through what it found.
import { each, isWriting } from "./dom.js";

const box = () => document.querySelector("[data-command]");

document.addEventListener("keydown", (event) => {
  const command = (event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k";
  const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !isWriting(event.composedPath()[0]);
  if (!box() || !(command || slash)) return;
  event.preventDefault();
  box().focus();
  box().select();
});

each("[data-command]", (input) => {
  const around = input.closest(".command");
  const results = () => [...around.querySelectorAll(".command-results a")];
  around.addEventListener("keydown", (event) => {
    const links = results();
    const at = links.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && links.length) {
      event.preventDefault();
      links[Math.min(at + 1, links.length - 1)].focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      event.preventDefault();
      (at ? links[at - 1] : input).focus();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      around.querySelector(".command-results")?.replaceChildren();
      input.blur();
    }
  });
});
