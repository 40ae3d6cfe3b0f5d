"""Known items: queries that describe one paper, made from its title, first author, and year.

The queries are drawn with a fixed seed. Each kind asks for the same papers.
"""

import lzma
import random
import re
import string
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from indexer.analysis import cleaning, stemming, tokenizer
from indexer.values import names

SEED = 20_261_127
NUMBER = 2_000
"""Number of papers, and therefore of queries of each kind."""
MIN_WORDS = 4
"""Titles with fewer words are not drawn."""
MIN_LETTERS = 5
"""Minimum letters of a word that is misspelt."""
WORDS_OF_TITLE = 3
"""Number of words of a title that are typed with the author."""
_EDGES = re.compile(r"^\W+|\W+$")


class Paper(msgspec.Struct, frozen=True):
    """The fields of a paper that are searched."""

    id: str
    title: str
    summary: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None


class Item(msgspec.Struct, frozen=True):
    """A paper that can be asked for in every kind.

    `words` are the words of its title without punctuation at their edges. `content` are those of
    them that are not stop words.
    """

    paper: Paper
    words: tuple[str, ...]
    content: tuple[str, ...]
    family: str


Make = Callable[[Item, random.Random], str]
"""Makes the text of a query."""


def _whole(item: Item, draw: random.Random) -> str:
    return item.paper.title


def _missing(item: Item, draw: random.Random) -> str:
    words = list(item.words)
    del words[draw.randrange(len(words))]
    return " ".join(words)


def _swapped(item: Item, draw: random.Random) -> str:
    words = list(item.words)
    first, second = draw.sample(range(len(words)), 2)
    words[first], words[second] = words[second], words[first]
    return " ".join(words)


def _misspelt(item: Item, draw: random.Random) -> str:
    words = list(item.words)
    number = draw.choice([place for place, word in enumerate(words) if _is_long(word)])
    words[number] = misspell(words[number], draw)
    return " ".join(words)


def _author(item: Item, draw: random.Random) -> str:
    return " ".join([*draw.sample(item.content, WORDS_OF_TITLE), item.family])


def _year(item: Item, draw: random.Random) -> str:
    return " ".join([*draw.sample(item.content, WORDS_OF_TITLE), str(item.paper.year)])


class Kind(msgspec.Struct, frozen=True):
    """A kind of query, and the lowest MRR that meets the target."""

    name: str
    target: float
    make: Make


KINDS = (
    Kind("whole title", 0.97, _whole),
    Kind("one word missing", 0.95, _missing),
    Kind("two words swapped", 0.95, _swapped),
    Kind("one word misspelt", 0.90, _misspelt),
    Kind("three words and the author", 0.95, _author),
    Kind("three words and the year", 0.92, _year),
)


class KnownItem(msgspec.Struct, frozen=True):
    """A query, and the id of the paper that it asks for."""

    text: str
    id: str


def read(file: Path) -> Iterator[Paper]:
    """Yield the papers of a packed JSON Lines file, cleaned as in the indexer."""
    decoder = msgspec.json.Decoder(Paper)
    with lzma.open(file) as lines:
        for line in lines:
            paper = decoder.decode(line)
            yield msgspec.structs.replace(
                paper, title=cleaning.clean(paper.title), summary=cleaning.clean(paper.summary)
            )


def draw_items(papers: Sequence[Paper], number: int = NUMBER) -> list[Item]:
    """Return papers drawn at random of those whose title is unique and suits every kind."""
    titles = [tuple(word.surface for word in tokenizer.tokenize(each.title, "en"))
              for each in papers]  # fmt: skip
    times = Counter(titles)
    unique = (
        _item(paper) for paper, title in zip(papers, titles, strict=True) if times[title] == 1
    )
    return random.Random(SEED).sample([item for item in unique if _is_suitable(item)], number)


def queries(items: Sequence[Item], kind: Kind) -> list[KnownItem]:
    """Return the queries of a kind. Those of the first papers do not depend on the others."""
    return [
        KnownItem(kind.make(item, random.Random(f"{SEED} {kind.name} {item.paper.id}")),
                  item.paper.id)
        for item in items
    ]  # fmt: skip


def misspell(word: str, draw: random.Random) -> str:
    """Return a word with one edit: a letter inserted, deleted, replaced, or two transposed."""
    while True:
        place = draw.randrange(len(word))
        before, after, letter = word[:place], word[place:], draw.choice(string.ascii_lowercase)
        changed = draw.choice(
            (
                before + letter + after,
                before + after[1:],
                before + letter + after[1:],
                before + after[1:2] + after[:1] + after[2:],
            )
        )
        if changed != word:
            return changed


def _item(paper: Paper) -> Item:
    words = tuple(filter(None, (_EDGES.sub("", word) for word in paper.title.split())))
    stop_words = stemming.get_stop_words("en")
    content = dict.fromkeys(word for word in words if word.lower() not in stop_words)
    author = names.parse(paper.authors[0]) if paper.authors else None
    return Item(paper, words, tuple(content), author.family if author else "")


def _is_suitable(item: Item) -> bool:
    return (
        len(item.words) >= MIN_WORDS
        and len(item.content) >= WORDS_OF_TITLE
        and any(map(_is_long, item.words))
        and bool(item.family and item.paper.year)
    )


def _is_long(word: str) -> bool:
    return word.isalpha() and len(word) >= MIN_LETTERS
