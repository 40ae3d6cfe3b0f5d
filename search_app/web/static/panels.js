// Closes a panel that lies over the page on Escape, and on a click outside of it.
"use strict";

(() => {
  const isWide = matchMedia("(min-width: 56.25em)");
  // On a narrow page the largest panel is part of the page, so it stays open.
  const listOpen = () => document.querySelectorAll(isWide.matches ? ":is(.menu, .take)[open]" : ".menu[open]");

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const panel of listOpen()) {
      panel.open = false;
      panel.querySelector("summary").focus();
    }
  });

  document.addEventListener("click", (event) => {
    for (const panel of listOpen()) if (!panel.contains(event.target)) panel.open = false;
  });
})();
