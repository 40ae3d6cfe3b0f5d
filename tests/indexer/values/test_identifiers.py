"""Identifiers are recognized in any text, checked, and normalized."""

from __future__ import annotations

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
    """DOIs are found in URLs, in lists, and next to other text, without the marks around them."""
    assert find_dois(text) == tuple(dois.split())


@pytest.mark.parametrize("doi", ["10.5555/tea.1", SICI, "10.5555/tea#7(2)", "10.5555/50%_é"])
def test_the_url_of_a_doi_is_valid_and_has_the_doi(doi: str) -> None:
    """Characters that a URL cannot have are percent-encoded, and reading the URL decodes them."""
    url = make_doi_url(doi)
    assert url.startswith("https://doi.org/10.5555/")
    assert not set('<>"# é') & set(url)
    assert find_dois(url) == (doi,)


def test_the_url_of_a_doi_has_no_lone_surrogates() -> None:
    """A URL is in UTF-8, which has no lone surrogates. They are left out."""
    assert make_doi_url("10.5555/a\ud800b") == "https://doi.org/10.5555/ab"


@pytest.mark.parametrize(
    ("text", "isbns"),
    [
        ("3-16-148410-X", "9783161484100"),
        ("978-3-16-148410-0", "9783161484100"),
        ("978–3–16–148410–0", "9783161484100"),
        ("ISBN 13 978 3 16 148410 0", "9783161484100"),
        ("ISBN-10: 316148410x (pbk.)", "9783161484100"),
        ("316148410X (pbk.) ; 9789210480574", "9783161484100 9789210480574"),
        ("316148410X 9783161484100", "9783161484100"),
        ("ISBN 92-1-048057-0", "9789210480574"),
        ("306406152", "9780306406157"), ("0-306-40615-2", "9780306406157"),
        ("3161484100", ""), ("9783161484101", ""), ("97831614841009", ""), ("0000000000", ""),
    ],
)  # fmt: skip
def test_isbns_are_checked_and_get_13_digits(text: str, isbns: str) -> None:
    """ISBNs of either length get 13 digits. An ISBN with a wrong check digit is ignored."""
    assert find_isbns(text) == tuple(isbns.split())


@pytest.mark.parametrize(
    ("text", "issns"),
    [
        ("ISSN 1013-8250", "1013-8250"), ("2434561x (online)", "2434-561X"),
        ("0317–8471; 1013-8250", "0317-8471 1013-8250"), ("3178471", "0317-8471"),
        ("ISSN:1013-8251", ""), ("1998-2003", ""), ("00000000", ""), ("11013-8250", ""),
    ],
)  # fmt: skip
def test_issns_are_checked(text: str, issns: str) -> None:
    """ISSNs are found with and without a hyphen. One with a wrong check digit is ignored."""
    assert find_issns(text) == tuple(issns.split())


@pytest.mark.parametrize(
    ("text", "pmids"),
    [
        ("12345678", "12345678"), ("PMID: 123", "123"), ("PUBMED 21314913", "21314913"),
        ("https://pubmed.ncbi.nlm.nih.gov/123/", "123"), ("PMID:1; PMID:2", "1 2"),
        ("123456789", ""), ("pages 12", ""), ("0", ""),
    ],
)  # fmt: skip
def test_pmids_are_found(text: str, pmids: str) -> None:
    """A PMID is a whole text that is a number, or a number after a label."""
    assert find_pmids(text) == tuple(pmids.split())


@given(st.text() | st.text("0123456789X-/. ;10.()[]%", max_size=60))
def test_normalized_identifiers_stay_the_same(text: str) -> None:
    """The normalized form of an identifier is found in itself."""
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
        ("doi", "“doi:10.5555/Tea”", "10.5555/tea", "certain"),
        ("doi", "https://doi.org/10.5555/a(2)b", "10.5555/a(2)b", "certain"),
        ("pmid", "PMID: 123", "123", "certain"),
        ("pmid", "24675708", "24675708", "likely"),
        ("pmid", "2017", "2017", "named"),
        ("identifier", "A/RES/55/25", "a res 55 25", "certain"),
        ("identifier", "HV6250 .W38", "hv6250 w38", "likely"),
        ("identifier", "Working paper 5", "working paper 5", "named"),
        ("identifier", "and/or", "and or", "named"),
    ],
)
def test_a_whole_text_is_read_as_an_identifier(kind: str, text: str, key: str, sense: str) -> None:
    """Labels, quotes, and punctuation around it do not count. It says how sure the reading is."""
    assert read(kind, text) == (key, sense)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("isbn", "978-3-16-148410-0 on tea"), ("isbn", "978-3-16-148410-1"), ("issn", "2010-2014"),
        ("doi", "see 10.5555/tea"), ("pmid", "PMID 1 and 2"), ("identifier", "—"),
    ],
)  # fmt: skip
def test_a_text_with_more_than_an_identifier_is_none(kind: str, text: str) -> None:
    """Words around an identifier, a wrong check digit, or a range of years make it none."""
    assert read(kind, text) is None
