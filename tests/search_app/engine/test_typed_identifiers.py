"""A typed identifier finds exactly the publications that have it, in any of its spellings."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication, SourceLocation, Value
from indexer.mapping.standard_fields import list_standard_fields
from indexer.values import identifiers
from search_app import config, create_app
from search_app.engine import Engine
from search_app.engine.query.parser import UnknownValue
from search_app.engine.request import Match, SearchRequest
from search_app.engine.results import Results
from search_app.engine.search import Searcher
from search_app.presentation.search_page import interpretation_notes, search_notes
from search_app.search_state import SearchState
from tests.search_app.engine.catalogues import index
from tests.search_app.texts import make_publication
from tests.tiers import examples

CATALOGUE = Catalogue("Identified", "", list_standard_fields())
KINDS = {field.name: field.kind for field in CATALOGUE.identifiers if field.name != "identifier"}
WORDS = ("water", "border", "police", "law", "issn", "doi", "2017", "escwa")


def throw(random: Random, size: int) -> list[Publication]:
    """Return random publications, some of which share an identifier or words of one."""
    pools = {field: [make_value(field, random) for _ in range(size)] for field in KINDS}
    return [throw_publication(number, pools, random) for number in range(size)]


def throw_publication(number: int, pools: dict[str, list[str]], random: Random) -> Publication:
    values: dict[str, tuple[Value, ...]] = {
        field: (random.choice(pool),) for field, pool in pools.items() if random.random() < 0.7
    }
    title = " ".join(random.choices(WORDS, k=3))
    source = SourceLocation("thrown", number + 1)
    return Publication(id=f"p{number}", title=title, summary=None, values=values, source=source)


def make_value(field: str, random: Random) -> str:
    digits = "".join(random.choices("0123456789", k=9))
    if field == "isbn":
        return identifiers.find_isbns(add_check_digit(digits))[0]
    if field == "issn":
        issn = add_check_digit(digits[:7])
        return identifiers.find_issns(f"{issn[:4]}-{issn[4:]}")[0]
    if field == "doi":
        end = "".join(random.choices("abc123./-_()", k=6)).strip("./-_()")
        return f"10.{digits[:4]}/{end}1"
    if field == "pmid":
        return str(int(digits[:7]) + 10_000)
    if field == "number":
        return f"E/ESCWA/{random.choice(('SDD', 'C.7'))}/{random.randrange(2017, 2020)}/{digits[0]}"
    return f"HV {digits[:4]} .C{digits[4:6]} {2000 + random.randrange(9)}"


def add_check_digit(stem: str) -> str:
    """Return an ISBN-10 or an ISSN from its digits without the last."""
    total = sum(weight * int(digit) for weight, digit in enumerate(reversed(stem), start=2))
    return stem + "0123456789X"[-total % 11]


def list_spellings(field: str, value: str) -> Iterator[str]:
    yield value
    yield value.upper()
    yield value.lower()
    if field == "isbn":
        yield f"{value[:3]}-{value[3]}-{value[4:9]}-{value[9:12]}-{value[12]}"
        yield f"{value[:3]} {value[3:12]} {value[12]}"
        yield f"{value[:3]}\u2013{value[3:]}"
        old = add_check_digit(value[3:12])
        yield from (old, f"{old[0]}-{old[1:5]}-{old[5:9]}-{old[9]}", old.lower())
        yield from (f"ISBN {value}", f"ISBN-13: {value}", f"ISBN-10: {old}.")
    if field == "issn":
        yield from (value.replace("-", ""), value.replace("-", " "), f"ISSN {value}")
    if field == "doi":
        yield from (f"https://doi.org/{value}", f"http://dx.doi.org/{value}", f"doi:{value}")
        yield from (f"DOI: {value}", f"doi.org/{value}", f"<{value}>")
    if field == "pmid":
        yield from (f"PMID: {value}", f"https://pubmed.ncbi.nlm.nih.gov/{value}/")
    if field == "number":
        yield value.replace("/", " / ")
    if field == "call_number":
        yield value.replace(" .", ".")


def list_queries(field: str, value: str) -> Iterator[str]:
    """Yield queries for an identifier: in any spelling, with its field and without."""
    for spelling in list_spellings(field, value):
        yield from (spelling, f"  {spelling} ", f'"{spelling}"', f"“{spelling}”")
        if ":" not in spelling:
            yield from (f"{field}:{spelling}", f'{field}:"{spelling}"', f"{field}: {spelling}")


def open_made(folder: str, made: list[Publication]) -> Searcher:
    return Engine.open(index(Path(folder), made, CATALOGUE)).get_searcher()


def list_having(made: list[Publication], field: str, value: str) -> set[str]:
    key = CATALOGUE.by_name[field].make_key
    return {each.id for each in made if key(value) in map(key, each.values.get(field, ()))}


def list_ids(results: Results) -> set[str]:
    return {hit.publication.id for hit in results.hits}


@examples(8)
@given(seed=st.integers(0, 2**32), match=st.sampled_from(("auto", "all", "any")))
def test_an_identifier_finds_exactly_its_publications(seed: int, match: Match) -> None:
    random = Random(seed)
    made = throw(random, 12)
    with tempfile.TemporaryDirectory() as folder:
        searcher = open_made(folder, made)
        for field in KINDS:
            value = str(next(each.values[field][0] for each in made if field in each.values))
            having = list_having(made, field, value)
            for query in list_queries(field, value):
                found = list_ids(searcher.search(SearchRequest(query, match=match, size=50)))
                assert having <= found, query
                # A bare number may be an identifier of several kinds.
                for name in KINDS:
                    if read := identifiers.read(KINDS[name], query):
                        having |= list_having(made, name, read.key)
                assert found <= having, query


@examples(6)
@given(seed=st.integers(0, 2**32))
def test_an_identifier_that_nothing_has_finds_nothing(seed: int) -> None:
    random = Random(seed)
    made = throw(random, 8)
    with tempfile.TemporaryDirectory() as folder:
        searcher = open_made(folder, made[1:])
        for field in KINDS:
            value = str(made[0].values.get(field, (make_value(field, random),))[0])
            if list_having(made[1:], field, value):
                continue
            for spelling in list_spellings(field, value):
                query = f'{field}:"{spelling}"'
                results = searcher.search(SearchRequest(query))
                assert results.total == 0, query
                assert results.unknown_values == (UnknownValue(field, spelling.strip()),), query
                assert (results.relaxed, results.corrected) == (False, None)


FEW = [
    make_publication(
        "law", "Law of the sea", "See A/RES/55/25.", isbn="9783161484100", year=2017,
        number="E/ESCWA/SDD/2017/2", call_number="KZA1120 .L39 2017",
    ),
    make_publication(
        "sea", "Sea and border", "Reviews 9783161484100 and E/ESCWA/SDD/2017/2.", year=2009,
        doi="10.1000/182", number="E/ESCWA/SDD/2017/20", pmid="2017", issn="1742-1950",
    ),
    make_publication(
        "covid", "COVID-19 at the border in 2017", year=2021, number="Working paper 5",
        issn="0378-5955",
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    return open_made(str(tmp_path_factory.mktemp("few")), FEW)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("E/ESCWA/SDD/2017/2", {"law"}),  # and no symbol that begins with it
        ("symbol:E/ESCWA/SDD/2017/2", {"law"}),
        ("kza1120 .l39 2017", {"law"}),  # its year is no filter
        ("A/RES/55/25", set()),
        ("978-0-306-40615-7", set()),
        ("number:E/ESCWA/SDD/2017/99", set()),
        ("border isbn:9783161484100", set()),
        ("border isbn:9783161484100 OR border doi:10.1000/182", {"sea"}),
        ("-isbn:9783161484100", {"sea", "covid"}),
        ("number:ESCWA", {"law", "sea"}),  # words of a number
        ("number:2017", {"law", "sea"}),
        ("number:E/ESC*", {"law", "sea"}),
        ("2017", {"law", "covid", "sea"}),
        ("pmid:2017", {"sea"}),
        # An ISSN may look like a range of years. It is one unless a publication has the ISSN.
        ("1742-1950", {"sea"}),
        ("2000-2009", {"sea"}),
        ("2009-2024", {"sea", "law", "covid"}),
        ("ISSN 2000-2009", set()),
        ("2041-1723", set()),
    ],
)
def test_identifiers_among_words_years_and_patterns(
    searcher: Searcher, text: str, found: set[str]
) -> None:
    assert list_ids(searcher.search(SearchRequest(text))) == found


def test_an_identifier_can_be_searched_for_as_words(searcher: Searcher) -> None:
    results = searcher.search(SearchRequest("978-3-16-148410-0"))
    assert (list_ids(results), results.identifier_fields) == ({"law"}, ("isbn",))
    absent = searcher.search(SearchRequest("A/RES/55/25"))
    assert (absent.total, absent.identifier_fields) == (0, ("number",))
    assert absent.unknown_values == (UnknownValue("number", "A/RES/55/25"),)
    assert absent.diagnosis is not None
    assert absent.diagnosis.switched == {"exact": 1}
    assert list_ids(searcher.search(SearchRequest("A/RES/55/25", exact=True))) == {"law"}


def test_a_typed_identifier_suggests_its_publication(searcher: Searcher) -> None:
    for text in ("3-16-148410-X", "isbn:9783161484100", "e/escwa/sdd/2017/2"):
        assert [(each.kind, each.value) for each in searcher.suggest(text)] == [("title", "law")]
    assert searcher.suggest("978-0-306-40615-7") == []


def test_the_reason_of_a_hit_is_its_identifier(searcher: Searcher) -> None:
    results = searcher.search(SearchRequest("e/escwa/sdd/2017/2", explain=True))
    why = results.hits[0].explanation
    assert why is not None
    assert [(each.field, each.value) for each in why.filters] == [("number", "E/ESCWA/SDD/2017/2")]


def test_the_page_says_how_an_identifier_was_read(searcher: Searcher) -> None:
    state = SearchState(text="A/RES/55/25")
    results = searcher.search(SearchRequest(state.text))
    notes = [*search_notes(results, state, CATALOGUE)]
    assert notes == ["Symbol or report number: no publication has the value “A/RES/55/25”."]
    (note,) = interpretation_notes(results, state, CATALOGUE, has_texts=False)
    assert note.line == (
        "Only publications with exactly this identifier are shown (Symbol or report number)."
    )
    assert (note.total, "exact=1" in note.href) == (1, True)


def test_the_page_gives_no_advice_on_the_words_of_an_identifier(tmp_path: Path) -> None:
    """An identifier that no publication has is not misspelled, as a word may be."""
    folder = index(tmp_path, throw(Random(1), 3), CATALOGUE)
    client = create_app(config.load({}, index=folder)).test_client()
    for text, has_advice in (("A/RES/55/25", False), ("zzyzx", True)):
        page = client.get("/", query_string={"q": text}).text
        assert ("Check the spelling" in page) is has_advice


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("978-3-16-148410-0", {"p0", "p1"}),
        ("ISBN 978-3-16-148410-0", {"p0", "p1"}),
        ("9783161484100", {"p1"}),
        ("https://doi.org/10.1000/3.16", {"p2"}),
        ("ISSN 0378-5955", set()),
    ],
)
def test_without_its_field_an_identifier_is_a_phrase(
    query: str, expected: set[str], tmp_path: Path
) -> None:
    """Without a field for it, an identifier finds the texts that mention it whole."""
    texts = ["978-3-16-148410-0", "9783161484100", "10.1000/3.16", "3 of 978, 16, 0 or 378 ISSN"]
    made = [make_publication(f"p{number}", title=text) for number, text in enumerate(texts)]
    fields = tuple(field for field in CATALOGUE.fields if field not in CATALOGUE.identifiers)
    searcher = Engine.open(index(tmp_path, made, Catalogue("Plain", "", fields))).get_searcher()
    assert list_ids(searcher.search(SearchRequest(query))) == expected
