"""Translate query trees into queries of OpenSearch, with the scores of BM25F.

The index has frequencies only (`indexer.cluster.mapping`). Scripts compute the formula of
`arrays.bm25f`, and all statistics are parameters of the query. So the score of a publication
depends neither on its shard nor on the other publications of the index.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import product

from whoosh import query

from indexer.catalogue.schema import parse_exact_name
from indexer.cluster.mapping import SYNONYM_SEPARATOR, Json, make_term
from search_app.engine.compiled_clauses import (
    AllPart,
    CompiledClause,
    LabelsPart,
    PhrasePart,
    TermsPart,
    UnknownNode,
    ValuePart,
    compile_clause,
)
from search_app.engine.opensearch.bm25f import invert, list_norms, normalize, saturate
from search_app.engine.opensearch.client import Send
from search_app.engine.opensearch.phrases import PhraseFields
from search_app.engine.opensearch.selections import list_between, match_values
from search_app.engine.query.nodes import Clause, clauses
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.snapshot.cache import Cache

MAX_SYNONYMS = 1000
"""Number of terms of one query of a field. Lucene allows 1,024 clauses."""
MAX_CACHED = 512
"""Limit on cached queries of clauses. Those of a prefix have about 20 kB."""
NOTHING: Json = {"match_none": {}}
EVERYTHING: Json = {"match_all": {"boost": 0}}

FindIdf = Callable[[Clause], float]
"""Function from a clause to its idf."""


class QueryCompiler:
    """Translates the trees of one generation. Threads may share it."""

    def __init__(self, vocabulary: Vocabulary, mean_lengths: Sequence[float]) -> None:
        self._vocabulary = vocabulary
        self._phrase_fields = PhraseFields(vocabulary)
        self._norms = list_norms(vocabulary.catalogue, mean_lengths)
        # Up to five readings of a query have the same clauses, and each is needed several times.
        self._weighed: Cache[tuple[str, Clause], Json] = Cache(MAX_CACHED)

    def learn_phrases(self, clauses: Iterable[Clause], send: Send) -> None:
        """Find the fields in which the phrases of some clauses occur, so that queries are short."""
        compiled = [compile_clause(clause, self._vocabulary) for clause in clauses]
        self._phrase_fields.learn(compiled, send)

    def weigh(self, clause: Clause) -> Json:
        """Return the query of a clause. Its score is the weighted frequency.

        Raise UnknownNode if a part of the clause has an unknown type.
        """
        if not clause.text:  # it was not typed, and no other is equal
            return self._weigh(compile_clause(clause, self._vocabulary), 1.0)
        return self._weighed.get(
            (clause.text, clause),
            lambda: self._weigh(compile_clause(clause, self._vocabulary), 1.0),
        )

    def _weigh(self, clause: CompiledClause, boost: float) -> Json:
        parts = _Parts(self._vocabulary, self._phrase_fields)
        parts.add(clause, boost)
        queries = [
            normalize(any_of(field_queries), field, self._norms[field])
            for field, field_queries in parts.list_by_field()
        ]
        queries += parts.values
        for all_of, factor in parts.compounds:
            queries.append(self._weigh_all(all_of, factor))
        return any_of(queries)

    def _weigh_all(self, part: AllPart, boost: float) -> Json:
        """Return the query of a part that all clauses must match, with the lowest weight."""
        weights = [self._weigh(clause, 1.0) for clause in part.clauses]
        inverted = [invert(weight, 1.0) for weight in weights]
        greatest: Json = {"bool": {"must": [{"dis_max": {"queries": inverted}}], "filter": weights}}
        return invert(greatest, boost)

    def score(self, node: query.Query, find_idf: FindIdf) -> Json:
        """Return the query of a tree, with its scores. Raise UnknownNode."""
        if isinstance(node, Clause):
            return saturate(self.weigh(node), find_idf(node))
        if isinstance(node, query.AndMaybe):
            base, boost = self.score(node.a, find_idf), self.score(node.b, find_idf)
            return {"bool": {"must": [base], "should": [boost]}}
        if not (isinstance(node, query.And | query.Or) and _can_score(node)):
            return filter_by([self.match(node)])
        scored = [
            saturate(self.weigh(clause), times * find_idf(clause))
            for clause, times in _count_distinct(node)
        ]
        others = [child for child in node.subqueries if not isinstance(child, Clause)]
        scored += [self.score(child, find_idf) for child in others if _can_score(child)]
        unscored = [child for child in others if not _can_score(child)]
        if isinstance(node, query.And):
            filters = [each for each in unscored if not isinstance(each, query.Every)]
            return {"bool": {"must": scored, **_split_filters(map(self.match, filters))}}
        if unscored:
            scored.append(filter_by([self._match_any(unscored)]))
        return any_of(scored)

    def match(self, node: query.Query) -> Json:
        """Return the query of the documents that a tree matches. Its score has no meaning.

        Raise UnknownNode if a node has an unknown type.
        """
        match node := _simplify(node):
            case Clause():  # before Or, its base class
                matching = self.weigh(node)
            case query.And():
                matching = filter_by(_drop_repeated(map(self.match, node.subqueries)))
            case query.Or():
                matching = self._match_any(node.subqueries)
            case query.AndMaybe():
                matching = self.match(node.a)
            case query.Not():
                matching = {"bool": {"must_not": [self.match(node.query)]}}
            case query.Every():
                matching = EVERYTHING
            case query.Term():
                matching = match_values(str(parse_exact_name(node.fieldname)), [node.text])
            case query.TermRange():
                row = str(parse_exact_name(node.fieldname))
                ends = node.start or "", node.end or "\U0010ffff"
                matching = match_values(row, list_between(self._vocabulary, row, *ends))
            case _:
                raise UnknownNode(node)
        return matching

    def _match_any(self, nodes: Iterable[query.Query]) -> Json:
        """Return the query of the documents that any node matches. Raise UnknownNode.

        The values of a row are one query, because a name may be that of thousands of values. So are
        the exclusions: Lucene counts one more clause for each query that only excludes.
        """
        values: dict[str, list[str]] = defaultdict(list)
        others: list[Json] = []
        excluded: list[Json] = []
        for node in map(_simplify, nodes):
            if isinstance(node, query.Term):
                values[str(parse_exact_name(node.fieldname))].append(node.text)
            elif isinstance(node, query.Not):
                excluded.append(self.match(node.query))
            else:
                others.append(self.match(node))
        if excluded:
            others.append({"bool": {"must_not": [filter_by(excluded)]}})
        of_rows = [match_values(row, texts) for row, texts in values.items()]
        return any_of(of_rows + _drop_repeated(others))


class _Parts:
    """The parts of a clause: the queries of each field, facet values, and compounds.

    Terms of equal boost in one field are one query, which adds their frequencies. The boosts of a
    term that several parts have are added.
    """

    def __init__(self, vocabulary: Vocabulary, phrase_fields: PhraseFields) -> None:
        self._vocabulary, self._phrase_fields = vocabulary, phrase_fields
        self._boosts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._phrase_queries: dict[str, list[Json]] = defaultdict(list)
        self.values: list[Json] = []
        self.compounds: list[tuple[AllPart, float]] = []

    def add(self, clause: CompiledClause, factor: float) -> None:
        """Add the parts of a clause, their boosts multiplied by a factor."""
        for own_boost, part in clause.parts:
            boost = own_boost * factor
            match part:
                case TermsPart():
                    self._add_terms(part, boost)
                case PhrasePart():
                    self._add_phrase(part, boost)
                case ValuePart():
                    self.values.append(match_values(part.row, [part.value], boost))
                case AllPart():
                    self.compounds.append((part, boost))
                case LabelsPart():
                    self.add(part.clause, boost)

    def _add_terms(self, part: TermsPart, boost: float) -> None:
        for expansion in part.expansions:
            dictionary = self._vocabulary.words if expansion.are_words else self._vocabulary.stems
            texts = [dictionary.surfaces[int(number)] for number in expansion.numbers]
            prefix = "word" if expansion.are_words else "pos"
            for field, text in product(part.fields, dict.fromkeys(texts)):
                self._boosts[f"{prefix}_{field}"][text] += boost

    def _add_phrase(self, part: PhrasePart, boost: float) -> None:
        for field in self._phrase_fields.list_fields(part):
            phrase = self._phrase_fields.match(part.stems, field, boost)
            self._phrase_queries[field].append(phrase)

    def list_by_field(self) -> list[tuple[str, list[Json]]]:
        """Return the queries of each field, whose scores are frequencies."""
        queries: dict[str, list[Json]] = defaultdict(list)
        for name, boosts in self._boosts.items():
            texts_by_boost: dict[float, list[str]] = defaultdict(list)
            for text, boost in boosts.items():
                texts_by_boost[boost].append(text)
            for boost, texts in texts_by_boost.items():
                queries[name.partition("_")[2]] += match_terms(name, texts, boost)
        for field, phrases in self._phrase_queries.items():
            queries[field] += phrases
        return [(field, queries[field]) for field in sorted(queries)]


def match_terms(field: str, terms: Sequence[str], boost: float = 1.0) -> list[Json]:
    """Return queries that any of some terms in a field matches.

    The sum of their scores is the number of occurrences, multiplied by the boost.
    """
    cut = [*dict.fromkeys(map(make_term, terms))]
    return [
        {
            "match": {
                field: {
                    "query": SYNONYM_SEPARATOR.join(cut[start : start + MAX_SYNONYMS]),
                    "boost": boost,
                }
            }
        }
        for start in range(0, len(cut), MAX_SYNONYMS)
    ]


def any_of(queries: Sequence[Json]) -> Json:
    """Return the query that any of some queries matches. Scores add up."""
    if len(queries) == 1:
        return queries[0]
    return {"bool": {"should": queries, "minimum_should_match": 1}} if queries else NOTHING


def filter_by(queries: Sequence[Json]) -> Json:
    """Return the query of the documents that all of some queries match. Its score is 0."""
    return {"bool": _split_filters(queries)} if queries else EVERYTHING


def _split_filters(queries: Iterable[Json]) -> Json:
    """Return the parts of a `bool` query with some filters. Exclusions are joined."""
    filters: dict[str, list[Json]] = defaultdict(list)
    for each in queries:
        match each:
            case {"bool": {"must_not": list(excluded), **others}} if not others:
                filters["must_not"] += excluded
            case _:
                filters["filter"].append(each)
    return dict(filters)


def _simplify(node: query.Query) -> query.Query:
    """Return a node without double negation, and without what does not change a conjunction.

    Exclusions in parentheses come with a node that matches everything.
    """
    if isinstance(node, query.Not):
        excluded = _simplify(node.query)
        return excluded.query if isinstance(excluded, query.Not) else query.Not(excluded)
    if isinstance(node, Clause) or not isinstance(node, query.And | query.Or):
        return node
    children = node.subqueries
    if isinstance(node, query.And):
        children = [each for each in children if not isinstance(each, query.Every)] or children[:1]
    return _simplify(children[0]) if len(children) == 1 else type(node)(children)


def _can_score(node: query.Query) -> bool:
    return next(clauses(node), None) is not None


def _drop_repeated(queries: Iterable[Json]) -> list[Json]:
    """Return queries without repeated objects: a word that is typed twice has one query."""
    return list({id(each): each for each in queries}.values())


def _count_distinct(node: query.CompoundQuery) -> list[tuple[Clause, int]]:
    """Return the distinct clauses of a node, each with the number of times it occurs."""
    times = Counter((child.text, child) for child in node.subqueries if isinstance(child, Clause))
    return [(clause, count) for (_, clause), count in times.items()]
