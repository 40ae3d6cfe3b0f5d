"""The parser: text → a tree of nodes.

    query   = group*                      every group must match (or any, if `joined` by Or)
    group   = either ("AND" either)*
    either  = item ("OR" item)*           OR joins its neighbors: a b OR c is a and (b or c)
    item    = ["-" | "NOT"] ["field:"] (name | word | "a phrase" | low..high | "(" query ")")

`word*` is a prefix, `w*rd` a wildcard, and `word~` a fuzzy term with one edit, `word~2` with two.
A name is a named entity, such as a concept of the thesaurus, in adjacent words. An operator applies
to all of it.

Words and groups of alternatives next to each other, such as `(police OR judges) training`, find the
union of what the words find with each alternative. So a name may begin in a group and end outside.

Stop words are left out unless they are a whole operand: all of a query or of a pair of parentheses,
or all that an operator applies to. An operand is therefore read the same way everywhere.

Input that does not fit the grammar is read as words, so every text is a valid query. `grammar`
finds the structure in one pass. The number of words and the depth of parentheses are limited.
"""

from collections.abc import Iterable, Sequence
from itertools import takewhile
from math import prod
from typing import NamedTuple

import msgspec

from indexer.analysis import tokenizer
from indexer.catalogue.fields import Field
from search_app.engine.query import nodes
from search_app.engine.query.clause_builder import (
    CompoundMode,
    Context,
    EntityRecognizer,
    WordSequence,
    make_clauses,
    make_context,
)
from search_app.engine.query.grammar import (
    MOST_WORDS,
    OPERATORS,
    Element,
    Level,
    Operator,
    Parentheses,
    QueryToken,
    WordRun,
    lex,
    limit_words,
    parse_structure,
)
from search_app.engine.query.rewriting import find_key
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import parse_year_range

MAX_COMBINATIONS = 64
"""Limit on the combinations of alternatives in a query. With more, each group in parentheses is
read on its own, and no name may cross its parentheses."""

Unit = list[nodes.Tree]
"""The nodes of one piece or of one name. An operator applies to all of them."""


class UnknownValue(msgspec.Struct, frozen=True):
    """A typed value of a field that no publication has."""

    field: str
    value: str


class Parsed(msgspec.Struct, frozen=True):
    """A parsed query: the tree of its words, its filters, and the parts that were not understood.

    `tree` is None if no words were typed. `filters` are trees that must match as well, as if they
    were selected in a facet. `ignored_word_count` counts the words beyond the limit. `unknown`
    contains the typed values that no publication has. `unknown_fields` has names before a colon
    that are not searchable fields. `query_languages` contains the languages in which entities were
    named. `has_operators` is true if the query has operators, exclusions or parentheses.
    """

    tree: nodes.Tree | None
    filters: tuple[nodes.Tree, ...]
    ignored_word_count: int
    unknown: tuple[UnknownValue, ...] = ()
    unknown_fields: tuple[str, ...] = ()
    query_languages: frozenset[str] = frozenset()
    has_operators: bool = False


def parse(
    text: str,
    vocabulary: Vocabulary,
    entities: EntityRecognizer,
    joined: type[nodes.And | nodes.Or],
    mode: CompoundMode | None = None,
) -> Parsed:
    """Return the parsed query of a text, with its words joined by And or by Or.

    `entities` recognizes the names in it. `mode` says how a piece with several words is
    read. The default is `one` clause for And, and one clause for each word (`apart`) for Or.
    """
    mode = mode or ("one" if joined is nodes.And else "apart")
    tokens: Sequence[QueryToken] = lex(text)
    ignored = 0
    if len(text) > MOST_WORDS:  # a word has at least one character
        tokens, ignored = limit_words(tokens, vocabulary.count)
    return _Parser(vocabulary, entities, joined, mode).parse(parse_structure(tokens), ignored)


class _Scope(NamedTuple):
    """The properties of a level that its elements depend on: its field, and its context.

    `keeps_all` is true if stop words are kept.
    """

    field: str | None
    context: Context
    keeps_all: bool = False


class _Parser:
    def __init__(
        self,
        vocabulary: Vocabulary,
        entities: EntityRecognizer,
        joined: type[nodes.And | nodes.Or],
        mode: CompoundMode,
    ) -> None:
        self.vocabulary, self.entities, self.joined, self.mode = vocabulary, entities, joined, mode
        self.unknown: dict[UnknownValue, None] = {}
        self.unknown_fields: dict[str, None] = {}
        self.query_languages: set[str] = set()
        self.combinations = MAX_COMBINATIONS

    def parse(self, level: Level, ignored: int) -> Parsed:
        words, filters = nodes.split_filters(self._parse_groups(level, None, asks=False))
        return Parsed(
            self._join(words), tuple(filters), ignored, tuple(self.unknown),
            tuple(self.unknown_fields), frozenset(self.query_languages), level.has_operators,
        )  # fmt: skip

    def _join(self, groups: list[nodes.Tree]) -> nodes.Tree | None:
        """Return a tree: positive groups joined by `joined`, negative ones always excluded."""
        if not groups:
            return None
        negative = [group for group in groups if isinstance(group, nodes.Not)]
        positive, required = nodes.split_filters(
            [group for group in groups if not isinstance(group, nodes.Not)] if negative else groups
        )
        if len(positive) > 1:
            positive = [self.joined(positive)]
        combined = [*positive, *required, *negative]
        if not positive and not required:
            combined.insert(0, nodes.Every())
        return combined[0] if len(combined) == 1 else nodes.And(combined)

    def _parse_groups(self, level: Level, field: str | None, *, asks: bool) -> list[nodes.Tree]:
        """Return the groups of a level. Stop words are kept only if they are a whole operand."""
        scope = _Scope(field, make_context(level.typed, asks=asks))
        if alternatives := self._list_alternatives(level, scope):
            return _factor([self._parse_groups(each, field, asks=asks) for each in alternatives])
        readings = [self._read(element, scope) for element in level.elements]
        empty = [
            index for index, element in enumerate(level.elements)
            if isinstance(element, WordRun | QueryToken) and not readings[index]
        ]  # fmt: skip
        for index in empty:
            if level.is_operand(index):
                readings[index] = self._read(level.elements[index], scope._replace(keeps_all=True))
        groups = self._group_units(level.elements, readings)
        if empty and all(isinstance(node, nodes.Not) for node in nodes.split_filters(groups)[0]):
            for index in empty:
                readings[index] = self._read(level.elements[index], scope._replace(keeps_all=True))
            groups = self._group_units(level.elements, readings)
        return groups

    def _list_alternatives(self, level: Level, scope: _Scope) -> list[Level]:
        """Return a level once with each alternative of its first group in the place of the group.

        Return an empty list if it has none, or if a limit on combinations would be exceeded.
        """
        if self.joined is nodes.Or or self._find_field(scope.field):
            return []

        def is_unit(operand: Element) -> bool:
            """Return whether an operator applies to all of an operand, not to one of its words."""
            if not isinstance(operand, WordRun) or len(operand.words) == 1:
                return True
            return len(self._parse_words(operand.words, scope)) == 1

        groups = {
            index: operands
            for index in range(len(level.elements))
            if (operands := level.list_operands(index)) and all(map(is_unit, operands))
        }
        combinations = prod(map(len, groups.values()))
        is_long = combinations * len(level.typed) > MOST_WORDS  # all of them are read each time
        if not groups or combinations > self.combinations or is_long:
            return []
        index, operands = next(iter(groups.items()))
        self.combinations -= len(operands) - 1
        return [level.replace(index, operand) for operand in operands]

    def _read(self, element: Element, scope: _Scope) -> list[Unit]:
        """Return the units of an element. An operator applies to one unit."""
        if isinstance(element, WordRun) and self._find_field(scope.field) is None:
            return self._parse_words(element.words, scope)
        if isinstance(element, WordRun):
            units = (self._parse_atom(QueryToken("word", word), scope) for word in element.words)
            return [unit for unit in units if unit]
        if isinstance(element, Operator):
            return []
        token = element.token if isinstance(element, Parentheses) else element
        if isinstance(element, Parentheses):
            field, asks = token.field or scope.field, scope.context.asks
            inner = self._join(self._parse_groups(element.level, field, asks=asks))
            unit = [inner] if inner is not None else []
        else:
            unit = self._parse_atom(token, scope)
        return [self._negate(unit) if token.negated else unit] if unit else []

    def _negate(self, unit: Unit) -> Unit:
        """Return a unit that excludes the hits of a unit. A double negation cancels out."""
        node = self._join_unit(unit)
        return [node.child if isinstance(node, nodes.Not) else nodes.Not(node)]

    def _group_units(
        self, elements: Iterable[Element], readings: Iterable[list[Unit]]
    ) -> list[nodes.Tree]:
        """Return the units of a level, joined by its operators."""
        groups: list[list[list[Unit]]] = []  # of units joined by OR, joined by AND
        negated, operator = False, ""
        for element, units in zip(elements, readings, strict=True):
            if isinstance(element, Operator):
                negated ^= element.name == "NOT"
                operator = operator if element.name == "NOT" else element.name
                continue
            for unit_units in units or [[]]:
                unit = self._negate(unit_units) if unit_units and negated else unit_units
                if operator == "OR":
                    groups[-1][-1].append(unit)
                elif operator == "AND":
                    groups[-1].append([unit])
                else:
                    groups.append([[unit]])
                negated, operator = False, ""
        return [node for group in groups for node in self._join_group(group)]

    def _join_group(self, group: Iterable[Iterable[Unit]]) -> list[nodes.Tree]:
        non_empty = [units for either in group if (units := [unit for unit in either if unit])]
        if len(non_empty) == 1 and len(non_empty[0]) == 1:
            return non_empty[0][0]
        eithers = [[self._join_unit(unit) for unit in units] for units in non_empty]
        words, filters = nodes.split_filters([
            nodes.Or(either) if len(either) > 1 else either[0] for either in eithers
        ])  # fmt: skip
        combined = [nodes.And(words)] if len(words) > 1 and self.joined is nodes.Or else words
        return [*filters, *combined]

    def _parse_words(self, words: Sequence[str], scope: _Scope) -> list[Unit]:
        pieces = [word for word in words if tokenizer.split_words(word)]
        sequence = WordSequence(pieces, self.vocabulary, self.entities, scope.context)
        self.query_languages |= sequence.query_languages
        return [[*unit] for unit in sequence.make_units(keeps=scope.keeps_all, mode=self.mode)]

    def _find_field(self, name: str | None) -> Field | None:
        return self.vocabulary.catalogue.by_query_name.get(name.lower()) if name else None

    def _parse_atom(self, token: QueryToken, scope: _Scope) -> Unit:
        if token.is_name:  # names of fields have been replaced
            self.unknown_fields[token.text.strip()] = None
        field = self._find_field(token.field or scope.field)
        if field and (field.facet or field.parent):
            return self._parse_filter(field, token, scope)
        is_unlisted = field is not None and field in self.vocabulary.catalogue.unlisted
        if field and is_unlisted and (key := find_key(field, token.text, self.vocabulary)):
            if not (keys := self.vocabulary.find_keys(field.name, key)):
                self.unknown[UnknownValue(field.name, token.text.strip())] = None
            return [nodes.Filter(field.name, tuple(keys or [key]))]
        is_searchable = field is not None and field.name in self.vocabulary.word_fields
        if token.field and not is_searchable and not token.text.startswith("//"):  # no URL's scheme
            self.unknown_fields[token.field] = None
        if field:  # a known field that is not searchable falls back to all fields
            fields = frozenset({field.name}) if is_searchable else self.entities.scope
            return self._parse_literally(token, fields, scope)
        plain_words = [token.text.lower() if token.text in OPERATORS else token.text]
        unit = (
            [node for part in self._parse_words(plain_words, scope) for node in part]
            if QueryToken(token.kind, token.text).is_plain
            else self._parse_literally(token, self.entities.scope, scope)
        )
        if not token.field:
            return unit
        # An unknown field name is a word, and the text after the colon is read as if alone.
        name = [node for part in self._parse_words([token.field], scope) for node in part]
        return [*name, *unit]

    def _parse_filter(self, field: Field, token: QueryToken, scope: _Scope) -> Unit:
        """Return the filter of a facet value, or words of the field if no value has that name."""
        text = token.text.strip()
        ends = parse_year_range(text) if field.kind == "year" else None
        if ends and not (all(ends) and ends[0] > ends[1]):
            return [nodes.Filter(field.name, low=ends[0] or None, high=ends[1] or None)]
        child = self.vocabulary.catalogue.children.get(field.name)
        for target in (field, child):
            if target and (values := self.entities.values_named(target, text)):
                return [nodes.Filter(target.name, tuple(values))]
        if field.name in self.vocabulary.word_fields and field.kind != "year":
            return self._parse_literally(token, frozenset({field.name}), scope)
        self.unknown[UnknownValue(field.name, text)] = None
        return [nodes.Filter(field.name, (text,))]

    def _parse_literally(self, token: QueryToken, fields: nodes.Fields, scope: _Scope) -> Unit:
        def drops(word: str) -> bool:
            # An operator that joins nothing is a word, not a name in capitals.
            typed = word.lower() if word in OPERATORS else word
            shouted = scope.context.shouted
            return not scope.keeps_all and self.vocabulary.drops_stop_word(typed, shouted=shouted)

        return [*make_clauses(token, fields, self.vocabulary, self.mode, drops)]

    def _join_unit(self, unit: Unit) -> nodes.Tree:
        return self.joined(unit) if len(unit) > 1 else unit[0]


def _factor(readings: Sequence[list[nodes.Tree]]) -> list[nodes.Tree]:
    """Return the groups that find the union of what several lists of groups find.

    Groups that all lists begin or end with are in the result once.
    """
    first = _count_common(readings)
    rest = [groups[first:] for groups in readings]
    last = _count_common([groups[::-1] for groups in rest])
    middles = [groups[: len(groups) - last] for groups in rest]
    distinct = [middle for index, middle in enumerate(middles) if middle not in middles[:index]]
    alternatives = [
        nodes.And(middle) if len(middle) > 1 else middle[0] if middle else nodes.Every()
        for middle in distinct
    ]
    either = [nodes.Or(alternatives)] if len(alternatives) > 1 else alternatives
    return [*readings[0][:first], *either, *rest[0][len(rest[0]) - last :]]


def _count_common(readings: Sequence[Sequence[nodes.Tree]]) -> int:
    """Return the number of groups that all lists begin with."""
    columns = zip(*readings, strict=False)
    return sum(1 for _ in takewhile(lambda each: each.count(each[0]) == len(each), columns))
