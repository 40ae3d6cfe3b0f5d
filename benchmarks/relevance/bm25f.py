"""A reference implementation of BM25F in NumPy, with its constants as arguments.

It shares the engine's analysis and nothing else. Its scores follow the formula of Robertson,
Zaragoza and Taylor, "Simple BM25 Extension to Multiple Weighted Fields" (CIKM 2004). Other
constants are tried on it. Every run checks that it gives the engine's scores with the engine's
constants.
"""

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
    """Constants of BM25F: saturation, length normalization of each field, and title weight."""

    k1: float
    b_title: float
    b_summary: float
    title_weight: float


class Evidence(msgspec.Struct, frozen=True):
    """The postings of a query, independent of any constant.

    Each row is a word and a document that contains it: the number of the `document`, the frequency
    in the `title` and in the `summary`, and the `rarity` of the word, multiplied by its frequency
    in the query.
    """

    document: Numbers
    title: Reals
    summary: Reals
    rarity: Reals


class Collection:
    """Documents as frequencies of stems and lengths of fields.

    A length is a number of words, divided by the mean over documents that have the field, to eight
    binary digits. `ids` gives the order in which equal scores are ranked.
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
        """Return the postings of a query without stop words and question words.

        If the query has no other words, all words count.
        """
        found = list(tokenizer.tokenize(words, "en"))
        left_out = stemming.get_stop_words("en")
        asks = stemming.is_question(words.split())
        kept = [
            word for word in found
            if word.surface not in left_out
            and not (asks and stemming.is_question_word(word.surface))
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
        """Return the score of every document, 0 for documents without a word of the query."""
        at = evidence.document
        title = evidence.title / _norms(self.title_lengths, constants.b_title)[at]
        summary = evidence.summary / _norms(self.summary_lengths, constants.b_summary)[at]
        frequency = constants.title_weight * title + summary
        saturated = frequency * (constants.k1 + 1) / (constants.k1 + frequency)
        return np.bincount(at, evidence.rarity * saturated, len(self.ids)).astype(np.float64)

    def ranked(self, evidence: Evidence, constants: Constants, most: int) -> list[str]:
        """Return the ids of the matching documents, best first."""
        scores = self.scores(evidence, constants)
        best = np.argsort(-scores, kind="stable")[:most]
        return [self.ids[number] for number in best if scores[number] > 0]


def _stems(text: str) -> Counter[str]:
    return Counter(word.stem for word in tokenizer.tokenize(text, "en"))


def _lengths(texts: Sequence[Counter[str]]) -> Reals:
    lengths = np.array([text.total() for text in texts], float)
    digits, exponent = np.frexp(lengths[lengths > 0].mean() if lengths.any() else 1)
    shortened: Reals = lengths / np.ldexp(np.rint(digits * 256) / 256, exponent)
    return shortened


def _norms(lengths: Reals, b: float) -> Reals:
    """Return the divisors of the frequencies. They are 1 where the field is missing."""
    return np.where(lengths > 0, 1 - b + b * lengths, 1)
