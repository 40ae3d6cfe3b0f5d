"""Random queries of every shape, as a hostile client might send them.

Each query combines a shape of token, a way to join tokens, and a size of up to 8 kB. The words come
from the index, so that the queries cost as much as possible.
"""

import random
from collections.abc import Callable, Sequence
from functools import partial
from string import ascii_lowercase

import msgspec
import numpy as np

from indexer.codec.segment.term_dictionary import decode_surface
from search_app.engine.snapshot.snapshot import Snapshot

LARGEST = 9000
"""Length of the longest query in characters. It exceeds the limit of the engine."""
SCRIPTS = (
    "аеиностр", "贩运人口儿童难民法律", "かなカナ漢字", "한국어사람", "ابتثجح", "कखगघमान",
    "ñéüßøç", "ⅷ①٣",
)  # fmt: skip
"""Letters of other scripts."""
OPERATORS = ("AND", "OR", "NOT", "-", "(", ")", '"', "~", "*")
SIMPLE = (
    "word", "hyphens", "hyphens", "dots", "quotes", "prefix", "stars", "fuzzy", "letter", "script",
)  # fmt: skip
"""Shapes of tokens that contain no other token."""
Draw = Callable[[random.Random], str]


class Words(msgspec.Struct, frozen=True):
    """Words of an index, grouped by document frequency, and the names of its fields."""

    common: Sequence[str]
    rare: Sequence[str]
    fields: Sequence[str]


def words_of(snapshot: Snapshot) -> Words:
    """Return the 60 commonest words of an index, 2,000 others, and its fields."""
    terms = snapshot.segment.words
    order = np.argsort(-np.diff(terms.offsets.astype(np.int64)), kind="stable").tolist()
    step = len(order) // 2000 + 1
    common, others = (
        [decode_surface(terms.texts.get_text(number)) for number in numbers]
        for numbers in (order[:60], order[60::step])
    )
    return Words(common, others, [field.name for field in snapshot.catalogue.fields])


class Shapes:
    """Generates random queries from the words of one index."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._tokens: dict[str, Draw] = {
            "word": self._word,
            "hyphens": partial(self._piece, "-"),
            "dots": partial(self._piece, "."),
            "marks": lambda drawer: self._piece(drawer.choice("/'’+&,;|="), drawer),
            "field": lambda drawer: f"{drawer.choice(self._words.fields)}:{self._any(drawer)}",
            "minus": lambda drawer: f"-{self._any(drawer)}",
            "quotes": self._phrase,
            "parentheses": self._parentheses,
            "prefix": self._prefix,
            "stars": self._stars,
            "fuzzy": lambda drawer: f"{self._word(drawer)}~{drawer.choice(['', '1', '2'])}",
            "letter": lambda drawer: drawer.choice(ascii_lowercase),
            "digits": lambda drawer: str(drawer.randrange(10 ** drawer.randrange(1, 9))),
            "script": self._script,
            "colons": lambda drawer: ":".join(
                self._word(drawer) for _ in range(drawer.randrange(2, 9))
            ),
            "operator": lambda drawer: drawer.choice(OPERATORS),
            "long": lambda drawer: self._word(drawer) * drawer.randrange(1, 80),
        }

    def text(self, drawer: random.Random) -> tuple[str, str]:
        """Return the name of a shape and a text of that shape."""
        names = drawer.choices(list(self._tokens), k=drawer.choice((1, 1, 1, 2, 4)))
        size = LARGEST if drawer.random() < 0.3 else int(10 ** drawer.uniform(0.5, 3.5))
        joint = drawer.choice((" ", " ", " OR ", " AND ", " NOT ", " OR -", "  \n"))
        draw = partial(self._token, names, drawer)
        if drawer.random() < 0.4:
            draw = partial(drawer.choice, [draw() for _ in range(drawer.choice((1, 2, 30)))])
        pieces: list[str] = []
        while sum(map(len, pieces)) + len(joint) * len(pieces) < size and len(pieces) < size:
            pieces += [draw() for _ in range(len(pieces) + 1)]
        text = joint.join(pieces)[: size + 1]
        if drawer.random() < 0.15:
            text = f"{drawer.choice(self._words.fields)}:({text})"
        return f"{'+'.join(sorted(set(names)))} by {joint.strip() or 'space'}", text

    def _token(self, names: Sequence[str], drawer: random.Random) -> str:
        return self._tokens[drawer.choice(names)](drawer)

    def _any(self, drawer: random.Random) -> str:
        """Return a token that can follow a field name, a minus, or a parenthesis."""
        return self._token(SIMPLE, drawer)

    def _word(self, drawer: random.Random) -> str:
        kind = drawer.random()
        if kind < 0.5:
            return drawer.choice(self._words.common)
        if kind < 0.9:
            return drawer.choice(self._words.rare)
        return "".join(drawer.choices("abcdefgxyz", k=drawer.randrange(1, 12)))

    def _piece(self, joint: str, drawer: random.Random) -> str:
        """Return words that are joined by a character other than a space."""
        number = int(10 ** drawer.uniform(0.3, 3.5))
        kind = drawer.random()
        if kind < 0.4:
            words = [self._word(drawer)] * number
        elif kind < 0.7:
            words = drawer.choices(ascii_lowercase, k=number)
        else:
            words = [self._word(drawer) for _ in range(number)]
        return joint.join(words)[:LARGEST]

    def _phrase(self, drawer: random.Random) -> str:
        number = int(10 ** drawer.uniform(0.2, 2.5))
        return f'"{" ".join(self._word(drawer) for _ in range(number))}"'

    def _parentheses(self, drawer: random.Random) -> str:
        depth = drawer.randrange(1, 30)
        joint = drawer.choice((" ", " OR ", " AND "))
        inner = joint.join(self._any(drawer) for _ in range(drawer.randrange(1, 4)))
        return "(" * depth + inner + ")" * depth

    def _prefix(self, drawer: random.Random) -> str:
        word = self._word(drawer)
        return f"{word[: drawer.randrange(1, len(word) + 1)]}*"

    def _stars(self, drawer: random.Random) -> str:
        """Return a word with stars anywhere."""
        word = self._word(drawer)[: drawer.randrange(1, 12)] + "a" * drawer.randrange(20)
        return "*" + "".join(letter + "*" * (drawer.random() < 0.5) for letter in word)

    def _script(self, drawer: random.Random) -> str:
        number = int(10 ** drawer.uniform(0, 3))
        scripts = "".join(drawer.choice(SCRIPTS) for _ in range(drawer.choice((1, 1, 2))))
        return "".join(drawer.choices(scripts, k=number))
