// Offers the page in the language of the browser, if it is in another one. Nobody is redirected,
// and no choice is stored. The links to all languages work without this script.
"use strict";

(() => {
  // The links change when a filter is selected, so they are looked up each time.
  const list = () => [...document.querySelectorAll(".languages a")];
  const find = (tag) => list().find((link) => link.hreflang === tag.toLowerCase().split("-")[0]);
  const preferred = navigator.languages.map(find).find(Boolean);
  if (!preferred || preferred.hasAttribute("aria-current")) return;
  const line = document.createElement("p");
  const link = Object.assign(document.createElement("a"), { textContent: preferred.dataset.offer });
  const update = () => (link.href = find(preferred.hreflang).href);
  line.className = "offer";
  line.dir = preferred.dir;
  line.lang = preferred.lang;
  for (const using of ["pointerdown", "focus", "click"]) link.addEventListener(using, update);
  update();
  line.append(link);
  document.querySelector(".masthead").prepend(line);
})();
