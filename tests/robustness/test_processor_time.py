"""No request takes much more processor time than the budget of a search, whatever it asks for."""

import random
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from string import ascii_lowercase
from time import thread_time
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_app import config, create_app
from tests.catalogue import build_once
from tests.robustness.asking import ALLOWED, Application, ask
from tests.robustness.shapes import Shapes, Words
from tests.search_app.texts import SERVING, make_index_with_texts, make_publication, make_text
from tests.tiers import examples, thorough

pytestmark = pytest.mark.slow

BUDGET_MILLISECONDS = 200
LIMIT = 3.0
"""Limit on the processor time of a request in seconds: its budget, and a generous constant."""
RECORDS, RECORD_WORDS = 1500, 60
"""Publications, and the distinct words of each: a comparison with all words takes 10 ms."""
PAGES, PAGE_WORDS = 60, 300
"""Pages of the full text of one publication, and the distinct words of each."""


def _draw_words(number: int) -> list[str]:
    drawer = random.Random(1)
    return ["".join(drawer.choices(ascii_lowercase, k=drawer.randint(4, 9))) for _ in range(number)]


WORDS = _draw_words(RECORDS * RECORD_WORDS + PAGES * PAGE_WORDS)
PAIRS = [first + second for first in ascii_lowercase for second in ascii_lowercase]
FEW, COMMON = WORDS[::200], [f"common{letter}" for letter in ascii_lowercase]


def _join(make: Callable[[str], str], words: list[str] = FEW, joint: str = " ") -> str:
    return joint.join(map(make, islice(cycle(words), 500)))


LONG_QUERIES = {
    "wildcards": _join(lambda pair: f"*{pair}*", PAIRS),
    "wildcards or": _join(lambda pair: f"*{pair}*", PAIRS, " OR "),
    "excluded wildcards": f"{COMMON[0]} {_join(lambda pair: f'-*{pair}*', PAIRS)}",
    "wildcards in a field": _join(lambda pair: f"title:*{pair}*", PAIRS),
    "wildcards in full texts": _join(lambda pair: f"fulltext:*{pair}*", PAIRS),
    "wildcards of many pieces": _join(lambda pair: f"*{pair[0]}*{pair[1]}*e*a*", PAIRS),
    "wildcards with a first letter": _join(lambda pair: f"{pair}*e*", PAIRS),
    "prefixes": _join(lambda pair: f"{pair}*", PAIRS),
    "fuzzy": _join(lambda word: f"{word}~2"),
    "fuzzy in a field": _join(lambda word: f"title:{word}~2"),
    "fuzzy in full texts": _join(lambda word: f"fulltext:{word}~"),
    "words": _join(str),
    "common words": _join(str, COMMON),
    "either word": _join(str, FEW, " OR "),
    "excluded words": _join(lambda word: f"-{word}"),
    "unknown words": _join(lambda word: f"{word}qzx"),
    "capitals": _join(str.upper),
    "phrases": _join(lambda word: f'"{word} {word}"', COMMON),
    "one phrase": f'"{_join(str, COMMON)}"',
    "one piece": _join(str, FEW, "-"),
    "one word": "ab" * 4000,
    "stars": "a*" * 4000,
    "parentheses": "(" * 2000 + COMMON[0] + ")" * 2000,
    "colons": _join(str, FEW, ":"),
    "years": _join(str, [f"since {year}" for year in range(1500, 2000)]),
    "ranges": _join(str, [f"{year}..{year + 9}" for year in range(1500, 2000)]),
    "Chinese": "".join(map(chr, range(0x4E00, 0x4E00 + 2600))),
    "values": _join(lambda word: f"access:{word}"),
}  # fmt: skip
ROUTES = (
    "/?q={q}", "/?q={q}&match=any", "/?q={q}&match=all", "/?q={q}&exact=1", "/?q={q}&inside=0",
    "/?q={q}&fold=1&page=2", "/api/search?q={q}", "/api/search?q={q}&explain=1&size=100",
    "/feed.atom?q={q}", "/publication/p0?q={q}&hit=1", "/publication/p0?find={q}",
    "/api/publication/p0?find={q}", "/api/suggest?q={q}", "/opensearch/suggestions?q={q}",
    "/facet/year?q={q}", "/facet/year?find={q}", "/export/ris?q={q}", "/search-record?q={q}",
    "/api/search-record?q={q}", "/list?q={q}&id=p0", "/advanced?q={q}", "/advanced/search?all={q}",
    "/?access={q}", "/?without.access={q}", "/publication/{q}", "/unapi?id={q}",
)  # fmt: skip
"""Each route that reads a text, with `q` in its place."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Application:
    index = build_once(tmp_path_factory, "many-words", _build)
    settings = config.load({}, index=index, budget=BUDGET_MILLISECONDS)
    application: Application = create_app(settings).wsgi_app
    ask(application, b"/?q=word&explain=1")  # the first page of a process compiles its templates
    return application


def _build(folder: Path) -> None:
    words = iter(WORDS)

    def draw(number: int, drawn: int) -> str:
        common = COMMON[number % 7 :: 7]
        return " ".join([*islice(words, drawn), *common])

    publications = [
        make_publication(f"p{number}", draw(number, 5), draw(number, RECORD_WORDS - 5), year=2000)
        for number in range(RECORDS)
    ]
    text = make_text("long", [draw(number, PAGE_WORDS) for number in range(PAGES)])
    make_index_with_texts(folder, SERVING, publications, {"p0": {"long.pdf": text}})


def measure(route: str, text: str, site: Application) -> float:
    query = urlencode({"": text}, errors="surrogatepass")[1:]
    began = thread_time()
    answer = ask(site, route.format(q=query).encode())
    taken = thread_time() - began
    assert answer.status in {*ALLOWED, 303, 503}
    return taken


@pytest.mark.parametrize("name", thorough(LONG_QUERIES, usual=["wildcards", "fuzzy"]))
def test_a_long_query_keeps_to_the_budget_on_each_route(name: str, site: Application) -> None:
    taken = {route: measure(route, LONG_QUERIES[name], site) for route in ROUTES}
    assert {route: seconds for route, seconds in taken.items() if seconds > LIMIT} == {}


@examples(60)
@given(seed=st.integers(0, 2**32), route=st.sampled_from(ROUTES))
def test_any_query_keeps_to_the_budget(seed: int, route: str, site: Application) -> None:
    shapes = Shapes(Words(COMMON, FEW, [field.name for field in SERVING.fields]))
    assert measure(route, shapes.text(random.Random(seed))[1], site) <= LIMIT
