"""Build clauses from words: stems in every language of the index, phrases, and compounds.

The user need not state the language. A word matches its stem in each language, if the index has
that stem. A piece with several words (`x-ray`, `A/RES/55/25`) is one clause. It matches the words
as a phrase, written as one word, or, with a lower weight, anywhere in a document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, Protocol

from whoosh import query

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import as_written
from indexer.catalogue.fields import Field
from search_app.engine.query.nodes import Leaf
from search_app.engine.query.vocabulary import Vocabulary

APART = 0.3
"""Weight of the words of one piece where they are not adjacent. An adjacent match weighs 1."""
RARE = 10
"""A word in fewer documents is also searched for as two words: *cybercrime*, *cyber crime*."""
MOST_COMPOUNDS = 12
"""Compounds are joined and split only in a query of at most this many words. In a longer query,
each word would cost dozens of look-ups."""
LONGEST = 40
"""A longer word, in characters, is not split into two."""
SLIPS = 20
"""Treat two words as one compound only if the compound is at most 20 times rarer than the rarer
word. A rarer compound is probably a typing error."""
SHORTEST_PART = 3
"""Least number of letters in each part of a compound."""


Pieces = Literal["one", "apart", "both"]
"""How a piece with several words is read: as `one` clause, as one clause for each word (`apart`),
or as `both` if the index has the piece as one word."""


class Recognised(NamedTuple):
    """A named entity in a query: the pieces `first:last`, and the language of the name."""

    first: int
    last: int
    language: str
    leaf: Leaf


class Things(Protocol):
    """The names that a query may contain. `interpretation.entity_linker` implements it."""

    def named(self, field: Field, text: str) -> list[str]:
        """Return the values of a facet that a text names, by code or label."""

    def cut(self, piece: str) -> list[str]:
        """Split a piece of a script without spaces around the names in it."""

    def recognised(self, pieces: Sequence[str], *, shouted: bool) -> list[Recognised]:
        """Return the entities that the pieces of a query name, in order, without nested ones."""


def is_shouted(pieces: Iterable[str]) -> bool:
    """Return whether all words are in capitals, so that capitals do not mark a name."""
    return all(each.isupper() or not each.isalpha() for each in pieces)


class Context(NamedTuple):
    """Properties of all words that are read together: those of a query or of parentheses.

    `shouted` is true if all are in capitals. `short` is true if there are at most MOST_COMPOUNDS.
    """

    shouted: bool
    short: bool


def context_of(typed: Sequence[str]) -> Context:
    """Return the context of words that are read together."""
    return Context(is_shouted(typed), len(typed) <= MOST_COMPOUNDS)


class Line:
    """Adjacent words without operators: their pieces, and the entities that they name.

    `spoken` has the languages of the names.
    """

    def __init__(
        self, pieces: Sequence[str], vocabulary: Vocabulary, things: Things, context: Context
    ) -> None:
        self.vocabulary, self.pieces, self.context = vocabulary, list(pieces), context
        self._is_question = stemming.is_question(self.pieces)
        if not all(map(str.isascii, pieces)):
            self.pieces = [part for piece in pieces for part in _cut(piece, things)]
        self.things = things.recognised(self.pieces, shouted=context.shouted)
        self.spoken = frozenset(thing.language for thing in self.things if thing.language)

    def units(self, *, keeps: bool = False, pieces: Pieces = "one") -> list[list[Leaf]]:
        """Return the clauses of each entity and of each piece, in order.

        Stop words are left out unless `keeps` is true.
        """
        made: list[list[Leaf]] = []
        at = 0
        for thing in self.things:
            made += self._plain(self.pieces[at : thing.first], keeps=keeps, pieces=pieces)
            made.append([thing.leaf])
            at = max(at, thing.last)
        made += self._plain(self.pieces[at:], keeps=keeps, pieces=pieces)
        return [unit for unit in made if unit]

    def _plain(self, typed: Sequence[str], *, keeps: bool, pieces: Pieces) -> Iterator[list[Leaf]]:
        vocabulary, fields = self.vocabulary, self.vocabulary.searchable
        looks_closely = pieces != "apart" and self.context.short
        shouted, spoken = self.context.shouted, self.spoken
        if looks_closely and len(typed) > 1:
            typed = list(_compounds(typed, vocabulary))
        for each in typed:
            raws = tokenizer.words(each)
            if self._is_question and not keeps and all(map(stemming.carries_question, raws)):
                continue
            if len(raws) > 1 and pieces == "one":
                yield [piece(each, fields, vocabulary)]
                continue
            is_one = len(raws) > 1 and looks_closely and vocabulary.has(_joined(raws))
            unit = [piece(each, fields, vocabulary)] if is_one else []
            yield unit + [
                self._word(raw, looks_closely)
                for raw in raws
                if keeps or not vocabulary.leaves_out(raw, shouted=shouted, spoken=spoken)
            ]

    def _word(self, raw: str, looks_closely: bool) -> Leaf:
        """Return a new clause for a word, as a word that is typed twice counts as two clauses."""
        vocabulary, leaf_of = self.vocabulary, compound if looks_closely else word
        known = vocabulary.cached_clause(
            (raw, looks_closely), lambda: leaf_of(raw, vocabulary.searchable, vocabulary)
        )
        return Leaf(known.subqueries, known.said)


def _cut(piece: str, things: Things) -> list[str]:
    return things.cut(piece) if tokenizer.is_unparted(piece) else [piece]


def word(raw: str, fields: Sequence[str], vocabulary: Vocabulary) -> Leaf:
    """Return the clause of one word. A single character of an unspaced script is a prefix."""
    if len(raw) == 1 and tokenizer.is_unparted(raw):
        beginning = tokenizer.WRITTEN + as_written(raw)
        return Leaf([query.Prefix(field, beginning) for field in fields], raw)
    stems = vocabulary.stems(raw)
    return Leaf([query.Term(field, stem) for stem in stems for field in fields], as_written(raw))


def phrase(raws: Sequence[str], fields: Sequence[str], vocabulary: Vocabulary) -> Leaf:
    """Return the clause of a phrase."""
    return Leaf(phrases(raws, fields, vocabulary), f'"{" ".join(map(as_written, raws))}"')


def phrases(
    raws: Sequence[str], fields: Sequence[str], vocabulary: Vocabulary
) -> list[query.Query]:
    """Return a phrase as parts of a clause: stemmed in each language, and as in the index."""
    own, *others = [
        tuple(stemming.stem(raw, each) for raw in raws) for each in vocabulary.languages
    ]
    # A stemmer may need the accents that were not typed: see `SegmentVocabulary.stems`.
    others.append(tuple(vocabulary.stems(raw)[-1] for raw in raws))
    known = [each for each in others if all(map(vocabulary.frequency, each))]
    return [
        query.Phrase(field, list(stems)) if len(stems) > 1 else query.Term(field, stems[0])
        for stems in dict.fromkeys([own, *known]) for field in fields
    ]  # fmt: skip


def apart(
    raws: Sequence[str], fields: Sequence[str], vocabulary: Vocabulary, weight: float = APART
) -> query.And:
    """Return a part of a clause that matches all of the words anywhere, each of them once."""
    different = {vocabulary.stems(raw): raw for raw in raws}
    return query.And([word(raw, fields, vocabulary) for raw in different.values()], boost=weight)


def _is_part(raw: str) -> bool:
    return raw.isalpha() and len(raw) >= SHORTEST_PART


def _compounds(pieces: Sequence[str], vocabulary: Vocabulary) -> Iterator[str]:
    """Yield the pieces, with two adjacent words as one piece if the index has them as one word."""
    at = 0
    while at < len(pieces):
        two = pieces[at : at + 2]
        is_one = len(two) > 1 and all(map(_is_part, two)) and _is_one_word(two, vocabulary)
        yield " ".join(two) if is_one else pieces[at]
        at += 1 + is_one


def _is_one_word(two: Sequence[str], vocabulary: Vocabulary) -> bool:
    """Return whether the index has two words as one, often enough not to be a typing error."""
    joined = vocabulary.count("".join(two))
    return joined > 0 and joined * SLIPS >= min(map(vocabulary.count, two))


def compound(raw: str, fields: Sequence[str], vocabulary: Vocabulary) -> Leaf:
    """Return the clause of one word. A rare word is also searched for as a phrase of two words."""
    alone = word(raw, fields, vocabulary)
    is_short = len(raw) < 2 * SHORTEST_PART
    if is_short or not raw.isalpha() or len(raw) > LONGEST or vocabulary.count(raw) >= RARE:
        return alone
    cuts = range(SHORTEST_PART, len(raw) - SHORTEST_PART + 1)
    parted = [(raw[:at], raw[at:]) for at in cuts if all(map(vocabulary.has, (raw[:at], raw[at:])))]
    apart = [part for two in parted for part in phrases(two, fields, vocabulary)]
    return Leaf([*alone.subqueries, *apart], alone.said) if apart else alone


def _joined(raws: Sequence[str]) -> str:
    """Return words written as one."""
    return "".join(map(as_written, raws))


def piece(text: str, fields: Sequence[str], vocabulary: Vocabulary) -> Leaf:
    """Return the clause of words that were typed in one piece."""
    raws = tokenizer.words(text)
    parts = phrases(raws, fields, vocabulary)
    joined = _joined(raws)
    if vocabulary.has(joined):
        parts += word(joined, fields, vocabulary).subqueries
    if not tokenizer.is_unparted(text):
        parts.append(apart(raws, fields, vocabulary))
    return Leaf(parts, text)
