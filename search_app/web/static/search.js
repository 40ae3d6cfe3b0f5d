// Makes ticking, sorting and turning pages instant: the address that a link leads to is
// fetched, and the parts of the page that are marked `data-region` are taken from the answer.
// Nothing depends on it; on any trouble the browser goes to the address as it would without.
"use strict";

(() => {
  const here = () => location.pathname + location.search;
  const regions = (root) => [...root.querySelectorAll("[data-region]")];
  const keyed = (key) => key && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  const box = document.querySelector("#q");
  const home = box.form.getAttribute("action"); // below a sub-path it is longer than "/"
  const list = document.querySelector("#results"); // only the search page has one
  let shown = here();
  let running = new AbortController();
  let sent = box.value; // unless it is what someone is still typing, the box holds this

  async function answer(address) {
    running.abort();
    running = new AbortController();
    const response = await fetch(address, { signal: running.signal, headers: { Accept: "text/html" } });
    if (!response.ok) throw new Error(`${response.status}`);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!page.querySelector("#results")) throw new Error("not a page of results");
    return page;
  }

  function swap(page) {
    const open = [...document.querySelectorAll("details[data-key][open]")].map((each) => each.dataset.key);
    for (const region of regions(document)) {
      const fresh = page.querySelector(`[data-region="${region.dataset.region}"]`);
      if (!fresh) continue;
      // The live region is changed only if its text is, so that it is told once.
      if (region.textContent === fresh.textContent && region.matches("[role=status]")) continue;
      region.replaceChildren(...fresh.childNodes);
    }
    for (const key of open) keyed(key)?.setAttribute("open", "");
    document.title = page.title;
    const words = page.querySelector("#q").value;
    if (box.value === sent) box.value = words;
    sent = words;
  }

  // Focus goes to the same link again; it and what is below it stay where they were on screen.
  function restore(key, top) {
    const again = keyed(key) ?? document.querySelector("[data-region=chips] a") ?? list;
    again.focus({ preventScroll: true });
    if (keyed(key) === again) scrollBy({ top: again.getBoundingClientRect().top - top, behavior: "instant" });
  }

  async function go(address, from) {
    const top = from?.getBoundingClientRect().top;
    try {
      const page = await answer(address);
      const canonical = page.querySelector("link[rel=canonical]")?.getAttribute("href") ?? address;
      history.replaceState({ scroll: scrollY }, "");
      if (canonical !== shown) history.pushState({}, "", canonical);
      shown = here();
      const inside = from?.closest("[data-region]");
      swap(page);
      if (!inside || document.activeElement === box) return; // someone is typing already
      if ("toTop" in from.dataset) {
        list.focus({ preventScroll: true });
        list.scrollIntoView({ block: "start", behavior: "instant" });
      } else restore(from.dataset.key, top);
    } catch (error) {
      if (error.name !== "AbortError") location.assign(address);
    }
  }

  // What is asked while an answer is on its way waits for it, and then goes on from there: two
  // quick ticks are both kept. A link clicked twice is followed once.
  let going = Promise.resolve();
  let clicked;

  function follow(link) {
    if (link === clicked) return;
    clicked = link;
    going = going.then(async () => {
      const now = link.isConnected ? link : keyed(link.dataset.key);
      if (now) await go(now.getAttribute("href"), now);
      clicked = undefined;
    });
  }

  function ownAddress(url) {
    return url.origin === location.origin && url.pathname === home && !url.hash;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-region] a[href]");
    if (!list || !link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const url = new URL(link.getAttribute("href"), location.href);
    if (event.defaultPrevented || !ownAddress(url)) return;
    event.preventDefault();
    follow(link);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!list || form.getAttribute("action") !== home) return;
    event.preventDefault();
    going = going.then(() => {
      if (form.contains(box)) sent = box.value;
      const pairs = [...new FormData(form)].filter(([, value]) => value.trim());
      const asked = new URLSearchParams(pairs).toString();
      return go(asked ? `${home}?${asked}` : home, form.contains(document.activeElement) ? document.activeElement : form);
    });
  });

  // The first year of a range after the second is told at once, below the boxes.
  document.addEventListener("input", (event) => {
    const form = event.target.closest(".between");
    if (!form) return;
    const [low, high] = form.querySelectorAll("input:not([type=hidden])");
    const error = document.getElementById(form.dataset.error);
    const wrong = low.value.length === 4 && high.value.length === 4 && low.value > high.value;
    error.textContent = wrong ? `The first year, ${low.value}, is after the second` : "";
    error.hidden = !wrong;
    high.setCustomValidity(error.textContent);
    high.setAttribute("aria-invalid", wrong);
    high.setAttribute("aria-describedby", error.id);
  });

  // Sent all the same, its box takes the focus anew, so that it is read; no bubble covers the words.
  document.addEventListener("invalid", (event) => {
    if (!event.target.validity.customError) return;
    event.preventDefault();
    event.target.blur();
    event.target.focus();
  }, true);

  addEventListener("popstate", async (event) => {
    const address = here();
    running.abort(); // whatever was on its way is for an address that was left
    if (address === shown) return; // a place on the same page
    const scroll = event.state?.scroll ?? 0;
    try {
      const page = await answer(address);
      if (here() !== address) return;
      shown = address;
      sent = box.value;
      swap(page);
      scrollTo({ top: scroll, behavior: "instant" });
    } catch (error) {
      if (error.name !== "AbortError") location.reload();
    }
  });

  // On a page of all values: a box that narrows a long list.
  function finder(place) {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "search", autocomplete: "off" });
    const rows = [...document.getElementById(place.dataset.finder).children];
    const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    label.append(place.dataset.label, input);
    place.append(label);
    input.addEventListener("input", () => {
      const wanted = plain(input.value.trim());
      for (const row of rows) row.hidden = !plain(row.querySelector(".label").textContent).includes(wanted);
    });
  }

  document.querySelectorAll("[data-finder]").forEach(finder);
  if (!CSS.supports("selector(::details-content)") && matchMedia("(min-width: 56.25em)").matches) {
    document.querySelector(".fold")?.setAttribute("open", "");
  }
})();
