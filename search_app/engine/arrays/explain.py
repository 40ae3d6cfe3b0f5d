"""Score explanation: split the score of a hit by clause and field.

The score of a clause is split over the fields in proportion to the weighted frequency of its
matches there. The parts of a hit add up to its score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from whoosh import query

from indexer.analysis import tokenizer
from indexer.analysis.folding import as_written
from indexer.catalogue import schema
from indexer.catalogue.fields import MISSING
from indexer.catalogue.records import Publication
from indexer.catalogue.schema import row_of
from indexer.codec.segment.reader import Postings
from search_app.engine.arrays.bm25f import rarity, saturated
from search_app.engine.arrays.clause import Asked, never
from search_app.engine.arrays.matcher import matches
from search_app.engine.arrays.semantic import Meant
from search_app.engine.arrays.term_matches import Evidence, Span, Words
from search_app.engine.query.nodes import Leaf, first_of_equals, leaves, wanted
from search_app.engine.request import year_range
from search_app.engine.results import Held, How, InField, Matched, Part, Why
from search_app.engine.snapshot.snapshot import Mask, Snapshot
from search_app.engine.store import Ask

TELLING: tuple[How, ...] = (
    "written", "stem", "beginning", "pattern", "likeness", "name", "kin", "value",
)  # fmt: skip
"""Priority of the ways to match. If a text matched in several ways, the first is reported."""


class _LookedUp(NamedTuple):
    """A clause prepared for explanation: its terms, its postings, and their rarity."""

    asked: Asked
    held: Postings
    rarity: float


class Explainer:
    """Explain the hits of one search. Postings and masks are cached across hits.

    `tree` is the evaluated tree of the search, and `meant` has its semantic scores, if any.
    """

    def __init__(
        self, ask: Ask, tree: query.Query | None, snapshot: Snapshot, meant: Meant | None
    ) -> None:
        self._ask, self._tree, self._snapshot, self._meant = ask, tree, snapshot, meant
        self._instead_of = _instead_of(ask.request.text, ask.text)
        self._first = first_of_equals(leaves(tree))
        self._looked_up: dict[int, _LookedUp] = {}
        self._masks: dict[int, Mask] = {}

    def why(self, number: int, publication: Publication) -> Why:
        """Return the explanation of a hit: score parts, words it lacks, and filters it passes."""
        tree, words = self._tree, Words(number, self._snapshot)
        texts = _Texts(publication, words, self._snapshot)
        answering = (self._answering(tree, number) if tree is not None else None) or []
        times = Counter(id(leaf) for leaf in answering)
        lacking = [leaf.said for leaf in leaves(wanted(tree)) if self._weight(leaf, number) is None]
        return Why(
            tuple(
                [
                    self._part(leaf, times[id(leaf)], words, texts)
                    for leaf in {id(leaf): leaf for leaf in answering}.values()
                ]
            ),
            tuple(dict.fromkeys(lacking)),
            tuple(self._filters(publication)),
            self._meant.share(number) if self._meant else 0.0,
        )

    def _answering(self, node: query.Query, number: int) -> list[Leaf] | None:
        """Return the clauses that score for a document; None if the tree does not match it.

        This follows `bm25f.found`: the clauses of an AND score only if all of them match.
        """
        if isinstance(node, Leaf):
            return None if self._weight(node, number) is None else [self._first[id(node)]]
        if isinstance(node, query.AndMaybe):
            base = self._answering(node.a, number)
            return None if base is None else base + (self._answering(node.b, number) or [])
        if not isinstance(node, query.And | query.Or):
            return [] if self._matches(node)[number] else None
        found = [self._answering(child, number) for child in node.subqueries]
        held = [each for each in found if each is not None]
        wanted = len(found) if isinstance(node, query.And) else 1
        return None if len(held) < wanted else [leaf for each in held for leaf in each]

    def _matches(self, node: query.Query) -> Mask:
        """Return the cached mask of the documents that a node without a score matches."""
        known = self._masks.get(id(node))
        if known is None:
            known = self._masks[id(node)] = matches(node, self._snapshot)
        return known

    def _weight(self, leaf: Leaf, number: int) -> float | None:
        """Return the weighted frequency of a clause in a document; None if it does not match."""
        held = self._found(leaf).held
        at = int(held.documents.searchsorted(np.int32(number)))  # other types copy the array
        is_held = at < len(held.documents) and held.documents[at] == number
        return float(held.weights[at]) if is_held else None

    def _found(self, leaf: Leaf) -> _LookedUp:
        leaf = self._first[id(leaf)]
        known = self._looked_up.get(id(leaf))
        if known is None:
            asked = Asked(leaf, self._snapshot)
            held = asked.postings(never)
            known = _LookedUp(asked, held, rarity(held, self._snapshot))
            self._looked_up[id(leaf)] = known
        return known

    def _part(self, leaf: Leaf, times: int, words: Words, texts: _Texts) -> Part:
        """Return the contribution of a clause to the score, `times` being its occurrences."""
        weight = self._weight(leaf, words.number) or 0.0
        looked_up = self._found(leaf)
        score = times * float(saturated(np.array([weight], np.float32), looked_up.rarity)[0])
        found = looked_up.asked.held(words)
        whole = sum(each.weight for each in found)
        weights: Counter[str] = Counter()
        for each in found:
            weights.update(each.weights)
        typed = {as_written(raw) for raw in tokenizer.words(leaf.said)}
        fields = [
            InField(name, score * each / whole, tuple(texts.matched(name, found, typed)))
            for name, each in weights.most_common()
        ]
        said = tokenizer.words(leaf.said)
        typed_so = [self._instead_of.get(as_written(raw), raw) for raw in said]
        return Part(leaf.said, score, tuple(fields), " ".join(typed_so) if typed_so != said else "")

    def _filters(self, publication: Publication) -> Iterator[Held]:
        """Yield the filters that a publication passes, whether typed or selected."""
        typed = [pair for node in self._ask.filters for pair in _values_of(node)]
        ticked = [(row, value) for row, each in self._ask.request.filters.items() for value in each]
        for row, value in dict.fromkeys([*typed, *ticked]):
            for held in _that_hold(publication, row, value):
                yield Held(row, held, _through(publication, row, held, self._snapshot))


class _Texts:
    """The texts of one publication, and the part of them at each position of the forward index."""

    def __init__(self, publication: Publication, words: Words, snapshot: Snapshot) -> None:
        self._publication, self._words, self._snapshot = publication, words, snapshot
        self._known: dict[str, tuple[str, dict[int, tuple[int, int]]]] = {}

    def matched(self, name: str, found: Sequence[Evidence], typed: set[str]) -> Iterator[Matched]:
        """Yield the matches in a field, each text once: the values, then words by priority."""
        ways: dict[Span, How] = {}
        for each in sorted(found, key=lambda one: _rank(one.how)):
            if each.value and each.value[0] == name:
                through = _through(self._publication, *each.value, self._snapshot)
                yield Matched(each.value[1], each.how, through=through)
            for span in each.spans if name in each.weights else ():
                if self._words.field(span.place) == name:
                    ways.setdefault(span, self._told(each.how, span, typed))
        yield from self._counted(name, _widest(ways))

    def _told(self, how: How, span: Span, typed: set[str]) -> How:
        if how != "word":
            return how
        places = range(span.place, span.end)
        is_typed = all(self._words.written(place) in typed for place in places)
        return "written" if is_typed else "stem"

    def _counted(self, name: str, ways: Mapping[Span, How]) -> list[Matched]:
        texts: dict[str, tuple[str, How]] = {}
        times: Counter[str] = Counter()
        for span, how in sorted(ways.items(), key=lambda each: (_rank(each[1]), each[0])):
            text = self._text(name, span)
            folded = as_written(text)
            texts.setdefault(folded, (text, how))
            times[folded] += 1
        return [Matched(*told, times[folded]) for folded, told in texts.items()]

    def _text(self, name: str, span: Span) -> str:
        """Return the part of the original text that a span covers."""
        if name not in self._known:
            self._known[name] = self._spread(name)
        text, at = self._known[name]
        return text[at[span.place][0] : at[span.end - 1][1]]

    def _spread(self, name: str) -> tuple[str, dict[int, tuple[int, int]]]:
        """Return the text of a field, and the character span of the word at each position."""
        catalogue = self._snapshot.catalogue
        text = schema.text_of(self._publication, catalogue.by_name[name], catalogue)
        number = self._snapshot.segment.fields.index(name)
        begin, end = self._words.begins[number : number + 2]
        places = [place for place in range(begin, end) if self._words.words[place] >= 0]
        return text, dict(zip(places, tokenizer.spans(text), strict=True))


def _rank(how: How) -> int:
    return TELLING.index(how) if how in TELLING else 0


def _widest(ways: Mapping[Span, How]) -> dict[Span, How]:
    """Drop spans inside a longer one, unless their way to match has priority over its way."""
    longer = {span: how for span, how in ways.items() if span.length > 1}
    return {
        span: how
        for span, how in ways.items()
        if not any(
            span.is_within(each) and span != each and _rank(longer[each]) <= _rank(how)
            for each in longer
        )
    }


def _instead_of(text: str, searched: str) -> dict[str, str]:
    """Return the typed word for each corrected word; {} if the numbers of words differ."""
    typed, put = tokenizer.words(text), tokenizer.words(searched)
    if len(typed) != len(put):
        return {}
    return {
        as_written(new): old
        for old, new in zip(typed, put, strict=True)
        if as_written(new) != as_written(old)
    }


def _values_of(node: query.Query) -> Iterator[tuple[str, str]]:
    """Yield the rows and values of a filter. A range is written `start..end`, as it is typed."""
    if isinstance(node, query.Term):
        yield str(row_of(node.fieldname)), node.text
    elif isinstance(node, query.TermRange):
        yield str(row_of(node.fieldname)), f"{node.start or ''}..{node.end or ''}"
    elif isinstance(node, query.CompoundQuery) and not isinstance(node, query.Not):
        for child in node.subqueries:
            yield from _values_of(child)


def _that_hold(publication: Publication, row: str, wanted: str) -> Iterable[str]:
    """Return the values of a publication that match a wanted value or year range."""
    values = [str(each) for each in publication.values.get(row, ())]
    if wanted == MISSING and not values:
        return [MISSING]
    if wanted in values:
        return [wanted]
    ends = year_range(wanted)
    return [each for each in values if ends and ends[0] <= each <= (ends[1] or "9999")]


def _through(publication: Publication, row: str, value: str, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the child values that imply a parent value: see `Catalogue.with_ancestors`."""
    catalogue = snapshot.catalogue
    child = catalogue.children.get(row)
    below = publication.values.get(child.name, ()) if child else ()
    return tuple(str(each) for each in below if value in catalogue.groups.get(str(each), ()))
