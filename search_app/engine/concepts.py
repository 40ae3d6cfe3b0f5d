"""What people call things: concepts and facts are recognised in what was typed.

A concept of the thesaurus, or a value of a facet (a language, a country, a kind of material), is
recognised by any of its labels in any language, and becomes one leaf: what was typed, what
else the thing is called in the languages of the index, and the publications that have it as
a value. What was typed weighs most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain

from whoosh import query

from indexer import analysis, languages
from indexer.folding import as_written, fold
from indexer.thesaurus import Thesaurus
from search_app.engine import reading
from search_app.engine.match import postings
from search_app.engine.nodes import Labels, Leaf
from search_app.engine.reading import Recognised, Vocabulary
from search_app.engine.snapshot import Snapshot
from search_app.engine.things import Thing, things

LABEL, VALUE, KIN = 0.8, 0.3, 0.25
"""What another label weighs, having a value, and a kind of the thing, beside 1 for what was
typed."""
PUBLISHED = 4.0
"""What the year of publication weighs: more than mentions of that year in an abstract, and no more
than the year in a title, which has the weight of its field."""
FEW = 10
"""If fewer publications have a thing itself, those that have a kind of it are found too."""
HARDLY_ANY = 2
"""If fewer have it or a kind of it, those that have what it is a kind of are found as well."""
OTHER_SCRIPTS = frozenset({"ar", "el", "he", "hi", "ja", "ko", "ru", "uk", "zh"})
"""Languages that are not written in Latin letters, so that no label of theirs is."""
MOST_PIECES = 60
"""Things are recognised among so many pieces of a text, the first ones."""
SHORTEST_ACRONYM = 4
"""Shorter acronyms are not looked for in texts: TIP and WHO are words too."""
MOST_OF_ALL = 0.1
"""A kind that more of all publications have would drown the rest of a thing."""
MOST_TOLD = 3
"""So many other names of a thing are told."""

Key = tuple[str, ...]
"""A label as the stems of its words, or, where words are not parted, as it is written."""


class Concepts:
    """All things that a snapshot can recognise.

    `words` has the words of all labels, as they are written, but for those that are unparted.
    """

    def __init__(self, snapshot: Snapshot, thesaurus: Thesaurus) -> None:
        self._snapshot = snapshot
        self._vocabulary = Vocabulary(
            snapshot.catalogue,
            lambda *_: [],
            snapshot.stems,
            snapshot.frequency,
            snapshot.at_home,
            snapshot.languages,
        )
        self._fields = self._vocabulary.searchable
        self._weights = {
            row.name: PUBLISHED if row.kind == "year" else VALUE
            for row in snapshot.catalogue.fields
        }
        self.things = things(snapshot, thesaurus)
        self._acronyms: dict[str, int] = {}
        self._starting: dict[tuple[str, str], list[tuple[Key, int]]] = defaultdict(list)
        self._unparted: dict[str, int] = {}
        self._stems: dict[str, set[str]] = defaultdict(set)
        self._narrower: dict[str, list[int]] = defaultdict(list)
        self._labels: dict[int, list[query.Query]] = {}
        self._others: dict[int, list[query.Query]] = {}
        self._told: dict[int, list[tuple[str, str]]] = {}
        self.words: set[str] = set()
        self._numbers = {thing.id: number for number, thing in enumerate(self.things)}
        for number, thing in enumerate(self.things):
            self._enter(number, thing)
        self.languages = tuple(
            dict.fromkeys([*snapshot.languages, *(language for language, _ in self._starting)])
        )
        self._in_latin = [each for each in self.languages if each not in OTHER_SCRIPTS]
        self._longest = max(map(len, self._unparted), default=0)

    def _enter(self, number: int, thing: Thing) -> None:
        self._acronyms.update(dict.fromkeys(thing.acronyms, number))
        for broader in thing.broader:
            self._narrower[broader].append(number)
        for language, labels in thing.labels.items():
            for label in labels:
                if analysis.is_unparted(label):
                    self._unparted.setdefault(fold(label), number)
                    continue
                self.words.update(map(as_written, analysis.words(label)))
                # Accents that are not typed would have told a stemmer more.
                for typed in dict.fromkeys((label, fold(label))):
                    key = analysis.stems(typed, language)
                    self._stems[language].update(key)
                    if key:
                        self._starting[language, key[0]].append((key, number))

    def prepare(self) -> None:
        """Looks up the labels of all things, which would else be done when each is first typed."""
        for number in range(len(self.things)):
            if others := self._other_names(number):
                postings(Leaf(others), self._snapshot)

    def is_known(self, raw: str) -> bool:
        """Whether a word stands in a label, in some inflection."""
        return any(languages.stem(raw, each) in self._stems[each] for each in self.languages)

    def cut(self, piece: str) -> list[str]:
        """What is unparted, parted around the labels in it, the longest first at each place."""
        found, begin, at = [], 0, 0
        while at < len(piece):
            lengths = range(min(self._longest, len(piece) - at), 1, -1)
            length = next((n for n in lengths if fold(piece[at : at + n]) in self._unparted), 0)
            if length:
                found += [piece[begin:at], piece[at : at + length]]
                begin = at = at + length
            else:
                at += 1
        return [each for each in [*found, piece[begin:]] if each]

    def recognised(self, pieces: Sequence[str], *, shouted: bool) -> list[Recognised]:
        """The things in what was typed, in order, none of them within another.

        They may overlap, as in *people smuggling by boat*. `shouted` says that all is in
        capitals, so that an acronym is told by nothing.
        """
        pieces = pieces[:MOST_PIECES]
        words = [analysis.words(piece) for piece in pieces]
        candidates = sorted(
            chain(self._acronyms_in(pieces, shouted=shouted), self._labels_in(pieces, words)),
            key=lambda each: (each[0] - each[1], each[0]),
        )
        found: list[Recognised] = []
        for first, last, language, number in candidates:
            if not any(each.first <= first and last <= each.last for each in found):
                leaf = self._leaf(number, pieces[first:last], language)
                found.append(Recognised(first, last, language, leaf))
        return sorted(found, key=lambda each: each.first)

    def _acronyms_in(
        self, pieces: Sequence[str], *, shouted: bool
    ) -> Iterator[tuple[int, int, str, int]]:
        if shouted and len(pieces) > 1:
            return
        for at, piece in enumerate(pieces):
            number = self._acronyms.get(piece, self._acronyms.get(piece.removesuffix("s")))
            if number is not None and piece[:1].isupper():
                yield at, at + 1, "", number

    def _labels_in(
        self, pieces: Sequence[str], words: Sequence[Sequence[str]]
    ) -> Iterator[tuple[int, int, str, int]]:
        for first, piece in enumerate(pieces):
            if analysis.is_unparted(piece):
                number = self._unparted.get(fold(piece))
                if number is not None:
                    yield first, first + 1, "zh", number
                continue
            spoken = self._in_latin if piece.isascii() else self.languages
            for language in spoken if words[first] else ():
                stem = languages.stem(words[first][0], language)
                for key, number in self._starting.get((language, stem), ()):
                    last = _end(key, words, first, language)
                    if last:
                        yield first, last, language, number

    def _leaf(self, number: int, typed: Sequence[str], language: str) -> Leaf:
        """The leaf of a thing that was typed so."""
        snapshot, thing = self._snapshot, self.things[number]
        raws = [raw for piece in typed for raw in analysis.words(piece)]
        parts: list[query.Query] = []
        if language in ("", *snapshot.languages):
            parts += reading.phrases(raws, self._fields, self._vocabulary)
            parts += self._apart(raws, reading.APART)
        else:
            if len(raws) == 1:
                parts += [query.Term(field, _written(raws[0])) for field in self._fields]
            parts += self._apart(self._own_name(number), reading.APART * LABEL)
        parts += self._other_names(number)
        columns = snapshot.columns
        parts += [
            query.Term(f"{row}.value", value, boost=self._weights[row])
            for row, value in thing.values
            if value in columns[row].ordinal
        ]
        # Where the index has nothing of the thing, what was typed is just words: no leaf is empty.
        parts = parts or reading.phrases(raws, self._fields, self._vocabulary)
        return Leaf(parts, " ".join(typed), self._also(number, raws))

    def _apart(self, raws: Sequence[str], weight: float) -> Iterator[query.Query]:
        """All words of a name that are no stop words, anywhere, if there are several."""
        telling = [raw for raw in raws if not self._vocabulary.is_stop_word(raw)]
        if len(telling) > 1:
            yield reading.apart(telling, self._fields, self._vocabulary, weight)

    def _own_name(self, number: int) -> list[str]:
        """The words of what a thing is called first in the catalogue's language."""
        labels = self.things[number].labels.get(self._snapshot.languages[0], ("",))
        return analysis.words(labels[0])

    def _other_names(self, number: int) -> list[query.Query]:
        """What else a thing is called; and where few publications have it, kinds of it."""
        known = self._others.get(number)
        if known is None:
            known = self._others[number] = list(self._made_names(number))
        return known

    def _made_names(self, number: int) -> Iterator[query.Query]:
        identity, labels = self.things[number].id, self._known_labels(number)
        if labels:
            yield Labels(labels, identity, "name", LABEL)
        if self._found(number) < FEW:
            kin = [part for each in self._kin(number) for part in self._known_labels(each)]
            if kin:
                yield Labels(kin, identity, "kin", KIN)

    def _found(self, number: int) -> int:
        """How many publications have a thing by any of its names."""
        labels = self._known_labels(number)
        return len(postings(Leaf(labels), self._snapshot).documents) if labels else 0

    def _kin(self, number: int) -> list[int]:
        """The kinds of a thing; where hardly any publication has one, what it is a kind of too."""
        thing = self.things[number]
        kin = self._narrower[thing.id]
        found = sum(map(self._found, [number, *kin]))
        if found < HARDLY_ANY:
            kin = [*kin, *(self._numbers[each] for each in thing.broader)]
        most = self._snapshot.size * (MOST_OF_ALL if found else 1)
        return [each for each in kin if self._found(each) <= most]

    def _also(self, number: int, raws: Sequence[str]) -> tuple[str, ...]:
        """Some other names that a thing is looked for by, those that the index may hold."""
        said = fold(" ".join(raws))
        if number not in self._told:
            own = self._snapshot.languages[0]
            labels = self.things[number].labels.get(own, ())
            self._told[number] = [(fold(each), each) for each in labels if self._label(each, own)]
        known = [label for folded, label in self._told[number] if folded != said]
        return tuple(known[:MOST_TOLD])

    def _known_labels(self, number: int) -> list[query.Query]:
        """The labels of a thing that the index may hold, as parts of a leaf."""
        if number not in self._labels:
            thing = self.things[number]
            self._labels[number] = [
                part
                for language in self._snapshot.languages
                for label in thing.labels.get(language, ())
                for part in self._label(label, language)
            ]
            self._labels[number] += [
                query.Term(field, term)
                for term in map(_written, thing.acronyms)
                if len(term) > SHORTEST_ACRONYM and self._snapshot.numbers_of(term)
                for field in self._fields
            ]
        return self._labels[number]

    def _label(self, label: str, language: str) -> list[query.Query]:
        """A label as words side by side; a word of another language just as it is written.

        One that looks like a word of the catalogue's language may mean another thing there.
        """
        raws = analysis.words(label)
        own = self._snapshot.languages[0]
        if len(raws) == 1 and language != own:
            terms = [_written(raws[0])]
        else:
            terms = list(analysis.stems(label, language))
        if not terms or not all(map(self._snapshot.numbers_of, terms)):
            return []
        if len(terms) == 1:
            return [query.Term(field, terms[0]) for field in self._fields]
        return [query.Phrase(field, terms) for field in self._fields]


def _written(raw: str) -> str:
    """The term of a word as it is written."""
    return analysis.WRITTEN + as_written(raw)


def _end(key: Key, words: Sequence[Sequence[str]], first: int, language: str) -> int:
    """Behind which piece a label ends that begins at one; 0 if it is not there, or within one."""
    at = 0
    for piece, typed in enumerate(words[first:], start=first):
        wanted = key[at : at + len(typed)]
        if not typed or tuple(languages.stem(raw, language) for raw in typed) != wanted:
            return 0
        at += len(typed)
        if at == len(key):
            return piece + 1
    return 0


def of(snapshot: Snapshot) -> Concepts:
    """The things that a snapshot can recognise; made once."""
    return snapshot.once("concepts", lambda: Concepts(snapshot, snapshot.generation.thesaurus()))
