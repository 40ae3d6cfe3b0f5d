"""Build clauses from words: stems in every language of the index, phrases, and compounds.

The user does not have to state the language. A word matches its stem in each language, if the
index has that stem. A piece with several words (`x-ray`, `A/RES/55/25`) is one clause. It matches
the words as a phrase, written as one word, or, with a lower weight, anywhere in a document.
"""

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Literal, NamedTuple, Protocol

from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import fold, surface_form
from indexer.catalogue.fields import Field
from search_app.engine.query import nodes
from search_app.engine.query.grammar import QueryToken
from search_app.engine.query.vocabulary import Vocabulary

APART_WEIGHT = 0.3
"""Weight of the words of one piece where they are not adjacent. An adjacent match weighs 1."""
RARE_BELOW = 10
"""A word in fewer documents is also searched for as two words: *cybercrime*, *cyber crime*."""
MAX_COMPOUND_PIECES = 12
"""Compounds are joined and split only in a query of at most this many words. In a longer query,
each word would cost dozens of look-ups."""
MAX_CHARS = 40
"""A longer word, in characters, is not split into two."""
MAX_COMPOUND_RATIO = 20
"""Treat two words as one compound only if the compound is at most 20 times rarer than the rarer
word. A rarer compound is probably a typing error."""
MIN_PART_CHARS = 3
"""Minimum number of letters in each part of a compound."""


CompoundMode = Literal["one", "apart", "both"]
"""How a piece with several words is read: as `one` clause, as one clause for each word (`apart`),
or as `both` if the index has the piece as one word."""


class EntitySpan(NamedTuple):
    """A named entity in a query: the pieces `first:last`, and the language of the name."""

    first: int
    last: int
    language: str
    clause: nodes.Clause


class EntityRecognizer(Protocol):
    """The names that a query may contain. `interpretation.query_expansion` implements it.

    Without its own `cut` and `link`, a recognizer recognizes no named entity. `scope` contains the
    fields that a word without a field is searched for in.
    """

    scope: nodes.Fields

    @abstractmethod
    def values_named(self, field: Field, text: str) -> list[str]:
        """Return the values of a facet that a text names, by code or label."""

    def cut(self, piece: str) -> list[str]:
        """Split a piece of a script without spaces around the names in it."""
        return [piece]

    def link(self, pieces: Sequence[str], *, shouted: bool) -> list[EntitySpan]:
        """Return the entities that the pieces of a query name, in order, without nested ones."""
        return []


class Context(NamedTuple):
    """Properties of all words that are read together: those of a query or of parentheses.

    `shouted` is true if all are in capitals, so that capitals do not mark a name. `short` is true
    if there are at most MAX_COMPOUND_PIECES. `asks` is true if they are a question, or in the
    parentheses of one.
    """

    shouted: bool
    short: bool
    asks: bool


def make_context(typed: Sequence[str], *, asks: bool = False) -> Context:
    """Return the context of words that are read together."""
    shouted = all(piece.isupper() or not piece.isalpha() for piece in typed)
    asks = asks or stemming.is_question(typed)
    return Context(shouted, len(typed) <= MAX_COMPOUND_PIECES, asks)


class WordSequence:
    """Adjacent words without operators: their pieces, and the entities that they name.

    `query_languages` contains the languages of the names.
    """

    def __init__(
        self,
        pieces: Sequence[str],
        vocabulary: Vocabulary,
        recognizer: EntityRecognizer,
        context: Context,
    ) -> None:
        self.vocabulary, self.pieces, self.context = vocabulary, list(pieces), context
        self._scope = recognizer.scope
        self._is_question = context.asks or stemming.is_question(self.pieces)
        if not all(map(str.isascii, pieces)):
            self.pieces = [
                part
                for piece in pieces
                for part in (recognizer.cut(piece) if tokenizer.is_unsegmented(piece) else [piece])
            ]
        self.entities = recognizer.link(self.pieces, shouted=context.shouted)
        self.query_languages = frozenset(
            entity.language for entity in self.entities if entity.language
        )

    def make_units(
        self, *, keeps: bool = False, mode: CompoundMode = "one"
    ) -> list[list[nodes.Clause]]:
        """Return the clauses of each entity and of each piece, in order.

        Stop words are left out unless `keeps` is true.
        """
        units: list[list[nodes.Clause]] = []
        start = 0
        for entity in self.entities:
            units += self._make_plain(self.pieces[start : entity.first], keeps=keeps, mode=mode)
            units.append([entity.clause])
            start = max(start, entity.last)
        units += self._make_plain(self.pieces[start:], keeps=keeps, mode=mode)
        return [unit for unit in units if unit]

    def _make_plain(
        self, pieces: Sequence[str], *, keeps: bool, mode: CompoundMode
    ) -> Iterator[list[nodes.Clause]]:
        vocabulary, fields = self.vocabulary, self._scope
        splits = mode != "apart" and self.context.short
        shouted, languages = self.context.shouted, self.query_languages
        if splits and len(pieces) > 1:
            pieces = list(_join_compounds(pieces, vocabulary))
        in_texts = _join_in_texts(pieces, vocabulary) if splits else {}
        for piece in pieces:
            words = tokenizer.split_words(piece)
            if self._is_question and not keeps and all(map(stemming.is_question_word, words)):
                continue
            if len(words) > 1 and mode == "one":
                yield [build_piece(piece, fields, vocabulary)]
                continue
            is_compound = len(words) > 1 and splits and vocabulary.has_word(_join_words(words))
            unit = [build_piece(piece, fields, vocabulary)] if is_compound else []
            yield unit + [
                self._make_word(word, splits, in_texts.get(piece, ()))
                for word in words
                if keeps
                or not vocabulary.drops_stop_word(word, shouted=shouted, languages=languages)
            ]

    def _make_word(self, word: str, splits: bool, in_texts: Sequence[str]) -> nodes.Clause:
        """Return a new clause for a word, as a word that is typed twice counts as two clauses.

        It also matches the compounds `in_texts`.
        """
        vocabulary, build = self.vocabulary, build_compound if splits else build_word
        cached = vocabulary.clauses.get(
            (word, splits, self._scope), lambda: build(word, self._scope, vocabulary)
        )
        compounds = [build_word(each, self._scope, vocabulary) for each in in_texts]
        parts = [part for compound in compounds for part in compound.parts]
        return nodes.Clause([*cached.parts, *parts], cached.text)


def build_word(word: str, fields: nodes.Fields, vocabulary: Vocabulary) -> nodes.Clause:
    """Return the clause of one word. A single character of an unspaced script is a prefix."""
    if len(word) == 1 and tokenizer.is_unsegmented(word):
        return nodes.Clause([nodes.Prefix(surface_form(word), fields)], word)
    stems = vocabulary.list_stems(word)
    return nodes.Clause([nodes.Term(stem, fields) for stem in stems], surface_form(word))


def build_phrases(
    words: Sequence[str], fields: nodes.Fields, vocabulary: Vocabulary
) -> list[nodes.Term | nodes.Phrase]:
    """Return a phrase as parts of a clause: stemmed in each language, and as in the index."""
    default_stems, *other_stems = [
        tuple(stemming.stem(word, language) for word in words) for language in vocabulary.languages
    ]
    # A stemmer may need the accents that were not typed: see `Vocabulary.list_stems`.
    other_stems.append(tuple(vocabulary.list_stems(word)[-1] for word in words))
    known_stems = [stems for stems in other_stems if all(map(vocabulary.occurs, stems))]
    return [
        nodes.Phrase(stems, fields) if len(stems) > 1 else nodes.Term(stems[0], fields)
        for stems in dict.fromkeys([default_stems, *known_stems])
    ]


def build_apart(
    words: Sequence[str], fields: nodes.Fields, vocabulary: Vocabulary, weight: float = APART_WEIGHT
) -> nodes.Together:
    """Return a part of a clause that matches all of the words anywhere, each of them once."""
    words_by_stems = {vocabulary.list_stems(word): word for word in words}
    clauses = (build_word(word, fields, vocabulary) for word in words_by_stems.values())
    return nodes.Together(tuple(clauses), weight)


def _is_part(word: str) -> bool:
    return word.isalpha() and len(word) >= MIN_PART_CHARS


def _join_compounds(pieces: Sequence[str], vocabulary: Vocabulary) -> Iterator[str]:
    """Yield the pieces, with two adjacent words as one piece if the index has them as one word."""
    index = 0
    while index < len(pieces):
        pair = pieces[index : index + 2]
        is_compound = (
            len(pair) > 1
            and all(map(_is_part, pair))
            and _is_frequent_compound("".join(pair), pair, vocabulary)
        )
        yield " ".join(pair) if is_compound else pieces[index]
        index += 1 + is_compound


def _is_frequent_compound(
    joined: str, words: Sequence[str], vocabulary: Vocabulary, *, in_texts: bool = False
) -> bool:
    """Return whether the index has words as one, often enough not to be a typing error.

    If `in_texts`, only full texts have it.
    """
    if in_texts and vocabulary.has_word(joined):
        return False
    count = partial(vocabulary.count, in_texts=in_texts)
    joined_count = count(joined)
    return joined_count > 0 and joined_count * MAX_COMPOUND_RATIO >= min(map(count, words))


def _join_in_texts(pieces: Sequence[str], vocabulary: Vocabulary) -> dict[str, list[str]]:
    """Return the compounds of each piece that only full texts have as one word.

    They are of the words of a piece, or of two adjacent ones. Publications do not have these words,
    so a search without full texts is not changed.
    """
    compounds: dict[str, list[str]] = {}
    if vocabulary.catalogue.fulltext is None:
        return compounds
    split = [([piece], tokenizer.split_words(piece)) for piece in pieces]
    candidates = [each for each in split if len(each[1]) > 1]
    for (piece, words), (next_piece, next_words) in pairwise(split):
        pair = [*words, *next_words]
        if len(pair) == 2 and all(map(_is_part, pair)):
            candidates.append((piece + next_piece, pair))
    for joining, words in candidates:
        joined = _join_words(words)
        if _is_frequent_compound(joined, words, vocabulary, in_texts=True):
            for each in joining:
                compounds.setdefault(each, []).append(joined)
    return compounds


def build_compound(word: str, fields: nodes.Fields, vocabulary: Vocabulary) -> nodes.Clause:
    """Return the clause of one word. A rare word is also searched for as a phrase of two words.

    If these are only in full texts, the word must be rare there too.
    """
    plain = build_word(word, fields, vocabulary)
    short = len(word) < 2 * MIN_PART_CHARS
    if short or not word.isalpha() or len(word) > MAX_CHARS or vocabulary.count(word) >= RARE_BELOW:
        return plain
    is_rare = vocabulary.count(word, in_texts=True) < RARE_BELOW
    cuts = range(MIN_PART_CHARS, len(word) - MIN_PART_CHARS + 1)
    halves = [
        pair
        for pair in ((word[:cut], word[cut:]) for cut in cuts)
        if all(map(vocabulary.has_word, pair)) or (is_rare and all(map(vocabulary.knows, pair)))
    ]
    phrases = [part for pair in halves for part in build_phrases(pair, fields, vocabulary)]
    return nodes.Clause([*plain.parts, *phrases], plain.text) if phrases else plain


def _join_words(words: Sequence[str]) -> str:
    return "".join(map(surface_form, words))


def build_piece(text: str, fields: nodes.Fields, vocabulary: Vocabulary) -> nodes.Clause:
    """Return the clause of words that were typed in one piece."""
    words = tokenizer.split_words(text)
    parts: list[nodes.Part] = [*build_phrases(words, fields, vocabulary)]
    joined = _join_words(words)
    if vocabulary.knows(joined):
        parts += build_word(joined, fields, vocabulary).parts
    if not tokenizer.is_unsegmented(text):
        parts.append(build_apart(words, fields, vocabulary))
    return nodes.Clause(parts, text)


SHAPE = re.compile(r"[\w*]+")
_ALIKE = re.compile(r"(.*?)~([12]?)")


def make_clauses(
    token: QueryToken,
    fields: nodes.Fields,
    vocabulary: Vocabulary,
    mode: CompoundMode,
    drops: Callable[[str], bool],
) -> list[nodes.Clause]:
    """Return the clauses of a word or a phrase in the given fields.

    A word that `drops` accepts is dropped, unless it is part of a phrase or of one piece.
    """
    text, is_word = token.text, token.kind == "word"
    words = tokenizer.split_words(text)
    if token.near:
        sides = [
            make_clauses(each, fields, vocabulary, "one", lambda _word: False)
            for each in token.near
        ]
        left, right = (
            tuple(
                part
                for clause in side
                for part in clause.parts
                if isinstance(part, nodes.PlainPart)
            )
            for side in sides
        )
        if left and right:
            return [nodes.Clause([nodes.Near(left, right, token.distance, boost=1.0)], text)]
        return [clause for side in sides for clause in side]
    if is_word and "~" in text and (fuzzy := _ALIKE.fullmatch(text)):
        # Of the words of a piece, the last one is fuzzy.
        words = tokenizer.split_words(fuzzy[1])
        surfaces, edits = map(surface_form, words[-1:]), int(fuzzy[2] or 1)
        return [
            *(build_word(word, fields, vocabulary) for word in words[:-1]),
            *(
                nodes.Clause(
                    [nodes.Fuzzy(surface, fields, edits)], f"{surface}~{edits if edits > 1 else ''}"
                )
                for surface in surfaces
            ),
        ]
    if is_word and "*" in text:
        return [
            nodes.Clause([_make_shape(shape, fields)], shape)
            if "*" in shape
            else build_word(word, fields, vocabulary)
            for shape in SHAPE.findall(fold(text))
            for word in tokenizer.split_words(shape)[:1]
            if "*" in shape or not drops(word)
        ]
    if not is_word and len(words) > 1:
        phrases, name = build_phrases(words, fields, vocabulary), " ".join(map(surface_form, words))
        # Among words of which any is enough, a phrase weighs as much as its words.
        times = 1 if mode == "one" else max(1, sum(not drops(word) for word in words))
        return [nodes.Clause(phrases, f'"{name}"') for _ in range(times)]
    if mode == "one" and len(words) > 1:
        return [build_piece(text, fields, vocabulary)]
    return [build_word(word, fields, vocabulary) for word in words if not (is_word and drops(word))]


def _make_shape(text: str, fields: nodes.Fields) -> nodes.Prefix | nodes.Wildcard:
    shape = re.sub(r"\*+", "*", text)
    return nodes.Wildcard(shape, fields) if "*" in shape[:-1] else nodes.Prefix(shape[:-1], fields)
