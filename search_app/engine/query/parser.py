"""The parser: text → a tree of `whoosh.query` nodes.

    query   = group*                      every group must match (or any, if `joined` by Or)
    group   = either ("AND" either)*
    either  = item ("OR" item)*           OR joins its neighbours: a b OR c is a and (b or c)
    item    = ["-" | "NOT"] ["field:"] (name | word | "a phrase" | low..high | "(" query ")")

`word*` is a prefix, `w*rd` a wildcard, and `word~` a fuzzy term with one edit, `word~2` with two.
A name is a named entity, such as a concept of the thesaurus, in adjacent words. An operator applies
to all of it.

Stop words are left out unless they are a whole operand: all of a query or of a pair of parentheses,
or all that an operator applies to. An operand is therefore read the same way everywhere.

Input that does not fit the grammar is read as words, so every text is a valid query. `grammar`
finds the structure in one pass. The number of words and the depth of parentheses are limited.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from whoosh import query

from indexer.analysis import tokenizer
from indexer.catalogue.fields import Field
from indexer.catalogue.schema import exact
from search_app.engine.query import literal
from search_app.engine.query.clause_builder import Context, Line, Pieces, Things, context_of
from search_app.engine.query.grammar import (
    MOST_WORDS,
    OPERATORS,
    Element,
    Level,
    Operator,
    Parentheses,
    Run,
    limited,
    structured,
)
from search_app.engine.query.lexer import Token, tokens
from search_app.engine.query.nodes import parted
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import year_range

_PLAIN = re.compile(r"[A-Za-z0-9\s]*")


Unit = list[query.Query]
"""The nodes of one piece or of one name. An operator applies to all of them."""


class Parsed(msgspec.Struct, frozen=True):
    """A parsed query: the tree of its words, its filters, and the parts that were not understood.

    `words` is None if no words were typed. `filters` are trees that must match as well, as if they
    were selected in a facet. `ignored` counts the words beyond the limit. `unknown` has pairs of a
    field and a value that no publication has. `unknown_fields` has names before a colon that are
    not searchable fields. `spoken` has the languages in which entities were named. `has_operators`
    is true if the query has operators, exclusions or parentheses.
    """

    words: query.Query | None
    filters: tuple[query.Query, ...]
    ignored: int
    unknown: tuple[tuple[str, str], ...] = ()
    unknown_fields: tuple[str, ...] = ()
    spoken: frozenset[str] = frozenset()
    has_operators: bool = False


def parse(
    text: str,
    vocabulary: Vocabulary,
    things: Things,
    joined: type[query.CompoundQuery],
    pieces: Pieces | None = None,
) -> Parsed:
    """Return the parsed query of a text, with its words joined by And or by Or.

    `things` recognizes the names in it.
    `pieces` says how a piece with several words is read. The default is `one` clause for And, and
    one clause for each word (`apart`) for Or.
    """
    pieces = pieces or ("one" if joined is query.And else "apart")
    if _PLAIN.fullmatch(text):
        words = text.split()
        if len(words) <= MOST_WORDS and OPERATORS.isdisjoint(words):
            line = Line(words, vocabulary, things, context_of(words))
            return Parsed(_of_plain(line, joined, pieces), (), 0, spoken=line.spoken)
    found, ignored = list(tokens(text)), 0
    if len(text) > MOST_WORDS:  # a word has at least one character
        found, ignored = limited(found, vocabulary.count)
    return _Parser(vocabulary, things, joined, pieces).parsed(structured(found), ignored)


def _of_plain(line: Line, joined: type[query.CompoundQuery], pieces: Pieces) -> query.Query | None:
    """Return the tree of plain words. The result is that of the full grammar, in less time."""
    units = line.units(pieces=pieces) or line.units(keeps=True, pieces=pieces)
    leaves = [leaf for unit in units for leaf in unit]
    return joined(leaves) if len(leaves) > 1 else leaves[0] if leaves else None


class _Around(NamedTuple):
    """The parts of a level that its elements depend on: its field, and the context of its words.

    `keeps` is true if stop words are kept.
    """

    field: str | None
    context: Context
    keeps: bool = False


class _Parser:
    def __init__(
        self,
        vocabulary: Vocabulary,
        things: Things,
        joined: type[query.CompoundQuery],
        pieces: Pieces,
    ) -> None:
        self.vocabulary, self.things, self.joined, self.pieces = vocabulary, things, joined, pieces
        self.searchable = vocabulary.searchable
        self.unknown: list[tuple[str, str]] = []
        self.unknown_fields: list[str] = []
        self.spoken: set[str] = set()

    def parsed(self, level: Level, ignored: int) -> Parsed:
        words, filters = parted(self._groups(level, None))
        return Parsed(
            self._join(words), tuple(filters), ignored, tuple(self.unknown),
            tuple(dict.fromkeys(self.unknown_fields)), frozenset(self.spoken), level.has_operators,
        )  # fmt: skip

    def _join(self, groups: list[query.Query]) -> query.Query | None:
        """Return a tree: positive groups joined by `joined`, negative ones always excluded."""
        if not groups:
            return None
        negative = [group for group in groups if isinstance(group, query.Not)]
        positive, required = parted(
            [group for group in groups if not isinstance(group, query.Not)] if negative else groups
        )
        if len(positive) > 1:
            positive = [self.joined(positive)]
        together = [*positive, *required, *negative]
        if not positive and not required:
            together.insert(0, query.Every())
        return together[0] if len(together) == 1 else query.And(together)

    def _groups(self, level: Level, field: str | None) -> list[query.Query]:
        """Return the groups of a level. Stop words are kept only if they are a whole operand."""
        around = _Around(field, context_of(level.typed))
        read = [self._read(each, around) for each in level.elements]
        silent = [
            at for at, each in enumerate(level.elements)
            if isinstance(each, Run | Token) and not read[at]
        ]  # fmt: skip
        for at in silent:
            if level.is_operand(at):
                read[at] = self._read(level.elements[at], around._replace(keeps=True))
        groups = self._grouped(level.elements, read)
        if silent and all(isinstance(each, query.Not) for each in parted(groups)[0]):
            for at in silent:
                read[at] = self._read(level.elements[at], around._replace(keeps=True))
            groups = self._grouped(level.elements, read)
        return groups

    def _read(self, element: Element, around: _Around) -> list[Unit]:
        """Return the units of an element. An operator applies to one unit."""
        if isinstance(element, Run) and self._row(around.field) is None:
            return self._line(element.words, around)
        if isinstance(element, Run):
            units = (self._atom(Token("word", each), around) for each in element.words)
            return [unit for unit in units if unit]
        if isinstance(element, Operator):
            return []
        token = element.token if isinstance(element, Parentheses) else element
        if isinstance(element, Parentheses):
            inner = self._join(self._groups(element.level, token.field or around.field))
            unit = [inner] if inner is not None else []
        else:
            unit = self._atom(token, around)
        return [self._negated(unit) if token.negated else unit] if unit else []

    def _negated(self, unit: Unit) -> Unit:
        """Return a unit that excludes the hits of a unit. A double negation cancels out."""
        node = self._together(unit)
        return [node.query if isinstance(node, query.Not) else query.Not(node)]

    def _grouped(
        self, elements: Iterable[Element], read: Iterable[list[Unit]]
    ) -> list[query.Query]:
        """Return the units of a level, joined by its operators."""
        groups: list[list[list[Unit]]] = []  # of units joined by OR, joined by AND
        negated, operator = False, ""
        for element, units in zip(elements, read, strict=True):
            if isinstance(element, Operator):
                negated ^= element.name == "NOT"
                operator = operator if element.name == "NOT" else element.name
                continue
            for each in units or [[]]:
                unit = self._negated(each) if each and negated else each
                if operator == "OR":
                    groups[-1][-1].append(unit)
                elif operator == "AND":
                    groups[-1].append([unit])
                else:
                    groups.append([[unit]])
                negated, operator = False, ""
        return [node for group in groups for node in self._group(group)]

    def _group(self, group: Iterable[Iterable[Unit]]) -> list[query.Query]:
        said = [units for each in group if (units := [unit for unit in each if unit])]
        if len(said) == 1 and len(said[0]) == 1:
            return said[0][0]
        eithers = [[self._together(unit) for unit in units] for units in said]
        words, filters = parted([
            query.Or(each) if len(each) > 1 else each[0] for each in eithers
        ])  # fmt: skip
        together = [query.And(words)] if len(words) > 1 and self.joined is query.Or else words
        return [*filters, *together]

    def _line(self, words: Sequence[str], around: _Around) -> list[Unit]:
        """Return the units of adjacent words."""
        pieces = [each for each in words if tokenizer.words(each)]
        line = Line(pieces, self.vocabulary, self.things, around.context)
        self.spoken |= line.spoken
        return [[*unit] for unit in line.units(keeps=around.keeps, pieces=self.pieces)]

    def _row(self, name: str | None) -> Field | None:
        return self.vocabulary.catalogue.by_query_name.get(name.lower()) if name else None

    def _atom(self, token: Token, around: _Around) -> Unit:
        row = self._row(token.field or around.field)
        if row and (row.facet or row.parent):
            return self._filter(row, token, around)
        is_searched = row is not None and row.name in self.searchable
        if token.field and not is_searched and not token.text.startswith("//"):  # no URL's scheme
            self.unknown_fields.append(token.field)
        if row:  # a known field that is not searchable falls back to all fields
            fields = [row.name] if is_searched else self.searchable
            return self._literally(token, fields, around)
        plain = [token.text.lower() if token.text in OPERATORS else token.text]
        unit = (
            [node for each in self._line(plain, around) for node in each]
            if Token(token.kind, token.text).is_plain
            else self._literally(token, self.searchable, around)
        )
        if not token.field:
            return unit
        # An unknown field name is a word, and the text after the colon is read as if alone.
        name = [node for each in self._line([token.field], around) for node in each]
        return [*name, *unit]

    def _filter(self, row: Field, token: Token, around: _Around) -> Unit:
        """Return the filter of a facet value, or words of the field if no value has that name."""
        text = token.text.strip()
        ends = year_range(text) if row.kind == "year" else None
        if ends and not (all(ends) and ends[0] > ends[1]):
            return [query.TermRange(exact(row), ends[0] or None, ends[1] or None)]
        child = self.vocabulary.catalogue.children.get(row.name)
        for each in (row, child):
            if each and (values := self.things.named(each, text)):
                terms = [query.Term(exact(each), value) for value in values]
                return terms if len(terms) == 1 else [query.Or(terms)]
        if row.name in self.searchable and row.kind != "year":
            return self._literally(token, [row.name], around)
        self.unknown.append((row.name, text))
        return [query.Term(exact(row), text)]

    def _literally(self, token: Token, fields: Sequence[str], around: _Around) -> Unit:
        """Return the clauses of literal words in the given fields."""

        def leaves_out(raw: str) -> bool:
            # An operator that joins nothing is a word, not a name in capitals.
            typed = raw.lower() if raw in OPERATORS else raw
            shouted = around.context.shouted
            return not around.keeps and self.vocabulary.leaves_out(typed, shouted=shouted)

        return [*literal.leaves(token, fields, self.vocabulary, self.pieces, leaves_out)]

    def _together(self, unit: Unit) -> query.Query:
        """Return a unit as one node, joined as words are."""
        return self.joined(unit) if len(unit) > 1 else unit[0]
