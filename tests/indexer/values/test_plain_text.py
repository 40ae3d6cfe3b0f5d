"""Markup is removed, and text that was encoded twice is repaired."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.values.plain_text import repair_encoding, split_abstract, strip_markup


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
        ("café â€œx", "café â€œx"), ("São Paulo", "São Paulo"), ("plain", "plain"),
    ],
)  # fmt: skip
def test_text_encoded_twice_is_repaired_if_all_of_it_becomes_valid(
    text: str, repaired: str
) -> None:
    """A text stays unchanged if the repair does not make all of it valid."""
    assert repair_encoding(text) == repaired


@given(st.text(max_size=100))
def test_a_repair_never_damages_a_text(text: str) -> None:
    """A repair restores UTF-8 that was decoded as windows-1252, or changes nothing."""
    try:
        broken = text.encode().decode("cp1252")
    except UnicodeDecodeError:
        return
    assert repair_encoding(broken) in (text, broken)
