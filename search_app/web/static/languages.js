// Offers the page in the language of the browser, if it is in another one. Nobody is redirected,
// and no choice is stored. The links to all languages work without this script.
"use strict";

(() => {
  const links = [...document.querySelectorAll(".languages a")];
  const find = (tag) => links.find((link) => link.hreflang === tag.toLowerCase().split("-")[0]);
  const preferred = navigator.languages.map(find).find(Boolean);
  if (!preferred || preferred.hasAttribute("aria-current")) return;
  const line = document.createElement("p");
  const link = Object.assign(document.createElement("a"), { textContent: preferred.dataset.offer });
  line.className = "offer";
  line.dir = preferred.dir;
  line.lang = preferred.lang;
  // The address changes when a filter is selected, and the link follows it.
  link.addEventListener("click", () => (link.href = find(preferred.hreflang).href));
  link.href = preferred.href;
  line.append(link);
  document.querySelector(".masthead").prepend(line);
})();
