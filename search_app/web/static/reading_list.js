// Keeps the ids of the reader's list in this browser, so that a list grows from any page.
// Without scripts, the list is only in its address.
"use strict";

(() => {
  const link = document.querySelector("[data-my-list]");
  const home = new URL(link.href).pathname;
  const key = link.dataset.key; // a list for each catalogue of a site, whatever the language
  const LIMIT = 100; // publications, as on the server
  const MAX_ADDRESS = 6000; // characters of the ids, as on the server

  function load() {
    try {
      const ids = JSON.parse(localStorage.getItem(key));
      return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
    } catch {
      return []; // the browser keeps nothing for this site, or another program wrote it
    }
  }

  function save(ids) {
    try {
      if (ids.length) localStorage.setItem(key, JSON.stringify(ids));
      else localStorage.removeItem(key);
    } catch {
      location.assign(address(ids)); // the address is then the only place for the list
    }
    show();
  }

  const listed = (url) => new URL(url, location.href).searchParams.getAll("id");
  const query = (ids) => new URLSearchParams(ids.map((id) => ["id", id])).toString();
  const address = (ids) => (ids.length ? `${home}?${query(ids)}` : home);
  const same = (some, others) => JSON.stringify(some) === JSON.stringify(others);
  const fits = (ids) => ids.length <= LIMIT && query(ids).length <= MAX_ADDRESS;

  function makeButton(id, title) {
    const button = document.createElement("button");
    const name = document.createElement("span");
    button.type = "button";
    button.className = "keep";
    button.dataset.keeps = id;
    name.className = "unseen";
    name.textContent = title ? link.dataset.named.replace("{title}", () => title) : "";
    button.append(document.createElement("span"), name);
    return button;
  }

  function addButtons() {
    for (const hit of document.querySelectorAll("#results .hit:not(:has([data-keeps]))")) {
      const place = hit.querySelector(".facts") ?? hit.appendChild(Object.assign(document.createElement("p"), { className: "facts" }));
      const id = hit.querySelector(".unapi-id").title;
      const added = Object.assign(document.createElement("span"), { className: "on-screen" });
      if (place.firstChild) added.append(link.dataset.separator);
      added.append(makeButton(id, hit.querySelector("h3").textContent));
      place.append(added);
    }
    for (const add of document.querySelectorAll("a[data-adds]")) add.replaceWith(makeButton(add.dataset.adds));
  }

  function show() {
    const ids = load();
    link.href = address(ids);
    link.textContent = ids.length ? link.dataset.myList.replace("{number}", ids.length) : link.dataset.empty;
    for (const button of document.querySelectorAll("[data-keeps]")) {
      const { add, remove } = link.dataset;
      button.firstElementChild.textContent = ids.includes(button.dataset.keeps) ? remove : add;
    }
  }

  link.dataset.empty = link.textContent;
  addButtons();
  show();
  addEventListener("storage", show); // a change in another tab
  addEventListener("pageshow", show); // the page was left, and comes back unchanged
  const list = document.querySelector("[data-region=list]");
  if (list) new MutationObserver(() => { addButtons(); show(); }).observe(list, { childList: true });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-keeps]");
    if (!button) return;
    button.firstElementChild.setAttribute("aria-live", "polite");
    const ids = load();
    const id = button.dataset.keeps;
    const changed = ids.includes(id) ? ids.filter((each) => each !== id) : [...ids, id];
    if (changed.length < ids.length || fits(changed)) save(changed);
    else button.firstElementChild.textContent = link.dataset.full;
  });

  // The page of a list. It is the reader's own if it is the stored one. Its changes are then stored.
  const page = document.querySelector("[data-reading-list]");
  if (!page) return;
  const offer = page.querySelector("[data-adopts]");
  const current = listed(document.querySelector("link[rel=canonical]").href); // each with its present id
  if (!current.length && load().length) location.replace(address(load()));
  else if (same(listed(location.href), load()) && !same(current, load())) save(current);

  function showOffer() {
    if (offer) offer.hidden = same(current, load());
  }

  showOffer();
  addEventListener("pageshow", showOffer);

  document.addEventListener("click", (event) => {
    const change = event.target.closest("[data-changes]");
    if (change && same(current, load())) save(listed(change.href));
    if (!event.target.closest("[data-adopts]")) return;
    const joined = [...new Set([...load(), ...current])];
    if (fits(joined)) {
      save(joined);
      location.assign(address(joined));
    } else offer.textContent = link.dataset.full;
  });
})();
