"""Score explanation: split the score of a hit by clause, field, and matched text.

The score of a clause is split over the fields in proportion to the weighted frequency of its
matches there. The parts of a hit add up to its score. All matches are found in the words of the
publication, so a store gives only the idf of each clause, and what it added to the score.

Each matched text is as written, with the most exact way in which it matched, and the number of
times it occurs.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple, assert_never

import msgspec
import numpy as np

from indexer.analysis import tokenizer
from indexer.analysis.cleaning import surface_form
from indexer.catalogue import schema
from indexer.catalogue.fields import MISSING, Catalogue, Field
from indexer.catalogue.records import Publication
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.term_dictionary import decode_surface
from search_app.engine.matching import Match, Words, match_parts
from search_app.engine.query import nodes
from search_app.engine.query.evaluation import Hits, evaluate
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking import saturate
from search_app.engine.request import parse_year_range
from search_app.engine.results import (
    ClauseScore,
    Explanation,
    FieldScore,
    How,
    MatchedText,
    PassedFilter,
)
from search_app.engine.store import FoundFile, StoreRequest

MAX_EXPLANATIONS = 10_000
"""Limit on explained matches: clauses times hits. With more than 100 clauses, only the first hits
of a page of 100 have explanations."""
PRECISION_ORDER: tuple[How, ...] = (
    "word", "written", "stem", "prefix", "wildcard", "fuzzy", "synonym", "narrower", "value",
)  # fmt: skip
"""Priority of the ways to match. If a text matched in several ways, the first is reported."""
_rank = PRECISION_ORDER.index

Span = tuple[int, int]
"""The position of the first word of a match, and that after its last word."""


class AddedToHit(NamedTuple):
    """The parts of the score of a hit, apart from its clauses. `title` is the title match."""

    semantic: float = 0.0
    title: float = 0.0
    nearness: float = 0.0
    feedback: float = 0.0


class _Matched(NamedTuple):
    """A clause, and its matches with the weights of each.

    The weights have a row for each hit, and a column for each field, or one for a facet value.
    """

    clause: nodes.Clause
    matches: Sequence[tuple[Match, Array]]

    def weigh(self, index: int, fields: Sequence[str]) -> dict[str, float]:
        """Return the weighted frequency of the clause in each field of a hit that it matches."""
        weights = dict[str, float]()
        for match, of_hits in self.matches:
            names = (match.values[0],) if match.values else fields
            for name, weight in zip(names, of_hits[index].tolist(), strict=True):
                if weight:
                    weights[name] = weights.get(name, 0.0) + weight
        return weights


class Explainer:
    """Explain hits of one search.

    `tree` is the evaluated tree of the search. `publications` and `words` are those of the hits,
    which are numbered from 0. `get_idf` returns the idf of a clause. `expansion_terms` contains the
    stem numbers of feedback, greatest weight first. `weigh_inside` returns what the full text of a
    hit adds to the weighted frequency of a clause, and `find_inside` the files with words of it.
    """

    def __init__(
        self,
        store_request: StoreRequest,
        tree: nodes.Tree | None,
        vocabulary: Vocabulary,
        publications: Sequence[Publication],
        words: Words,
        get_idf: Callable[[nodes.Clause], float],
        expansion_terms: Sequence[int] = (),
        weigh_inside: Callable[[int, nodes.Clause], float] = lambda *_: 0.0,
        find_inside: Callable[[int, nodes.Clause], Iterable[FoundFile]] = lambda *_: (),
    ) -> None:
        self._store_request, self._tree, self._vocabulary = store_request, tree, vocabulary
        self._catalogue, self._publications, self._words = vocabulary.catalogue, publications, words
        self._get_idf, self._weigh_inside, self._find_inside = get_idf, weigh_inside, find_inside
        self._expanded = [words.find_stems([term]) for term in expansion_terms]
        self._instead_of = _map_corrections(store_request.request.text, store_request.text)
        self._matched = [
            _Matched(clause, [(match, match.weigh(words)) for match in matches])
            for clause, matches in [
                (clause, match_parts(clause.parts, words))
                for clause in {
                    each.key: each for each in nodes.clauses(tree, excluded=True)
                }.values()
            ]
        ]
        self._numbers = {each.clause.key: number for number, each in enumerate(self._matched)}
        self._weights = [self._weigh(index) for index in range(len(publications))]
        self._times = np.zeros((len(publications), len(self._matched)), np.float32)
        if tree is not None:
            scoring = evaluate(tree, self._find_leaf, len(publications))
            if scoring.scores is not None:
                self._times[scoring.documents] = scoring.scores
        self._idfs = dict[int, float]()
        self._texts = dict[tuple[int, str], tuple[str, list[Span]]]()

    def explain(self, index: int, added: AddedToHit) -> Explanation:
        """Return the explanation of a hit: score parts, words it lacks, and filters it passes."""
        weights = self._weights[index]
        parts = [
            self._explain_clause(number, int(self._times[index, number]), index, weights[number])
            for number in self._times[index].nonzero()[0].tolist()
        ]
        missing = [
            clause.text
            for clause in nodes.clauses(nodes.drop_boosts(self._tree))
            if not weights[self._numbers[clause.key]]
        ]
        return Explanation(
            tuple(_join_equal(parts)),
            tuple(dict.fromkeys(missing)),
            tuple(self._list_filters(self._publications[index])),
            shared=tuple(self._list_shared(index)),
            **added._asdict(),
        )

    def _weigh(self, index: int) -> list[dict[str, float]]:
        """Return the weighted frequency of each clause in each field of a hit that it matches."""
        fulltext, weights = self._catalogue.fulltext, []
        for matched in self._matched:
            weights.append(matched.weigh(index, self._words.fields))
            if fulltext and (weight := self._weigh_inside(index, matched.clause)):
                weights[-1][fulltext.name] = weight
        return weights

    def _find_leaf(self, leaf: nodes.Leaf) -> Hits:
        """Return the hits that a leaf matches. The score of a clause is 1 in a column of its own.

        So a tree adds up how often each clause scores.
        """
        indexes = range(len(self._publications))
        match leaf:
            case nodes.Clause():
                number = self._numbers[leaf.key]
                found = [index for index in indexes if self._weights[index][number]]
                scores = np.zeros((len(found), len(self._matched)), np.float32)
                scores[:, number] = 1
                return Hits(np.array(found, np.int32), scores)
            case nodes.Filter():
                passed = [index for index in indexes if self._passes(leaf, index)]
                return Hits(np.array(passed, np.int32), None)
            case nodes.Every():
                return Hits(np.array(indexes, np.int32), None)
            case _:
                assert_never(leaf)

    def _passes(self, node: nodes.Filter, index: int) -> bool:
        if node.values:
            return bool(self._words.have_values(nodes.Values(node.field, node.values))[index])
        low, high = node.low or "", node.high or "\U0010ffff"
        values = self._publications[index].values.get(node.field, ())
        return any(low <= str(value) <= high for value in values)

    def _explain_clause(
        self, number: int, times: int, index: int, weights: Mapping[str, float]
    ) -> ClauseScore:
        """Return what a clause that occurs several times adds to the score, split by field."""
        clause = self._matched[number].clause
        inside = self._catalogue.fulltext.name if self._catalogue.fulltext else None
        total = sum(weights.values())
        if number not in self._idfs:
            self._idfs[number] = self._get_idf(clause)
        score = times * float(saturate(np.array([total]), self._idfs[number])[0])
        typed_words = tokenizer.split_words(clause.text)
        typed_forms = set(map(surface_form, typed_words))
        fields = [
            FieldScore(
                name,
                score * weight / total,
                (
                    tuple(_make_matched(clause, each) for each in self._find_inside(index, clause))
                    if name == inside
                    else tuple(self._list_matched(number, index, name, typed_forms))
                )
                or (MatchedText(clause.text, "word"),),
            )
            for name, weight in sorted(weights.items(), key=lambda item: -item[1])
        ]
        original = [self._instead_of.get(surface_form(word), word) for word in typed_words]
        return ClauseScore(
            clause.text, score, tuple(fields), " ".join(original) if original != typed_words else ""
        )

    def _list_matched(
        self, number: int, index: int, name: str, typed_forms: set[str]
    ) -> Iterator[MatchedText]:
        """Yield the matches in a field, each text once: the values, then words by priority."""
        hows, words = dict[Span, How](), self._words
        matches = sorted(self._matched[number].matches, key=lambda pair: _rank(pair[0].how))
        for match, weights in matches:
            if match.values and match.values[0] == name and weights[index, 0]:
                publication = self._publications[index]
                field, values = self._catalogue.by_name.get(name), match.values[1]
                shown = _list_passing(publication, field, values) if field else (publication.id,)
                for text in shown or values[:1]:
                    through = list_children(publication, name, text, self._catalogue)
                    yield MatchedText(text, match.how, through=through)
            elif name in words.fields:
                first, last = match.starts.searchsorted(words.bound(index, name)).tolist()
                for start in match.starts[first:last].tolist():
                    span = start, start + match.length
                    hows.setdefault(span, self._refine_how(match.how, span, typed_forms))
        texts: dict[str, tuple[str, How]] = {}
        times: Counter[str] = Counter()
        kept = _keep_widest(hows)
        for span, how in sorted(kept.items(), key=lambda item: (_rank(item[1]), item[0])):
            text = self._get_text(index, name, span)
            surface = surface_form(text)
            texts.setdefault(surface, (text, how))
            times[surface] += 1
        yield from (MatchedText(*texts[surface], times[surface]) for surface in texts)

    def _refine_how(self, how: How, span: Span, typed_forms: set[str]) -> How:
        if how != "word":
            return how
        numbers, known = self._words.words[slice(*span)].tolist(), self._vocabulary.words.texts
        surfaces = {decode_surface(known.get_text(number)) for number in numbers}
        return "written" if surfaces <= typed_forms else "stem"

    def _get_text(self, index: int, name: str, span: Span) -> str:
        """Return the part of the original text of a hit that a span covers."""
        if (index, name) not in self._texts:
            field, publication = self._catalogue.by_name[name], self._publications[index]
            text = schema.get_text(publication, field, self._catalogue)
            self._texts[index, name] = text, tokenizer.find_spans(text)
        text, spans = self._texts[index, name]
        begin, _ = self._words.bound(index, name)
        ordinals = self._words.ordinals[[begin, span[0], span[1] - 1]]
        first, last = (ordinals[1:] - ordinals[0]).tolist()
        return text[spans[first][0] : spans[last][1]]

    def _list_shared(self, index: int) -> Iterator[str]:
        """Yield the first word of a hit with each expansion term that it has."""
        for positions in self._expanded:
            [own] = (self._words.get_owners(positions) == index).nonzero()
            if len(own):
                first = int(positions[own[0]])
                yield self._get_text(index, self._words.get_field(first), (first, first + 1))

    def _list_filters(self, publication: Publication) -> Iterator[PassedFilter]:
        """Yield the filters that a publication passes, whether typed or selected."""
        typed = [
            (leaf.field, value)
            for tree in self._store_request.filters
            for leaf in nodes.list_leaves(tree)
            if isinstance(leaf, nodes.Filter)
            for value in leaf.values or [f"{leaf.low or ''}..{leaf.high or ''}"]  # as it is typed
        ]
        selected = [
            (field, value)
            for field, values in self._store_request.request.filters.items()
            for value in values
        ]
        for field, value in dict.fromkeys([*typed, *selected]):
            for passing in _list_passing(publication, self._catalogue.by_name[field], (value,)):
                through = list_children(publication, field, passing, self._catalogue)
                yield PassedFilter(field, passing, through)


def scale(explanation: Explanation, score: float) -> Explanation:
    """Return an explanation whose parts add up to a score, each with the same share as before."""
    ratio = score / explanation.score if explanation.score else 0.0
    parts = tuple(
        msgspec.structs.replace(
            part,
            score=part.score * ratio,
            fields=tuple(
                msgspec.structs.replace(field, score=field.score * ratio) for field in part.fields
            ),
        )
        for part in explanation.parts
    )
    gains = {name: getattr(explanation, name) * ratio for name in AddedToHit._fields}
    return msgspec.structs.replace(explanation, parts=parts, **gains)


def _keep_widest(hows: Mapping[Span, How]) -> dict[Span, How]:
    """Drop spans inside a longer one, unless they match in a way with a higher priority."""
    longer = {span: how for span, how in hows.items() if span[1] - span[0] > 1}
    return {
        span: how
        for span, how in hows.items()
        if not any(
            wider != span
            and wider[0] <= span[0]
            and span[1] <= wider[1]
            and _rank(longer[wider]) <= _rank(how)
            for wider in longer
        )
    }


def list_children(
    publication: Publication, field: str, value: str, catalogue: Catalogue
) -> tuple[str, ...]:
    """Return the child values that imply a parent value: see `Catalogue.with_ancestors`."""
    child = catalogue.children.get(field)
    child_values = publication.values.get(child.name, ()) if child else ()
    texts = map(str, child_values)
    return tuple(text for text in texts if value in catalogue.groups.get(text, ()))


def _join_equal(parts: Iterable[ClauseScore]) -> Iterator[ClauseScore]:
    """Yield the parts of a score with those of the same text joined: a clause and its boost."""
    by_text: dict[str, list[ClauseScore]] = {}
    for part in parts:
        by_text.setdefault(part.text, []).append(part)
    for text, equal in by_text.items():
        by_field: dict[str, list[FieldScore]] = {}
        for field in chain.from_iterable(part.fields for part in equal):
            by_field.setdefault(field.field, []).append(field)
        fields = [
            FieldScore(
                name,
                sum(field.score for field in same),
                tuple(dict.fromkeys(chain.from_iterable(field.matched for field in same))),
            )
            for name, same in by_field.items()
        ]
        fields.sort(key=lambda field: -field.score)
        score = sum(part.score for part in equal)
        yield ClauseScore(text, score, tuple(fields), equal[0].instead_of)


def _make_matched(clause: nodes.Clause, found: FoundFile) -> MatchedText:
    pages = found.pages if found.file.page_count else ()
    return MatchedText(clause.text, "word", found.times, file=found.file.name, pages=pages)


def limit_explained(tree: nodes.Tree | None) -> int:
    """Return the maximum number of hits of a tree that are explained: at least 1."""
    clause_count = sum(1 for _ in nodes.clauses(tree)) or 1
    return max(MAX_EXPLANATIONS // clause_count, 1)


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


def _list_passing(publication: Publication, field: Field, values: Sequence[str]) -> Iterable[str]:
    """Return the values of a publication that are any of some values, or in a range of years."""
    own = [str(item) for item in publication.values.get(field.name, ())]
    if not own:
        return [MISSING] if MISSING in values else []
    if equal := [each for each in own if field.make_key(each) in values]:
        return equal
    ends = parse_year_range(values[0])
    return [year for year in own if ends and ends[0] <= year <= (ends[1] or "9999")]
