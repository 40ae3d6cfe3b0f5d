"""People and bodies in a query: their publications rank before those that only mention them.

A word names the people whose family name it is, and the body that it is the name or the acronym of.
A given name or an initial beside it, in either order, narrows the people down. *Müller* and
*Mueller* are one family name, and an index may have only the initial of a given name that was
typed, so the clause of a word also matches names that are written in another way.

How certain a name is depends on how many occurrences of the word are in names: see
`VocabularyArrays.name_shares`. A word that titles use as well, such as *young*, adds little to a
score.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from indexer.analysis import tokenizer
from indexer.analysis.cleaning import fold, surface_form
from indexer.codec.segment.postings import K1
from indexer.values import names
from search_app.engine.cache import Cache
from search_app.engine.interpretation.entities import ValueNames
from search_app.engine.interpretation.query_expansion import match_in_title
from search_app.engine.query import nodes
from search_app.engine.query.vocabulary import Vocabulary

MIN_STRENGTH, MAX_STRENGTH = 0.1, 0.8
"""Limits on what a name adds to a score, as a share of the most that a clause can add. A weaker one
is an ordinary word."""
CERTAIN = 0.5
"""At this strength, the other words of a query are more likely words of the title."""
MAX_TITLE_WORDS = 3
"""A query with more words beside a name is not read as a name with words of a title."""
MAX_PEOPLE = 500
"""A name of more people, such as *Wang*, is not looked for in other spellings, and raises nobody:
nearly all publications that contain it are by one of them."""
MAX_CACHED_WORDS = 512
_WORD = re.compile(r"[^\W\d_]+")
_ACRONYM = re.compile(r"\(([^\W\d_]{2,})\)")
_SPELLED_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae"}
"""How letters are spelled where they cannot be typed. Folded, they are plain letters."""
_SPELL_OUT = str.maketrans(_SPELLED_OUT)
_PLAIN = {spelled: fold(letter)[:1] for letter, spelled in _SPELLED_OUT.items()}

Person = tuple[str, str]
"""The name field of a person or body, and the value there."""
People = Mapping[Person, frozenset[str]]
"""The given names of some people. A body has none."""


class Mention(NamedTuple):
    """People that a query names, by the clauses of some words, that of the family name first."""

    clauses: Sequence[int]
    people: People
    strength: float


class PeopleFinder:
    """The people and bodies in the facets of an index. Threads may share it."""

    def __init__(self, vocabulary: Vocabulary, values: ValueNames) -> None:
        self._vocabulary, self._values = vocabulary, values
        self._fields = vocabulary.catalogue.name_facets
        self._people: Cache[str, People] = Cache(MAX_CACHED_WORDS)

    def read(self, tree: nodes.Tree, text: str) -> tuple[nodes.Tree, list[nodes.Clause]]:
        """Return the tree of a text, which also matches other spellings of names, and its boosts.

        The boosts raise publications by the people, and those that one of them is the first author
        of. Beside a certain name, they also raise those with the other words in the title.
        """
        clauses = [*nodes.clauses(tree)] if self._fields else []
        mentions = [*self._find(clauses, text)]
        boosts = [_make_boost(each, clauses) for each in mentions]
        title = self._vocabulary.catalogue.find_by_role("title")
        if title and any(each.strength >= CERTAIN for each in mentions):
            named = {number for each in mentions for number in each.clauses}
            others = [each for number, each in enumerate(clauses) if number not in named]
            if len(others) <= MAX_TITLE_WORDS:
                boosts += filter(None, (match_in_title(each, title.name) for each in others))
        spellings = {
            id(clauses[number]): parts
            for each in mentions
            for number in each.clauses
            if (parts := _find_other_spellings(clauses[number].text, each.people))
        }
        if not spellings:
            return tree, boosts

        def add_spellings(clause: nodes.Clause) -> nodes.Clause:
            parts = spellings.get(id(clause))
            return nodes.Clause([*clause.parts, *parts], clause.text) if parts else clause

        return nodes.replace_clauses(tree, add_spellings) or tree, boosts

    def _find(self, clauses: Sequence[nodes.Clause], text: str) -> Iterator[Mention]:
        """Yield the people that some clauses name. The words of a name follow each other."""
        # The text of a clause has no accents, but *Müller* may be in the index as *Mueller*.
        typed = {surface_form(word): word for word in tokenizer.split_words(text)}
        words = [clause.text if self._is_plain(clause) else "" for clause in clauses]
        found = list[Mention]()
        for number, word in enumerate(words):
            people = self._list_people(typed.get(word, word)) if word else {}
            if not people:
                continue
            # An acronym in a title still names the body, unlike a family name there.
            is_acronym = any(_has_acronym(value, word) for _, value in people)
            share = 1.0 if is_acronym else self._vocabulary.get_name_share(word)
            used = [number]
            narrowed = dict[Person, frozenset[str]]()
            for neighbor in (number - 1, number + 1):
                given = words[neighbor] if 0 <= neighbor < len(words) else ""
                if same := {each: known for each, known in people.items() if _has(known, given)}:
                    narrowed |= same
                    used.append(neighbor)
                    share += (1 - share) * self._vocabulary.get_name_share(given)
            if share**2 >= MIN_STRENGTH:
                strength = min(share**2, MAX_STRENGTH)
                found.append(Mention(used, narrowed or people, strength))
        given_names = {number for each in found for number in each.clauses[1:]}
        for each in found:
            if len(each.clauses) > 1 or each.clauses[0] not in given_names:
                yield each

    def _is_plain(self, clause: nodes.Clause) -> bool:
        """Return whether a clause is of one piece of a text, without a field or an operator."""
        words = [*nodes.list_words(clause.parts)]
        is_unbound = all(part.fields == self._values.scope for part in words)
        return bool(words) and is_unbound and not clause.entity_id and " " not in clause.text

    def _list_people(self, word: str) -> People:
        """Return the people and bodies that a word names; none if they are too many."""
        return self._people.get(word, lambda: dict(self._read_people(word)))

    def _read_people(self, word: str) -> Iterator[tuple[Person, frozenset[str]]]:
        spellings = _spell(word)
        plain = {key.replace(*each) for key in spellings for each in _PLAIN.items()}
        for field in self._fields:
            keys = spellings | plain
            values = {value for key in keys for value in self._values.values_with(field, key)}
            for value in values if len(values) <= MAX_PEOPLE else ():
                name = names.read(value)
                family = [*_WORD.findall(name.family), name.family] if name.family else []
                bodies = [name.literal, *_ACRONYM.findall(name.literal)]
                if any(not spellings.isdisjoint(_spell(each)) for each in (*family, *bodies)):
                    yield (field.name, value), frozenset(_WORD.findall(fold(name.given)))


def _has_acronym(value: str, word: str) -> bool:
    """Return whether a value is the name of a body with a word as its acronym, in capitals."""
    acronym = word.upper()
    return len(acronym) > 2 and (value == acronym or f"({acronym})" in value)


def _spell(word: str) -> frozenset[str]:
    """Return a folded word, also with its letters with marks spelled out."""
    return frozenset((fold(word), fold(word.lower().translate(_SPELL_OUT))))


def _has(known: Iterable[str], given: str) -> bool:
    """Return whether a typed given name, or its initial, is one of the known ones or an initial."""
    return given != "" and any(
        given == each or (min(len(given), len(each)) == 1 and given[0] == each[0]) for each in known
    )


def _group(people: Iterable[Person]) -> Mapping[str, tuple[str, ...]]:
    """Return the values of people by field, sorted."""
    groups = groupby(sorted(people), key=itemgetter(0))
    return {field: tuple(value for _, value in each) for field, each in groups}


def _make_boost(mention: Mention, clauses: Sequence[nodes.Clause]) -> nodes.Clause:
    """Return the clause that raises publications by people."""
    boost = K1 * mention.strength / (1 - mention.strength)
    parts = [
        nodes.Values(field, values, boost, first)
        for field, values in _group(mention.people).items()
        for first in (False, True)
    ]
    return nodes.Clause(parts, " ".join(clauses[each].text for each in sorted(mention.clauses)))


def _find_other_spellings(word: str, people: People) -> list[nodes.Values]:
    """Return the names of people that do not contain a word as typed."""
    others = [person for person in people if word not in _WORD.findall(fold(person[1]))]
    return [nodes.Values(field, values) for field, values in _group(others).items()]
