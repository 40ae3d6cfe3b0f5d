// Cite publications with citeproc-js. stdin: {items, styles: {name: file}, locales: folder}.
// stdout: {style: {id: citation}}, with <i> for italics.
const fs = require("fs");
const CSL = require("citeproc");

const { items, styles, locales } = JSON.parse(fs.readFileSync(0, "utf8"));
const byId = Object.fromEntries(items.map((item) => [item.id, item]));
const expected = {};
for (const [name, file] of Object.entries(styles)) {
  const system = {
    retrieveLocale: (tag) => fs.readFileSync(`${locales}/locales-${tag}.xml`, "utf8"),
    retrieveItem: (id) => byId[id],
  };
  const engine = new CSL.Engine(system, fs.readFileSync(file, "utf8"), "en-US");
  expected[name] = {};
  for (const { id } of items) {
    engine.updateItems([id]);
    expected[name][id] = engine.makeBibliography()[1].join("")
      .replace(/<div class="csl-left-margin">[^<]*<\/div>/, "") // the number of an entry in a list
      .replace(/<(?!\/?i>)[^>]*>/g, "")
      .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code))
      .replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&")
      .trim();
  }
}
process.stdout.write(JSON.stringify(expected));
