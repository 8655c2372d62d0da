// Tabs by keyboard, as screen readers announce them; and the page's place in the rail in sight.
import { each } from "./dom.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

each('[role="tablist"]', (list) => {
  const tabs = () => [...list.querySelectorAll('[role="tab"]')];
  list.addEventListener("keydown", (event) => {
    const all = tabs();
    const at = all.indexOf(document.activeElement);
    const step = STEPS[event.key];
    const to = step ? (at + step + all.length) % all.length : { Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    all[to].focus();
    all[to].click();
  });
  list.addEventListener("click", (event) => {
    const chosen = event.target.closest('[role="tab"]');
    if (!chosen) return;
    for (const tab of tabs()) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      const shown = document.getElementById(tab.getAttribute("aria-controls"));
      if (shown) shown.hidden = tab !== chosen;
    }
  });
});

each(".rail [aria-current]", (item) => {
  const rail = item.closest(".rail");
  rail.scrollLeft = item.offsetLeft - (rail.clientWidth - item.clientWidth) / 2;
});
