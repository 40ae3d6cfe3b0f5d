"""The rules of relevance: the formulas of BM25F, and the signals that raise the best hits.

A store finds the candidates: the best hits by the scores of the clauses. `Rescoring` computes what
is added to their scores from their words, which the store gathers once.

Title match: a reader who types a title, or some words of it with an author or a year, looks for one
publication. BM25F alone may rank an abstract higher that repeats these words. A hit rises only if
every clause matches it outside its abstract, all but one in its title.

Nearness: a pair of neighboring words of a short query counts most if a title has it in order. It
counts less if another text has it in order, and least if the words are near each other in any
order. This is a simple form of the sequential dependence model. Source: D. Metzler and W. B. Croft,
"A Markov Random Field Model for Term Dependencies" (SIGIR 2005).

Feedback: the first hits are the feedback documents. The expansion terms are the words that score
highest in them. Each hit gets a share of the score, in proportion to the inner product of its
expansion terms with those of the feedback documents. This is Rocchio's method with the weights of
BM25F. Source: J. Rocchio, "Relevance Feedback in Information Retrieval" (1971). Feedback changes
the order of hits only. It adds and removes none, so counts and facets stay the same. Recall still
rises at any depth below RESCORED_HITS, because long queries match by any of their words: the hits
that share the subject move up. The first KEPT hits keep their order, because a known publication is
usually among them. Editions of one title count once among the feedback documents and the first
hits.

More like this: the publications similar to one are the best hits of an OR of its key terms, the
words that contribute most to the score of the publication itself.
"""

from collections.abc import Mapping, Sequence
from itertools import islice, pairwise
from math import log
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import stemming, tokenizer
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.editions import NO_FAMILY
from indexer.codec.segment.postings import K1
from search_app.engine.matching import Words, match_parts, weigh_matches
from search_app.engine.query import nodes
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.store import StoreRequest

LEVEL_RATIO = 0.7
"""Minimum share of the best score at which a hit counts as one of the best matches."""

TITLE_DEPTH = 10
"""Number of best hits that may rise by their title."""
MAX_GAIN = 0.3
"""Gain of a hit whose whole title matches, or whose title has all pairs of words in order, as a
share of its score. With 0.4 for titles, the judged queries of the catalogue lose."""
MAX_ELSEWHERE = 1
"""Number of clauses that may match in other fields than the title: an author or a year."""
MIN_TITLE_CLAUSES, MAX_TITLE_CLAUSES = 3, 40
"""Limits on the clauses of a query that may be a title. Two words are more often a subject."""

MIN_NEAR_WORDS, MAX_NEAR_WORDS = 2, 4
"""Limits on the words of a query that raises hits by nearness, without stop words."""
NEAR_DEPTH = 100
"""Number of best hits that may rise by nearness."""
IN_TITLE, IN_ORDER, NEARBY = 1.0, 2 / 3, 1 / 3
"""Strength of a pair in order in a title, in order in another text, and in any order."""
ORDERED_DISTANCE = 2
"""Maximum distance of a pair in order, in words. One word may be between them, as in a name."""
WINDOW = 8
"""Maximum distance of a pair in any order, in words: about half a sentence."""

MIN_FEEDBACK_CLAUSES = 4
"""Minimum number of clauses of a query with feedback. Shorter ones often name a known publication,
and the judged queries of the catalogue did not gain from feedback with fewer."""
KEPT = 5
"""Number of first hits that keep their order. They get the full share."""
FEEDBACK_DOCS = 10
"""Number of feedback documents. A list that is not longer has no feedback."""
SCORE_POWER = 4
"""Exponent of the score as the weight of a feedback document, so that the best ones dominate."""
EXPANSION_TERMS = 16
"""Number of expansion terms."""
MIN_DOCS, MAX_DOC_SHARE = 2, 0.2
"""Limits on an expansion term: the minimum number of feedback documents with it, and the maximum
share of all documents."""
RESCORED_HITS = 500
"""Number of best hits that are re-scored. It bounds the time, and a greater number did not help."""
FULL_SHARE = 0.8
"""The greatest share that feedback adds to a score, as a fraction of the best score."""

MAX_SIMILAR = 6
"""Maximum number of similar publications."""
MIN_KEY_TERMS, MAX_KEY_TERMS = 3, 64
"""Limits on the number of key terms: fewer are not enough evidence, more cost time."""
SIMILAR_DEPTH = 100
"""Number of documents that all key terms order. With 500, precision rose by .0005 at most."""
KIN, KIN_SHARE, KIN_POWER = 3, 1.0, 2
"""Number of the nearest kin that add to the weights of the key terms, what all add together, and
the exponent of their similarities. The first order of kin finds them."""
KIN_DEPTH = 30
"""Number of documents whose order may change thereby."""
RETRIEVING_TERMS = 25
"""Number of key terms of which a similar publication has at least one."""
MAX_POSTINGS = 100_000
"""Limit on the total postings of these terms; the most frequent ones are dropped first."""
MIN_FREQUENCY = 2
"""A key term occurs in at least 2 documents."""
COMMON_WORDS = frozenset(
    "about above after again all also among another any before being below between both can come "
    "could deal did do does done during each every few find finds found further gave get give "
    "given go goes he help helps her here him his i just less made make makes many may meant "
    "might more most much must new no one only other others our out over own same several she "
    "should since some still take taken tell tells them themselves through together too two under "
    "until up us use used uses various very we well who whom whose will within without would yet "
    "you".split()
)
"""English words that are searchable but too general to be key terms or expansion terms."""
IGNORED_STEMS = frozenset(
    stemming.stem(word, language)
    for language, words in (*stemming.STOP_WORDS.items(), ("en", COMMON_WORDS))
    for word in words
)
"""Stems that are never such terms: those of COMMON_WORDS, and of the stop words of all
languages."""

QueryWord = tuple[int, ...]
"""The stem numbers of a word of a query, one for each language that has another stem."""


def saturate(weights: Array, idf: float) -> NDArray[np.float32]:
    """Return the score of each weighted frequency.

    It grows with the frequency, ever more slowly, up to the limit `idf * (k1 + 1)`.
    """
    scores: NDArray[np.float32] = np.divide(weights, weights + np.float32(K1), dtype=np.float32)
    scores *= np.float32(idf * (K1 + 1))
    return scores


def compute_idf(frequency: int, size: int) -> float:
    """Return the idf of a document frequency in an index of `size` documents."""
    return log(1 + (size - frequency + 0.5) / (frequency + 0.5))


def compute_idfs(frequencies: Array, size: int) -> NDArray[np.float64]:
    """Return the idf of each document frequency in an index of `size` documents."""
    idfs: NDArray[np.float64] = np.log(1 + (size - frequencies + 0.5) / (frequencies + 0.5))
    return idfs


def level_scores(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return scores in which those close to the best equal it, so that the newest come first."""
    max_score = scores.max(initial=0)
    return np.where(scores >= LEVEL_RATIO * max_score, max_score, scores)


class Candidates(NamedTuple):
    """The best hits of a search before its filters, best first.

    `scores` (float32) has the score of each, and `newest` its rank by date, which is smaller for a
    newer one. `families` has a number that the editions of a title share, or NO_FAMILY.
    `are_matched` says which pass the query filters.
    """

    scores: NDArray[np.float32]
    newest: Array
    families: Array
    are_matched: NDArray[np.bool_]


class AddedScores(NamedTuple):
    """The gains of each candidate in score, by signal, and the stem numbers of the expansion terms.

    A signal is a field of `explain.AddedToHit`. The expansion terms have the greatest weight first.
    """

    gains: Mapping[str, Array]
    terms: Sequence[int] = ()

    def get_of(self, index: int) -> dict[str, float]:
        """Return the gains of a candidate by signal."""
        return {signal: float(gains[index]) for signal, gains in self.gains.items()}


class Rescoring:
    """The signals that raise the best hits of one search.

    `tree` is the evaluated tree. `depth` is the number of candidates before the query filters, and
    `matched_depth` that after them. Both are 0 if the search raises none.
    """

    def __init__(
        self, store_request: StoreRequest, tree: nodes.Tree | None, vocabulary: Vocabulary
    ) -> None:
        self._vocabulary = vocabulary
        self.title = read_title_query(tree, vocabulary) if store_request.raises_titles else None
        words = tree.base if isinstance(tree, nodes.Added) else tree
        is_near = uses_nearness(store_request) and not isinstance(words, nodes.Clause)
        self.near_words = list_near_words(store_request.text, vocabulary) if is_near else []
        self.matched_depth = RESCORED_HITS if uses_feedback(store_request, tree) else 0
        self.depth = max(
            TITLE_DEPTH if self.title else 0,
            NEAR_DEPTH if self.near_words else 0,
            self.matched_depth,
        )

    def raise_by_words(self, scores: Array, words: Words) -> dict[str, Array]:
        """Return what title matches and nearness add to the scores of the best hits."""
        titles, nearness = np.zeros(len(scores)), np.zeros(len(scores))
        if self.title:
            first = slice(0, TITLE_DEPTH)
            titles[first] = compute_title_gains(self.title, words.take(first), scores[first])
        if self.near_words:
            first = slice(0, NEAR_DEPTH)
            strengths = measure_pairs(self.near_words, words.take(first), self._vocabulary)
            nearness[first] = compute_nearness_gains(
                self.near_words, strengths, scores[first], self._vocabulary
            )
        return {"title": titles, "nearness": nearness}

    def compute(self, candidates: Candidates, words: Words) -> AddedScores:
        """Return what is added to the scores of the candidates, of which `words` are the words."""
        scores = candidates.scores
        gains = self.raise_by_words(scores, words)
        shares, terms = np.zeros(len(scores), np.float32), list[int]()
        if self.matched_depth:
            raised = scores + gains["title"].astype(np.float32)
            order = np.lexsort((candidates.newest, -raised))
            ranked = order[candidates.are_matched.take(order)][:RESCORED_HITS]
            families = candidates.families.take(ranked)
            feedback = compute_feedback(ranked, raised, families, words, self._vocabulary)
            if feedback:
                shares[ranked], terms = feedback
        return AddedScores(gains | {"feedback": shares}, terms)


class TitleQuery(NamedTuple):
    """A query that may be a title: its distinct clauses, and the fields with two roles.

    `abstract` is None if no searchable field has this role.
    """

    clauses: Sequence[nodes.Clause]
    title: str
    abstract: str | None


def read_title_query(tree: nodes.Tree | None, vocabulary: Vocabulary) -> TitleQuery | None:
    """Return the clauses of an evaluated tree; None if the query raises no titles.

    It raises none if it has too few or too many, or if titles are not searchable.
    """
    title, abstract = _find_field("title", vocabulary), _find_field("abstract", vocabulary)
    distinct = {clause.text: clause for clause in nodes.clauses(nodes.drop_boosts(tree))}
    if title is None or not MIN_TITLE_CLAUSES <= len(distinct) <= MAX_TITLE_CLAUSES:
        return None
    return TitleQuery([*distinct.values()], title, abstract)


def _find_field(role: Literal["title", "abstract"], vocabulary: Vocabulary) -> str | None:
    """Return the name of the searchable field with a role, or None."""
    field = vocabulary.catalogue.find_by_role(role)
    return field.name if field and field.name in vocabulary.searchable else None


def compute_title_gains(title_query: TitleQuery, words: Words, scores: Array) -> Array:
    """Return what each hit gains in score.

    It is a share of the score, in proportion to the share of the words of the title that the
    clauses match. It is 0 if a clause matches no word outside the abstract, or if more than
    MAX_ELSEWHERE match outside the title only.
    """
    words = words.drop(title_query.abstract)
    titles = words.fields.index(title_query.title)
    is_covered = np.zeros(len(words.words), np.bool_)
    is_candidate, elsewhere = np.ones(words.size, np.bool_), np.zeros(words.size, np.int64)
    for clause in title_query.clauses:
        matches, in_title = match_parts(clause.parts, words), np.zeros(words.size, np.bool_)
        for found in matches:
            if found.how == "word":
                starts = words.select(found.starts, frozenset((title_query.title,)))
                in_title[words.get_owners(starts)] = True
                for distance in range(found.length):
                    is_covered[starts + distance] = True
        elsewhere += ~in_title
        is_candidate &= (weigh_matches(matches, words) > 0) & (elsewhere <= MAX_ELSEWHERE)
    covered = words.count_by_cell(is_covered.nonzero()[0], weighted=False)[:, titles]
    lengths = words.count_by_cell((words.words >= 0).nonzero()[0], weighted=False)[:, titles]
    shares = np.where(is_candidate, covered / lengths.clip(min=1), 0.0)
    gains: Array = MAX_GAIN * shares * scores
    return gains


def uses_nearness(store_request: StoreRequest) -> bool:
    """Return whether a search is in the default mode, without operators, and ordered by score.

    A query that is the name of a facet value, such as an author, is ranked in the same way for any
    order of its words.
    """
    is_name = any(boost.text == store_request.text for boost in store_request.boosts)
    return store_request.raises_titles and not store_request.is_literal and not is_name


def list_near_words(text: str, vocabulary: Vocabulary) -> list[QueryWord]:
    """Return the distinct words of a query.

    Stop words and words that the index does not have are left out. A query with fewer than
    MIN_NEAR_WORDS or more than MAX_NEAR_WORDS words raises no hit, so the list is empty.
    """
    words = (
        tuple(
            number
            for stem in vocabulary.list_stems(word)
            for number in vocabulary.find_numbers(stem)
        )
        for word in tokenizer.split_words(text)
        if not vocabulary.is_stop_word(word)
    )
    distinct: dict[QueryWord, None] = {}
    for stems in filter(None, words):
        distinct[stems] = None
        if len(distinct) > MAX_NEAR_WORDS:
            return []
    return list(distinct) if len(distinct) >= MIN_NEAR_WORDS else []


def measure_pairs(
    near_words: Sequence[QueryWord], words: Words, vocabulary: Vocabulary
) -> list[NDArray[np.float64]]:
    """Return the greatest strength of each pair of neighboring words in each publication."""
    is_title = np.array([field.role == "title" for field in vocabulary.catalogue.searchable])
    positions = [words.find_stems(stems) for stems in near_words]
    return [_measure_pair(*pair, is_title, words) for pair in pairwise(positions)]


def _measure_pair(
    first: Array, second: Array, is_title: NDArray[np.bool_], words: Words
) -> NDArray[np.float64]:
    strengths = np.zeros(words.size)
    if not len(first) or not len(second):
        return strengths
    cells = words.cells.take(first)
    # Two fields are more than WINDOW apart.
    offsets, others = (each + words.cells.take(each) * (WINDOW + 1) for each in (first, second))
    following = others.searchsorted(offsets, side="right")
    after = others.take(following, mode="clip") - offsets
    preceding = others.searchsorted(offsets) - 1
    before = offsets - others.take(np.maximum(preceding, 0))
    after[following == len(others)] = before[preceding < 0] = WINDOW + 1
    in_order = np.where(is_title.take(cells % len(is_title)), IN_TITLE, IN_ORDER)
    nearby = np.where(np.minimum(after, before) <= WINDOW, NEARBY, 0.0)
    found = np.where(after <= ORDERED_DISTANCE, in_order, nearby)
    np.maximum.at(strengths, cells // len(is_title), found)
    return strengths


def compute_nearness_gains(
    near_words: Sequence[QueryWord],
    strengths: Sequence[NDArray[np.float64]],
    scores: Array,
    vocabulary: Vocabulary,
) -> NDArray[np.float64]:
    """Return what each hit gains in score, given the strength of each pair in it."""
    weights = weigh_pairs(near_words, vocabulary)
    gains: NDArray[np.float64] = MAX_GAIN * np.average(strengths, axis=0, weights=weights) * scores
    return gains


def weigh_pairs(near_words: Sequence[QueryWord], vocabulary: Vocabulary) -> NDArray[np.float64]:
    """Return the weight of each pair of neighboring words: the idf of its more frequent word."""
    find_frequency = vocabulary.stems.doc_frequency
    frequencies = np.array([max(map(find_frequency, stems)) for stems in near_words])
    return compute_idfs(np.maximum(frequencies[:-1], frequencies[1:]), vocabulary.size)


def uses_feedback(store_request: StoreRequest, tree: nodes.Tree | None) -> bool:
    """Return whether a search is long enough, not literal, and ordered by relevance."""
    words = islice(nodes.clauses(nodes.drop_boosts(tree)), MIN_FEEDBACK_CLAUSES)
    return (
        store_request.is_ranked
        and not store_request.is_literal
        and sum(1 for _ in words) == MIN_FEEDBACK_CLAUSES
    )


class ExpansionTerms(NamedTuple):
    """The stem numbers of the expansion terms, greatest weight first, and their weights."""

    stems: Array
    weights: NDArray[np.float32]


def compute_feedback(
    ranked: Array,
    scores: NDArray[np.float32],
    families: Array,
    words: Words,
    vocabulary: Vocabulary,
) -> tuple[NDArray[np.float32], list[int]] | None:
    """Return what feedback adds to the score of each hit, and the expansion terms.

    `ranked` contains the numbers of the hits among the candidates, best first, and `families` the
    family of each. `scores` and `words` are those of all candidates. Return None without feedback.
    """
    scores = scores.take(ranked)
    titles = find_titles(families, scores)
    if titles is None:
        return None
    chosen = titles[:FEEDBACK_DOCS]
    terms = choose_terms(words.take(ranked[chosen]), scores[chosen] / scores[0], vocabulary)
    similarities = compute_similarities(terms, words, vocabulary).take(ranked)
    is_kept = np.arange(len(ranked)) < titles[KEPT]
    shares = compute_shares(similarities, is_kept, scores[0])
    return None if shares is None else (shares, terms.stems.tolist())


def compute_similarities(
    terms: ExpansionTerms, words: Words, vocabulary: Vocabulary
) -> NDArray[np.float32]:
    """Return the sum of the scores of the expansion terms in each publication."""
    columns = np.full(len(vocabulary.stems) + 1, -1, np.int8)  # the last one is for marks
    columns[terms.stems] = np.arange(len(terms.stems))
    of_positions = columns.take(words.stems)
    positions = (of_positions >= 0).nonzero()[0]
    cells, shape = words.cells.take(positions), (words.size, len(terms.stems))
    places = cells // len(words.fields) * shape[1] + of_positions.take(positions)
    sums = np.bincount(places, words.norms.reshape(-1).take(cells), shape[0] * shape[1])
    similarities: NDArray[np.float32] = (
        saturate(sums.astype(np.float32).reshape(shape), 1.0) @ terms.weights
    )
    return similarities


def find_titles(families: Array, scores: NDArray[np.float32]) -> Array | None:
    """Return the indexes of the first edition of each title; None if there is no feedback.

    `families` gives the family of each hit, best first: a number that its editions share, or
    NO_FAMILY. `scores` gives the score of each hit. The feedback documents are the first
    FEEDBACK_DOCS of the indexes.
    """
    is_first = families == NO_FAMILY
    is_first[np.unique(families, return_index=True)[1]] = True
    titles: Array = is_first.nonzero()[0]
    return titles if len(titles) > FEEDBACK_DOCS and scores[0] > 0 else None


def choose_terms(
    words: Words, scores: NDArray[np.float32], vocabulary: Vocabulary
) -> ExpansionTerms:
    """Return the expansion terms of the feedback documents.

    `words` are theirs, and `scores` are their scores as a share of the best one.
    """
    terms, (stems, frequencies) = vocabulary.stems, words.weigh_stems()
    doc_counts = terms.offsets[stems + 1].astype(np.int64) - terms.offsets[stems]
    is_shared = np.count_nonzero(frequencies, axis=0) >= MIN_DOCS
    indexes = (is_shared & (doc_counts <= MAX_DOC_SHARE * vocabulary.size)).nonzero()[0]
    stems, doc_counts = stems.take(indexes), doc_counts.take(indexes)
    idfs = compute_idfs(doc_counts, vocabulary.size)
    doc_weights = scores**SCORE_POWER / (scores**SCORE_POWER).sum()
    weights = doc_weights @ saturate(frequencies[:, indexes], 1.0) * idfs**2
    chosen = _choose_telling(stems, weights, EXPANSION_TERMS, vocabulary)
    return ExpansionTerms(stems[chosen], weights[chosen].astype(np.float32))


def compute_shares(
    similarities: NDArray[np.float32], is_kept: NDArray[np.bool_], best_score: float
) -> NDArray[np.float32] | None:
    """Return what feedback adds to the score of each hit; None if no hit has an expansion term.

    `similarities` has for each hit the sum of the scores of the expansion terms in it, and
    `is_kept` is True for those before the title number KEPT, counted from 0.
    """
    greatest = similarities.max()
    if not greatest:
        return None
    shares: NDArray[np.float32] = similarities / greatest
    shares[is_kept] = 1
    shares *= np.float32(FULL_SHARE * best_score)
    return shares


def choose_key_terms(
    words: Words, vocabulary: Vocabulary, shares: Sequence[float] = (1.0,)
) -> ExpansionTerms:
    """Return the key terms of the publication that has the words, greatest weight first.

    The weight of a term is the root of its weighted frequency in the whole record, times its idf.
    The words of its nearest kin may follow, of which each adds its share to the weights. A
    publication with fewer than MIN_KEY_TERMS has no similar ones, and no key terms.
    """
    terms, (stems, frequencies) = vocabulary.stems, words.weigh_stems()
    doc_counts = terms.offsets[stems + 1].astype(np.int64) - terms.offsets[stems]
    weights = np.asarray(shares) @ np.sqrt(frequencies) * compute_idfs(doc_counts, vocabulary.size)
    weights[doc_counts < MIN_FREQUENCY] = 0
    chosen = _choose_telling(stems, weights, MAX_KEY_TERMS, vocabulary)
    if len(chosen) < MIN_KEY_TERMS:
        chosen = []
    return ExpansionTerms(stems[chosen], weights[chosen].astype(np.float32))


def compute_kin_shares(similarities: NDArray[np.float32]) -> list[float]:
    """Return the shares of a publication and of its nearest kin in its key terms.

    `similarities` are those of the kin, best first. The best ones dominate, as in feedback.
    """
    weights = (similarities / similarities[0]) ** KIN_POWER
    return [1.0, *(KIN_SHARE * weights / weights.sum()).tolist()]


def choose_affordable(terms: ExpansionTerms, vocabulary: Vocabulary) -> list[str]:
    """Return the key terms that retrieve what may be similar: the first ones with few postings.

    At most RETRIEVING_TERMS have at most MAX_POSTINGS together.
    """
    stems, offsets = terms.stems[:RETRIEVING_TERMS], vocabulary.stems.offsets
    frequencies = offsets[stems + 1].astype(np.int64) - offsets[stems]
    rarest = np.argsort(frequencies, kind="stable")
    affordable = rarest[frequencies[rarest].cumsum() <= MAX_POSTINGS]
    return [vocabulary.stems.texts.get_text(int(stem)) for stem in stems[np.sort(affordable)]]


def _choose_telling(stems: Array, weights: Array, most: int, vocabulary: Vocabulary) -> list[int]:
    """Return the indexes of the stems with the greatest weights that tell a subject.

    Common words, years and other numbers do not.
    """
    telling = (
        index
        for index in np.lexsort((stems, -weights)).tolist()
        if weights[index] and _is_telling(vocabulary.stems.texts.get_text(int(stems[index])))
    )
    return [*islice(telling, most)]


def _is_telling(stem: str) -> bool:
    return stem not in IGNORED_STEMS and not stem.isdigit()
