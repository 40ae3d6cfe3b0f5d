"""Measure the quality of rankings with ir-measures."""

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.relevance.judged import JudgedSet

Figures = NDArray[np.float64]
"""One figure per query, in the order of the collection's queries."""

NDCG = "nDCG@10"
MEASURES = {NDCG: NDCG, "MAP": "AP@1000", "recall@100": "R@100"}
"""The measures, by their names in the report and in ir-measures."""


class Judge:
    """Evaluates rankings of one collection. Raises ModuleNotFoundError without ir-measures.

    Only the order of a ranking counts, because scores of different engines are not comparable.
    """

    def __init__(self, judged: JudgedSet, measures: Iterable[str] = MEASURES) -> None:
        self._library: Any = import_module("ir_measures")
        self._queries = {query.id: number for number, query in enumerate(judged.queries)}
        self._measures = {
            name: self._library.parse_measure(MEASURES[name]) for name in measures
        }  # fmt: skip
        grades = [
            self._library.Qrel(query, document, grade)
            for query, documents in judged.judgments.items()
            for document, grade in documents.items()
        ]
        self._evaluator = self._library.evaluator(list(self._measures.values()), grades)

    def figures(self, lists: Mapping[str, Sequence[str]]) -> dict[str, Figures]:
        """Return the figures of each measure from the ranking of each query, best first."""
        run = [
            self._library.ScoredDoc(query, document, -float(place))
            for query, documents in lists.items()
            for place, document in enumerate(documents)
        ]
        names = {measure: name for name, measure in self._measures.items()}
        found = {name: np.zeros(len(self._queries)) for name in self._measures}
        for each in self._evaluator.iter_calc(run):
            found[names[each.measure]][self._queries[each.query_id]] = each.value
        return found
