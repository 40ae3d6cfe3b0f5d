"""What a person typed becomes a query tree of `whoosh.query` nodes.

    query   = group*                      every group must match (or any, if `joined` by Or)
    group   = either ("AND" either)*
    either  = item ("OR" item)*           OR joins its neighbours: a b OR c is a and (b or c)
    item    = ["-" | "NOT"] ["field:"] (word | "a phrase" | low..high | "(" query ")")

`word*` stands for all words that begin so, `w*rd` for those of that shape, and `word~` for
those that differ from it in one letter, `word~2` in two.

Whatever does not fit is read as words, so that any text at all is a query. Parsing takes one
pass over the text; the number of words and the depth of parentheses have a limit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from whoosh import query

from indexer import analysis
from indexer.fields import Field
from indexer.folding import as_written, fold
from indexer.schema import exact
from search_app.engine import reading
from search_app.engine.lexer import Token, tokens
from search_app.engine.nodes import Leaf, parted
from search_app.engine.reading import Line, Pieces, Vocabulary
from search_app.engine.request import year_range

MOST_WORDS = 500
DEEPEST = 20
OPERATORS = frozenset({"AND", "OR", "NOT"})
_PLAIN = re.compile(r"[A-Za-z0-9\s]*")
_PIECE = re.compile(r"[\w*]+")
_ALIKE = re.compile(r"(.*?)~([12]?)")


class Parsed(msgspec.Struct, frozen=True):
    """A query: what its words ask for, the filters typed beside them, and what was too much.

    `words` is None where no words were typed. `filters` are trees that must match too, as if
    they were ticked. `ignored` counts the words beyond the limit. `unknown` has the values
    typed behind a field's name that no publication has, each with the name. `spoken` are the
    languages in which things were called by name.
    """

    words: query.Query | None
    filters: tuple[query.Query, ...]
    ignored: int
    unknown: tuple[tuple[str, str], ...] = ()
    spoken: frozenset[str] = frozenset()


def parse(
    text: str,
    vocabulary: Vocabulary,
    joined: type[query.CompoundQuery],
    pieces: Pieces | None = None,
) -> Parsed:
    """The query that a text says, its words joined by And or by Or.

    Stop words are left out, unless there is nothing else. What was typed in one piece is one leaf
    where all is wanted, and a leaf a word where any is, if nothing is said of `pieces`.
    """
    pieces = pieces or ("one" if joined is query.And else "apart")
    if _PLAIN.fullmatch(text):
        words = text.split()
        if len(words) <= MOST_WORDS and OPERATORS.isdisjoint(words):
            line = Line(words, vocabulary)
            return Parsed(_of_plain(line, joined, pieces), (), 0, spoken=line.spoken)
    parser = _Parser(text, vocabulary, joined, pieces, keep_stop_words=False)
    parsed = parser.parsed()
    if parsed.words is None and parser.left_out:
        parsed = _Parser(text, vocabulary, joined, pieces, keep_stop_words=True).parsed()
    return parsed


def _of_plain(line: Line, joined: type[query.CompoundQuery], pieces: Pieces) -> query.Query | None:
    """What the grammar would make of words that are nothing else, in less time."""
    leaves = line.leaves(pieces=pieces) or line.leaves(keeps=True, pieces=pieces)
    return joined(leaves) if len(leaves) > 1 else leaves[0] if leaves else None


class _Parser:
    def __init__(
        self,
        text: str,
        vocabulary: Vocabulary,
        joined: type[query.CompoundQuery],
        pieces: Pieces,
        *,
        keep_stop_words: bool,
    ) -> None:
        self.pieces = pieces
        self.tokens = list(tokens(text))
        self.typed = [each.text for each in self.tokens if each.kind == "word"]
        self.at = 0
        self.vocabulary, self.joined, self.keep_stop_words = vocabulary, joined, keep_stop_words
        self.searchable = vocabulary.searchable
        self.words = self.ignored = self.left_out = 0
        if len(text) > MOST_WORDS:  # each word has a character at least
            self._leave_out_the_commonest()
        self.field: str | None = None
        self.unknown: list[tuple[str, str]] = []
        self.spoken: set[str] = set()

    def _leave_out_the_commonest(self) -> None:
        """Where there are more words than the limit, those that most publications have go first.

        A word that something belongs to stays, so that nothing else changes its meaning.
        """
        held = [analysis.words(token.text) for token in self.tokens]
        over = sum(map(len, held)) - MOST_WORDS
        if over <= 0:
            return
        alone = [at for at in range(len(self.tokens)) if self._is_alone(at) and held[at]]
        count = {raw: self.vocabulary.count(raw) for at in alone for raw in held[at]}
        dropped = set()
        for at in sorted(alone, key=lambda at: -min(count[raw] for raw in held[at])):
            if len(held[at]) <= over:
                over -= len(held[at])
                self.ignored += len(held[at])
                dropped.add(at)
        self.tokens = [each for at, each in enumerate(self.tokens) if at not in dropped]

    def parsed(self) -> Parsed:
        groups = self._groups(0)
        while self.at < len(self.tokens):  # a parenthesis that was never opened
            self.at += 1
            groups += self._groups(0)
        words, filters = parted(groups)
        return Parsed(
            self._join(words), tuple(filters), self.ignored, tuple(self.unknown),
            frozenset(self.spoken),
        )  # fmt: skip

    def _join(self, groups: list[query.Query]) -> query.Query | None:
        """Positive groups joined, and none of the negative ones, whatever `joined` is."""
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

    def _groups(self, depth: int) -> list[query.Query]:
        groups = []
        while self.at < len(self.tokens) and self._here().kind != "close":
            if run := self._run():
                groups += self._line(run)
                continue
            alternatives = [self._either(depth)]
            while self._operator("AND"):
                alternatives.append(self._either(depth))
            words, filters = parted([each for each in alternatives if each is not None])
            groups += filters
            groups += [query.And(words)] if len(words) > 1 and self.joined is query.Or else words
        return groups

    def _run(self) -> list[str]:
        """Steps over words in a row that nothing else belongs to; gives them."""
        first = self.at
        while self.field is None and self._is_alone(self.at):
            self.at += 1
        return [token.text for token in self.tokens[first : self.at]]

    def _is_alone(self, at: int) -> bool:
        """Whether there is a word there, and no operator has it beside it."""
        around = self.tokens[max(at - 1, 0) : at + 2]
        return (
            at < len(self.tokens)
            and self.tokens[at].is_plain
            and not any(each.is_word(name) for each in around for name in OPERATORS)
        )

    def _line(self, run: list[str]) -> list[query.Query]:
        """The leaves of words in a row."""
        counted = [self._within_the_limit(analysis.words(each)) for each in run]
        line = Line(
            [each for each, words in zip(run, counted, strict=True) if words], self.vocabulary
        )
        self.spoken |= line.spoken
        keeps = self.keep_stop_words
        leaves = line.leaves(keeps=keeps, pieces=self.pieces)
        self.left_out += not leaves
        return list(leaves)

    def _either(self, depth: int) -> query.Query | None:
        alternatives = [self._item(depth)]
        while self._operator("OR"):
            alternatives.append(self._item(depth))
        known = [each for each in alternatives if each is not None]
        return query.Or(known) if len(known) > 1 else known[0] if known else None

    def _here(self) -> Token:
        return self.tokens[self.at]

    def _operator(self, name: str) -> bool:
        """Steps over an operator that has something on its right."""
        right = self.at + 1
        if right >= len(self.tokens) or not self.tokens[self.at].is_word(name):
            return False
        if self.tokens[right].kind == "close":
            return False
        self.at = right
        return True

    def _item(self, depth: int) -> query.Query | None:
        negated = False
        while self._operator("NOT"):
            negated = not negated
        if self.at >= len(self.tokens) or self._here().kind == "close":
            return None
        token = self._here()
        self.at += 1
        node = self._parenthesis(token, depth) if token.kind == "open" else self._atom(token)
        if node is None or negated == token.negated:
            return node
        return query.Not(node)

    def _parenthesis(self, token: Token, depth: int) -> query.Query | None:
        """What stands within; a field before it holds for all that has none of its own."""
        if depth >= DEEPEST:
            return None
        around, self.field = self.field, token.field or self.field
        inner = self._join(self._groups(depth + 1))
        self.field = around
        self.at += self.at < len(self.tokens)
        return inner

    def _atom(self, token: Token) -> query.Query | None:
        name = token.field or self.field
        if name is None:
            return self._words(token.text, token.kind, self.searchable)
        row = self.vocabulary.catalogue.by_name.get(name.lower())
        if row and (row.facet or row.parent):
            return self._filter(row, token)
        if row and row.name in self.searchable:
            return self._words(token.text, token.kind, [row.name])
        if row or not token.field:  # what is told of a publication, and can't be searched alone
            return self._words(token.text, token.kind, self.searchable)
        # The name of no row is a word like others, and what stands behind it is what it is alone.
        name = self._words(token.field, "word", self.searchable)
        behind = self._words(token.text, token.kind, self.searchable)
        return self._together([each for each in (name, behind) if each is not None])

    def _filter(self, row: Field, token: Token) -> query.Query | None:
        """A facet's value; words of the field, where no value is called so."""
        text = token.text.strip()
        ends = year_range(text) if row.kind == "year" else None
        if ends and not (all(ends) and ends[0] > ends[1]):
            return query.TermRange(exact(row), ends[0] or None, ends[1] or None)
        child = self.vocabulary.catalogue.children.get(row.name)
        for each in (row, child):
            if each and (values := self.vocabulary.named(each, text)):
                terms = [query.Term(exact(each), value) for value in values]
                return terms[0] if len(terms) == 1 else query.Or(terms)
        if row.name in self.searchable and row.kind != "year":
            return self._words(token.text, token.kind, [row.name])
        self.unknown.append((row.name, text))
        return query.Term(exact(row), text)

    def _words(self, text: str, kind: str, fields: list[str]) -> query.Query | None:
        if kind == "word" and "~" in text and (alike := _ALIKE.fullmatch(text)):
            return self._alike(alike[1], int(alike[2] or 1), fields)
        if kind == "word" and "*" in text:
            pieces = [self._piece(piece, fields) for piece in _PIECE.findall(fold(text))]
            return self._together([piece for piece in pieces if piece is not None])
        words = self._within_the_limit(analysis.words(text))
        if kind == "phrase" and len(words) > 1:
            return reading.phrase(words, fields, self.vocabulary)
        if self.joined is query.And and len(words) > 1 and " " not in text:
            return reading.piece(text, fields, self.vocabulary)
        terms = [self._term(each, fields, kind) for each in words]
        return self._together([term for term in terms if term is not None])

    def _together(self, nodes: Sequence[query.Query]) -> query.Query | None:
        """What one token says in several words, joined as tokens are."""
        return self.joined(nodes) if len(nodes) > 1 else nodes[0] if nodes else None

    def _piece(self, text: str, fields: list[str]) -> Leaf | None:
        """A word, or its beginning, or a pattern that it fits."""
        words = self._within_the_limit(analysis.words(text))
        shape = analysis.WRITTEN + re.sub(r"\*+", "*", text)
        if not words:
            return None
        if "*" not in text:
            return self._term(words[0], fields, "word")
        if "*" in shape[:-1]:
            return Leaf([query.Wildcard(field, shape) for field in fields], text)
        return Leaf([query.Prefix(field, shape[:-1]) for field in fields], text)

    def _alike(self, text: str, edits: int, fields: list[str]) -> query.Query | None:
        """Words that differ from one in so many letters; what stands before it is plain words."""
        words = self._within_the_limit(analysis.words(text))
        leaves = [self._term(word, fields, "phrase") for word in words[:-1]]
        for word in words[-1:]:
            likeness = analysis.WRITTEN + as_written(word)
            mark = len(analysis.WRITTEN)
            leaves.append(
                Leaf(
                    [query.FuzzyTerm(field, likeness, 1.0, edits, mark) for field in fields],
                    f"{as_written(word)}~{edits if edits > 1 else ''}",
                )
            )
        return self._together([leaf for leaf in leaves if leaf is not None])

    def _within_the_limit(self, words: list[str]) -> list[str]:
        self.words += len(words)
        if self.words > MOST_WORDS:
            beyond = min(self.words - MOST_WORDS, len(words))
            self.ignored += beyond
            return words[: len(words) - beyond]
        return words

    def _term(self, raw: str, fields: list[str], kind: str) -> Leaf | None:
        drops = kind == "word" and not self.keep_stop_words
        # An operator that joins nothing is a word, and no name.
        typed = raw.lower() if raw in OPERATORS else raw
        if drops and self.vocabulary.leaves_out(typed, self.typed):
            self.left_out += 1
            return None
        return reading.word(raw, fields, self.vocabulary)
