"""Translate query trees into queries of OpenSearch.

`match` says which documents a tree matches, exactly as a local index does. `score` orders them as
BM25F does there, apart from a few approximations: the idf of a clause with several words is that of
the sum of their frequencies, and a full text adds the same to any clause that it matches.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import assert_never

import msgspec
import numpy as np

from indexer.analysis import tokenizer
from indexer.catalogue.fields import MISSING
from indexer.cluster.mapping import MAX_TERM_CHARS, PAGES, STEMS, TEXTS, WORDS, Json, make_term
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.postings import K1
from indexer.codec.segment.term_dictionary import decode_surface
from search_app.engine.cache import Cache
from search_app.engine.facets import FacetSelection, Node, list_nodes
from search_app.engine.query import nodes
from search_app.engine.query.cost import drop_expensive
from search_app.engine.query.vocabulary import Vocabulary, expand
from search_app.engine.ranking import compute_idf
from search_app.engine.request import SearchRequest, parse_year_range

MAX_CLAUSES = 1000
"""Limit on the clauses of a search. Lucene allows 1,024
(`indices.query.bool.max_clause_count`), and some searches add a few, such as one for ids."""
MAX_LEAVES = MAX_CLAUSES // 2
"""Limit on the clauses that say which documents match, with the filters. Others order the hits."""
MAX_NAMES = 400
"""Limit on the names of several words that a clause matches."""
MAX_VALUES = 65_536
"""Number of values of one query (`index.max_terms_count`)."""
MAX_PREFIX_CHARS = 240
"""Limit on the characters of a prefix. Lucene rejects one of over 1,000 bytes."""
MAX_CACHED = 512
"""Limit on cached queries of clauses."""
TEXT_STRENGTH = 0.5
"""The frequency that a match in a full text adds to a clause, before its weight. A local index
counts the occurrences. This is the average of what they add there."""
USUAL_IDF = 4.0
"""The idf of a clause in the order of the cluster, if it is not known."""
_SATURATE = "params.limit * _score / (_score + params.k1)"
"""The score of a frequency: see `ranking.saturate`."""
PAGE_STEMS, PAGE_WORDS = f"{PAGES}.stems", f"{PAGES}.words"
"""The fields of the words of a page, by stems and as written."""
NOTHING: Json = {"match_none": {}}
EVERYTHING: Json = {"match_all": {"boost": 0}}
_NO_WORD: Json = {"match": {"query": "\ue001"}}
"""A source of intervals that matches nothing: no term has this character."""
_LEAVES = frozenset({"term", "terms", "prefix", "match_phrase", "match", "match_all", "match_none"})
"""The kinds of query that Lucene counts as one clause, whatever the number of their terms."""


def any_of(queries: Sequence[Json]) -> Json:
    """Return the query that any of some queries matches. Scores add up."""
    if len(queries) == 1:
        return queries[0]
    return {"bool": {"should": queries, "minimum_should_match": 1}} if queries else NOTHING


def all_of(queries: Sequence[Json]) -> Json:
    """Return the query of the documents that all of some queries match, without a score."""
    return {"bool": {"filter": queries}} if queries else EVERYTHING


def none_of(queries: Sequence[Json]) -> Json:
    """Return the query of the documents that none of some queries matches."""
    return {"bool": {"must_not": queries}}


def at_least(number: int, queries: Sequence[Json]) -> Json:
    """Return the query of the documents that at least a number of queries match."""
    return {"bool": {"should": queries, "minimum_should_match": number}} if number else EVERYTHING


def score_evenly(matching: Json, boost: float, name: str = "") -> Json:
    """Return a query that gives each document one score. With a name, hits say that they match."""
    named: Json = {"_name": name} if name else {}
    return {"constant_score": {"filter": matching, "boost": boost, **named}}


def saturate(queries: Sequence[Json], limit: float) -> list[Json]:
    """Return the query of the score of a frequency, given those that add up to the frequency."""
    script: Json = {"source": _SATURATE, "params": {"limit": limit, "k1": K1}}
    return [{"script_score": {"query": any_of(queries), "script": script}}] if queries else []


def nest(path: str, matching: Json, **others: object) -> Json:
    """Return the query of the documents with a nested document that matches a query."""
    return {"nested": {"path": path, "query": matching, "score_mode": "none", **others}}


def match_values(field: str, values: Iterable[str]) -> Json:
    """Return the query of the documents with any of some facet values."""
    return any_of(match_terms(f"facets.{field}", [value[:MAX_TERM_CHARS] for value in values]))


def match_terms(field: str, terms: Sequence[str]) -> list[Json]:
    """Return queries of which any is enough to match any of some terms of a field."""
    return [
        {"terms": {field: terms[start : start + MAX_VALUES]}}
        for start in range(0, len(terms), MAX_VALUES)
    ]


def count_leaves(part: object) -> int:
    """Return the number of clauses that Lucene counts in a part of a query."""
    if isinstance(part, list):
        return sum(map(count_leaves, part))
    if not isinstance(part, dict):
        return 0
    # OpenSearch adds a `match_all` to what has only exclusions.
    own = "must_not" in part and len(part) == 1
    return own + sum(
        1 if name in _LEAVES else count_leaves(inner) for name, inner in part.items()
    )  # fmt: skip


ListWords = Callable[[nodes.Expansion], Iterable[str]]
"""Returns the words of an index that an expansion matches."""


class QueryCompiler:
    """Translates the trees of one generation. Threads may share it.

    If `inside`, words also match full texts. `fields` are the searchable ones, and `text_weight` is
    what a match in a full text adds to the frequency of a clause. `value_counts` gives the number
    of documents with each value of a facet: see `VocabularyFile`.
    """

    def __init__(
        self, vocabulary: Vocabulary, value_counts: Mapping[str, Array], *, inside: bool
    ) -> None:
        self.vocabulary, self.inside = vocabulary, inside and vocabulary.texts is not None
        self._value_counts = value_counts
        self.fields = frozenset(vocabulary.searchable)
        field = vocabulary.catalogue.fulltext
        self.text_weight = TEXT_STRENGTH * field.weight if field else 0.0
        self._matching: Cache[nodes.Clause, Json] = Cache(MAX_CACHED)
        self._expanded: Cache[nodes.WordPart, tuple[list[str], int]] = Cache(MAX_CACHED)

    def match(self, node: nodes.Tree) -> Json:
        match node:
            case nodes.Clause():
                if not node.text:  # it was not typed, and no other is equal
                    return self._match_clause(node)
                return self._matching.get(node, lambda: self._match_clause(node))
            case nodes.And():
                return all_of(_distinct(map(self.match, node.children)))
            case nodes.Or() if node.least > 1:
                enough = [each for each in node.children if node.weigh(each) >= node.least]
                several = at_least(node.least, [*map(self.match, node.children)])
                return any_of([several, *_distinct(map(self.match, enough))])
            case nodes.Or():
                return self._match_any(node)
            case nodes.Added():
                return any_of([self.match(node.base), self.match(node.added)])
            case nodes.Boosted():
                return self.match(node.base)
            case nodes.Not():
                return none_of([self.match(node.child)])
            case nodes.Every():
                return EVERYTHING
            case nodes.Filter():
                return match_values(node.field, self._list_values(node))
            case _:
                assert_never(node)

    def _match_any(self, node: nodes.Or) -> Json:
        """Return the query of an Or. Its values of a field, maybe thousands, are one query."""
        values: dict[str, list[str]] = defaultdict(list)
        others = list[Json]()
        for child in node.children:
            if isinstance(child, nodes.Filter):
                values[child.field] += self._list_values(child)
            else:
                others.append(self.match(child))
        return any_of([*(match_values(*each) for each in values.items()), *_distinct(others)])

    def _list_values(self, node: nodes.Filter) -> Sequence[str]:
        if node.values:
            return node.values
        low, high = node.low or "", node.high or "\U0010ffff"
        values = self.vocabulary.list_values(node.field)
        return [value for value in values if value != MISSING and low <= value <= high]

    def _match_clause(self, clause: nodes.Clause) -> Json:
        inside = self.match_texts(clause)
        return any_of([*self.match_fields(clause.parts), *([inside] if inside else ())])

    def match_fields(
        self, parts: Iterable[nodes.Part], within: nodes.Fields | None = None
    ) -> list[Json]:
        """Return queries of which any is enough to match some parts of a clause in fields.

        The fields are those `within`, by default all.
        """
        found = _Terms()
        for part in parts:
            match part:
                case nodes.Values():
                    path = "firsts" if part.first else "facets"
                    name = nodes.ID if part.field == nodes.ID else f"{path}.{part.field}"
                    found.terms[name] += (value[:MAX_TERM_CHARS] for value in part.values)
                case nodes.Together():
                    each = [any_of(self.match_fields(each.parts, within)) for each in part.clauses]
                    found.others.append(all_of(each))
                case nodes.Names():
                    found.add(self._collect(part.parts, within))
                case _:
                    found.add(self._collect([part], within))
        return found.list_queries()

    def _collect(self, parts: Iterable[nodes.WordPart], within: nodes.Fields | None) -> _Terms:
        found, vocabulary = _Terms(), self.vocabulary
        for part in parts:
            fields = part.fields & (self.fields if within is None else within)
            in_all = fields == self.fields
            stems = [STEMS] if in_all else [f"stems.{field}" for field in sorted(fields)]
            words = [WORDS] if in_all else [f"words.{field}" for field in sorted(fields)]
            match part:
                case nodes.Term() | nodes.Phrase():
                    found.match(part, stems, words, vocabulary.has_term)
                case nodes.Prefix() if (
                    len(part.text) <= MAX_PREFIX_CHARS and not expand(part, vocabulary).dropped
                ):
                    found.others += [{"prefix": {field: make_term(part.text)}} for field in words]
                case nodes.Near():
                    for field in sorted(fields):
                        near = [*list_intervals(part, f"words.{field}", self._expand)]
                        found.others.append(match_intervals(f"stems.{field}", near))
                case _:
                    expanded = self._expand(part)
                    for field in words if expanded else ():
                        found.terms[field] += expanded
        return found

    def _expand(self, part: nodes.Expansion) -> list[str]:
        """Return the words of fields that a part matches."""
        surfaces, numbers = self.vocabulary.words.surfaces, expand(part, self.vocabulary).numbers
        return sorted({make_term(surfaces[number]) for number in numbers.tolist()})

    def is_searched(self, part: nodes.WordPart) -> bool:
        """Return whether a part applies to full texts."""
        return self.inside and nodes.is_in_texts(part, self.vocabulary.catalogue)

    def match_texts(self, clause: nodes.Clause) -> Json | None:
        """Return the query of the publications whose full text matches a clause, or None."""
        inner = self.match_text(clause)
        return nest(TEXTS, inner) if inner else None

    def match_text(self, clause: nodes.Clause) -> Json | None:
        """Return the query of the nested documents of full texts that match a clause, or None."""
        parts, compounds = nodes.split_page_parts(clause, self.is_searched)
        on_pages = self.match_page(parts)
        queries = [nest(PAGES, on_pages)] if on_pages else []
        for compound in compounds:
            inner = [self.match_text(each) for each in compound.clauses]
            present = [each for each in inner if each]
            if present and len(present) == len(inner):
                queries.append(all_of(present))
        return any_of(queries) if queries else None

    def match_page(self, parts: Iterable[nodes.WordPart]) -> Json | None:
        """Return the query of the pages with any of some parts of a clause, or None."""
        found, stems, words = _Terms(), PAGE_STEMS, PAGE_WORDS
        for part in parts:
            match part:
                case nodes.Term() | nodes.Phrase():
                    found.match(part, [stems], [words], self.vocabulary.occurs)
                case nodes.Near():
                    found.others.append(match_intervals(stems, [*self.list_page_intervals(part)]))
                case _:
                    if expanded := self._expand_in_texts(part)[0]:
                        found.terms[words] += expanded
        queries = found.list_queries()
        return any_of(queries) if queries else None

    def list_page_intervals(self, part: nodes.WordPart) -> Iterator[Json]:
        """Yield sources of intervals on pages that cover where a part matches."""
        return list_intervals(part, PAGE_WORDS, lambda each: self._expand_in_texts(each)[0])

    def _expand_in_texts(self, part: nodes.Expansion) -> tuple[list[str], int]:
        """Return the words of full texts that a part matches, and how many it leaves out."""

        def list_words() -> tuple[list[str], int]:
            if self.vocabulary.texts is None:
                return [], 0
            words = self.vocabulary.texts.words
            found = expand(part, self.vocabulary, in_texts=True, max_words=MAX_VALUES)
            texts = map(words.texts.get_text, found.numbers.tolist())
            return sorted({make_term(decode_surface(text)) for text in texts}), found.dropped

        return self._expanded.get(nodes.without_field(part), list_words)

    def count_dropped(self, clause: nodes.Clause) -> int:
        """Return how many words of full texts a clause leaves out."""
        return sum(
            self._expand_in_texts(part)[1]
            for part in nodes.list_expansions(clause)
            if self.is_searched(part)
        )

    def fit(
        self, tree: nodes.Tree, others: Sequence[Json]
    ) -> tuple[nodes.Tree | None, tuple[str, ...], tuple[tuple[str, int], ...]]:
        """Return a tree whose query is not too long together with some others.

        Also return the texts of the clauses that were dropped, and of those that match fewer names,
        with the number of names left out. The tree is None if no clause is left.
        """
        truncated = dict[str, int]()

        def shorten(clause: nodes.Clause) -> nodes.Clause:
            shorter, left_out = _shorten(clause, self.vocabulary)
            if left_out:
                truncated[clause.text] = left_out
            return shorter

        short = nodes.replace_clauses(tree, shorten)
        assert short is not None
        most, total = MAX_LEAVES - count_leaves([*others]), count_leaves(self.match(short))
        if total <= most:
            return (short if truncated else tree), (), tuple(truncated.items())
        # A clause may be in several places of the query.
        leaves = {
            clause: count_leaves(self.match(clause))
            for clause in nodes.clauses(short, excluded=True)
        }
        share = most * sum(leaves.values()) // total
        kept, dropped = drop_expensive(short, leaves.__getitem__, share)
        left = tuple((text, count) for text, count in truncated.items() if text not in dropped)
        return kept, dropped, left

    def score(self, tree: nodes.Tree, most: int) -> list[Json]:
        """Return queries whose scores add up to the score of a tree where it matches.

        The score of a tree that is a single clause is its weighted frequency, which has the same
        order: see `ranking.saturate`. There are at most `most` leaves.
        """
        share = most // max(sum(1 for _ in nodes.clauses(tree)), 1)
        if isinstance(tree, nodes.Clause):
            return self.weigh(tree, share)

        def add_up(node: nodes.Tree) -> list[Json]:
            match node:
                case nodes.Clause():
                    limit = self.estimate_idf(node) * (K1 + 1)
                    return saturate(self.weigh(node, share), limit)
                case nodes.Boosted():
                    return add_up(node.base) + add_up(node.boost)
                case nodes.Added():
                    alone: Json = {"must_not": [self.match(node.base)]}
                    return [*add_up(node.base), {"bool": alone | {"should": add_up(node.added)}}]
                case nodes.And():
                    return [query for child in node.children for query in add_up(child)]
                case nodes.Or():
                    return [query for child in node.children for query in add_where(child)]
                case _:
                    return []

        def add_where(child: nodes.Tree) -> list[Json]:
            scored = add_up(child)
            if isinstance(child, nodes.Clause) or not scored:
                return scored  # it scores nothing where it does not match
            return [{"bool": {"filter": [self.match(child)], "should": scored}}]

        return add_up(tree)

    def estimate_idf(self, clause: nodes.Clause) -> float:
        """Return the idf of a clause, as if each word were in documents independent of others.

        The frequency in an index would need a request, and scores should not depend on whether it
        has been sent.
        """
        share = self._estimate_share(clause.parts)
        size = self.vocabulary.size
        return compute_idf(round(share * size), size) if share else USUAL_IDF

    def _estimate_share(self, parts: Iterable[nodes.Part]) -> float:
        """Return the share of the documents that any of some parts of a clause matches."""
        size, missed = max(self.vocabulary.size, 1), 1.0
        for part in parts:
            match part:
                case nodes.Phrase():
                    shares = [min(self._count(stem) / size, 1) for stem in part.stems]
                    missed *= 1 - prod(shares)
                case nodes.Together():
                    missed *= 1 - prod(self._estimate_share(each.parts) for each in part.clauses)
                case nodes.Names():
                    missed *= 1 - self._estimate_share(part.parts)
                case nodes.Values():
                    missed *= 1 - min(self._count_values(part) / size, 1)
                case nodes.Near():
                    pass
                case _:
                    for term in self._list_terms(part, MAX_LEAVES):
                        missed *= 1 - min(self._count(term) / size, 1)
        return 1 - missed

    def weigh(self, clause: nodes.Clause, most: int) -> list[Json]:
        """Return queries whose scores add up to the weighted frequency of a clause.

        They have at most `most` leaves.
        """
        queries = list[Json]()
        if inside := self.match_texts(clause):
            queries.append(score_evenly(inside, self.text_weight))
        parts = [
            (part.boost * inner.boost if isinstance(part, nodes.Names) else part.boost, inner)
            for part in sorted(clause.parts, key=lambda part: isinstance(part, nodes.Names))
            for inner in (part.parts if isinstance(part, nodes.Names) else [part])
        ]
        for boost, part in parts:
            queries += self._weigh_part(part, boost, most - count_leaves(queries))
        return queries

    def _weigh_part(self, part: nodes.Part, boost: float, most: int) -> list[Json]:
        """Return queries whose scores add up to the frequency of a part, at most `most` leaves."""
        fields = [
            field for field in self.vocabulary.catalogue.searchable
            if isinstance(part, nodes.WordPart) and field.name in part.fields
        ]  # fmt: skip
        if isinstance(part, nodes.Phrase) and len(fields) <= most:
            share = boost / len(part.stems)  # Lucene adds the scores of all stems
            return [
                match_phrase(f"stems.{field.name}", part.stems, share * field.weight)
                for field in fields
            ]
        if terms := self._list_terms(part, most // max(len(fields), 1)):
            return [
                {"term": {f"{path}.{field.name}": {"value": text, "boost": boost * field.weight}}}
                for path, text in map(_locate, terms) for field in fields
            ]  # fmt: skip
        value = any_of(self.match_fields([part]))
        left = most - count_leaves(value)
        if left < 0:
            return []
        if isinstance(part, nodes.Together):
            # The mean of the frequencies of the words stands for the lowest one.
            share = left // len(part.clauses)
            each = [query for word in part.clauses for query in self.weigh(word, share)]
            boosted: Json = {"filter": [value], "should": each, "boost": boost / len(part.clauses)}
            return [{"bool": boosted}] if each else []
        return [score_evenly(value, boost)]

    def _count(self, term: str) -> int:
        """Return the number of documents with a stem, or with a word as written."""
        dictionary = self.vocabulary.get_dictionary(term)
        return sum(map(dictionary.doc_frequency, self.vocabulary.find_numbers(term)))

    def _count_values(self, part: nodes.Values) -> int:
        """Return the sum of the numbers of documents with each value."""
        counts = self._value_counts.get(part.field)
        if counts is None:
            return len(part.values)  # an identifier, such as a link, is usually that of one
        values = self.vocabulary.list_values(part.field)
        last = len(values) - 1
        numbers = [bisect_left(values, value, hi=last) for value in part.values]
        return int(counts.take(numbers).sum())

    def _list_terms(self, part: nodes.Part, most: int) -> list[str]:
        """Return the stem or the word of a term, or the most frequent words of an expansion."""
        vocabulary = self.vocabulary
        match part:
            case nodes.Term():
                return [part.text][:most] if vocabulary.has_term(part.text) else []
            case nodes.Prefix() | nodes.Wildcard() | nodes.Fuzzy():
                numbers, words = expand(part, vocabulary).numbers, vocabulary.words
                counts = words.offsets[numbers + 1].astype(np.int64) - words.offsets[numbers]
                frequent = numbers[np.argsort(-counts, kind="stable")[:most]]
                surfaces = map(words.surfaces.__getitem__, frequent.tolist())
                return [f"{tokenizer.SURFACE_PREFIX}{surface}" for surface in surfaces]
        return []


def _locate(term: str) -> tuple[str, str]:
    """Return the path of the fields of a term, and the term as they have it."""
    word = term.removeprefix(tokenizer.SURFACE_PREFIX)
    return ("stems" if word == term else "words"), make_term(word)


class _Terms:
    """Queries of which any is enough: terms by field, which are one query each, and others."""

    def __init__(self) -> None:
        self.terms: dict[str, list[str]] = defaultdict(list)
        self.others: list[Json] = []

    def match(
        self, part: nodes.Term | nodes.Phrase, stems: Sequence[str], words: Sequence[str],
        is_known: Callable[[str], bool],
    ) -> None:  # fmt: skip
        """Add a word or a phrase, in fields of stems or of words as written."""
        if isinstance(part, nodes.Phrase):
            if all(map(is_known, part.stems)):
                self.others += [match_phrase(field, part.stems) for field in stems]
            return
        surface = part.text.removeprefix(tokenizer.SURFACE_PREFIX)
        if surface != part.text or is_known(part.text):
            for field in stems if surface == part.text else words:
                self.terms[field].append(make_term(surface))

    def add(self, found: _Terms) -> None:
        self.others += found.others
        for field, terms in found.terms.items():
            self.terms[field] += terms

    def list_queries(self) -> list[Json]:
        of_fields = [
            query
            for field, terms in self.terms.items()
            for query in match_terms(field, sorted(set(terms)))
        ]
        return of_fields + self.others


def match_phrase(field: str, stems: Sequence[str], boost: float = 1.0) -> Json:
    """Return the query of adjacent stems."""
    text = " ".join(map(make_term, stems))
    return {"match_phrase": {field: {"query": text, "boost": boost}}}


def list_intervals(part: nodes.WordPart, words: str, list_words: ListWords) -> Iterator[Json]:
    """Yield sources of intervals that cover the places where a part matches, in a field of stems.

    `words` is the field of its words as written, and `list_words` returns those that an expansion
    matches.
    """
    match part:
        case nodes.Near():
            left, right, distance, _ = part
            sides = [
                [source for side in parts for source in list_intervals(side, words, list_words)]
                for parts in (left, right)
            ]
            # One that allows any order finds a word that is on both sides near itself.
            for first, last in (sides, sides[::-1]) if all(sides) else ():
                # Lucene counts wrong gaps between two equal sources, such as one phrase twice.
                ordered = [
                    {"any_of": {"intervals": sources}} for sources in (first, [*last, _NO_WORD])
                ]
                near = {"intervals": ordered, "ordered": True, "max_gaps": distance - 1}
                yield {"all_of": near}
        case nodes.Phrase():
            text = " ".join(map(make_term, part.stems))
            yield {"match": {"query": text, "ordered": True, "max_gaps": 0}}
        case nodes.Term() if not part.text.startswith(tokenizer.SURFACE_PREFIX):
            yield {"match": {"query": make_term(part.text)}}
        case nodes.Term():
            word = part.text.removeprefix(tokenizer.SURFACE_PREFIX)
            yield {"match": {"query": make_term(word), "use_field": words}}
        case _:
            for word in list_words(part):
                yield {"match": {"query": word, "use_field": words}}


def match_intervals(field: str, sources: Sequence[Json], boost: float = 1.0) -> Json:
    """Return the query of the documents with any of some intervals.

    The score of a document with n of them is `boost` * n / (n + 1).
    """
    inner: Json = {"any_of": {"intervals": sources}, "boost": boost}
    return {"intervals": {field: inner}} if sources else NOTHING


def _distinct(queries: Iterable[Json]) -> list[Json]:
    """Return queries without repeated objects: a word that is typed twice has one query."""
    return list({id(each): each for each in queries}.values())


def _shorten(clause: nodes.Clause, vocabulary: Vocabulary) -> tuple[nodes.Clause, int]:
    """Return a clause with at most MAX_NAMES names of several words, and how many it leaves out.

    Synonyms are kept before narrower concepts, and of both the ones whose words are frequent.
    """
    phrases = [
        (part.how == "narrower", -min(map(vocabulary.count_occurrences, name.stems)), name)
        for part in clause.parts if isinstance(part, nodes.Names)
        for name in part.parts
        if isinstance(name, nodes.Phrase) and all(map(vocabulary.has_term, name.stems))
    ]  # fmt: skip
    if len(phrases) <= MAX_NAMES:
        return clause, 0
    left_out = {name for *_, name in sorted(phrases, key=lambda each: each[:2])[MAX_NAMES:]}
    parts = [
        msgspec.structs.replace(
            part, parts=tuple(name for name in part.parts if name not in left_out)
        )
        if isinstance(part, nodes.Names)
        else part
        for part in clause.parts
    ]
    shorter = nodes.Clause(parts, clause.text, clause.synonyms, clause.entity_id, clause.narrower)
    return shorter, len(left_out)


class Selections:
    """The selected and excluded values of a request, as queries.

    `by_facet` gives the selection of each facet, and `queries` the query of each that has one.
    """

    def __init__(self, request: SearchRequest, vocabulary: Vocabulary) -> None:
        self._vocabulary, catalogue = vocabulary, vocabulary.catalogue
        self.by_facet = {
            field.name: FacetSelection(field, request, catalogue) for field in catalogue.facets
        }
        self.queries = {
            name: at_least(each.least, [*map(self.match, sorted(each.effective))])
            for name, each in self.by_facet.items()
            if each.nodes
        }
        self.excluded = list_nodes(request.excluded, catalogue.selectable)

    def match(self, node: Node) -> Json:
        """Return the query of the documents with a value, or a value in a range of years.

        An unknown value matches no document.
        """
        field, value = node
        if self._vocabulary.has_value(field, value):
            return match_values(field, [value])
        is_year = self._vocabulary.catalogue.by_name[field].kind == "year"
        ends = parse_year_range(value) if is_year else None
        if ends is None:
            return NOTHING
        values = self._vocabulary.list_values(field)  # the missing value sorts after all years
        first, last = bisect_left(values, ends[0]), bisect_right(values, ends[1] or "9999")
        return match_values(field, values[first:last])

    def list_filters(self, *, without: str = "") -> list[Json]:
        """Return the queries of all selections, except that of a facet, and of the exclusions."""
        queries = [each for name, each in self.queries.items() if name != without]
        excluded = [none_of([*map(self.match, self.excluded)])] if self.excluded else []
        return queries + excluded
