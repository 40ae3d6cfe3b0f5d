// How the search of the documentation site scores its hits. Pages for readers come before records of
// decisions, lists, and changes. Sphinx reads the names of this object.
var Scorer = {
  score: ([page, , , , score]) =>
    /decisions|modules|translating|CHANGELOG/.test(page) ? score - 20 : score,
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
