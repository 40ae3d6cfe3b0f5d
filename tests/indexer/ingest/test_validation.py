"""Validation removes and reports a bad value, and keeps the rest of the entry."""

import unicodedata
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.analysis import cleaning
from indexer.catalogue import catalogue_toml
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import (
    Link,
    Problem,
    Property,
    Publication,
    SourceLocation,
    SourceRecord,
)
from indexer.ingest import validation
from tests.catalogue import CORPUS
from tests.samples import entry

THIS_YEAR = datetime.now(UTC).year
ANY_TEXT = st.text(st.characters())
"""Any characters, also control characters and lone surrogates."""

UNUSABLE = {
    "unknown section": ({"section": "Films"}, "Section: 'Films' is not a value", "Tools, Papers"),
    "unknown region": ({"region": "Atlantis"}, "Region: 'Atlantis' is not", "South Asia, Africa"),
    "word for no value": ({"note": "none"}, "Note: 'none' is reserved", "Remove the field"),
    "unknown country": ({"country": "Atlantis"}, "Country: the country 'Atlantis'", "such as IN"),
    "country without region": (
        {"country": "FR"},
        "'FR' is not assigned to any region",
        "regions.toml",
    ),
    "unknown language": ({"language": "Elvish"}, "Language: the language 'Elvish'", "such as en"),
    "year of two digits": ({"year": "09"}, "Year: '09' is not a valid year", "four digits"),
    "year before 1000": ({"year": "0999"}, "'0999' is not a valid year", "1000"),
    "future year": ({"year": str(THIS_YEAR + 2)}, "is not a valid year", str(THIS_YEAR + 1)),
    "year in other digits": ({"year": "٢٠٠٩"}, "is not a valid year", "four digits"),
    "relative link": ({"link": "/a.pdf"}, "Links: '/a.pdf' is not a web URL", "https://"),
    "link of another kind": ({"link": "ftp://example.org/"}, "is not a web URL", "https://"),
    "link of a script": ({"link": "javascript:alert(1)"}, "is not a web URL", "https://"),
    "link with a space": ({"link": "https://example.org/a b"}, "is not a web URL", "https://"),
    "link without a host": ({"link": "https://"}, "is not a web URL", "https://"),
    "link with a user": ({"link": "http://a@evil.example/"}, "is not a web URL", "without a user"),
    "link with a password": (
        {"link": "https://a.org:b@evil.example/"},
        "is not a web URL",
        "https://",
    ),
    "link with an empty user": ({"link": "https://@evil.example/"}, "is not a web URL", "https://"),
    "link that hides its host": (
        {"link": "https://a.org\\@evil.example/"},
        "is not a web",
        "https://",
    ),
    "broken link": ({"link": "http://[example.org/"}, "is not a web URL", "https://"),
}


def checked(found: SourceRecord, catalogue: Catalogue, problems: list[Problem]) -> Publication:
    """Return the publication of an entry, which must be valid."""
    made = validation.validate(found, catalogue, problems.append)
    assert made is not None
    return made


@pytest.mark.parametrize("case", UNUSABLE.values(), ids=UNUSABLE)
def test_unusable_value_is_reported_and_the_rest_is_kept(
    case: tuple[dict[str, str], str, str], catalogue: Catalogue, problems: list[Problem]
) -> None:
    stated, what, hint = case
    kept = {"section": "Tools", "region": "Africa", "year": "2009", "language": "fr", "note": "x"}
    good = {name: value for name, value in kept.items() if name not in stated}
    made = checked(entry("Law", **good, **stated), catalogue, problems)
    reported = [each for each in problems if "it is missing" not in each.what]
    assert [(each.file, each.line, each.entry) for each in reported] == [("page.html", 7, "Law")]
    assert what in reported[0].what
    assert hint in reported[0].hint
    assert {name: str(values[0]) for name, values in made.values.items()} == good


def test_only_bad_values_are_removed(catalogue: Catalogue, problems: list[Problem]) -> None:
    found = entry(section="Tools", language=["en", "xx", "English", "French", "yy"])
    assert checked(found, catalogue, problems).values["language"] == ("en", "fr")
    assert len(problems) == 2


def test_valid_entry_becomes_a_publication(catalogue: Catalogue, problems: list[Problem]) -> None:
    link = Property("url", "https://example.org/", " The  law ", "fra")
    found = entry(
        " Model  Law ", "law/1", abstract=["One.", "", "Two."], genre="Tools", country=["India"],
        datePublished="2009-05-31", inLanguage="Spanish", link=link, unknown="left aside",
    )  # fmt: skip
    assert checked(found, catalogue, problems) == Publication(
        id="law/1",
        title="Model Law",
        source=SourceLocation("page.html", 7),
        summary="One.\n\nTwo.",
        values={
            "section": ("Tools",),
            "country": ("IN",),
            "year": (2009,),
            "language": ("es",),
            "link": (Link("https://example.org/", "The law", "fr"),),
        },
    )
    assert problems == []


@pytest.mark.parametrize("title", ["", " \n", "\x00"])
def test_entry_without_title_is_removed(
    title: str, catalogue: Catalogue, problems: list[Problem]
) -> None:
    found = entry(title, "law", section="Tools")
    assert validation.validate(found, catalogue, problems.append) is None
    assert [(each.what, each.entry) for each in problems] == [("it has no title", "law")]


def test_missing_required_value_is_reported(catalogue: Catalogue, problems: list[Problem]) -> None:
    assert checked(entry(), catalogue, problems).values == {}
    assert [each.what for each in problems] == ["Section: it is missing"]


def test_second_value_of_a_single_field_is_reported(
    catalogue: Catalogue, problems: list[Problem]
) -> None:
    made = checked(entry(section="Tools", year=["2009", "2009", "2010"]), catalogue, problems)
    assert made.values["year"] == (2009,)
    assert [each.what for each in problems] == ["Year: it has several values"]
    assert "2009" in problems[0].hint


SITE = "https://example.org/"
LINKS = {
    "no URL": (Property("link", "", "English", "en"), (), ""),
    "a placeholder": (Property("link", " # ", "English", "en"), (), ""),
    "an unknown language": (
        Property("link", SITE, "Here", "elvish"),
        (Link(SITE, "Here"),),
        "'elv",
    ),
    "its URL as its label": (Property("link", SITE, SITE), (Link(SITE),), ""),
    "characters that no URL has": (
        Property("link", f"{SITE}a?ids[]=1|2#{{x}}"),
        (Link(f"{SITE}a?ids%5B%5D=1%7C2#%7Bx%7D"),),
        "",
    ),
    "an address in brackets": (
        Property("link", "http://[::1]/[x]"),
        (Link("http://[::1]/%5Bx%5D"),),
        "",
    ),
    "encoded characters": (
        Property("link", f"{SITE}%5B?q=å&r=(1)"),
        (Link(f"{SITE}%5B?q=å&r=(1)"),),
        "",
    ),
}


@pytest.mark.parametrize(("stated", "links", "problem"), LINKS.values(), ids=LINKS)
def test_a_link_is_a_valid_url_with_a_label_and_a_language(
    stated: Property,
    links: tuple[Link, ...],
    problem: str,
    catalogue: Catalogue,
    problems: list[Problem],
) -> None:
    """A link without a URL is removed. Brackets and the like are encoded after its host."""
    made = checked(entry(section="Tools", link=stated), catalogue, problems)
    assert made.values.get("link", ()) == links
    assert [problem in each.what for each in problems] == [True] * bool(problem)


IDS = {
    **{identity: identity for identity in ("law", "2020.acl-main.1", "a/b/c", "10.1000/182")},
    **{identity: identity for identity in ("https://doi.org/10.1/2", "é", "x" * 200)},
    **dict.fromkeys(["a b", "/a", "a/", ".", "../a", "a/./b", "x" * 201]),
    "": "law",
    " a": "a",
    "a\x00": "a",
    "e\u0301": "é",
}


@pytest.mark.parametrize(("identity", "kept"), IDS.items())
def test_an_id_is_kept_if_a_url_can_have_it(
    identity: str, kept: str | None, catalogue: Catalogue, problems: list[Problem]
) -> None:
    """A given id is kept, in NFC without invisible characters. An empty one counts as missing.

    An entry with an id that is invalid in a URL is removed and reported with its title.
    """
    made = validation.validate(entry("Law", identity, section="Tools"), catalogue, problems.append)
    assert (made and made.id) == kept
    assert ["can't be used" in each.what and each.entry == "Law" for each in problems] == (
        [] if kept else [True]
    )


def test_years_may_be_restricted(catalogue: Catalogue, problems: list[Problem]) -> None:
    """A field of years can list its allowed values, like any other field."""
    fields = [
        msgspec.structs.replace(field, values=("2009",)) if field.kind == "year" else field
        for field in catalogue.fields
    ]
    allowing = msgspec.structs.replace(catalogue, fields=tuple(fields))
    assert checked(entry(section="Tools", year="2009"), allowing, problems).values["year"] == (
        2009,
    )  # fmt: skip
    assert problems == []
    checked(entry(section="Tools", year="2010"), allowing, problems)
    assert [each.what for each in problems] == ["Year: 2010 is not a value of this catalogue"]


@pytest.mark.parametrize(
    ("language", "lang", "problem_count"),
    [("es", "es", 0), ("spa", "es", 0), ("en", None, 0), (None, None, 0), ("elvish", None, 1)],
)
def test_title_keeps_a_foreign_language(
    language: str | None,
    lang: str | None,
    problem_count: int,
    catalogue: Catalogue,
    problems: list[Problem],
) -> None:
    title = Property("title", "Título", "Título", language)
    found = SourceRecord(SourceLocation("page.html", 7), (title, Property("section", "Tools")))
    assert checked(found, catalogue, problems).lang == lang
    assert len(problems) == problem_count


@pytest.mark.parametrize(
    ("title", "year", "slug"),
    [
        ("Model Law against Trafficking", 2009, "model-law-against-trafficking-2009"),
        ("The Victim’s Rights", None, "the-victims-rights"),
        ("Traite des êtres humains", 2010, "traite-des-etres-humains-2010"),
        ("Report (2009)", 2009, "report-2009"),
        ("Report 2008", 2009, "report-2008-2009"),
        ("قانون نموذجي", None, "قانون-نموذجي"),
        ("𝐌odel", None, "model"),
        ("?!", None, "untitled"),
        ("word " * 30, None, "-".join(["word"] * 20)),
        ("x" * 300, None, "x" * 100),
    ],
)
def test_slug_has_title_and_year(title: str, year: int | None, slug: str) -> None:
    assert cleaning.make_slug(title, year) == slug


@given(ANY_TEXT, st.none() | st.integers(1000, 9999))
def test_slug_is_always_a_valid_id(title: str, year: int | None) -> None:
    catalogue = catalogue_toml.load(CORPUS)
    made = cleaning.make_slug(title, year)
    problems: list[Problem] = []
    assert checked(entry("Law", made, section="Tools"), catalogue, problems).id == made
    assert problems == []
    plain = cleaning.make_slug(title, None)
    assert cleaning.make_slug(plain, None) == plain


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = cleaning.clean(text)
    assert cleaning.clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not {unicodedata.category(each) for each in cleaned} & {"Cc", "Cs", "Zl", "Zp"}
    assert "  " not in cleaned
    assert cleaned == cleaned.strip()


SOURCE_NAMES = st.sampled_from(sorted(catalogue_toml.load(CORPUS).by_source_name))


@given(st.lists(st.builds(Property, SOURCE_NAMES,
    ANY_TEXT, ANY_TEXT, st.none() | ANY_TEXT)), st.none() | ANY_TEXT)  # fmt: skip
@example([Property("name", "\u200b")], "a")
@example([Property("name", "a")], "\u2028/..")
def test_any_entry_is_a_publication_or_a_problem(
    properties: list[Property], identity: str | None
) -> None:
    """Any entry becomes a publication or a problem, and both can be encoded.

    The title of a publication is visible, and its id is printable.
    """
    problems: list[Problem] = []
    found = SourceRecord(SourceLocation("page.html", 7), tuple(properties), identity)
    made = validation.validate(found, catalogue_toml.load(CORPUS), problems.append)
    assert made or problems
    assert msgspec.json.encode([made, problems])
    if made:
        assert made.digest
        assert cleaning.is_visible(made.title)
        assert made.id.isprintable()
        assert ".." not in made.id.split("/")


def test_a_misspelled_name_is_reported(catalogue: Catalogue, problems: list[Problem]) -> None:
    found = entry("Law", section="Tools", sectoin="Tools", colour="red")
    assert checked(found, catalogue, problems).title == "Law"
    assert [each.what for each in problems] == ["'sectoin' is not a field of this catalogue"]
    assert "'section'" in problems[0].hint


def test_a_keyword_is_cleaned(catalogue: Catalogue, problems: list[Problem]) -> None:
    made = checked(entry(note=" a\u200b \n b "), catalogue, problems)
    assert made.values["note"] == ("a b",)
    assert "note" not in checked(entry(note=" \u200b"), catalogue, problems).values
