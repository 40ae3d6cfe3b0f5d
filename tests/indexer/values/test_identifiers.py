"""Identifiers are recognized in any text, checked, and normalized."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.values.identifiers import (
    find_dois,
    find_isbns,
    find_issns,
    find_pmids,
    make_doi_url,
    read,
)

SICI = "10.5555/(sici)1097-0258(19980815/30)17:15/16<1661::aid-x968>3.0.co;2-2"


@pytest.mark.parametrize(
    ("text", "dois"),
    [
        ("10.5555/Tea.1", "10.5555/tea.1"),
        ("https://doi.org/10.5555/tea.1.", "10.5555/tea.1"),
        ("http://dx.doi.org/http://dx.doi.org/10.5555/tea", "10.5555/tea"),
        ("doi:10.5555/a_(b)c", "10.5555/a_(b)c"),
        ("(see 10.5555/a(2)b)", "10.5555/a(2)b"),
        ("10.5555/tea.1     LK  - https://example.org/10.5555/tea.1", "10.5555/tea.1"),
        ("10.5555/a;10.5555/b, doi:10.5555/c|10.5555/d", "10.5555/a 10.5555/b 10.5555/c 10.5555/d"),
        ("doi:10.5555/tea,isbn:9783161484100", "10.5555/tea"),
        ("10.5555/tea [doi]", "10.5555/tea"),
        ("10.5555/tea[doi]", "10.5555/tea"),
        ("doi10.5555/tea", "10.5555/tea"),
        (r"10.5555/a\_b", "10.5555/a_b"),
        ("https://publisher.example/articles/10.5555/tea.2019/full", "10.5555/tea.2019"),
        ("https://publisher.example/pdf/10.5555%2Ftea.pdf?download=1", "10.5555/tea"),
        ("https://doi.org/10.5555/full", "10.5555/full"),
        (SICI.upper(), SICI),
        (SICI.replace("<", "&lt;").replace(">", "&gt;"), SICI),
        ("<a href='x'>10.5555/tea</a>", "10.5555/tea"),
        ("10.5555/", ""), ("version 10.5555", ""), ("110.5555/tea", ""), ("10.12/a", ""),
    ],
)  # fmt: skip
def test_dois_are_found_in_any_text(text: str, dois: str) -> None:
    assert find_dois(text) == tuple(dois.split())


@pytest.mark.parametrize("doi", ["10.5555/tea.1", SICI, "10.5555/tea#7[2]", "10.5555/50%_é"])
def test_the_url_of_a_doi_is_valid_and_has_the_doi(doi: str) -> None:
    url = make_doi_url(doi)
    assert url.startswith("https://doi.org/10.5555/")
    assert not set('<>"# é[]') & set(url)
    assert find_dois(url) == (doi,)


def test_the_url_of_a_doi_has_no_lone_surrogates() -> None:
    """A URL is in UTF-8, which has no lone surrogates. They are left out."""
    assert make_doi_url("10.5555/a\ud800b") == "https://doi.org/10.5555/ab"


@pytest.mark.parametrize(
    ("find", "text", "found"),
    [
        *((find_isbns, text, "9783161484100") for text in (
            "3-16-148410-X", "978-3-16-148410-0", "978–3–16–148410–0", "ISBN 13 978 3 16 148410 0",
            "ISBN-10: 316148410x (pbk.)", "316148410X 9783161484100",
        )),
        (find_isbns, "316148410X (pbk.) ; 9789210480574", "9783161484100 9789210480574"),
        (find_isbns, "ISBN 92-1-048057-0", "9789210480574"),
        *((find_isbns, text, "9789210480574") for text in (
            "$a9210480570 (pbk.)", "isbn9210480570", "_9210480570pbk",
        )),
        (find_isbns, "https://openalex.org/W9210480570", ""), (find_isbns, "DNB9210480570", ""),
        (find_isbns, "306406152", "9780306406157"), (find_isbns, "0-306-40615-2", "9780306406157"),
        *((find_isbns, text, "") for text in (
            "3161484100", "9783161484101", "97831614841009", "0000000000",
        )),
        (find_issns, "ISSN 1013-8250", "1013-8250"), (find_issns, "2434561x (online)", "2434-561X"),
        (find_issns, "0317–8471; 1013-8250", "0317-8471 1013-8250"),
        (find_issns, "3178471", "0317-8471"),
        *((find_issns, text, text) for text in ("2041-1723", "2052-1537", "1742-1950")),
        *((find_issns, text, "") for text in (
            "ISSN:1013-8251", "1998-2004", "00000000", "11013-8250",
        )),
        (find_pmids, "12345678", "12345678"), (find_pmids, "PMID: 123", "123"),
        (find_pmids, "PUBMED 21314913", "21314913"), (find_pmids, "PMID:1; PMID:2", "1 2"),
        (find_pmids, "https://pubmed.ncbi.nlm.nih.gov/123/", "123"),
        *((find_pmids, text, "") for text in ("123456789", "pages 12", "0")),
    ],
)  # fmt: skip
def test_numbers_are_found_and_checked(
    find: Callable[[str], tuple[str, ...]], text: str, found: str
) -> None:
    """ISBNs get 13 digits, and ISSNs a hyphen. A PMID needs a label, or is the whole text.

    A number with a wrong check digit is ignored, as most ranges of years are.
    """
    assert find(text) == tuple(found.split())


@given(st.text() | st.text("0123456789X-/. ;10.()[]%", max_size=60))
def test_normalized_identifiers_stay_the_same(text: str) -> None:
    for find in (find_dois, find_isbns, find_issns, find_pmids):
        for found in find(text):
            assert find(found) == (found,)


@pytest.mark.parametrize(
    ("kind", "text", "key", "sense"),
    [
        ("isbn", "ISBN-13: 978-3-16-148410-0.", "9783161484100", "certain"),
        ("isbn", "(3 16 148410 x)", "9783161484100", "certain"),
        ("issn", "0378-5955", "0378-5955", "certain"),
        ("issn", "03785955", "0378-5955", "likely"),
        # It may be a range of years, unless its first year is the later one.
        ("issn", "1742-1950", "1742-1950", "likely"),
        ("issn", "2041-1723", "2041-1723", "certain"),
        ("issn", "ISSN 1742–1950", "1742-1950", "certain"),
        ("doi", "“doi:10.5555/Tea”", "10.5555/tea", "certain"),
        ("doi", "https://doi.org/10.5555/a(2)b", "10.5555/a(2)b", "certain"),
        ("pmid", "PMID: 123", "123", "certain"),
        ("pmid", "24675708", "24675708", "likely"),
        ("pmid", "2017", "2017", "named"),
        ("identifier", "A/RES/55/25", "a res 55 25", "certain"),
        ("identifier", "HV6250 .W38", "hv6250 w38", "likely"),
        ("identifier", "Working paper 5", "working paper 5", "named"),
        ("identifier", "and/or", "and or", "named"),
        # Words around an identifier, a wrong check digit, or a range of years make it none.
        *((kind, text, None, "") for kind, text in (
            ("isbn", "978-3-16-148410-0 on tea"), ("isbn", "978-3-16-148410-1"),
            ("issn", "2010-2014"), ("doi", "see 10.5555/tea"), ("pmid", "PMID 1 and 2"),
            ("identifier", "—"),
        )),
    ],
)  # fmt: skip
def test_a_whole_text_is_read_as_an_identifier(
    kind: str, text: str, key: str | None, sense: str
) -> None:
    found = read(kind, text)
    assert (found and (found.key, found.sense)) == ((key, sense) if key else None)
