"""The laws of the operators hold, and an operand is parsed the same way anywhere in a query."""

from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from search_app.engine import Engine
from search_app.engine.interpretation import interpreter
from search_app.engine.query.rewriting import extract_years
from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher
from tests.search_app.engine import named
from tests.tiers import examples

pytestmark = pytest.mark.slow

Found = set[str]
Texts = st.SearchStrategy[str]

WORDS = (
    "film", "video", "handbook", "victims", "organ", "police", "sea", "xyzzy", "Kenya", "traite",
    "персонал", "x-ray", "A/RES/55/25", "cybercrime", "WHO", "IT", "UN", "TIP", "THB",
)  # fmt: skip
STOP_WORDS = ("the", "of", "and", "to the", "la", "WHO", "IS IT", "how do I")
YEARS = ("since 2012", "2010-2014", "before 2010", "film after 2009", "how do I film since 2012")
LITERAL = (
    '"model law"', '"child labour"', '"the"', "title:manual", "title:the", "region:Africa",
    "year:2010..2015", "country:KE", "traffick*", "*raff*", "trafick~", "title:vic*", "colour:sea",
)  # fmt: skip
NAMES = (
    "child labour", "organ removal", "human trafficking", "people smuggling by boat", "Kenia",
    "traite des personnes", "торговля людьми", "贩运人口", "关于人口贩运的法律", "seal hunting",
    "human trafficking in Kenya", "migrant smuggling",
)  # fmt: skip


def operands(names: Texts) -> Texts:
    """Return a strategy for operands of every kind, also nested. `names` are thesaurus labels."""
    single = st.one_of(
        names, st.sampled_from(NAMES), st.sampled_from(WORDS), st.sampled_from(STOP_WORDS),
        st.sampled_from(LITERAL), st.sampled_from(YEARS),
        st.text(alphabet="abАу人口éß-'.", min_size=1, max_size=6),
    )  # fmt: skip
    beside = st.lists(single, min_size=2, max_size=3).map(" ".join)
    return st.recursive(
        st.one_of(single, beside, single.map(lambda one: f"-{one}")),
        lambda inner: st.one_of(
            st.builds("({}) OR ({})".format, inner, inner),
            st.builds("({}) ({})".format, inner, inner),
            st.builds("({}) -({})".format, inner, inner),
            st.builds("{} OR {}".format, inner, inner),
            st.builds("{} AND {}".format, inner, inner),
            st.builds("{} ({})".format, inner, inner),
            st.builds("{} NOT {}".format, inner, inner),
        ),
        max_leaves=4,
    )


def found(text: str, searcher: Searcher) -> Found:
    request = SearchRequest(text, match="all", size=searcher.size)
    finding = interpreter.retrieve(request, searcher.interpreter)
    read = finding.interpretation
    assume(
        finding.rewritten == extract_years(text, searcher.catalogue)
    )  # otherwise years were read as numbers
    assume(read.parsed.tree is not None or read.parsed.filters)  # otherwise the query is empty
    return set() if read.corrected else set(finding.reply.list_ids())


def assert_laws(a: str, b: str, searcher: Searcher) -> None:
    """Assert the laws of OR (union), AND (intersection), and NOT (difference)."""
    first, second = found(a, searcher), found(b, searcher)
    either, both, without = (
        found(text, searcher) for text in (f"({a}) OR ({b})", f"({a}) ({b})", f"({a}) -({b})")
    )
    assert either == first | second
    assert both == first & second
    assert without == first - second
    assert found(f"({b}) OR ({a})", searcher) == either
    assert found(f"({b}) ({a})", searcher) == found(f"({a}) AND ({b})", searcher) == both
    assert found(f"({a}) NOT ({b})", searcher) == without
    assert found(f"({a}) OR ({a})", searcher) == found(f"({a}) ({a})", searcher) == first
    assert found(f"({a})", searcher) == found(f"(({a}))", searcher) == first
    assert found(f"NOT NOT ({a})", searcher) == found(f"-(-({a}))", searcher) == first


def assert_not_relaxed(text: str, searcher: Searcher) -> None:
    strict = found(text, searcher)
    usual = interpreter.retrieve(SearchRequest(text, size=searcher.size), searcher.interpreter)
    assume(usual.interpretation.parsed.has_operators)
    if strict:
        assert set(usual.reply.list_ids()) == strict
    assert not (strict and usual.interpretation.relaxed)


@pytest.fixture(scope="module", params=[None, *range(4)])
def searcher(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    """Return a searcher of publications whose texts have words and names of entities.

    In the small corpus, most have at most one hit. In the random ones, most have several.
    """
    folder = tmp_path_factory.mktemp("algebra")
    if request.param is None:
        return named.opened(folder)
    by = Random(request.param)
    said = [*WORDS, *NAMES, *STOP_WORDS, "child", "labour", "human", "persons", "boat", "model law"]
    made = (
        {
            "title": " ".join(by.choices(said, k=by.randint(1, 4))),
            "summary": " ".join(by.choices(said, k=by.randint(1, 8))),
            "country": by.sample(["KE", "MD", "UZ"], by.randint(0, 2)),
            "language": by.sample(["en", "fr", "ru", "ar"], by.randint(0, 2)),
            "year": by.randint(2008, 2017),
        }
        for _ in range(40)
    )
    return named.index(folder, publications=made, thesaurus=named.THESAURUS)


def labels(searcher: Searcher) -> list[str]:
    things = searcher.interpreter.entity_linker.entities
    return sorted({
        name for each in things
        for name in [*each.acronyms, *(one for several in each.labels.values() for one in several)]
    })  # fmt: skip


@given(data=st.data())
@examples(100)
def test_the_laws_hold_on_the_catalogue(data: st.DataObject, engine: Engine) -> None:
    searcher = engine.get_searcher()
    known = labels(searcher)
    made = operands(st.integers(0, len(known) - 1).map(lambda at: known[at]))
    assert_laws(data.draw(made), data.draw(made), searcher)


@given(a=operands(st.sampled_from(NAMES)), b=operands(st.sampled_from(NAMES)))
@examples(60)
def test_the_laws_hold_on_other_corpora(a: str, b: str, searcher: Searcher) -> None:
    assert_laws(a, b, searcher)


@given(text=operands(st.sampled_from(NAMES)))
@examples(60)
def test_operators_are_not_relaxed(text: str, searcher: Searcher) -> None:
    assert_not_relaxed(text, searcher)
    assert_not_relaxed(f"({text})", searcher)


SINGLE = st.sampled_from([*WORDS, *LITERAL, "the", "la", "Kenia", "贩运人口"])


@given(a=SINGLE, b=SINGLE)
@examples(100)
def test_the_laws_hold_without_parentheses(a: str, b: str, searcher: Searcher) -> None:
    first, second = found(a, searcher), found(b, searcher)
    assert found(f"{a} OR {b}", searcher) == first | second
    assert found(f"{a} AND {b}", searcher) == first & second
    assert found(f"{a} -{b}", searcher) == found(f"{a} NOT {b}", searcher) == first - second
