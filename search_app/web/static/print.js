// Adds the time to a printed page, in UTC, as the pages have it.
"use strict";

addEventListener("beforeprint", () => {
  const now = new Date();
  const { times, separator } = document.querySelector("[data-times]").dataset;
  const time = JSON.parse(times)
    [now.getUTCMonth()].replace("{day}", now.getUTCDate())
    .replace("{year}", now.getUTCFullYear())
    .replace("{time}", now.toISOString().slice(11, 16));
  for (const place of document.querySelectorAll("[data-printed-at]")) place.textContent = separator + time;
});
