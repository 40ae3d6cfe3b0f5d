// Updates the page without a reload when a filter, a sort order, or another page is selected.
// The script fetches the URL of the link and replaces the elements that have `data-region`.
// The site works without it. If a page cannot be loaded, the old one stays, and a sentence says so.
"use strict";

(() => {
  const here = () => location.pathname + location.search;
  const regions = (root) => [...root.querySelectorAll("[data-region]")];
  const keyed = (key) => key && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  const box = document.querySelector("#q");
  const home = box.form.getAttribute("action"); // longer than "/" if the site is below a sub-path
  const list = document.querySelector("#results"); // only the search page has one
  const failure = document.querySelector("#failure"); // as the list
  const patience = 300; // milliseconds until a progress line appears
  const longest = 30000; // milliseconds that a response may take
  let shown = here();
  let running = new AbortController();
  let sent = box.value; // the query of the page: the box has another value only while a user types

  async function answer(address) {
    running.abort();
    const own = (running = new AbortController());
    failure.hidden = true;
    const line = Object.assign(document.createElement("div"), { className: "progress" });
    const waiting = setTimeout(() => document.body.append(line), patience);
    const limit = setTimeout(() => own.abort(new DOMException("no response", "TimeoutError")), longest);
    try {
      return await read(await fetch(address, { signal: own.signal, headers: { Accept: "text/html" } }));
    } finally {
      clearTimeout(waiting);
      clearTimeout(limit);
      line.remove();
    }
  }

  async function read(response) {
    if (!response.ok) throw Object.assign(new Error(`${response.status}`), { status: response.status });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!page.querySelector("#results")) throw new Error("the response has no #results");
    return page;
  }

  // The page of an invalid URL says what is wrong with it. Other errors may pass, so the old page
  // stays, with a link to try again.
  function report(error, address) {
    if (error.name === "AbortError") return;
    if (error.status >= 400 && error.status < 500) {
      location.assign(address);
      return;
    }
    failure.querySelector("a").href = address;
    failure.hidden = false;
  }

  // On a desk, the style sheet shows the filters and their first groups, whether they are open or
  // not. A browser without ::details-content needs them open.
  function open(folds) {
    if (CSS.supports("selector(::details-content)") || !matchMedia("(min-width: 56.25em)").matches) return;
    for (const fold of document.querySelectorAll(folds)) fold.open = true;
  }

  function swap(page) {
    failure.hidden = true;
    const groups = [...document.querySelectorAll(".group[data-key]")].map((each) => [each.dataset.key, each.open]);
    const opened = [...document.querySelectorAll("details[data-key][open]")].map((each) => each.dataset.key);
    for (const region of regions(document)) {
      const fresh = page.querySelector(`[data-region="${region.dataset.region}"]`);
      if (!fresh) continue;
      // Screen readers announce each change of the live region, so an equal text is not replaced.
      if (region.textContent === fresh.textContent && region.matches("[role=status]")) continue;
      region.replaceChildren(...fresh.childNodes);
    }
    open(".early > .group");
    for (const key of opened) keyed(key)?.setAttribute("open", "");
    for (const [key, isOpen] of groups) keyed(key)?.toggleAttribute("open", isOpen);
    document.title = page.title;
    const words = page.querySelector("#q").value;
    if (box.value === sent) box.value = words;
    sent = words;
  }

  // Focuses the same link again, and scrolls so that it stays at the same place on the screen.
  function restore(key, top) {
    const closed = keyed(key)?.closest(".menu:not([open])")?.querySelector("summary");
    const again = closed ?? keyed(key) ?? document.querySelector("[data-region=chips] a") ?? list;
    again.focus({ preventScroll: true });
    if (keyed(key) === again) scrollBy({ top: again.getBoundingClientRect().top - top, behavior: "instant" });
  }

  async function go(address, from) {
    const top = from?.getBoundingClientRect().top;
    try {
      const page = await answer(address);
      const link = page.querySelector("link[rel=canonical]")?.getAttribute("href") ?? address;
      // Only its path counts: the site may have another name than the one it was opened by.
      const { pathname, search } = new URL(link, location.href);
      const canonical = pathname + search;
      history.replaceState({ scroll: scrollY }, "");
      if (canonical !== shown) history.pushState({}, "", canonical);
      shown = here();
      const inside = from?.closest("[data-region]");
      swap(page);
      if (!inside || document.activeElement === box) return; // the user is typing already
      if ("toTop" in from.dataset) {
        list.focus({ preventScroll: true });
        list.scrollIntoView({ block: "start", behavior: "instant" });
      } else restore(from.dataset.key, top);
    } catch (error) {
      report(error, address);
    }
  }

  // A click during a request waits for its response and follows the same link of the new page, so
  // two quick selections both apply. A link that is clicked twice is followed once.
  // The fragment of a link is only for the case that it loads a new page.
  let going = Promise.resolve();
  let clicked;
  let pressed = {}; // the link under a pressed button, and the place of the pointer

  function follow(link) {
    if (link === clicked) return;
    clicked = link;
    going = going.then(async () => {
      const now = link.isConnected ? link : keyed(link.dataset.key);
      if (now) await go(now.getAttribute("href").split("#")[0], now);
      clicked = undefined;
    });
  }

  function isOwn(address) {
    const url = new URL(address, location.href);
    return url.origin === location.origin && url.pathname === home && !address.startsWith("#");
  }

  const findOwn = (event) => {
    const link = event.target.closest("[data-region] a[href]");
    if (!list || !link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
    return isOwn(link.getAttribute("href")) ? link : null;
  };

  document.addEventListener("click", (event) => {
    const link = event.defaultPrevented ? null : findOwn(event);
    if (!link) return;
    event.preventDefault();
    follow(link);
  });

  // A response may replace a link between the press and the release of the button. Then the browser
  // sends no click.
  document.addEventListener("pointerdown", (event) => {
    pressed = { link: findOwn(event), x: event.clientX, y: event.clientY };
  });
  document.addEventListener("pointerup", (event) => {
    const { link, x, y } = pressed;
    const stayed = Math.hypot(event.clientX - x, event.clientY - y) < 10; // pixels
    if (link && !link.isConnected && stayed) follow(link);
    pressed = {};
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!list || !isOwn(form.getAttribute("action"))) return;
    event.preventDefault();
    going = going.then(() => {
      if (form.contains(box)) sent = box.value;
      const pairs = [...new FormData(form)].filter(([, value]) => value.trim());
      const asked = new URLSearchParams(pairs).toString();
      return go(asked ? `${home}?${asked}` : home, form.contains(document.activeElement) ? document.activeElement : form);
    });
  });

  // If the first year of a range is after the second, an error appears below the inputs at once.
  document.addEventListener("input", (event) => {
    const form = event.target.closest(".between");
    if (!form) return;
    const [low, high] = form.querySelectorAll("input:not([type=hidden])");
    const error = document.getElementById(form.dataset.error);
    const wrong = low.value.length === 4 && high.value.length === 4 && low.value > high.value;
    error.textContent = wrong ? form.dataset.wrong.replace("{year}", low.value) : "";
    error.hidden = !wrong;
    high.setCustomValidity(error.textContent);
    high.setAttribute("aria-invalid", wrong);
    high.setAttribute("aria-describedby", error.id);
  });

  // On submit, the input gets the focus again, so that screen readers read the error. The bubble of
  // the browser would cover it.
  document.addEventListener("invalid", (event) => {
    if (!event.target.validity.customError) return;
    event.preventDefault();
    event.target.blur();
    event.target.focus();
  }, true);

  addEventListener("popstate", async (event) => {
    const address = here();
    running.abort(); // the pending request is for another URL
    if (failure) failure.hidden = true;
    if (address === shown) return; // only the fragment changed
    const scroll = event.state?.scroll ?? 0;
    try {
      const page = await answer(address);
      if (here() !== address) return;
      shown = address;
      sent = box.value;
      swap(page);
      await null; // the script of reading lists observes the new list and changes its height
      scrollTo({ top: scroll, behavior: "instant" });
    } catch (error) {
      report(error, address);
    }
  });

  // Shows only the rows of a list whose label contains the text of its search box, and the rows
  // above them. Enter leads to the page of all values.
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  function find(rows, wanted) {
    let found = false;
    for (const row of rows) {
      const details = row.querySelector(":scope > details");
      const isLabel = plain(row.querySelector(".label").textContent).includes(wanted);
      const isBelow = details !== null && find(details.querySelector("ul").children, isLabel ? "" : wanted);
      if (details && !isLabel && isBelow) details.open = true;
      row.hidden = !isLabel && !isBelow;
      found ||= !row.hidden;
    }
    return found;
  }

  document.addEventListener("input", (event) => {
    const form = event.target.closest("[data-finder]");
    if (form) find(document.getElementById(form.dataset.finder).children, plain(event.target.value.trim()));
  });

  open(".fold, .early > .group");
})();
