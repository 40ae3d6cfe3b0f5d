// Copies the value or the text of an element to the clipboard. Without scripts, its buttons are hidden.
"use strict";

(() => {
  // The clipboard is only open to pages over TLS and on this machine. Otherwise the browser copies what
  // is selected.
  async function copy(source) {
    try {
      await navigator.clipboard.writeText((source.value ?? source.innerText).trim());
    } catch {
      if (source.select) source.select();
      else getSelection().selectAllChildren(source);
      document.execCommand("copy");
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copies]");
    if (!button) return;
    // Before the text changes, so that the change is announced.
    button.firstElementChild.setAttribute("aria-live", "polite");
    await copy(document.getElementById(button.dataset.copies));
    button.firstElementChild.textContent = button.dataset.done;
  });
})();
