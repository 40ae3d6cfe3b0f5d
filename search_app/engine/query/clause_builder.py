"""Words that were typed become leaves, read in every language that the index holds.

Whoever types needs not say in what language: a word stands for its stem in each of them, so
far as the index has it. What was typed in one piece (`x-ray`, `A/RES/55/25`) is one leaf: its
words side by side, written as one, or, weighing less, apart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Literal, NamedTuple, Protocol

import msgspec
from whoosh import query

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import as_written
from indexer.catalogue.fields import Catalogue, Field
from search_app.engine.query.nodes import Leaf

APART = 0.3
"""What words of one piece weigh where they stand apart, beside 1 where they stand together."""
RARE = 10
"""A word that fewer publications have may be two in them: *cybercrime*, *cyber crime*."""
MOST_COMPOUNDS = 12
"""A word is looked for in one and in two only where at most so many are read together: otherwise
each word of a long query would cost dozens of look-ups."""
LONGEST = 40
"""A longer word is not looked at for what else it may be."""
SLIPS = 20
"""Two words are taken for one if so many times fewer publications write them as one, at most."""
SHORTEST_PART = 3
"""A word is taken apart into words of at least so many letters."""


Pieces = Literal["one", "apart", "both"]
"""What was typed in one piece becomes a leaf; a leaf a word; or these, and one leaf too if the
index writes it as one word."""


class Recognised(NamedTuple):
    """A thing in what was typed: the pieces from `first` up to `last`, read in a language."""

    first: int
    last: int
    language: str
    leaf: Leaf


class Things(Protocol):
    """What people may call by name: see `concepts.Concepts`."""

    def cut(self, piece: str) -> list[str]:
        """What is unparted, parted around the names in it."""

    def recognised(self, pieces: Sequence[str], *, shouted: bool) -> list[Recognised]:
        """The things among the pieces of what was typed, in order, none within another."""


def _english(raw: str) -> tuple[str, ...]:
    return (stemming.stem(raw, "en"),)


class Vocabulary(msgspec.Struct, frozen=True, dict=True):
    """What a parser must know of a catalogue and of its index.

    `named(field, text)` gives the values of a facet that a text names, by code or label.
    `stems(raw)` gives the stems of a word in the `languages` of the index, that of the
    catalogue's language first; `frequency(stem)` the number of publications that have one, and
    `at_home(stem)` of those in the catalogue's language.
    `remembered(key, make)` gives the leaf that was made for a key before, or makes it.
    `things` recognises what is called by name, or is None where words are to be just words.
    """

    catalogue: Catalogue
    named: Callable[[Field, str], list[str]]
    stems: Callable[[str], tuple[str, ...]] = _english
    frequency: Callable[[str], int] = lambda _: 0
    at_home: Callable[[str], int] = lambda _: 0
    languages: tuple[str, ...] = ("en",)
    remembered: Callable[[object, Callable[[], Leaf]], Leaf] = lambda _, make: make()
    things: Things | None = None

    def count(self, raw: str) -> int:
        """How many publications have a word, in the inflections that most have."""
        return max(map(self.frequency, self.stems(raw)))

    def has(self, raw: str) -> bool:
        """Whether any publication has a word, in some inflection."""
        return self.count(raw) > 0

    @cached_property
    def searchable(self) -> list[str]:
        """The names of the fields that words are looked for in."""
        return [field.name for field in self.catalogue.searchable]

    def leaves_out(self, raw: str, *, shouted: bool, spoken: Collection[str] = ()) -> bool:
        """Return whether a word is a stop word, and not a name in capitals: IT, WHO, UN.

        Capitals mean nothing where all is `shouted` in them.
        """
        if not self.is_stop_word(raw, spoken):
            return False
        return len(raw) == 1 or not raw.isupper() or shouted

    def is_stop_word(self, raw: str, spoken: Collection[str] = ()) -> bool:
        """Whether a word only joins others, or asks.

        That is so in the catalogue's language, and in those that are known to be `spoken`; in
        any other, unless most publications with the word are in the catalogue's language.
        """
        written = as_written(raw)
        if written not in stemming.EVERY_STOP_WORD:
            return False
        if any(written in stemming.stop_words(each) for each in (self.catalogue.language, *spoken)):
            return True
        return max(map(self.at_home, self.stems(raw))) * 2 <= self.count(raw)


def is_shouted(pieces: Iterable[str]) -> bool:
    """Whether all is in capitals, so that they say nothing."""
    return all(each.isupper() or not each.isalpha() for each in pieces)


class Context(NamedTuple):
    """Properties of all words that are read together: those of a query or of parentheses.

    `shouted` is true if all are in capitals, which mean nothing then; `short` if they are few.
    """

    shouted: bool
    short: bool


def context_of(typed: Sequence[str]) -> Context:
    """Return the context of words that are read together."""
    return Context(is_shouted(typed), len(typed) <= MOST_COMPOUNDS)


class Line:
    """Words side by side, without operators: their pieces, and the things among them."""

    def __init__(self, pieces: Sequence[str], vocabulary: Vocabulary, context: Context) -> None:
        self.vocabulary, self.pieces, self.context = vocabulary, list(pieces), context
        self._is_question = stemming.is_question(self.pieces)
        self.things: list[Recognised] = []
        self.spoken: frozenset[str] = frozenset()
        things = vocabulary.things
        if things is not None:
            if not all(map(str.isascii, pieces)):
                self.pieces = [part for each in pieces for part in _cut(each, things)]
            self.things = things.recognised(self.pieces, shouted=context.shouted)
            if self.things:
                self.spoken = frozenset(each.language for each in self.things if each.language)

    def units(self, *, keeps: bool = False, pieces: Pieces = "one") -> list[list[Leaf]]:
        """Return the leaves of each thing and of each piece, in order.

        Stop words are left out, unless it `keeps` them.
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
        """The leaf of a word: one of its own, as words that are typed again are told apart."""
        vocabulary, leaf_of = self.vocabulary, compound if looks_closely else word
        known = vocabulary.remembered(
            (raw, looks_closely), lambda: leaf_of(raw, vocabulary.searchable, vocabulary)
        )
        return Leaf(known.subqueries, known.said)


def _cut(piece: str, things: Things) -> list[str]:
    return things.cut(piece) if tokenizer.is_unparted(piece) else [piece]


def word(raw: str, fields: Sequence[str], vocabulary: Vocabulary) -> Leaf:
    """The leaf of one word."""
    if len(raw) == 1 and tokenizer.is_unparted(raw):
        beginning = tokenizer.WRITTEN + as_written(raw)
        return Leaf([query.Prefix(field, beginning) for field in fields], raw)
    stems = vocabulary.stems(raw)
    return Leaf([query.Term(field, stem) for stem in stems for field in fields], as_written(raw))


def phrase(raws: Sequence[str], fields: Sequence[str], vocabulary: Vocabulary) -> Leaf:
    """The leaf of words side by side."""
    return Leaf(phrases(raws, fields, vocabulary), f'"{" ".join(map(as_written, raws))}"')


def phrases(
    raws: Sequence[str], fields: Sequence[str], vocabulary: Vocabulary
) -> list[query.Query]:
    """The same, as parts of a leaf: in each language, and as the words stand in the index."""
    own, *others = [
        tuple(stemming.stem(raw, each) for raw in raws) for each in vocabulary.languages
    ]
    # Accents that were not typed would have told a stemmer more: see `Snapshot.stems`.
    others.append(tuple(vocabulary.stems(raw)[-1] for raw in raws))
    known = [each for each in others if all(map(vocabulary.frequency, each))]
    return [
        query.Phrase(field, list(stems)) if len(stems) > 1 else query.Term(field, stems[0])
        for stems in dict.fromkeys([own, *known]) for field in fields
    ]  # fmt: skip


def apart(
    raws: Sequence[str], fields: Sequence[str], vocabulary: Vocabulary, weight: float = APART
) -> query.And:
    """A part of a leaf: all of some words, anywhere. A word that is repeated is there once."""
    different = {vocabulary.stems(raw): raw for raw in raws}
    return query.And([word(raw, fields, vocabulary) for raw in different.values()], boost=weight)


def _is_part(raw: str) -> bool:
    return raw.isalpha() and len(raw) >= SHORTEST_PART


def _compounds(pieces: Sequence[str], vocabulary: Vocabulary) -> Iterator[str]:
    """The pieces; two words in a row as one piece, if the index also has them as one word."""
    at = 0
    while at < len(pieces):
        two = pieces[at : at + 2]
        is_one = len(two) > 1 and all(map(_is_part, two)) and _is_one_word(two, vocabulary)
        yield " ".join(two) if is_one else pieces[at]
        at += 1 + is_one


def _is_one_word(two: Sequence[str], vocabulary: Vocabulary) -> bool:
    """Whether two words are also written as one, and not by a slip among many that part them."""
    joined = vocabulary.count("".join(two))
    return joined > 0 and joined * SLIPS >= min(map(vocabulary.count, two))


def compound(raw: str, fields: Sequence[str], vocabulary: Vocabulary) -> Leaf:
    """The leaf of one word; of one that few publications have, also as two words in a row."""
    alone = word(raw, fields, vocabulary)
    is_short = len(raw) < 2 * SHORTEST_PART
    if is_short or not raw.isalpha() or len(raw) > LONGEST or vocabulary.count(raw) >= RARE:
        return alone
    cuts = range(SHORTEST_PART, len(raw) - SHORTEST_PART + 1)
    parted = [(raw[:at], raw[at:]) for at in cuts if all(map(vocabulary.has, (raw[:at], raw[at:])))]
    apart = [part for two in parted for part in phrases(two, fields, vocabulary)]
    return Leaf([*alone.subqueries, *apart], alone.said) if apart else alone


def _joined(raws: Sequence[str]) -> str:
    """Words written as one."""
    return "".join(map(as_written, raws))


def piece(text: str, fields: Sequence[str], vocabulary: Vocabulary) -> Leaf:
    """The leaf of words that were typed in one piece."""
    raws = tokenizer.words(text)
    parts = phrases(raws, fields, vocabulary)
    joined = _joined(raws)
    if vocabulary.has(joined):
        parts += word(joined, fields, vocabulary).subqueries
    if not tokenizer.is_unparted(text):
        parts.append(apart(raws, fields, vocabulary))
    return Leaf(parts, text)
