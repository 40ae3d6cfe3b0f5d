// Suggests words, filter values, and titles of the index while the user types. The box becomes an
// editable combobox with a list, as in the WAI-ARIA Authoring Practices. The focus stays in the
// box, and the arrow keys move through the list. The site works without this script. If a request
// fails, there is no list.
"use strict";

(() => {
  const PAUSE = 120; // milliseconds without typing before a request is sent
  const SHORTEST = 2; // minimum number of characters for suggestions
  const box = document.querySelector("#q");
  const home = box.form.getAttribute("action");
  const list = Object.assign(document.createElement("ul"), { id: "suggestions", className: "suggestions", hidden: true });
  const told = Object.assign(document.createElement("p"), { className: "unseen" });
  let offered = []; // the suggestions, in the order of the options
  let active = -1; // index of the option that Enter selects; -1 is the box itself
  let waiting; // the timer of the next request
  let running = new AbortController();

  function element(name, className, text) {
    return Object.assign(document.createElement(name), { className, textContent: text });
  }

  function option({ kind, text, label, number, description }, at) {
    const row = Object.assign(document.createElement("li"), { id: `suggestion-${at}` });
    const name = Object.assign(element("span", "label"), { dir: "auto" });
    row.dataset.kind = kind;
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", "false");
    row.setAttribute("aria-label", description);
    // The label of a value starts with the name of its facet.
    if (label !== text) name.append(element("span", "of", label.slice(0, -text.length)));
    name.append(text);
    row.append(name);
    if (kind !== "title") row.append(element("span", "count", number));
    return row;
  }

  function activate(at) {
    list.children[active]?.setAttribute("aria-selected", "false");
    active = at;
    const row = list.children[at];
    if (!row) return box.removeAttribute("aria-activedescendant");
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest", behavior: "instant" });
    box.setAttribute("aria-activedescendant", row.id);
  }

  function show(suggestions, summary) {
    activate(-1);
    offered = suggestions;
    list.replaceChildren(...offered.map(option));
    list.hidden = !offered.length;
    box.setAttribute("aria-expanded", !list.hidden);
    told.textContent = list.hidden ? "" : summary;
  }

  function close() {
    clearTimeout(waiting);
    running.abort();
    show([]);
  }

  // The form data has the current filters, so suggestions are within them.
  async function ask() {
    const asked = box.value;
    running.abort();
    running = new AbortController();
    const { signal } = running;
    try {
      const response = await fetch(`${home}api/suggest?${new URLSearchParams(new FormData(box.form))}`, { signal });
      if (!response.ok) throw new Error(`${response.status}`);
      const { suggestions, summary } = await response.json();
      if (!signal.aborted && box.value === asked && document.activeElement === box) show(suggestions, summary);
    } catch {
      if (!signal.aborted) close();
    }
  }

  function choose({ kind, text, url }) {
    close();
    if (kind !== "word") return location.assign(url);
    box.value = text;
    box.form.requestSubmit();
  }

  // Down from the last option leads to the box, then to the first option. Up is the reverse.
  function step(by) {
    if (list.hidden) return box.value.trim().length < SHORTEST ? false : ask();
    const stops = offered.length + 1;
    return activate(((active + 1 + by + stops) % stops) - 1);
  }

  const keys = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Enter: () => (active < 0 ? false : choose(offered[active])),
    Escape: () => (list.hidden ? false : close()),
    // These keys edit the text, so no option stays active.
    Home: () => (activate(-1), false),
    End: () => (activate(-1), false),
    ArrowLeft: () => (activate(-1), false),
    ArrowRight: () => (activate(-1), false),
    Tab: () => (close(), false),
  };

  box.addEventListener("keydown", (event) => {
    // During composition, the keys belong to the input method.
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (keys[event.key] && keys[event.key]() !== false) event.preventDefault();
  });

  // Phones compose every word, so this does not wait for the end of composition.
  box.addEventListener("input", () => {
    if (!told.isConnected) box.form.append(told);
    clearTimeout(waiting);
    activate(-1);
    if (document.activeElement !== box || box.value.trim().length < SHORTEST) close();
    else waiting = setTimeout(ask, PAUSE);
  });

  box.addEventListener("blur", close);
  document.addEventListener("submit", close);
  for (const leaving of ["popstate", "pagehide"]) addEventListener(leaving, close);

  // A press on the list keeps the focus in the box. Otherwise the list would close before the click.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const row = event.target.closest("li");
    if (row) choose(offered[[...list.children].indexOf(row)]);
  });

  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", box.form.dataset.suggestions);
  told.setAttribute("aria-live", "polite");
  for (const [name, value] of Object.entries({
    role: "combobox", autocomplete: "off", "aria-autocomplete": "list",
    "aria-expanded": "false", "aria-controls": list.id,
  })) box.setAttribute(name, value);
  box.form.append(list);
})();
