"""BM25F once more, in a few lines of NumPy, with its constants as arguments.

It shares the engine's analysis and nothing else: scores are computed from the texts, by the
formula of Robertson, Zaragoza and Taylor, "Simple BM25 Extension to Multiple Weighted Fields"
(CIKM 2004). It is what other constants are tried on; that it gives the engine's scores on the
engine's constants is checked in every run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.relevance.judged import Document
from indexer.analysis import stemming, tokenizer

Numbers = NDArray[np.int64]
Reals = NDArray[np.float64]


class Constants(msgspec.Struct, frozen=True):
    """What BM25F leaves open: saturation, how much lengths count, the weight of the title."""

    k1: float
    b_title: float
    b_summary: float
    title_weight: float


class Evidence(msgspec.Struct, frozen=True):
    """All that the words of a query say of the documents, before any constant.

    One row a word and document in which it stands: the number of the `document`, how often it
    stands in the `title` and in the `summary`, and the `rarity` of the word, once for each
    time that it stands in the query.
    """

    document: Numbers
    title: Reals
    summary: Reals
    rarity: Reals


class Collection:
    """Documents as frequencies of stems and lengths of fields.

    Lengths are in words, over the mean of the documents that have the field, to
    eight binary digits. `ids` is in the
    order in which equal scores are ranked.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        ordered = sorted(documents, key=lambda each: each.id)
        self.ids = [each.id for each in ordered]
        titles = [_stems(each.title) for each in ordered]
        summaries = [_stems(each.text) for each in ordered]
        self.title_lengths, self.summary_lengths = _lengths(titles), _lengths(summaries)
        self._postings: dict[str, list[tuple[int, int, int]]] = {}
        for number, (title, summary) in enumerate(zip(titles, summaries, strict=True)):
            for stem in title.keys() | summary.keys():
                row = (number, title[stem], summary[stem])
                self._postings.setdefault(stem, []).append(row)

    def evidence(self, words: str) -> Evidence:
        """Return the evidence of a query, without stop words and words that carry a question.

        These count if there is nothing else.
        """
        found = list(tokenizer.tokens(words, "en"))
        left_out = stemming.stop_words("en")
        asks = stemming.is_question(words.split())
        kept = [
            word for word in found
            if word.written not in left_out
            and not (asks and stemming.carries_question(word.written))
        ] or found  # fmt: skip
        rows, rarity = [np.zeros((0, 3), np.int64)], [np.zeros(0)]
        for stem, times in Counter(word.stem for word in kept).items():
            postings = self._postings.get(stem, [])
            held, absent = len(postings), len(self.ids) - len(postings)
            if held:
                rows.append(np.array(postings, np.int64))
                rarity.append(np.full(held, times * np.log(1 + (absent + 0.5) / (held + 0.5))))
        document, title, summary = np.concatenate(rows).T
        return Evidence(
            document, title.astype(float), summary.astype(float), np.concatenate(rarity)
        )

    def scores(self, evidence: Evidence, constants: Constants) -> Reals:
        """The score of every document, 0 without any of the words."""
        at = evidence.document
        title = evidence.title / _norms(self.title_lengths, constants.b_title)[at]
        summary = evidence.summary / _norms(self.summary_lengths, constants.b_summary)[at]
        frequency = constants.title_weight * title + summary
        saturated = frequency * (constants.k1 + 1) / (constants.k1 + frequency)
        return np.bincount(at, evidence.rarity * saturated, len(self.ids)).astype(np.float64)

    def ranked(self, evidence: Evidence, constants: Constants, most: int) -> list[str]:
        """The ids of the documents with any of the words, best first."""
        scores = self.scores(evidence, constants)
        best = np.argsort(-scores, kind="stable")[:most]
        return [self.ids[number] for number in best if scores[number] > 0]


def _stems(text: str) -> Counter[str]:
    return Counter(word.stem for word in tokenizer.tokens(text, "en"))


def _lengths(texts: Sequence[Counter[str]]) -> Reals:
    lengths = np.array([text.total() for text in texts], float)
    digits, exponent = np.frexp(lengths[lengths > 0].mean() if lengths.any() else 1)
    shortened: Reals = lengths / np.ldexp(np.rint(digits * 256) / 256, exponent)
    return shortened


def _norms(lengths: Reals, b: float) -> Reals:
    """What frequencies are divided by; a field that is not there has no frequencies."""
    return np.where(lengths > 0, 1 - b + b * lengths, 1)
