"""Candidates: the best hits of a search by the order of the cluster, scored in this process.

The cluster sends the words of each candidate in order: its row (see `indexer.cluster.documents`).
The scores are those of `arrays.scoring`.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, assert_never

import numpy as np
from numpy.typing import NDArray

from indexer.cluster.documents import END_CODE, GAP_CODE, encode_words
from indexer.cluster.vocabulary_file import VocabularyFile
from indexer.codec.segment.term_dictionary import FIELD_END, GAP
from search_app.engine.matching import Mask, Words, match_parts, weigh_matches
from search_app.engine.opensearch.client import Response
from search_app.engine.opensearch.queries import name_value
from search_app.engine.query.evaluation import Hits, evaluate
from search_app.engine.query.nodes import ID, Clause, Every, Filter, Leaf, Tree, clauses
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking import saturate

Scores = NDArray[np.float32]


class Candidate(NamedTuple):
    """A hit as the cluster orders it, before it is scored here.

    `year` is negative, so that it is smaller for a newer publication. `group` is shared by the
    editions of a title. `names` contains the queries that it matches, and `row` its words.
    """

    id: str
    year: int
    group: int
    names: frozenset[str]
    row: str

    @classmethod
    def read(cls, hit: Response) -> Candidate:
        """Read a hit whose last sort keys are the id and the group."""
        *_, identity, group = hit["sort"]
        fields = hit.get("fields", {})
        [year], [row] = fields.get("year", [None]), fields.get("row", [""])
        newest = 1 if year is None else -int(year)
        return cls(identity, newest, group, frozenset(hit.get("matched_queries", ())), row)


class RowDecoder:
    """Decodes the rows of one generation. Threads may share it."""

    def __init__(self, file: VocabularyFile, vocabulary: Vocabulary) -> None:
        self._vocabulary, self.mean_lengths = vocabulary, file.mean_lengths
        of_words = encode_words(file.arrays.words.texts.to_list())
        codes = np.concatenate([np.array([GAP_CODE, END_CODE], np.uint32), of_words])
        numbers = np.concatenate([[GAP, FIELD_END], np.arange(len(of_words))])
        order = codes.argsort(kind="stable")
        self._codes, self._numbers = codes[order], numbers[order].astype(np.int32)

    def decode(self, candidates: Sequence[Candidate]) -> Words:
        """Return the words of candidates that came with their rows."""
        # A node leaves out the padding.
        rows = [
            np.frombuffer(urlsafe_b64decode(f"{candidate.row}=="), "<u4")
            for candidate in candidates
        ]
        codes = np.concatenate([np.zeros(0, np.uint32), *rows])
        words = self._numbers.take(self._codes.searchsorted(codes), mode="clip")

        def have_value(field: str, value: str) -> Mask:
            if field == ID:
                return np.array([each.id == value for each in candidates], np.bool_)
            return find_named(name_value(field, value), candidates)

        return Words.split(words, self.mean_lengths, self._vocabulary, have_value)


def find_named(name: str | None, candidates: Sequence[Candidate]) -> Mask:
    """Return which candidates match the query with a name."""
    return np.array([name in candidate.names for candidate in candidates], np.bool_)


class CandidateScorer:
    """Scorer of the candidates of a search by their words.

    `names` maps each node that candidates may match by name to it (see `queries.list_names`),
    `find_idf` the idf of a clause, and `weigh_text` what a full text adds to its frequency.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        words: Words,
        names: Mapping[Clause | Filter, str],
        find_idf: Callable[[Clause], float],
        weigh_text: Callable[[Clause], float],
    ) -> None:
        self.candidates, self.words, self._names = candidates, words, names
        self._find_idf, self._weigh_text = find_idf, weigh_text

    def compute_keys(self, tree: Tree) -> Scores:
        """Return the sort key of each candidate: its score, or the frequency of a single clause."""
        if isinstance(tree, Clause):
            return self._weigh(tree)
        scoring = frozenset(clauses(tree))

        def find_leaf(leaf: Leaf) -> Hits:
            match leaf:
                case Clause():
                    weights = self._weigh(leaf)
                    indexes = ((weights > 0) | self._find_named(leaf)).nonzero()[0]
                    idf = self._find_idf(leaf) if leaf in scoring else 0.0
                    return Hits(indexes.astype(np.int32), saturate(weights.take(indexes), idf))
                case Filter():
                    return Hits(self._find_named(leaf).nonzero()[0].astype(np.int32), None)
                case Every():
                    return Hits(np.arange(len(self.candidates), dtype=np.int32), None)
                case _:
                    assert_never(leaf)

        keys: Scores = np.zeros(len(self.candidates), np.float32)
        hits = evaluate(tree, find_leaf, len(self.candidates))
        if hits.scores is not None:
            keys[hits.documents] = hits.scores
        return keys

    def to_scores(self, keys: Scores, tree: Tree) -> Scores:
        """Return the scores of sort keys."""
        return saturate(keys, self._find_idf(tree)) if isinstance(tree, Clause) else keys

    def _find_named(self, node: Clause | Filter) -> Mask:
        return find_named(self._names.get(node), self.candidates)

    def _weigh(self, clause: Clause) -> Scores:
        """Return the weighted frequency of a clause in each candidate; 0 without a match."""
        in_fields = weigh_matches(match_parts(clause.parts, self.words), self.words)
        inside = self._find_named(clause) * self._weigh_text(clause)
        total: Scores = (in_fields + inside).astype(np.float32)
        return total
