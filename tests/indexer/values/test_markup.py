"""Plain text of titles and abstracts, and trees of web pages, equal to those of lxml."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.values.markup import (
    MAX_ATTRIBUTES,
    PageTooLarge,
    parse_html,
    repair_encoding,
    split_abstract,
    strip_markup,
)
from tests.cpu_time import limit_cpu_time


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Growth of <i>E. coli</i> &amp; others", "Growth of E. coli & others"),
        ("&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two&lt;/p&gt;", "One\n\nTwo"),
        ("<jats:title>Aim</jats:title><jats:p>H<jats:sub>2</jats:sub>O</jats:p>", "Aim\n\nH2O"),
        ("a < b and c > d", "a < b and c > d"),
        ("the <unknown> tag", "the <unknown> tag"),
        ("line<br/>break", "line\n\nbreak"),
    ],
)
def test_only_tags_of_html_and_jats_are_removed(text: str, plain: str) -> None:
    """Blocks become paragraphs. Text that only looks like a tag is kept."""
    assert strip_markup(text) == plain


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("Abstract\n\nShells grow.\n \nSlowly.", ["Shells grow.", "Slowly."]),
        ("ABSTRACT: Shells grow.", ["Shells grow."]),
        ("Abstract Shells grow.", ["Shells grow."]),
        ("Abstract - Shells grow.", ["Shells grow."]),
        ("Zusammenfassung. Muscheln wachsen.", ["Muscheln wachsen."]),
        ("摘要：贝壳", ["贝壳"]),
        ("Abstract art grows.", ["Abstract art grows."]),
        ("Abstract Expressionism grows.", ["Abstract Expressionism grows."]),
        ("Abstract-level models", ["Abstract-level models"]),
        ("Summary of shells", ["Summary of shells"]),
        ("Abstract", ["Abstract"]),
        ("", []),
    ],
)
def test_an_abstract_loses_its_heading(text: str, paragraphs: list[str]) -> None:
    """A heading is removed, but not the first word of a sentence. Blank lines divide paragraphs."""
    assert split_abstract(text) == tuple(paragraphs)


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("cafÃ©", "café"), ("PeÌ\x81tain", "Pe\u0301tain"), ("itâ€™s", "it’s"),
        ("café â€œx", "café “x"), ("Chi-ch\u00c3\u0082\u00c2\u00bbien", "Chi-ch»ien"),
        ("the user\x92s", "the user’s"), ("São Paulo", "São Paulo"), ("plain", "plain"),
    ],
)  # fmt: skip
def test_text_encoded_twice_is_repaired(text: str, repaired: str) -> None:
    assert repair_encoding(text) == repaired


WORDS = (
    "café São Ångström naïve façade Łódź Kraków çalışma İstanbul žena Škoda Müller groß Øst Ærø où "
    "à «été» “quoted” l’homme 5 € 20 °C π ≥ торговля людьми الاتجار بالأشخاص 人口販運 trafficking"
).split()


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_a_repair_never_damages_a_text(text: str) -> None:
    assert repair_encoding(text) == text
    for encoding in ("cp1252", "latin-1"):
        with suppress(UnicodeDecodeError):
            damaged = text.encode().decode(encoding)
            assert repair_encoding(damaged) in (text, damaged)


def make_tag(attributes: int) -> str:
    """Return a page whose only tag has so many attributes."""
    return "<p " + " ".join(f"a{number}='>'" for number in range(attributes)) + ">text"


def test_a_page_is_a_tree() -> None:
    root = parse_html('<?xml version="1.0" encoding="x"?><p id=1>Z\0ürich<!-- no --><b>!')
    assert "".join(root.itertext()) == "Zürich!"
    assert [element.tag for element in root.iter()] == ["html", "body", "p", "b"]
    assert root[0][0].attrib == {"id": "1"}


@pytest.mark.parametrize("text", ["", " ", "<!-- only -->", '<?xml version="1.0"?>'])
def test_a_page_without_elements_is_empty(text: str) -> None:
    assert [element.tag for element in parse_html(text).iter()] == ["html"]


def test_tags_and_attributes_are_limited() -> None:
    """A page has as many tags and attributes as the limit, which is named in the message."""
    assert len(parse_html("<html><body><p id=1><b>", 5)[0][0]) == 1
    with pytest.raises(PageTooLarge, match="more than 4 tags and attributes"):
        parse_html("<html><body><p id=1><b>", 4)


def test_attributes_up_to_the_limit_are_kept() -> None:
    root = parse_html(make_tag(MAX_ATTRIBUTES))
    assert len(root[0][0].attrib) == MAX_ATTRIBUTES


def test_a_tag_with_too_many_attributes_takes_no_time() -> None:
    """A tag of 1 MB is refused at once, wherever it is and whatever its attributes contain."""
    with limit_cpu_time(5), pytest.raises(PageTooLarge):
        parse_html(f'<!-- <p a=" -->{make_tag(100_000)}')
