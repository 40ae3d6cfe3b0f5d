// Adds the time to a printed page.
"use strict";

addEventListener("beforeprint", () => {
  const time = new Date().toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
  for (const place of document.querySelectorAll("[data-printed-at]")) place.textContent = `· ${time}`;
});
