"""Score explanation: split the score of a hit by clause and field.

The score of a clause is split over the fields in proportion to the weighted frequency of its
matches there. The parts of a hit add up to its score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from whoosh import query

from indexer.analysis import tokenizer
from indexer.analysis.folding import surface_form
from indexer.catalogue import schema
from indexer.catalogue.fields import MISSING, Catalogue
from indexer.catalogue.records import Publication
from indexer.catalogue.schema import parse_exact_name
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Postings
from search_app.engine.arrays.added_scores import AddedScores
from search_app.engine.arrays.bm25f import idf
from search_app.engine.arrays.clause import clause_postings
from search_app.engine.arrays.matcher import match_mask
from search_app.engine.arrays.semantic import SemanticHits
from search_app.engine.clause_matches import match_clause
from search_app.engine.compiled_clauses import CompiledClause, compile_clause
from search_app.engine.document_words import ClauseMatch, DocumentWords, Span
from search_app.engine.query.nodes import Clause, clauses, drop_boosts, map_to_first
from search_app.engine.ranking.term_scores import saturate
from search_app.engine.request import parse_year_range
from search_app.engine.results import (
    ClauseScore,
    Explanation,
    FieldScore,
    How,
    MatchedText,
    PassedFilter,
)
from search_app.engine.snapshot.snapshot import Mask, Snapshot
from search_app.engine.store import StoreRequest

PRECISION_ORDER: tuple[How, ...] = (
    "word", "written", "stem", "beginning", "pattern", "likeness", "name", "kin", "value",
)  # fmt: skip
"""Priority of the ways to match. If a text matched in several ways, the first is reported."""
_rank = PRECISION_ORDER.index


class Explainer:
    """Explain the hits of one search. Postings and masks are cached across hits.

    `tree` is the evaluated tree of the search. `semantic` has the semantic scores, if any.
    """

    def __init__(
        self,
        ask: StoreRequest,
        tree: query.Query | None,
        snapshot: Snapshot,
        semantic: SemanticHits | None,
        added: AddedScores,
    ) -> None:
        self._ask, self._tree, self._snapshot = ask, tree, snapshot
        self._semantic, self._added = semantic, added
        self._instead_of = _map_corrections(ask.request.text, ask.text)
        self._first = map_to_first(clauses(tree))
        self._resolved: dict[int, tuple[CompiledClause, Postings]] = {}
        self._masks: dict[int, Mask] = {}

    def explain(self, doc_number: int, publication: Publication) -> Explanation:
        """Return the explanation of a hit: score parts, words it lacks, and filters it passes."""
        tree, added = self._tree, self._added
        words = self._snapshot.get_words(doc_number)
        texts = _Texts(publication, words, self._snapshot.catalogue)
        matching = (self._list_matching(tree, doc_number) if tree is not None else None) or []
        times = Counter(id(clause) for clause in matching)
        missing = [
            clause.text
            for clause in clauses(drop_boosts(tree))
            if self._get_weight(clause, doc_number) is None
        ]
        parts = []
        for clause in {id(clause): clause for clause in matching}.values():
            score = times[id(clause)] * self._score_clause(clause, doc_number)
            parts.append(self._explain_clause(clause, score, words, texts))
        return Explanation(
            tuple(parts),
            tuple(dict.fromkeys(missing)),
            tuple(self._list_filters(publication)),
            self._semantic.get_share(doc_number) if self._semantic else 0.0,
            added.title_gains.get(doc_number, 0.0),
            added.nearness_gains.get(doc_number, 0.0),
            added.feedback.get_share(doc_number) if added.feedback else 0.0,
            tuple(texts.list_words(added.feedback.terms)) if added.feedback else (),
        )

    def _list_matching(self, node: query.Query, doc_number: int) -> list[Clause] | None:
        """Return the clauses that score for a document; None if the tree does not match it.

        This follows `bm25f.score`: the clauses of an AND score only if all of them match.
        """
        if isinstance(node, Clause):
            return None if self._get_weight(node, doc_number) is None else [self._first[id(node)]]
        if isinstance(node, query.AndMaybe):
            base = self._list_matching(node.a, doc_number)
            return None if base is None else base + (self._list_matching(node.b, doc_number) or [])
        if not isinstance(node, query.And | query.Or):
            return [] if self._get_mask(node)[doc_number] else None
        by_child = [self._list_matching(child, doc_number) for child in node.subqueries]
        parts = [child for child in by_child if child is not None]
        min_count = len(by_child) if isinstance(node, query.And) else 1
        return None if len(parts) < min_count else [clause for child in parts for clause in child]

    def _get_mask(self, node: query.Query) -> Mask:
        """Return the cached mask of the documents that a node without a score matches."""
        if id(node) not in self._masks:
            self._masks[id(node)] = match_mask(node, self._snapshot)
        return self._masks[id(node)]

    def _get_weight(self, clause: Clause, doc_number: int) -> float | None:
        """Return the weighted frequency of a clause in a document; None if it does not match."""
        documents, weights = self._resolve(clause)[1]
        index = int(documents.searchsorted(np.int32(doc_number)))  # other types copy the array
        is_match = index < len(documents) and documents[index] == doc_number
        return float(weights[index]) if is_match else None

    def _resolve(self, clause: Clause) -> tuple[CompiledClause, Postings]:
        """Return a clause with its terms looked up, and its postings."""
        clause = self._first[id(clause)]
        if id(clause) not in self._resolved:
            compiled = compile_clause(clause, self._snapshot.vocabulary)
            self._resolved[id(clause)] = compiled, clause_postings(clause, self._snapshot)
        return self._resolved[id(clause)]

    def _score_clause(self, clause: Clause, doc_number: int) -> float:
        """Return what one occurrence of a clause adds to the score of a document."""
        weight = self._get_weight(clause, doc_number) or 0.0
        clause_idf = idf(self._resolve(clause)[1], self._snapshot)
        return float(saturate(np.array([weight], np.float32), clause_idf)[0])

    def _explain_clause(
        self, clause: Clause, score: float, words: DocumentWords, texts: _Texts
    ) -> ClauseScore:
        """Return the contribution of a clause to the score, split by field."""
        matches = match_clause(self._resolve(clause)[0], words)
        total_weight = sum(match.weight for match in matches)
        weights: Counter[str] = Counter()
        for match in matches:
            weights.update(match.weights)
        typed_forms = {surface_form(word) for word in tokenizer.split_words(clause.text)}
        fields = [
            FieldScore(
                name,
                score * share / total_weight,
                tuple(texts.list_matched(name, matches, typed_forms)),
            )
            for name, share in weights.most_common()
        ]
        typed_words = tokenizer.split_words(clause.text)
        original = [self._instead_of.get(surface_form(word), word) for word in typed_words]
        return ClauseScore(
            clause.text, score, tuple(fields), " ".join(original) if original != typed_words else ""
        )

    def _list_filters(self, publication: Publication) -> Iterator[PassedFilter]:
        """Yield the filters that a publication passes, whether typed or selected."""
        typed = [pair for node in self._ask.filters for pair in _list_values(node)]
        selected = [
            (row, value) for row, values in self._ask.request.filters.items() for value in values
        ]
        for row, value in dict.fromkeys([*typed, *selected]):
            for passing in _list_passing(publication, row, value):
                through = _list_children(publication, row, passing, self._snapshot.catalogue)
                yield PassedFilter(row, passing, through)


class _Texts:
    """The texts of one publication, and the part of them at each position of the forward index."""

    def __init__(
        self, publication: Publication, words: DocumentWords, catalogue: Catalogue
    ) -> None:
        self._publication, self._words, self._catalogue = publication, words, catalogue
        self._spans_by_field: dict[str, tuple[str, dict[int, tuple[int, int]]]] = {}

    def list_matched(
        self, name: str, matches: Sequence[ClauseMatch], typed_forms: set[str]
    ) -> Iterator[MatchedText]:
        """Yield the matches in a field, each text once: the values, then words by priority."""
        hows: dict[Span, How] = {}
        for match in sorted(matches, key=lambda match: _rank(match.how)):
            if match.value and match.value[0] == name:
                through = _list_children(self._publication, *match.value, self._catalogue)
                yield MatchedText(match.value[1], match.how, through=through)
            for span in match.spans if name in match.weights else ():
                if self._words.get_field(span.position) == name:
                    hows.setdefault(span, self._refine_how(match.how, span, typed_forms))
        yield from self._count_texts(name, _keep_widest(hows))

    def list_words(self, stems: Array) -> Iterator[str]:
        """Yield the first word with each of these stems, if the publication has any."""
        positions_by_stem = self._words.positions[False]
        for stem in stems.tolist():
            if stem in positions_by_stem:
                position = positions_by_stem[stem][0]
                yield self._get_text(self._words.get_field(position), Span(position, 1))

    def _refine_how(self, how: How, span: Span, typed_forms: set[str]) -> How:
        if how != "word":
            return how
        positions = range(span.position, span.end)
        is_typed = all(self._words.get_surface(position) in typed_forms for position in positions)
        return "written" if is_typed else "stem"

    def _count_texts(self, name: str, hows: Mapping[Span, How]) -> list[MatchedText]:
        texts: dict[str, tuple[str, How]] = {}
        times: Counter[str] = Counter()
        for span, how in sorted(hows.items(), key=lambda item: (_rank(item[1]), item[0])):
            text = self._get_text(name, span)
            surface = surface_form(text)
            texts.setdefault(surface, (text, how))
            times[surface] += 1
        return [MatchedText(*text_and_how, times[folded]) for folded, text_and_how in texts.items()]

    def _get_text(self, name: str, span: Span) -> str:
        """Return the part of the original text that a span covers."""
        if name not in self._spans_by_field:
            self._spans_by_field[name] = self._find_word_spans(name)
        text, spans = self._spans_by_field[name]
        return text[spans[span.position][0] : spans[span.end - 1][1]]

    def _find_word_spans(self, name: str) -> tuple[str, dict[int, tuple[int, int]]]:
        """Return the text of a field, and the character span of the word at each position."""
        catalogue = self._catalogue
        text = schema.get_text(self._publication, catalogue.by_name[name], catalogue)
        positions = self._words.list_positions(name)
        return text, dict(zip(positions, tokenizer.find_spans(text), strict=True))


def _keep_widest(hows: Mapping[Span, How]) -> dict[Span, How]:
    """Drop spans inside a longer one, unless they match in a way with a higher priority."""
    longer = {span: how for span, how in hows.items() if span.length > 1}
    return {
        span: how
        for span, how in hows.items()
        if not any(
            span.is_within(wider) and span != wider and _rank(longer[wider]) <= _rank(how)
            for wider in longer
        )
    }


def _map_corrections(text: str, searched: str) -> dict[str, str]:
    """Return the typed word for each corrected word; {} if the numbers of words differ."""
    typed_words, corrected_words = tokenizer.split_words(text), tokenizer.split_words(searched)
    if len(typed_words) != len(corrected_words):
        return {}
    return {
        surface_form(corrected_word): typed_word
        for typed_word, corrected_word in zip(typed_words, corrected_words, strict=True)
        if surface_form(corrected_word) != surface_form(typed_word)
    }


def _list_values(node: query.Query) -> Iterator[tuple[str, str]]:
    """Yield the rows and values of a filter. A range is written `start..end`, as it is typed."""
    if isinstance(node, query.Term):
        yield str(parse_exact_name(node.fieldname)), node.text
    elif isinstance(node, query.TermRange):
        yield str(parse_exact_name(node.fieldname)), f"{node.start or ''}..{node.end or ''}"
    elif isinstance(node, query.CompoundQuery) and not isinstance(node, query.Not):
        for child in node.subqueries:
            yield from _list_values(child)


def _list_passing(publication: Publication, row: str, value: str) -> Iterable[str]:
    """Return the values of a publication that match a value or a year range."""
    values = [str(item) for item in publication.values.get(row, ())]
    if value == MISSING and not values:
        return [MISSING]
    if value in values:
        return [value]
    ends = parse_year_range(value)
    return [year for year in values if ends and ends[0] <= year <= (ends[1] or "9999")]


def _list_children(
    publication: Publication, row: str, value: str, catalogue: Catalogue
) -> tuple[str, ...]:
    """Return the child values that imply a parent value: see `Catalogue.with_ancestors`."""
    child = catalogue.children.get(row)
    child_values = publication.values.get(child.name, ()) if child else ()
    texts = map(str, child_values)
    return tuple(text for text in texts if value in catalogue.groups.get(text, ()))
